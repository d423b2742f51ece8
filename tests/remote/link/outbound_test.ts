import { assert, assertEquals, assertRejects } from "@std/assert";
import { AskTimeoutError } from "../../../actor/mod.ts";
import {
  ConnectError,
  DisconnectedError,
  FrameError,
  OverloadedError,
  RemoteError,
} from "../../../remote/errors.ts";
import { FrameKind } from "../../../remote/wire/kinds.ts";
import { Box, spawnBox, upTo } from "../actors.ts";
import { addressOf, reasons, World } from "../world.ts";
import { WirePeer } from "../wire/wire_peer.ts";

const MIB = 1024 * 1024;

Deno.test("The first 5,000 tells to a peer that is not yet dialled arrive in order", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  for (const id of upTo(5_000)) assert(ref.tell(Box.put({ id })));
  await world.settle();
  assertEquals(box.ids, upTo(5_000));
  assertEquals([a.deadLetters, b.deadLetters], [[], []]);
});

Deno.test("A million tells in one loop are taken in order up to the budget, the rest is refused", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const taken: number[] = [];
  let refused = 0;
  const before = Deno.memoryUsage().external;
  for (let id = 0; id < 1_000_000; id++) {
    if (ref.tell(Box.put({ id }))) taken.push(id);
    else refused++;
  }
  assert(Deno.memoryUsage().external - before < 16 * MIB);
  const lost = a.deadLetters.length;
  await world.settle();
  assert(taken.length > 50_000 && refused > 100_000);
  assertEquals(
    [box.ids.length, box.ids.findIndex((id, at) => id !== taken[at])],
    [taken.length, -1],
  );
  assertEquals([lost, reasons(a.deadLetters)], [refused, {
    overloaded: refused,
  }]);
});

Deno.test("RemoteRef.ready() resolves when there is room again", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  let sent = 0;
  while (ref.tell(Box.raw(new Uint8Array(60_000)))) sent++;
  const last = a.deadLetters.length;
  await ref.ready();
  assert(ref.tell(Box.raw(new Uint8Array(60_000))));
  await world.settle();
  assertEquals([box.sizes.length, last], [sent + 1, 1]);
});

Deno.test("RemoteRef.ready() resolves when the link dies", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  await ref.ask(Box.ids());
  world.network.degrade("a", "b", { stalled: true });
  while (ref.tell(Box.raw(new Uint8Array(60_000))));
  let isReady = false;
  const ready = ref.ready().then(() => isReady = true);
  await world.settle();
  assertEquals(isReady, false);
  world.network.reset("a", "b");
  await ready;
});

Deno.test("RemoteRef.ready() rejects when remoting has ended, so that no loop spins", async () => {
  await using world = new World();
  const a = await world.node("a");
  const ref = a.remote.ref(Box, "goakt://b@b:1/box");
  await a.remote.drain();
  const error = await assertRejects(() => ref.ready(), DisconnectedError);
  assertEquals(
    error.message,
    'Cannot wait for room on the way to "goakt://b@b:1/box" on "b:1": remoting of this node has ended, an open connection was expected',
  );
});

Deno.test("One message of 15 MiB and 100 small ones behind it arrive in order", async () => {
  await using world = new World();
  const [a, b] = [
    await world.node("a", { remote: { outboundBudget: 16 * MIB } }),
    await world.node("b"),
  ];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  assert(ref.tell(Box.raw(new Uint8Array(15 * MIB))));
  for (const id of upTo(100)) {
    assert(ref.tell(Box.raw(new Uint8Array(id))));
  }
  await world.settle();
  assertEquals(box.sizes, [15 * MIB, ...upTo(100)]);
});

Deno.test("A message of 15 MiB passes a lane with the default budget once nothing waits", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  assert(ref.tell(Box.raw(new Uint8Array(15 * MIB))));
  assert(!ref.tell(Box.raw(new Uint8Array(1))));
  for (const id of upTo(100)) {
    await ref.ready();
    assert(ref.tell(Box.raw(new Uint8Array(id))));
  }
  await world.settle();
  assertEquals(box.sizes, [15 * MIB, ...upTo(100)]);
  assertEquals(reasons(a.deadLetters), { overloaded: 1 });
});

Deno.test("A message of 17 MiB is refused on the spot and the link goes on", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  await ref.ask(Box.ids());
  const large = new Uint8Array(17 * MIB);
  const error = await assertRejects(
    () => ref.ask(Box.echoRaw(large)),
    FrameError,
  );
  assertEquals(
    error.message,
    'Cannot send "box.echoRaw": it has 17825792 bytes, at most 16777216 bytes were expected',
  );
  assertEquals([error.outcome, error.retryable], ["not_delivered", false]);
  assert(!ref.tell(Box.raw(large)));
  assertEquals(reasons(a.deadLetters), { not_encodable: 2 });
  assert(ref.tell(Box.put({ id: 1 })));
  assertEquals([await ref.ask(Box.ids()), a.remote.connections], [[1], 1]);
  assertEquals(box.sizes, []);
});

Deno.test("A reply of 17 MiB rejects the asker, who knows that it was handled", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const error = await assertRejects(
    () => ref.ask(Box.fill(17 * MIB)),
    RemoteError,
  );
  assertEquals([error.remoteCode, error.outcome, error.retryable], [
    "frame_error",
    "done",
    false,
  ]);
  assertEquals(
    error.text,
    'Cannot send "reply": it has 17825792 bytes, at most 16777216 bytes were expected',
  );
  assertEquals(await ref.ask(Box.ids()), []);
});

Deno.test("200 alternating messages of 1 MiB and 100 bytes arrive in order", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const sizes = upTo(200).map((n) => n % 2 === 0 ? MIB + n : 100 + n);
  for (const size of sizes) {
    while (!ref.tell(Box.raw(new Uint8Array(size)))) await ref.ready();
  }
  await world.settle();
  assertEquals(box.sizes, sizes);
});

Deno.test("Messages keep their order whether references name the incarnation or not", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const box = spawnBox(b.system, "box");
  const one = a.remote.ref(Box, addressOf(b, "box"));
  const other = await a.remote.lookup(Box, addressOf(b, "box"));
  assert(other !== undefined);
  one.tell(Box.raw(new Uint8Array(MIB)));
  other.tell(Box.raw(new Uint8Array(1)));
  one.tell(Box.raw(new Uint8Array(2)));
  await world.settle();
  assertEquals(box.sizes, [MIB, 1, 2]);
});

Deno.test("A large message does not hold up those of other pairs", async () => {
  await using world = new World();
  const a = await world.node("a");
  await using listener = await world.transport("wire").listen({
    hostname: "wire",
    port: 0,
  });
  const address = `goakt://wire@wire:${listener.port}`;
  const [big, small] = [
    a.remote.ref(Box, `${address}/big`),
    a.remote.ref(Box, `${address}/small`),
  ];
  big.tell(Box.raw(new Uint8Array(3 * MIB)));
  big.tell(Box.raw(new Uint8Array(7)));
  small.tell(Box.raw(new Uint8Array(5)));
  const peer = await WirePeer.accept(world, listener);
  const kinds: string[] = [];
  for (let left = 3 * MIB + 7 + 5; left > 0;) {
    const frame = await peer.next();
    assert(frame !== undefined);
    left -= frame.payload.length;
    kinds.push(
      frame.chunk === undefined ? `${frame.payload.length}` : "part",
    );
  }
  assertEquals(kinds.filter((kind) => kind === "part").length, 48);
  // The small one went before the second part, the one behind the large one last.
  assert(kinds.indexOf("5") < 2);
  assertEquals(kinds.indexOf("7"), 49);
  await peer.send({ kind: FrameKind.ACK, ack: 3 });
  await world.settle();
  peer.connection.close();
});

Deno.test("Replies that are together larger than a peer takes at once all arrive", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const replies = await Promise.all(
    upTo(64).map(() => ref.ask(Box.fill(MIB))),
  );
  assertEquals(replies.map(({ length }) => length), upTo(64).map(() => MIB));
  assertEquals([a.warnings, b.warnings], [[], []]);
});

Deno.test("Large messages of many pairs stay within what the peer takes at once", async () => {
  await using world = new World();
  const limits = { maxMessageBytes: MIB, outboundBudget: 64 * MIB };
  const [a, b] = [
    await world.node("a", { remote: limits }),
    await world.node("b", { remote: limits }),
  ];
  const boxes = upTo(20).map((n) => spawnBox(b.system, `box${n}`));
  for (const n of upTo(20)) {
    a.remote.ref(Box, addressOf(b, `box${n}`)).tell(
      Box.raw(new Uint8Array(MIB)),
    );
  }
  await world.settle();
  assertEquals(boxes.map(({ sizes }) => sizes), upTo(20).map(() => [MIB]));
  assertEquals(b.warnings, []);
});

Deno.test("A large message and large answers at the same time do not block each other", async () => {
  await using world = new World({ capacity: 1_000 });
  const budget = { remote: { outboundBudget: 100_000 } };
  const [a, b] = [await world.node("a", budget), await world.node("b", budget)];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const asks = upTo(10).map(() => ref.ask(Box.fill(MIB)));
  const large = Box.raw(new Uint8Array(15 * MIB));
  while (!ref.tell(large)) await ref.ready();
  await Promise.all(asks);
  await world.settle();
  assertEquals(box.sizes, [15 * MIB]);
});

Deno.test("RemoteRef.ready() waits until what was refused fits, so that no loop spins", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  for (const size of [1, 3 * MIB, 2, 4 * MIB, 3]) {
    const message = Box.raw(new Uint8Array(size));
    while (!ref.tell(message)) await ref.ready();
  }
  await world.settle();
  assertEquals(box.sizes, [1, 3 * MIB, 2, 4 * MIB, 3]);
});

Deno.test("A budget of one byte lets one message pass at a time", async () => {
  await using world = new World();
  const [a, b] = [
    await world.node("a", { remote: { outboundBudget: 1 } }),
    await world.node("b"),
  ];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  assert(ref.tell(Box.put({ id: 0 })));
  const error = await assertRejects(
    () => ref.ask(Box.ids()),
    OverloadedError,
  );
  assertEquals([error.outcome, error.retryable], ["not_delivered", true]);
  for (const id of upTo(50)) {
    await ref.ready();
    assert(ref.tell(Box.put({ id: id + 1 })));
  }
  await world.settle();
  assertEquals(box.ids, upTo(51));
});

Deno.test("A peer that takes less is not sent more than it takes", async () => {
  await using world = new World();
  const [a, b] = [
    await world.node("a"),
    await world.node("b", { remote: { maxMessageBytes: 16_384 } }),
  ];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  // Nothing is known of the peer yet: these are taken, and refused one by one later.
  assert(ref.tell(Box.raw(new Uint8Array(100_000))));
  assert(ref.tell(Box.raw(new Uint8Array(20_000))));
  assert(ref.tell(Box.raw(new Uint8Array(16_384))));
  await world.settle();
  assertEquals(box.sizes, [16_384]);
  assertEquals(reasons(a.deadLetters), { not_encodable: 2 });
  assert(!ref.tell(Box.raw(new Uint8Array(16_385))));
  await assertRejects(
    () => ref.ask(Box.echoRaw(new Uint8Array(16_385))),
    FrameError,
    "at most 16384 bytes",
  );
  assertEquals(
    (await ref.ask(Box.echoRaw(new Uint8Array(16_384)))).length,
    16_384,
  );
  await assertRejects(
    () => ref.ask(Box.fill(16_385)),
    RemoteError,
    "at most 16384 bytes",
  );
  assertEquals(a.remote.connections, 1);
});

Deno.test("A sender's number never takes the place of its receiver's", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const boxes = upTo(4_096).map((n) => spawnBox(b.system, `box${n}`));
  const refs = upTo(4_096).map((n) =>
    a.remote.ref(Box, addressOf(b, `box${n}`))
  );
  for (const ref of refs) ref.tell(Box.put({ id: 1 }));
  await world.settle();
  const first = refs[0];
  const self = a.system.spawn(Box, () => ({
    receive: (_: unknown, ctx) => void ctx.tell(first!, Box.put({ id: 2 })),
  }), { name: "self" });
  self.tell(Box.put({ id: 0 }));
  await world.settle();
  assertEquals(boxes[0]?.ids, [1, 2]);
  assertEquals(b.deadLetters, []);
});

Deno.test("A timeout of an ask that no frame can hold is no limit", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  for (const timeout of [Infinity, 2 ** 32, 2 ** 40, 0.5]) {
    assertEquals(
      await ref.ask(Box.echo(timeout > 1), { timeout }),
      timeout > 1,
    );
  }
});

Deno.test("Losses of tells are told apart: processed, never written, written and not acknowledged", async () => {
  await using world = new World({ capacity: 200_000 });
  const [a, b] = [await world.node("a"), await world.node("b")];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const pad = "x".repeat(1_000);
  let id = 0;
  while (id < 10) ref.tell(Box.put({ id: id++, pad }));
  await world.settle();
  world.network.degrade("a", "b", { stalled: true });
  while (id < 1_000) ref.tell(Box.put({ id: id++, pad }));
  await world.settle();
  world.network.reset("a", "b");
  await world.settle();
  assertEquals(box.ids, upTo(10));
  const lost = a.deadLetters.map(({ message, reason }) => ({
    id: (message.body as { id: number }).id,
    reason,
  }));
  assertEquals(lost.map((it) => it.id), upTo(1_000).slice(10));
  const written = lost.filter(({ reason }) => reason === "unknown").length;
  // What the network and the write under way held, and nothing else.
  assert(written > 190 && written < 280, `${written} were written`);
  assertEquals(
    lost.slice(written).every(({ reason }) => reason === "disconnected"),
    true,
  );
  const [first, last] = [a.deadLetters[0], a.deadLetters.at(-1)];
  assert(first?.error instanceof DisconnectedError);
  assert(last?.error instanceof DisconnectedError);
  assertEquals([first.error.outcome, first.error.retryable], [
    "unknown",
    false,
  ]);
  assertEquals([last.error.outcome, last.error.retryable], [
    "not_delivered",
    true,
  ]);
  assertEquals(
    first.error.message,
    `Cannot deliver a message to "${ref.pid}" on "b:${b.remote.port}": the connection was reset, an open connection was expected`,
  );
});

Deno.test("The loss of a message whose end fills a write is told from that of a large one behind it", async () => {
  await using world = new World({ capacity: 65_000 });
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "small");
  spawnBox(b.system, "large");
  const small = a.remote.ref(Box, addressOf(b, "small"));
  const large = a.remote.ref(Box, addressOf(b, "large"));
  small.tell(Box.raw(new Uint8Array(1)));
  await world.settle();
  world.network.degrade("a", "b", { stalled: true });
  for (const _ of upTo(6)) small.tell(Box.raw(new Uint8Array(10_000)));
  large.tell(Box.raw(new Uint8Array(100_000)));
  small.tell(Box.raw(new Uint8Array(10_000))); // now there is enough for a write, the large one included
  await world.settle();
  world.network.reset("a", "b");
  await world.settle();
  const lost = a.deadLetters.map(({ message, reason }) => [
    (message.body as Uint8Array).length,
    reason,
  ]);
  assertEquals(lost, [
    ...upTo(7).map(() => [10_000, "unknown"]),
    [100_000, "disconnected"],
  ]);
});

Deno.test("Losses of asks are told apart: never written, not acknowledged, not answered", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const caught = (promise: Promise<unknown>) =>
    promise.then(() => "answered", (error) => error as DisconnectedError);
  const unanswered = caught(ref.ask(Box.never()));
  await world.settle();
  world.network.degrade("a", "b", { stalled: true });
  const unacknowledged = caught(ref.ask(Box.ids()));
  await world.settle();
  // The connection takes the first block only; the last ask stays behind it.
  const filler = caught(ref.ask(Box.echoRaw(new Uint8Array(900_000))));
  const behind = caught(ref.ask(Box.echoRaw(new Uint8Array(1))));
  await world.settle();
  world.network.reset("a", "b");
  const outcomes: unknown[] = [];
  for (
    const error of await Promise.all([
      unanswered,
      unacknowledged,
      filler,
      behind,
    ])
  ) {
    assert(error instanceof DisconnectedError);
    outcomes.push([error.outcome, error.retryable]);
  }
  assertEquals(outcomes, [
    ["unknown", false],
    ["unknown", false],
    ["not_delivered", true],
    ["not_delivered", true],
  ]);
  assertEquals(reasons(a.deadLetters), { unknown: 1, disconnected: 2 });
});

Deno.test("A tell from inside the news of a loss goes over another link", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  await ref.ask(Box.ids());
  world.network.degrade("a", "b", { stalled: true });
  ref.tell(Box.put({ id: 1 }));
  await world.settle();
  const { internalsOf } = await import("../../../actor/system/system.ts");
  internalsOf(a.system).runtime.events.tap(
    ["dead_letter"],
    () => void ref.tell(Box.put({ id: 2 })),
  );
  world.network.reset("a", "b");
  world.network.heal("a", "b");
  await world.settle();
  assertEquals(box.ids, [2]);
});

Deno.test("An ask that times out or is aborted leaves nothing behind, and its late reply is ignored", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  await ref.ask(Box.ids());
  world.network.degrade("b", "a", { stalled: true });
  const controller = new AbortController();
  const late = assertRejects(
    () => ref.ask(Box.ids(), { timeout: 100 }),
    AskTimeoutError,
  );
  const aborted = assertRejects(
    () => ref.ask(Box.ids(), { signal: controller.signal }),
    Error,
    "enough",
  );
  await world.clock.advance(200);
  controller.abort(new Error("enough"));
  await Promise.all([late, aborted]);
  world.network.heal("a", "b");
  assertEquals(await ref.ask(Box.echo(7)), 7);
  assertEquals([a.warnings, a.deadLetters], [[], []]);
  // Were a request left, the end of remoting would wait for it.
  const start = world.clock.now();
  await a.remote.drain();
  assertEquals(world.clock.now(), start);
});

Deno.test("A node that refuses connections fails what is sent at once, and names itself", async () => {
  await using world = new World();
  const a = await world.node("a");
  world.transport("b");
  const ref = a.remote.ref(Box, "goakt://b@b:1/box");
  for (const id of upTo(10)) assert(ref.tell(Box.put({ id })));
  const error = await assertRejects(() => ref.ask(Box.ids()), ConnectError);
  assertEquals(
    error.message,
    'Cannot connect to "b:1": the connection was refused, a listening node was expected',
  );
  assertEquals([error.node, error.outcome, error.retryable], [
    "b:1",
    "not_delivered",
    true,
  ]);
  assertEquals(reasons(a.deadLetters), { disconnected: 11 });
  assertEquals(a.remote.connections, 0);
});
