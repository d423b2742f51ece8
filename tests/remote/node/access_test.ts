import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ask,
  type Context,
  PoisonPill,
  protocol,
  tell,
} from "../../../actor/mod.ts";
import type { PeerRequest } from "../../../remote/node/access.ts";
import { HandshakeError, RemoteError } from "../../../remote/errors.ts";
import type {
  PeerIdentity,
  PeerRole,
} from "../../../remote/handshake/identity.ts";
import { Dialler } from "../../../remote/handshake/handshake_dialler.ts";
import { shakeHands } from "../../../remote/handshake/handshake_driver.ts";
import {
  checkedOptions,
  type RemoteOptions,
} from "../../../remote/remote_options.ts";
import { DefinitionKind, FrameKind } from "../../../remote/wire/kinds.ts";
import { Box, BoxKind, spawnBox } from "../actors.ts";
import { addressOf, type Node, reasons, World } from "../world.ts";
import { WirePeer } from "../wire/wire_peer.ts";

/** A node with boxes, and another that is what `role` says. */
async function nodes(
  world: World,
  options: Omit<RemoteOptions, "hostname" | "insecure">,
  role: PeerRole = "client",
): Promise<{ b: Node; c: Node }> {
  const b = await world.node("b", {
    system: { kinds: [BoxKind] },
    remote: options,
  });
  const c = await world.node("c", { remote: { role } });
  return { b, c };
}

/** What an ask was refused with, as code and text. */
async function refusalOf(asked: Promise<unknown>): Promise<[string, string]> {
  const error = await assertRejects(() => asked, RemoteError);
  assertEquals(error.outcome, "not_delivered");
  return [error.remoteCode, error.text];
}

Deno.test("A client reaches what is exposed, by name or below a path, and nothing else", async () => {
  await using world = new World();
  const { b, c } = await nodes(world, { exposed: ["till", "shop/*"] });
  const [till, safe] = [spawnBox(b.system, "till"), spawnBox(b.system, "safe")];
  const at = (path: string) => c.remote.ref(Box, addressOf(b, path));
  at("till").tell(Box.put({ id: 1 }));
  assertEquals(await at("till").ask(Box.ids()), [1]);
  assertEquals(await refusalOf(at("safe").ask(Box.ids())), [
    "denied_error",
    'Cannot ask "safe" for client "c": it is not exposed, a right to do so was expected',
  ]);
  // Whether there is one is not told either.
  for (const path of ["nobody", "tills", "till/child", "shop"]) {
    const [code] = await refusalOf(at(path).ask(Box.ids()));
    assertEquals(code, "denied_error", path);
  }
  const [missing] = await refusalOf(at("shop/none").ask(Box.ids()));
  assertEquals(missing, "stopped_error");
  at("safe").tell(Box.put({ id: 2 }));
  await world.settle();
  assertEquals([till.ids, safe.ids], [[1], []]);
  assertEquals(reasons(b.deadLetters), { denied: 6, missing: 1 });
  const letter = b.deadLetters.at(-1);
  assertEquals(
    (letter?.error as Error).message,
    'Cannot tell "safe" for client "c": it is not exposed, a right to do so was expected',
  );
});

Deno.test("A client looks up what is exposed, and can neither spawn nor stop nor poison it", async () => {
  await using world = new World();
  const { b, c } = await nodes(world, { exposed: ["till"] });
  spawnBox(b.system, "till");
  spawnBox(b.system, "safe");
  const till = await c.remote.lookup(Box, addressOf(b, "till"));
  assert(till !== undefined);
  const may = "that role may not, a right to do so was expected";
  assertEquals(
    await refusalOf(c.remote.lookup(Box, addressOf(b, "safe"))),
    [
      "denied_error",
      'Cannot look up "safe" for client "c": it is not exposed, a right to do so was expected',
    ],
  );
  assertEquals(await refusalOf(c.remote.stop(till)), [
    "denied_error",
    `Cannot stop "till" for client "c": ${may}`,
  ]);
  assertEquals(
    await refusalOf(c.remote.spawn(b.remote.address, Box, { name: "more" })),
    ["denied_error", `Cannot spawn "more" for client "c": ${may}`],
  );
  till.tell(PoisonPill);
  assertEquals(await till.ask(Box.echo(1)), 1);
  assertEquals(reasons(b.deadLetters), { denied: 1 });
});

Deno.test("An observer sends no messages", async () => {
  await using world = new World();
  const { b, c } = await nodes(world, { exposed: ["till"] }, "observer");
  spawnBox(b.system, "till");
  const till = c.remote.ref(Box, addressOf(b, "till"));
  assertEquals((await refusalOf(till.ask(Box.ids())))[0], "denied_error");
  assert(await c.remote.lookup(Box, addressOf(b, "till")) !== undefined);
});

Deno.test("A node reaches everything, exposed or not", async () => {
  await using world = new World();
  const { b, c } = await nodes(world, {}, "node");
  spawnBox(b.system, "safe");
  const safe = c.remote.ref(Box, addressOf(b, "safe"));
  assertEquals(await safe.ask(Box.echo(1)), 1);
  const more = await c.remote.spawn(b.remote.address, Box);
  await c.remote.stop(more);
  assertEquals([b.deadLetters, b.warnings], [[], []]);
});

Deno.test("A client cannot pass itself off as the sender that it names", async () => {
  await using world = new World();
  const { b } = await nodes(world, { exposed: ["till"] });
  const Till = protocol("box", {
    put: tell<unknown>(),
    ids: ask<void, string>(),
  });
  let seen = "nothing";
  b.system.spawn(Till, () => ({
    put: (_: unknown, ctx: Context): void => {
      seen = `${ctx.sender?.pid.path ?? "nobody"}`;
    },
    ids: () => seen,
  }), { name: "till" });
  spawnBox(b.system, "boss");
  const spoofed = {
    kind: FrameKind.TELL,
    receiver: 1,
    sender: 2,
    type: 1,
    payload: new TextEncoder().encode("1"),
    definitions: [
      { number: 1, table: DefinitionKind.ADDRESS, value: "/till" },
      {
        number: 2,
        table: DefinitionKind.ADDRESS,
        value: `goakt://b@b:${b.remote.port}/boss`,
      },
      { number: 1, table: DefinitionKind.TYPE_NAME, value: "box.put" },
    ],
  };
  for (const [role, expected] of [["client", "nobody"], ["node", "boss"]]) {
    const { host: hostname, port } = b.remote;
    const connection = await world.transport("wire").connect({
      hostname,
      port,
    });
    const dialler = new Dialler({
      self: {
        system: "wire",
        host: "wire",
        port: 0,
        incarnation: `w-${role}`,
      },
      hostname,
      port,
      lane: "data",
      role: role as PeerRole,
    });
    const { rest } = await shakeHands(connection, dialler, world);
    const peer = new WirePeer(connection, rest);
    await peer.send(spoofed);
    await world.settle();
    assertEquals(seen, expected);
    peer.connection.close();
    await world.settle();
  }
});

Deno.test("authorize() is asked who, whom and what about everything, and only true is yes", async () => {
  await using world = new World();
  const asked: [PeerIdentity, string, PeerRequest][] = [];
  const { b, c } = await nodes(world, {
    authorize: (identity, target, request) => {
      asked.push([identity, target.path, request]);
      if (request.body === "throw") throw new RangeError("odd");
      if (request.body === "truthy") return "yes" as never;
      return request.body !== "secret" && request.action !== "stop";
    },
  }, "node");
  const box = spawnBox(b.system, "box");
  const ref = c.remote.ref(Box, addressOf(b, "box"));
  assertEquals(await ref.ask(Box.echo("public")), "public");
  for (const body of ["secret", "throw", "truthy"]) {
    assertEquals(await refusalOf(ref.ask(Box.echo(body))), [
      "denied_error",
      'Cannot ask "box" for node "c": it is not authorized, a right to do so was expected',
    ]);
  }
  ref.tell(Box.put({ id: 1 }));
  assertEquals((await refusalOf(c.remote.stop(ref)))[0], "denied_error");
  ref.tell(PoisonPill);
  const more = await c.remote.spawn(b.remote.address, Box, { name: "more" });
  assert(await c.remote.lookup(Box, addressOf(b, "more")) !== undefined);
  assertEquals((await refusalOf(c.remote.stop(more)))[0], "denied_error");
  assertEquals(await ref.ask(Box.ids()), [1]);
  assertEquals(box.ids, [1]);
  assertEquals(
    asked.map(([, path, { action, type }]) => `${action} ${path} ${type}`),
    [
      "ask box box.echo",
      "ask box box.echo",
      "ask box box.echo",
      "ask box box.echo",
      "tell box box.put",
      "stop box ",
      "stop box ",
      "spawn more box",
      "lookup more ",
      "stop more ",
      "ask box box.ids",
    ],
  );
  assertEquals(asked[0]?.[0], {
    proof: "none",
    role: "node",
    system: "c",
    node: "c",
  });
  assertEquals(reasons(b.deadLetters), { denied: 4 });
  assertEquals(b.warnings.map(({ text }) => text), [
    "the hook that authorizes threw, which counts as no: RangeError: odd",
  ]);
});

Deno.test("A client that sends too much is refused until time has passed, others are not", async () => {
  await using world = new World();
  const { b, c } = await nodes(world, {
    exposed: ["till"],
    clientLimits: { messages: 3 },
  });
  const d = await world.node("d", { remote: { role: "client" } });
  spawnBox(b.system, "till");
  const [from, other] = [c, d].map(({ remote }) =>
    remote.ref(Box, addressOf(b, "till"))
  );
  assert(from !== undefined && other !== undefined);
  for (const id of [1, 2, 3]) assertEquals(await from.ask(Box.echo(id)), id);
  const error = await assertRejects(() => from.ask(Box.echo(4)), RemoteError);
  assertEquals([error.remoteCode, error.outcome, error.retryable, error.text], [
    "rate_error",
    "not_delivered",
    true,
    'Cannot take another message of client "c": it has sent too many, at most 3 a second were expected',
  ]);
  from.tell(Box.put({ id: 5 }));
  assertEquals(await other.ask(Box.ids()), []);
  assertEquals(reasons(b.deadLetters), { overloaded: 2 });
  await world.clock.advance(400); // one of three a second
  assertEquals(await from.ask(Box.echo(6)), 6);
  assertEquals((await refusalOf(from.ask(Box.echo(7))))[0], "rate_error");
});

Deno.test("A client that sends too many bytes is refused until time has passed, others are not", async () => {
  await using world = new World();
  const { b, c } = await nodes(world, {
    exposed: ["till"],
    clientLimits: { bytes: 10_000 },
  });
  const d = await world.node("d", { remote: { role: "client" } });
  const till = spawnBox(b.system, "till");
  const [from, other] = [c, d].map(({ remote }) =>
    remote.ref(Box, addressOf(b, "till"))
  );
  assert(from !== undefined && other !== undefined);
  const text = "x".repeat(3_000);
  for (let n = 0; n < 3; n++) {
    assertEquals(await from.ask(Box.echo(text)), text);
  }
  const error = await assertRejects(
    () => from.ask(Box.echo(text)),
    RemoteError,
  );
  assertEquals([error.remoteCode, error.outcome, error.retryable, error.text], [
    "rate_error",
    "not_delivered",
    true,
    'Cannot take another message of client "c": it has sent too much, at most 10000 bytes a second were expected',
  ]);
  assertEquals(await from.ask(Box.echo("")), ""); // there is room for a small one
  assertEquals(await other.ask(Box.echo(text)), text);
  await world.clock.advance(300);
  assertEquals(await from.ask(Box.echo(text)), text);
  assertEquals((await refusalOf(from.ask(Box.echo(text))))[0], "rate_error");
  // A large message in parts is counted as a whole, passes after a rest, and is paid for.
  await world.clock.advance(1_000);
  from.tell(Box.raw(new Uint8Array(200_000)));
  await world.settle();
  from.tell(Box.raw(new Uint8Array(1)));
  await world.clock.advance(18_000);
  from.tell(Box.raw(new Uint8Array(2)));
  await world.clock.advance(1_500);
  from.tell(Box.raw(new Uint8Array(3)));
  await world.settle();
  assertEquals(till.sizes, [200_000, 3]);
  assertEquals(reasons(b.deadLetters), { overloaded: 4 });
});

Deno.test("Bytes of clients are counted as they come: in frames, and compressed", async () => {
  await using world = new World();
  const compression = "zstd";
  const b = await world.node("b", {
    remote: { exposed: ["till"], clientLimits: { bytes: 2_000 }, compression },
  });
  const c = await world.node("c", { remote: { role: "client", compression } });
  spawnBox(b.system, "till");
  const ref = c.remote.ref(Box, addressOf(b, "till"));
  const text = "again and again, ".repeat(1_000);
  assertEquals(await ref.ask(Box.echo(text)), text);
  // A look-up has no body, and counts too.
  const peer = await WirePeer.dial(world, b, "data", undefined, undefined, {
    role: "client",
  });
  const lookup = {
    kind: FrameKind.LOOKUP,
    correlation: 1,
    address: "goakt://b@b:1/".padEnd(1_100, "x"),
  };
  await peer.send(lookup, lookup);
  const codes = [
    (await peer.expect(FrameKind.FAILURE)).failure?.code,
    (await peer.expect(FrameKind.FAILURE)).failure?.code,
  ];
  assertEquals(codes, ["denied_error", "rate_error"]);
  peer.connection.close();
  await world.settle();
});

Deno.test("What a client may not send is not expanded, and what it may is counted once", async () => {
  await using world = new World();
  const b = await world.node("b", {
    remote: {
      exposed: ["till"],
      clientLimits: { messages: 4 },
      compression: "zstd",
    },
  });
  const c = await world.node("c", {
    remote: { role: "client", compression: "zstd" },
  });
  const [till, safe] = [spawnBox(b.system, "till"), spawnBox(b.system, "safe")];
  const ref = c.remote.ref(Box, addressOf(b, "till"));
  const text = "again and again, ".repeat(1_000);
  for (let n = 0; n < 3; n++) assertEquals(await ref.ask(Box.echo(text)), text);
  // What no reader could expand ends no link, since it is not looked at.
  const peer = await WirePeer.dial(world, b, "data", undefined, undefined, {
    role: "client",
  });
  await peer.send({
    kind: FrameKind.ASK,
    receiver: 1,
    type: 1,
    correlation: 1,
    compression: { algorithm: 1, totalBytes: 10_000 },
    payload: new Uint8Array(100),
    definitions: [
      { number: 1, table: DefinitionKind.ADDRESS, value: "/safe" },
      { number: 1, table: DefinitionKind.TYPE_NAME, value: "box.echo" },
    ],
  });
  const { failure } = await peer.expect(FrameKind.FAILURE);
  assertEquals(failure?.code, "denied_error");
  assertEquals(await ref.ask(Box.echo(text)), text);
  assertEquals((await refusalOf(ref.ask(Box.echo(text))))[0], "rate_error");
  assertEquals([till.ids, safe.ids], [[], []]);
  assertEquals(reasons(b.deadLetters), { denied: 1, overloaded: 1 });
  peer.connection.close();
  await world.settle();
});

Deno.test("A client that connects too often is refused, and a node is not", async () => {
  await using world = new World();
  const b = await world.node("b", {
    remote: { clientLimits: { connections: 2 } },
  });
  const { host: hostname, port } = b.remote;
  const dial = async (role: PeerRole): Promise<void> => {
    const connection = await world.transport("wire").connect({
      hostname,
      port,
    });
    const self = { system: "wire", host: "w", port: 0, incarnation: "w1" };
    const lane = "data" as const;
    const dialler = new Dialler({ self, hostname, port, lane, role });
    await shakeHands(connection, dialler, world);
    connection.close();
    await world.settle();
  };
  await dial("client");
  await dial("client");
  const error = await assertRejects(() => dial("client"), HandshakeError);
  assertEquals([error.reason, error.retryable], ["rate", true]);
  assert(error.message.includes("at most 2 connections a second"));
  for (let count = 0; count < 5; count++) await dial("node");
  await world.clock.advance(500);
  await dial("client");
});

Deno.test("A client that says it can be reached is refused: only nodes are dialled", async () => {
  await using world = new World();
  const b = await world.node("b");
  const { host: hostname, port } = b.remote;
  const connection = await world.transport("wire").connect({ hostname, port });
  const self = { system: "b", host: "b", port, incarnation: "w1" };
  const role = "client";
  const dialler = new Dialler({ self, hostname, port, lane: "data", role });
  const error = await assertRejects(
    () => shakeHands(connection, dialler, world),
    HandshakeError,
  );
  assertEquals(error.reason, "role");
  assert(error.message.includes("port 0 was expected"), error.message);
  await world.settle();
});

Deno.test("A role that there is not is refused", async () => {
  await using world = new World();
  const b = await world.node("b");
  const { host: hostname, port } = b.remote;
  const connection = await world.transport("wire").connect({ hostname, port });
  const self = { system: "wire", host: "w", port: 0, incarnation: "w1" };
  const role = "emperor" as PeerRole;
  const dialler = new Dialler({ self, hostname, port, lane: "data", role });
  const error = await assertRejects(
    () => shakeHands(connection, dialler, world),
    HandshakeError,
  );
  assertEquals(error.reason, "role");
  await world.settle();
});

Deno.test("Remote.start() refuses rules that make no sense", () => {
  const cases: [RemoteOptions, string][] = [
    [{ exposed: ["/till"] }, 'Cannot expose "/till"'],
    [{ exposed: [""] }, 'Cannot expose ""'],
    [{ role: "king" as PeerRole }, 'Cannot start remoting as "king"'],
    [{ clientLimits: { messages: 0 } }, "clientLimits.messages is 0"],
    [{ clientLimits: { bytes: 0.5 } }, "clientLimits.bytes is 0.5"],
    [
      { authorize: () => true, goakt: {} },
      '"authorize" cannot be asked about GoAkt peers',
    ],
  ];
  for (const [options, text] of cases) {
    assertThrows(() => checkedOptions(options), Error, text);
  }
  assertEquals(checkedOptions({ authorize: () => true }).goakt, null);
});
