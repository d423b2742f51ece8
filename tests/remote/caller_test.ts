import { assertEquals } from "@std/assert";
import {
  type ActorRef,
  ask,
  type Caller,
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../actor/mod.ts";
import { authority, tlsOf, uriOf } from "./tls/tls_fixtures.ts";
import { TlsTransport } from "../../remote/tls/tls_transport.ts";
import { simulateRemote } from "../../testing/mod.ts";
import { addressOf, type Node, startNode, World } from "./world.ts";

type DoorProtocol = Protocol<"door", {
  who: Spec<void, Caller | null>;
  knock: Spec<string, void>;
}>;

const Door: DoorProtocol = protocol("door", {
  who: ask<void, Caller | null>(),
  knock: tell<string>(),
});

/** Who has knocked. */
type Knocks = (Caller | undefined)[];

/** An actor that says who calls, also after it has waited. */
function spawnDoor({ system }: Node, name: string): Knocks {
  const knocks: Knocks = [];
  system.spawn(Door, () => ({
    async who(_, ctx) {
      await Promise.resolve();
      return ctx.caller ?? null;
    },
    knock(_, ctx) {
      knocks.push(ctx.caller);
    },
  }), { name });
  return knocks;
}

/** An actor that hands on to another what it is asked, as it came or as a message of its own. */
function spawnPorter({ system }: Node, name: string): void {
  const to = system.find(Door, "door") as ActorRef<DoorProtocol>; // spawned before
  system.spawn(Door, () => ({
    receive(message, ctx) {
      if ("type" in message && message.type === "door.who") {
        ctx.forward(to, Door.who());
      } else ctx.forward(to);
    },
  }), { name });
}

const claimed = (node: string, role = "node"): Caller => ({
  proof: "none",
  role,
  system: node,
  node,
});

Deno.test("Context.caller is the node that has brought a message, and nobody for messages of the own node", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const knocks = spawnDoor(b, "door");
  const near = b.system.find(Door, "door");
  assertEquals(await near?.ask(Door.who()), null);
  near?.tell(Door.knock("here"));
  const far = a.remote.ref(Door, addressOf(b, "door"));
  far.tell(Door.knock("there"));
  assertEquals(await far.ask(Door.who()), claimed("a"));
  near?.tell(Door.knock("here again"));
  await world.settle();
  assertEquals(knocks, [undefined, claimed("a"), undefined]);
});

Deno.test("Context.caller is what the connection shows, whoever the message says has sent it", async () => {
  await using world = new World();
  const b = await world.node("b", { remote: { exposed: ["door"] } });
  const c = await world.node("c", { remote: { role: "client" } });
  const knocks = spawnDoor(b, "door");
  const far = c.remote.ref(Door, addressOf(b, "door"));
  c.system.spawn(Door, () => ({
    who: () => null,
    knock: (text, ctx) => void ctx.tell(far, Door.knock(text)),
  }), { name: "actor" }).tell(Door.knock("1"));
  assertEquals(await far.ask(Door.who()), claimed("c", "client"));
  await world.settle();
  assertEquals(knocks, [claimed("c", "client")]);
});

Deno.test("Context.caller stays when a message is forwarded, and is the last node when it goes on to another", async () => {
  await using world = new World();
  const [a, b, d] = [
    await world.node("a"),
    await world.node("b"),
    await world.node("d"),
  ];
  const knocks = spawnDoor(b, "door");
  spawnPorter(b, "porter");
  const porter = a.remote.ref(Door, addressOf(b, "porter"));
  assertEquals(await porter.ask(Door.who()), claimed("a"));
  porter.tell(Door.knock("1"));
  const gate = d.remote.ref(Door, addressOf(b, "door"));
  d.system.spawn(Door, () => ({
    receive: (_message, ctx) => void ctx.forward(gate),
  }), { name: "gate" });
  const further = a.remote.ref(Door, addressOf(d, "gate"));
  assertEquals(await further.ask(Door.who()), claimed("d"));
  further.tell(Door.knock("2"));
  await world.settle();
  assertEquals(knocks, [claimed("a"), claimed("d")]);
});

Deno.test("Context.caller stays when a message is forwarded over a simulated wire", async () => {
  await using world = new World();
  const a = await world.node("a");
  const b = await world.node("b", { system: { simulateRemote } });
  spawnDoor(b, "door");
  spawnPorter(b, "porter");
  const porter = a.remote.ref(Door, addressOf(b, "porter"));
  assertEquals(await porter.ask(Door.who()), claimed("a"));
  assertEquals(await b.system.find(Door, "door")?.ask(Door.who()), null);
});

Deno.test("Context.caller of a message of another protocol is the node that has brought it", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const seen: unknown[] = [];
  b.system.spawn(Door, () => ({
    receive: (message, { caller }) => void seen.push([message, caller]),
  }), { name: "door" });
  const Bell = protocol("bell", { ring: tell<string>() });
  a.remote.ref(Bell, addressOf(b, "door")).tell(Bell.ring("now"));
  await world.settle();
  const bytes = new TextEncoder().encode('"now"');
  assertEquals(seen, [[{ typeName: "bell.ring", bytes }, claimed("a")]]);
});

Deno.test("Context.caller is what the certificate says", async () => {
  const uri = uriOf("shop", { role: "client", node: "tablet-7" });
  const pair = await authority.issue({ name: "tablet", uris: [uri] });
  const b = await startNode("shop", {}, {
    transport: await tlsOf("shop"),
    exposed: ["door"],
  });
  const c = await startNode("shop", {}, {
    transport: new TlsTransport({ ...pair, ca: authority.cert }),
    role: "client",
  });
  spawnDoor(b, "door");
  try {
    const far = c.remote.ref(Door, addressOf(b, "door"));
    assertEquals(await far.ask(Door.who()), {
      proof: "certificate",
      role: "client",
      system: "shop",
      node: "tablet-7",
      uri,
    });
  } finally {
    for (const { remote } of [c, b]) await remote.drain();
    for (const { system } of [c, b]) await system.drain();
  }
});
