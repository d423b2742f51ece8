import { assert, assertEquals, assertRejects } from "@std/assert";
import { internalsOf } from "../../../actor/system/system.ts";
import { HandshakeError } from "../../../remote/errors.ts";
import { POISON_TYPE } from "../../../remote/far_poison.ts";
import { Dialler } from "../../../remote/handshake/handshake_dialler.ts";
import { shakeHands } from "../../../remote/handshake/handshake_driver.ts";
import { type PeerRole, ROLES } from "../../../remote/handshake/identity.ts";
import type { PeerAction } from "../../../remote/node/access.ts";
import type { FrameFields } from "../../../remote/wire/fields.ts";
import { DefinitionKind, FrameKind } from "../../../remote/wire/kinds.ts";
import { Box, BoxKind, spawnBox } from "../actors.ts";
import { tlsOf, uriOf } from "../tls/tls_fixtures.ts";
import { WirePeer } from "../wire/wire_peer.ts";
import { watchers } from "../watch/watch_world.ts";
import { addressOf, type Node, startNode, World } from "../world.ts";

/** One thing that a peer can ask for. */
interface Wish {
  /** What it is called where it is decided about it. */
  readonly action: PeerAction;
  /** The frame; its number comes with what it is about. */
  readonly frame: (b: Node, path: string) => FrameFields;
  /** The kind of the frame that grants it; none for what is not answered. */
  readonly granted: number | undefined;
  /** The name of a type that the hook is told. */
  readonly type?: string;
  /** The body that the hook is told. */
  readonly body?: unknown;
}

const JSON_BODY = new TextEncoder().encode('{"id":1}');
/** An actor of the peer, which it would link with. */
const OWN_ACTOR = new TextEncoder().encode("goakt://wire@wire:7/own");
/** Of a version to come. */
const UNKNOWN_KIND = 99;
let number = 1;

/** A message to a path; each has numbers of its own, so that none has to be remembered. */
function message(kind: number, path: string, type: string): FrameFields {
  const [receiver, name] = [++number, ++number];
  return {
    kind,
    receiver,
    type: name,
    payload: JSON_BODY,
    definitions: [
      { number: receiver, table: DefinitionKind.ADDRESS, value: `/${path}` },
      { number: name, table: DefinitionKind.TYPE_NAME, value: type },
    ],
  };
}

function request(
  kind: number,
  payload?: Uint8Array,
): (b: Node, path: string) => FrameFields {
  return (b, path) => ({
    kind,
    address: addressOf(b, path),
    ...(payload && { payload }),
  });
}

const WISHES: readonly Wish[] = [
  {
    action: "tell",
    frame: (_, path) => message(FrameKind.TELL, path, "box.put"),
    granted: undefined,
    type: "box.put",
    body: { id: 1 },
  },
  {
    action: "ask",
    frame: (_, path) => message(FrameKind.ASK, path, "box.echo"),
    granted: FrameKind.REPLY,
    type: "box.echo",
    body: { id: 1 },
  },
  {
    action: "lookup",
    frame: request(FrameKind.LOOKUP),
    granted: FrameKind.LOOKUP_REPLY,
  },
  {
    action: "watch",
    frame: request(FrameKind.WATCH),
    granted: FrameKind.WATCHED,
  },
  {
    action: "link",
    frame: request(FrameKind.LINK, OWN_ACTOR),
    granted: FrameKind.LINKED,
  },
  {
    action: "link",
    frame: request(FrameKind.UNLINK, OWN_ACTOR),
    granted: FrameKind.UNLINKED,
  },
  {
    action: "state",
    frame: request(FrameKind.STATE),
    granted: FrameKind.STATE_REPLY,
  },
  {
    action: "reinstate",
    frame: request(FrameKind.REINSTATE),
    granted: FrameKind.REINSTATED,
  },
  {
    action: "respawn",
    frame: request(FrameKind.RESPAWN),
    granted: FrameKind.RESPAWNED,
  },
  {
    action: "spawn",
    frame: (_, path) => ({
      kind: FrameKind.SPAWN,
      spawn: {
        kind: "",
        name: `${path}-new`,
        input: new Uint8Array(),
        inputType: "box",
      },
    }),
    granted: FrameKind.SPAWNED,
    type: "box",
  },
  {
    action: "stop",
    frame: (_, path) => message(FrameKind.TELL, path, POISON_TYPE),
    granted: undefined,
  },
  {
    action: "stop",
    frame: request(FrameKind.STOP),
    granted: FrameKind.STOPPED,
  },
  {
    action: "other",
    frame: request(UNKNOWN_KIND),
    granted: FrameKind.GOODBYE,
  },
];

/** How errors say what is done, where the name of the action does not. */
const VERBS: ReadonlyMap<string, string> = new Map([
  ["lookup", "look up"],
  ["state", "tell the state of"],
  ["other", "do what is asked of"],
]);

/** What roles may ask for. */
const MAY: Readonly<Record<PeerRole, readonly PeerAction[]>> = {
  node: WISHES.map(({ action }) => action),
  "dc-gateway": ["tell", "ask", "lookup"],
  client: ["tell", "ask", "lookup"],
  observer: ["lookup"],
};
/** What can be seen in the actor afterwards. */
const LEAVES_TRACES: readonly PeerAction[] = [
  "tell",
  "watch",
  "link",
  "respawn",
  "spawn",
  "stop",
];
/** Whom others can dial. */
const DIALLED: readonly PeerRole[] = ["node", "dc-gateway"];

/** What became of a wish. */
interface Outcome {
  readonly wish: string;
  /** Whether it was granted, or why not. */
  readonly said: string;
}

/** What a peer sees of an actor, or leaves behind in it. */
function traces(b: Node, path: string, seen: readonly number[]): unknown {
  const cell = internalsOf(b.system).find(path);
  return {
    seen: [...seen],
    state: cell?.state,
    incarnation: cell?.pid.incarnation,
    watchers: watchers(b, path),
    more: internalsOf(b.system).find(`${path}-new`)?.state,
  };
}

/** Makes every wish of the table in that role, about an actor that is exposed or one that is not. */
async function wishes(
  role: PeerRole,
  target: "exposed" | "hidden",
  verdict?: boolean,
): Promise<{ outcomes: Outcome[]; asked: unknown[] }> {
  await using world = new World();
  const asked: unknown[] = [];
  const b = await world.node("b", {
    system: { kinds: [BoxKind] },
    remote: {
      exposed: WISHES.flatMap((_, at) => [`exposed${at}`, `exposed${at}-new`]),
      ...(verdict !== undefined && {
        authorize: ({ role, node }, { path }, request) => {
          asked.push([role, node, path, request]);
          return verdict;
        },
      }),
    },
  });
  const { host: hostname, port } = b.remote;
  const connection = await world.transport("wire").connect({ hostname, port });
  const dialler = new Dialler({
    self: {
      system: "wire",
      host: "wire",
      port: DIALLED.includes(role) ? 7 : 0,
      incarnation: "w1",
    },
    hostname,
    port,
    lane: "data",
    role,
  });
  const { rest } = await shakeHands(connection, dialler, world);
  const peer = new WirePeer(connection, rest);
  const outcomes: Outcome[] = [];
  for (const [at, { action, frame, granted }] of WISHES.entries()) {
    const path = `${target}${at}`;
    const { ids } = spawnBox(b.system, path);
    await world.settle();
    const before = traces(b, path, ids);
    const letters = b.deadLetters.length;
    let said: string;
    const fields = frame(b, path);
    if (granted === undefined) {
      await peer.send(fields);
      await world.settle();
      const letter = b.deadLetters.slice(letters).at(-1);
      said = letter === undefined
        ? "granted"
        : `${letter.reason}: ${(letter.error as Error).message}`;
    } else {
      await peer.send({ ...fields, correlation: at + 1 });
      let answer = await peer.next();
      while (answer?.kind === FrameKind.ACK) answer = await peer.next();
      const { kind, failure } = answer ?? {};
      await world.settle();
      said = kind === granted
        ? "granted"
        : `${failure?.code}: ${failure?.text}`;
    }
    outcomes.push({ wish: `${action} ${at}`, said });
    // Whatever is refused leaves no trace in the actor.
    if (said !== "granted") assertEquals(traces(b, path, ids), before, said);
    else if (LEAVES_TRACES.includes(action) && granted !== FrameKind.UNLINKED) {
      assert(!equals(traces(b, path, ids), before), `${action} did nothing`);
    }
  }
  peer.connection.close();
  await world.settle();
  return { outcomes, asked };
}

function equals(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What has to become of every wish; `refusal` is why what the role may ask for is refused, if so. */
function expected(
  role: PeerRole,
  target: "exposed" | "hidden",
  refusal?: string,
): Outcome[] {
  return WISHES.map(({ action, granted }, at) => {
    const mayNot = MAY[role].includes(action) ? refusal : "that role may not";
    const reason = granted === undefined ? "denied" : "denied_error";
    const node = role === "node" ? 'node "wire"' : `${role} "wire"`;
    const path = action === "spawn" ? `${target}${at}-new` : `${target}${at}`;
    return {
      wish: `${action} ${at}`,
      said: mayNot === undefined
        ? "granted"
        : `${reason}: Cannot ${
          VERBS.get(action) ?? action
        } "${path}" for ${node}: ${mayNot}, a right to do so was expected`,
    };
  });
}

for (const role of ROLES) {
  const reaches = role === "node" ? "reaches" : "does not reach";
  const isDialled = DIALLED.includes(role);
  const can = isDialled ? "can" : "cannot";

  Deno.test(`A peer of role ${role} is granted what its role may do with what is exposed, and nothing else`, async () => {
    const { outcomes } = await wishes(role, "exposed");
    assertEquals(outcomes, expected(role, "exposed"));
  });

  Deno.test(`A peer of role ${role} ${reaches} what is not exposed, whatever it asks for`, async () => {
    const { outcomes } = await wishes(role, "hidden");
    const refusal = role === "node" ? undefined : "it is not exposed";
    assertEquals(outcomes, expected(role, "hidden", refusal));
  });

  for (const verdict of [true, false]) {
    Deno.test(`authorize() is asked about every wish that role ${role} allows, and ${verdict} counts`, async () => {
      const { outcomes, asked } = await wishes(role, "exposed", verdict);
      const refusal = verdict ? undefined : "it is not authorized";
      assertEquals(outcomes, expected(role, "exposed", refusal));
      const questions = WISHES.flatMap(({ action, type = "", body }, at) => {
        if (!MAY[role].includes(action)) return [];
        const path = action === "spawn" ? `exposed${at}-new` : `exposed${at}`;
        return [[role, "wire", path, { action, type, body }]];
      });
      assertEquals(asked, questions);
    });
  }

  Deno.test(`authorize() is asked about what is not exposed ${role === "node" ? "too" : "not at all"} where the role is ${role}`, async () => {
    const { asked } = await wishes(role, "hidden", true);
    assertEquals(asked.length, role === "node" ? WISHES.length : 0);
  });

  Deno.test(`A node of role ${role} ${can} be dialled`, async () => {
    await using world = new World();
    const a = await world.node("a");
    const b = await world.node("b", { remote: { role } });
    spawnBox(b.system, "box");
    const asked = a.remote.ref(Box, addressOf(b, "box")).ask(Box.echo(1));
    if (isDialled) return assertEquals(await asked, 1);
    const { reason } = await assertRejects(() => asked, HandshakeError);
    assertEquals(reason, "role");
  });

  Deno.test(`A node of role ${role} ${can} be dialled over TLS`, async () => {
    const uris = [uriOf("shop", { role })];
    const a = await startNode("shop", {}, { transport: await tlsOf("shop") });
    const b = await startNode("shop", {}, {
      transport: await tlsOf("shop", {}, { uris }),
      role,
    });
    spawnBox(b.system, "box");
    const asked = a.remote.ref(Box, addressOf(b, "box")).ask(Box.echo(1));
    if (isDialled) assertEquals(await asked, 1);
    else {
      const { reason } = await assertRejects(() => asked, HandshakeError);
      assertEquals(reason, "certificate_role");
    }
    for (const { remote } of [a, b]) await remote.drain();
    for (const { system } of [a, b]) await system.drain();
  });
}
