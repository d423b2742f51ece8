import { assert, assertEquals, assertRejects } from "@std/assert";
import { internalsOf } from "../../../actor/system/system.ts";
import { seededRandom } from "../../../internal/random.ts";
import { ConnectError } from "../../../remote/errors.ts";
import type { Session } from "../../../remote/handshake/handshake.ts";
import { Link } from "../../../remote/link/link.ts";
import { redialDelay, Redials } from "../../../remote/node/redials.ts";
import type {
  Connection,
  Transport,
} from "../../../remote/transport/transport.ts";
import { Box, spawnBox } from "../actors.ts";
import { InstantClock } from "../instant_clock.ts";
import { FrameKind } from "../../../remote/wire/kinds.ts";
import { addressOf, startNode, World } from "../world.ts";
import { WirePeer } from "../wire/wire_peer.ts";

const DELAY = { min: 50, max: 2_000 };

Deno.test("redialDelay() grows from 50 ms to 2 s, by chance up to half shorter", () => {
  const delays = (chance: number) =>
    [1, 2, 3, 4, 5, 6, 7, 1_000].map((failures) =>
      Math.round(redialDelay(DELAY, failures, { next: () => chance }))
    );
  assertEquals(delays(0), [50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
  assertEquals(delays(1), [100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
});

Deno.test("Redials waits longer after each attempt that led to nothing, and not after one that did", () => {
  const clock = new InstantClock();
  const redials = new Redials(clock, { next: () => 0 }, DELAY);
  const delays: number[] = [];
  const look = () => void delays.push(redials.begin("a").delay);
  look();
  for (let failure = 0; failure < 3; failure++) {
    redials.ended("a", "unheard");
    look();
  }
  clock.advance(150); // the time that passes anyway counts
  look();
  clock.advance(1_000);
  look();
  redials.ended("a", "heard");
  look();
  redials.ended("a", "unheard");
  look();
  assertEquals(delays, [0, 50, 100, 200, 50, 0, 0, 50]);
  assertEquals(redials.begin("b").delay, 0);
});

Deno.test("Redials keeps what a connection was called until one has ended in peace", () => {
  const redials = new Redials(new InstantClock(), { next: () => 0 }, DELAY);
  const token = () => redials.begin("a").replaces.toHex();
  const seen = [token()];
  redials.opened("a", Uint8Array.of(1));
  seen.push(token());
  redials.ended("a", "heard");
  redials.ended("a", "unheard");
  seen.push(token());
  redials.opened("a", Uint8Array.of(2));
  seen.push(token());
  redials.ended("a", "peace");
  seen.push(token());
  assertEquals(seen, ["", "01", "01", "02", ""]);
});

Deno.test("Redials remembers 4,096 nodes, those used last", () => {
  const redials = new Redials(new InstantClock(), { next: () => 0 }, DELAY);
  redials.ended("first", "unheard");
  redials.ended("second", "unheard");
  redials.ended("first", "unheard");
  for (let n = 0; n < 4_095; n++) redials.ended(`node ${n}`, "unheard");
  assertEquals(redials.size, 4_096);
  assertEquals(redials.begin("first").delay, 100);
  assertEquals(redials.begin("second").delay, 0);
});

/** A transport that notes when it connects. */
function noting(transport: Transport, now: () => number, times: number[]) {
  return {
    scheme: transport.scheme,
    listen: (options) => transport.listen(options),
    connect: (options) => {
      times.push(now());
      return transport.connect(options);
    },
  } satisfies Transport;
}

function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((time, at) => time - (times[at] as number));
}

Deno.test("A node that cannot be reached is dialled with growing pauses, however much is sent to it", async () => {
  await using world = new World();
  const times: number[] = [];
  const a = await world.node("a", {
    system: { random: seededRandom(7) },
    remote: {
      transport: noting(world.transport("a"), () => world.clock.now(), times),
    },
  });
  const b = await world.node("b");
  const { port } = b.remote;
  await world.drain(b);
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  let sent = 0;
  for (; world.clock.now() < 20_000; sent++) {
    ref.tell(Box.put({ id: sent }));
    await world.clock.advance(20);
  }
  const waits = gaps(times);
  assert(waits.length >= 12 && waits.length <= 24, `${waits.length} attempts`);
  // Half of each step at least; 20 ms more until the next message comes.
  const least = [50, 100, 200, 400, 800, 1_000];
  const most = [100, 200, 400, 800, 1_600, 2_000];
  waits.forEach((wait, at) => {
    assert(wait >= (least[at] ?? 1_000), `wait ${at} is ${wait} ms`);
    assert(wait <= (most[at] ?? 2_000) + 20, `wait ${at} is ${wait} ms`);
  });
  assertEquals(new Set(waits.slice(6).map(Math.round)).size > 3, true);
  await world.clock.advance(2_000);
  assertEquals(a.deadLetters.length, sent);

  // Once it is back, what is sent next passes within the longest pause.
  const next = await world.node("b", { remote: { port } });
  const box = spawnBox(next.system, "box");
  ref.tell(Box.put({ id: 1 }));
  await world.clock.advance(2_000);
  assertEquals(box.ids, [1]);
});

Deno.test("A node that ends connections without a word is dialled with growing pauses too", async () => {
  await using world = new World();
  const times: number[] = [];
  const a = await world.node("a", {
    remote: {
      transport: noting(world.transport("a"), () => world.clock.now(), times),
    },
  });
  await using listener = await world.transport("wire").listen({
    hostname: "wire",
    port: 7,
  });
  const ref = a.remote.ref(Box, "goakt://wire@wire:7/box");
  for (let round = 0; round < 4; round++) {
    ref.tell(Box.put({ id: round }));
    const accepted = WirePeer.accept(world, listener);
    await world.clock.advance(2_000);
    (await accepted).connection.close();
    await world.settle();
  }
  // The time that passed counts, so the pauses show against the moments of the messages.
  ref.tell(Box.put({ id: 4 }));
  const before = world.clock.now();
  const accepted = WirePeer.accept(world, listener);
  await world.clock.advance(2_000);
  const peer = await accepted;
  const pause = (times.at(-1) as number) - before;
  assert(pause >= 400 && pause <= 800, `${pause} ms`);
  peer.connection.close();
  await world.settle();
});

Deno.test("A node that was heard is dialled anew at once when the link is lost", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  for (let round = 0; round < 5; round++) {
    assertEquals(await ref.ask(Box.echo(round)), round); // time stands still
    world.network.reset("a", "b");
    await world.settle();
  }
});

Deno.test("A node that dials again says which connection it has given up, unless that ended in peace", async () => {
  await using world = new World();
  const a = await world.node("a");
  await using listener = await world.transport("wire").listen({
    hostname: "wire",
    port: 7,
  });
  const ref = a.remote.ref(Box, "goakt://wire@wire:7/box");
  const connect = (number: number) => {
    ref.tell(Box.put({ id: number }));
    return WirePeer.accept(world, listener, { token: Uint8Array.of(number) });
  };
  const first = await connect(1);
  await first.send({ kind: FrameKind.ACK, ack: 0 }); // it is heard, so nobody waits
  await world.settle();
  first.connection.close();
  await world.settle();
  const second = await connect(2);
  await second.expect(FrameKind.TELL);
  await second.send({ kind: FrameKind.ACK, ack: 1 });
  await second.send({ kind: FrameKind.GOODBYE });
  await second.rest();
  await world.settle();
  const third = await connect(3);
  assertEquals([first, second, third].map(({ replaces }) => [...replaces]), [
    [],
    [1],
    [],
  ]);
  third.connection.close();
  await world.settle();
});

Deno.test("Remoting that is ended does not wait for a pause between attempts", async () => {
  await using world = new World();
  const a = await world.node("a", {
    remote: { redialDelay: { min: 60_000, max: 60_000 }, drainTimeout: 1_000 },
  });
  const ref = a.remote.ref(Box, "goakt://b@a:9/box");
  await assertRejects(() => ref.ask(Box.ids()), ConnectError);
  const asked = ref.ask(Box.ids(), { timeout: 100_000 }).catch((error) =>
    error
  );
  await world.settle();
  const drained = a.remote.drain();
  await world.clock.advance(1_000);
  await drained;
  assertEquals((await asked).outcome, "not_delivered");
  assertEquals(world.clock.pending, 0);
});

Deno.test("A link that has ended takes no other connection", async () => {
  const { system, remote } = await startNode("n", {}, {});
  const link = new Link({
    runtime: internalsOf(system).runtime,
    owner: {
      message: () => {},
      request: () => {},
      refuses: () => false,
      parting: () => {},
      closed: () => {},
      farewell: () => {},
    },
    role: "dialler",
    node: "n:1",
    budget: 1_000,
    maxMessageBytes: 16_384,
    silenceTimeout: 10_000,
    idleTimeout: 30_000,
    meter: undefined,
  });
  link.close(undefined);
  let closed = 0;
  const connection = { close: () => void closed++ } as unknown as Connection;
  link.open(connection, {} as Session);
  assertEquals([closed, link.isAlive, link.peer], [1, false, undefined]);
  await remote.drain();
  await system.drain();
});
