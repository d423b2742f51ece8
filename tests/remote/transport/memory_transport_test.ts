import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { ConnectError, DisconnectedError } from "../../../remote/errors.ts";
import {
  MemoryNetwork,
  type MemoryNetworkOptions,
} from "../../../remote/transport/memory_transport.ts";
import {
  type Connection,
  ListenError,
} from "../../../remote/transport/transport.ts";
import { InstantClock } from "../instant_clock.ts";
import {
  pattern,
  readExactly,
  testTransport,
} from "./transport_conformance.ts";

function suite(name: string, options: MemoryNetworkOptions): void {
  testTransport(name, () => {
    const network = new MemoryNetwork(options);
    const [server, client] = [
      network.transport("server"),
      network.transport("client"),
    ];
    return { server, client, hostname: "server" };
  });
}

suite("MemoryTransport", {});
suite("MemoryTransport with small buffers", { readSize: 997, capacity: 5_000 });

/** Hosts "a" and "b", and a connection that "a" dialled. */
async function connected(options: MemoryNetworkOptions = {}): Promise<{
  network: MemoryNetwork;
  a: Connection;
  b: Connection;
}> {
  const network = new MemoryNetwork(options);
  const listener = await network.transport("b").listen({
    hostname: "b",
    port: 0,
  });
  const a = await network.transport("a").connect({
    hostname: "b",
    port: listener.port,
  });
  const b = await listener.accept();
  await listener.close();
  if (b === undefined) throw new Error("The listener was closed");
  return { network, a, b };
}

/** The state of a promise after all microtasks that are queued now. */
async function stateOf(
  promise: Promise<unknown>,
): Promise<"waiting" | "done" | "failed"> {
  let state: "waiting" | "done" | "failed" = "waiting";
  promise.then(() => state = "done", () => state = "failed");
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  return state;
}

Deno.test("MemoryTransport.connect() to a host that does not exist rejects with ConnectError", async () => {
  const a = new MemoryNetwork().transport("a");
  await assertRejects(
    () => a.connect({ hostname: "nowhere", port: 80 }),
    ConnectError,
    `Cannot connect to "nowhere:80": there is no such host`,
  );
});

Deno.test("MemoryTransport.listen() refuses the address of another host", async () => {
  const network = new MemoryNetwork();
  network.transport("b");
  await assertRejects(
    () => network.transport("a").listen({ hostname: "b", port: 80 }),
    ListenError,
    `it is not an address of host "a"`,
  );
});

Deno.test("MemoryTransport takes the loopback names for the own host", async () => {
  const a = new MemoryNetwork().transport("a");
  await using listener = await a.listen({ hostname: "127.0.0.1", port: 4001 });
  using dialled = await a.connect({ hostname: "localhost", port: 4001 });
  using accepted = await listener.accept();
  await dialled.write(pattern(5, 1));
  assertEquals(await accepted?.read(), pattern(5, 1));
});

Deno.test("MemoryTransport.connect() is refused when too many connections wait", async () => {
  const a = new MemoryNetwork().transport("a");
  await using _listener = await a.listen({ hostname: "a", port: 80 });
  for (let count = 0; count < 128; count++) {
    await a.connect({ hostname: "a", port: 80 });
  }
  await assertRejects(
    () => a.connect({ hostname: "a", port: 80 }),
    ConnectError,
    "128 connections wait to be accepted",
  );
});

Deno.test("MemoryNetwork delivers on microtasks alone", async () => {
  const { a, b } = await connected();
  const reading = b.read();
  assertEquals(await stateOf(reading), "waiting");
  assertEquals(await stateOf(a.write(pattern(5, 1))), "done");
  assertEquals(await stateOf(reading), "done");
});

Deno.test("MemoryNetwork holds exactly its capacity before a writer waits", async () => {
  const { a, b } = await connected({ capacity: 1_000 });
  assertEquals(await stateOf(a.write(pattern(1_000, 1))), "done");
  const writing = a.write(pattern(1, 2));
  assertEquals(await stateOf(writing), "waiting");
  assertEquals(await readExactly(b, 1_000), pattern(1_000, 1));
  assertEquals(await stateOf(writing), "done");
  assertEquals(await b.read(), pattern(1, 2));
});

Deno.test("MemoryConnection refuses a second read and a second write at the same time", async () => {
  const { a } = await connected({ capacity: 10 });
  const reading = a.read();
  await assertRejects(() => a.read(), TypeError, "another read is under way");
  const writing = a.write(pattern(11, 1));
  await assertRejects(
    () => a.write(pattern(1, 1)),
    TypeError,
    "another write is under way",
  );
  a.close();
  assertEquals(await reading, undefined);
  await assertRejects(() => writing, DisconnectedError);
});

Deno.test("MemoryNetwork.cut() keeps bytes and ends from arriving until heal()", async () => {
  const { network, a, b } = await connected({ capacity: 1_000 });
  network.cut("a", "b");
  const reading = b.read();
  await a.write(pattern(1_000, 1));
  const writing = a.write(pattern(1, 2));
  assertEquals(await stateOf(writing), "waiting");
  const answer = a.read();
  b.write(pattern(3, 3));
  assertEquals(await stateOf(answer), "waiting");
  assertEquals(await stateOf(reading), "waiting");
  network.heal("a", "b");
  assertEquals(await reading, pattern(1_000, 1));
  await writing;
  assertEquals(await answer, pattern(3, 3));
  assertEquals(await b.read(), pattern(1, 2));
});

Deno.test("MemoryNetwork.cut() keeps a peer from noticing that the other end closed", async () => {
  const { network, a, b } = await connected();
  network.cut("a", "b");
  const reading = b.read();
  a.close();
  assertEquals(await stateOf(b.write(pattern(3, 1))), "done");
  assertEquals(await stateOf(reading), "waiting");
  network.heal("a", "b");
  assertEquals(await reading, undefined);
  await assertRejects(
    () => b.write(pattern(3, 1)),
    DisconnectedError,
    "the peer has closed",
  );
});

Deno.test("MemoryNetwork.cut() lets connects wait until heal(), a timeout or a signal", async () => {
  const clock = new InstantClock();
  const network = new MemoryNetwork({ clock });
  const [a, b] = [network.transport("a"), network.transport("b")];
  await using listener = await b.listen({ hostname: "b", port: 80 });
  network.degrade("b", "a", { cut: true });
  const [controller, reason] = [new AbortController(), new Error("enough")];
  const first = a.connect({ hostname: "b", port: 80, timeout: 100 });
  const second = a.connect({
    hostname: "b",
    port: 80,
    signal: controller.signal,
  });
  const third = a.connect({ hostname: "b", port: 80 });
  clock.advance(100);
  await assertRejects(
    () => first,
    ConnectError,
    `"b:80": there was no answer within 100 ms`,
  );
  controller.abort(reason);
  assertStrictEquals(await second.catch((error) => error), reason);
  assertEquals(await stateOf(third), "waiting");
  network.heal("a", "b");
  using _dialled = await third;
  using _accepted = await listener.accept();
  assertEquals(clock.pending, 0);
});

Deno.test("MemoryNetwork.degrade() with stalled stops bytes in one direction, not connects", async () => {
  const { network, a, b } = await connected();
  network.degrade("a", "b", { stalled: true });
  await using listener = await network.transport("b").listen({
    hostname: "b",
    port: 80,
  });
  using _other = await network.transport("a").connect({
    hostname: "b",
    port: 80,
  });
  using late = await listener.accept();
  const [reading, lateReading] = [b.read(), late!.read()];
  await a.write(pattern(3, 1));
  await b.write(pattern(4, 2));
  assertEquals(await a.read(), pattern(4, 2));
  assertEquals(await stateOf(reading), "waiting");
  assertEquals(await stateOf(lateReading), "waiting");
  network.degrade("a", "b");
  assertEquals(await reading, pattern(3, 1));
  _other.close();
  assertEquals(await lateReading, undefined);
});

Deno.test("MemoryNetwork.degrade() with a delay delivers in order when the time has come", async () => {
  const clock = new InstantClock();
  const { network, a, b } = await connected({ clock });
  network.degrade("a", "b", { delay: 50 });
  await a.write(pattern(3, 1));
  clock.advance(20);
  await a.write(pattern(4, 2));
  await a.closeWrite();
  const first = b.read();
  clock.advance(29);
  assertEquals(await stateOf(first), "waiting");
  clock.advance(1);
  assertEquals(await first, pattern(3, 1));
  const second = b.read();
  clock.advance(20);
  assertEquals(await second, pattern(4, 2));
  assertEquals(await b.read(), undefined);
  assertEquals(clock.pending, 0);
});

Deno.test("MemoryConnection.close() drops the timer of a delay", async () => {
  const clock = new InstantClock();
  const { network, a, b } = await connected({ clock });
  network.degrade("a", "b", { delay: 50 });
  await a.write(pattern(3, 1));
  const reading = b.read();
  assertEquals(clock.pending, 1);
  b.close();
  assertEquals(await reading, undefined);
  assertEquals(clock.pending, 0);
});

Deno.test("MemoryNetwork.reset() ends waiting reads and writes at both ends", async () => {
  const { network, a, b } = await connected({ capacity: 10 });
  const [reading, writing] = [a.read(), a.write(pattern(11, 1))];
  network.reset("b", "a");
  await assertRejects(
    () => reading,
    DisconnectedError,
    "the connection was reset",
  );
  await assertRejects(
    () => writing,
    DisconnectedError,
    "the connection was reset",
  );
  await assertRejects(
    () => b.read(),
    DisconnectedError,
    `Cannot read from "${b.remote}"`,
  );
  await assertRejects(
    () => b.write(pattern(1, 1)),
    DisconnectedError,
    "the connection was reset",
  );
  assertEquals(network.connections, 0);
});

Deno.test("MemoryConnection.close() with bytes unread resets the connection", async () => {
  const { network, a, b } = await connected({ capacity: 10 });
  await a.write(pattern(3, 1));
  await b.write(pattern(3, 2));
  const writing = a.write(pattern(11, 1));
  b.close();
  await assertRejects(() => writing, DisconnectedError);
  await assertRejects(
    () => a.read(),
    DisconnectedError,
    "the connection was reset",
  );
  assertEquals(await b.read(), undefined);
  a.close();
  assertEquals(network.connections, 0);
});

Deno.test("MemoryConnection.close() with bytes unread goes unnoticed behind a cut", async () => {
  const { network, a, b } = await connected();
  await b.write(pattern(3, 1));
  network.degrade("a", "b", { cut: true });
  const reading = b.read();
  a.close();
  assertEquals(await stateOf(reading), "waiting");
  network.heal("a", "b");
  assertEquals(await reading, undefined);
});

Deno.test("MemoryNetwork.halfClose() ends one direction as closeWrite() does", async () => {
  const { network, a, b } = await connected();
  network.halfClose("b", "a");
  assertEquals(await a.read(), undefined);
  await assertRejects(() => b.write(pattern(1, 1)), DisconnectedError);
  await a.write(pattern(3, 1));
  assertEquals(await b.read(), pattern(3, 1));
});

Deno.test("MemoryNetwork.connections counts what is not closed at both ends", async () => {
  const { network, a, b } = await connected();
  assertEquals(network.connections, 1);
  a.close();
  assertEquals(network.connections, 1);
  b.close();
  assertEquals(network.connections, 0);
});

Deno.test("MemoryNetwork names the hosts it has when a fault is for another", () => {
  const network = new MemoryNetwork();
  network.transport("a");
  assertThrows(
    () => network.cut("a", "z"),
    RangeError,
    `host "z": the network has "a"`,
  );
  assertThrows(
    () => new MemoryNetwork({ capacity: 0 }),
    RangeError,
    "capacity of 0",
  );
  assertThrows(
    () => new MemoryNetwork({ readSize: 0 }),
    RangeError,
    "read size of 0",
  );
});
