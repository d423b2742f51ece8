import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ActorRef,
  ask,
  PoisonPill,
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../actor/mod.ts";
import { RemoteError } from "../../remote/errors.ts";
import { bytes } from "../../remote/codec/raw.ts";
import { DefinitionKind, FrameKind } from "../../remote/wire/kinds.ts";
import { Box, spawnBox, upTo } from "./actors.ts";
import { addressOf, type Node, reasons, startNode, World } from "./world.ts";
import { WirePeer } from "./wire/wire_peer.ts";

/** An actor of `node` that tells `target` what a test says, as its own. */
const Speaker: Protocol<"speaker", { go: Spec<void, void> }> = protocol(
  "speaker",
  { go: ask<void, void>() },
);

/** Resolves with the sizes and numbers that a box has seen when it ends. */
async function seenAtTheEnd(
  world: World,
  b: Node,
  send: (a: Node, target: ActorRef<typeof Box>) => Promise<void>,
): Promise<[number[], number[]]> {
  const a = await world.node("a");
  const box = spawnBox(b.system, "box");
  using ends = b.system.events.subscribe({ types: ["actor_stopped"] });
  await send(a, a.remote.ref(Box, addressOf(b, "box")));
  await world.settle();
  assertEquals((await ends.next()).value?.pid.path, "box");
  assertEquals([a.deadLetters, a.warnings, b.warnings], [[], [], []]);
  return [box.sizes, box.ids];
}

Deno.test("PoisonPill stays behind large and small messages of its sender, and before later ones", async () => {
  await using world = new World();
  const b = await world.node("b");
  const seen = await seenAtTheEnd(world, b, (_a, target) => {
    for (const id of upTo(100)) target.tell(Box.put({ id }));
    target.tell(Box.raw(new Uint8Array(300_000)));
    for (const id of upTo(100)) target.tell(Box.put({ id: 100 + id }));
    target.tell(PoisonPill);
    for (const id of upTo(3)) target.tell(Box.put({ id }));
    return Promise.resolve();
  });
  assertEquals(seen, [[300_000], upTo(200)]);
  assertEquals(
    (reasons(b.deadLetters).stopped ?? 0) +
      (reasons(b.deadLetters).missing ?? 0),
    3,
  );
});

Deno.test("PoisonPill that an actor tells stays behind the large messages of that actor", async () => {
  await using world = new World();
  const b = await world.node("b");
  const seen = await seenAtTheEnd(world, b, async (a, target) => {
    const speaker = a.system.spawn(Speaker, () => ({
      go(_body, ctx) {
        ctx.tell(target, Box.raw(new Uint8Array(300_000)));
        ctx.tell(target, Box.put({ id: 1 }));
        ctx.tell(target, PoisonPill);
      },
    }));
    await speaker.ask(Speaker.go());
  });
  assertEquals(seen, [[300_000], [1]]);
});

Deno.test("PoisonPill ends an actor over TCP after what came before, and a second one finds nobody", async () => {
  const [a, b] = [await startNode("a", {}, {}), await startNode("b", {}, {})];
  const box = spawnBox(b.system, "box");
  using ends = b.system.events.subscribe({ types: ["actor_stopped"] });
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  for (const id of upTo(1_000)) ref.tell(Box.put({ id }));
  assert(ref.tell(PoisonPill));
  assertEquals((await ends.next()).value?.pid.path, "box");
  assertEquals(box.ids, upTo(1_000));
  assert(ref.tell(PoisonPill));
  const error = await assertRejects(() => ref.ask(Box.ids()), RemoteError);
  assertEquals(error.remoteCode, "stopped_error");
  for (const { remote, system } of [a, b]) {
    await remote.drain();
    await system.drain();
  }
  assertEquals(reasons(a.deadLetters), {});
});

/** A protocol of a user with the name of the library and a message of the name of the pill. */
const Confusing = protocol("troupe", {
  PoisonPill: tell<string>(),
  count: ask<void, string[]>(),
});

function spawnConfusing({ system }: Node, name: string): void {
  const seen: string[] = [];
  system.spawn(Confusing, () => ({
    PoisonPill: (text) => void seen.push(text),
    count: () => seen,
  }), { name });
}

Deno.test("A message that is called like PoisonPill is a message, and the pill still ends its actor", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnConfusing(b, "odd");
  const ref = a.remote.ref(Confusing, addressOf(b, "odd"));
  ref.tell(Confusing.PoisonPill("arsenic"));
  ref.tell(Confusing.PoisonPill("cyanide"));
  assertEquals(await ref.ask(Confusing.count()), ["arsenic", "cyanide"]);
  using ends = b.system.events.subscribe({ types: ["actor_stopped"] });
  ref.tell(PoisonPill);
  await world.settle();
  assertEquals((await ends.next()).value?.pid.path, "odd");
});

Deno.test("A message that is called like PoisonPill ends no actor of another protocol", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Confusing, addressOf(b, "box"));
  ref.tell(Confusing.PoisonPill("arsenic"));
  const box = a.remote.ref(Box, addressOf(b, "box"));
  assertEquals(await box.ask(Box.ids()), []);
  assertEquals(reasons(b.deadLetters), { unhandled: 1 });
});

Deno.test("PoisonPill as docs/wire.md shows it ends an actor that speaks anything", async () => {
  await using world = new World();
  const b = await world.node("b");
  const Raw = protocol("raw", { put: tell(bytes()) });
  const ref = b.system.spawn(Raw, () => ({ put: () => {} }), { name: "raw" });
  await ref.started();
  using ends = b.system.events.subscribe({ types: ["actor_stopped"] });
  const peer = await WirePeer.dial(world, b);
  await peer.send({
    kind: FrameKind.TELL,
    receiver: 1,
    type: 1,
    definitions: [
      { number: 1, table: DefinitionKind.ADDRESS, value: "/raw" },
      {
        number: 1,
        table: DefinitionKind.TYPE_NAME,
        value: "troupe:PoisonPill",
      },
    ],
  });
  await world.settle();
  assertEquals((await ends.next()).value?.pid.path, "raw");
  assertEquals((await peer.expect(FrameKind.ACK)).ack, 1);
  peer.connection.close();
});
