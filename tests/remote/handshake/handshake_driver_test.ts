import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { HandshakeError } from "../../../remote/errors.ts";
import type { NodeIdentity } from "../../../remote/handshake/handshake.ts";
import { Acceptor } from "../../../remote/handshake/handshake_acceptor.ts";
import { Dialler } from "../../../remote/handshake/handshake_dialler.ts";
import { shakeHands } from "../../../remote/handshake/handshake_driver.ts";
import { MemoryNetwork } from "../../../remote/transport/memory_transport.ts";
import { HTTP_ANSWER } from "../../../remote/handshake/sniff.ts";
import { TcpTransport } from "../../../remote/transport/tcp_transport.ts";
import type {
  Connection,
  Transport,
} from "../../../remote/transport/transport.ts";
import { InstantClock } from "../instant_clock.ts";

const A: NodeIdentity = {
  system: "alpha",
  host: "a",
  port: 1,
  incarnation: "a1",
};
const B: NodeIdentity = {
  system: "beta",
  host: "b",
  port: 2,
  incarnation: "b1",
};

function diallerOf(system?: string): Dialler {
  return new Dialler({ self: A, hostname: "b", port: 2, lane: "data", system });
}

function acceptorOf(): Acceptor {
  return new Acceptor({ self: B, remote: "a:1" });
}

interface Scene {
  readonly clock: InstantClock;
  readonly network: MemoryNetwork;
  /** The end that dialled, and the one that was accepted. */
  readonly a: Connection;
  readonly b: Connection;
}

async function scene(): Promise<Scene> {
  const clock = new InstantClock();
  const network = new MemoryNetwork({ clock, readSize: 10 });
  const [a, b] = await connect(
    network.transport("a"),
    network.transport("b"),
    "b",
  );
  return { clock, network, a, b };
}

async function connect(
  client: Transport,
  server: Transport,
  hostname: string,
): Promise<[Connection, Connection]> {
  await using listener = await server.listen({ hostname, port: 0 });
  const a = await client.connect({ hostname, port: listener.port });
  const b = await listener.accept();
  assert(b !== undefined);
  return [a, b];
}

/** Fails unless both ends are closed and no timer is left. */
function assertNothingLeft({ network, clock }: Scene): void {
  assertEquals(network.connections, 0);
  assertEquals(clock.pending, 0);
}

async function readAll(connection: Connection): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  while (true) {
    const bytes = await connection.read();
    if (bytes === undefined) return text;
    text += decoder.decode(bytes, { stream: true });
  }
}

const encoder = new TextEncoder();

Deno.test("shakeHands() introduces both ends and leaves the connection open", async () => {
  const { clock, a, b } = await scene();
  const [dialled, accepted] = await Promise.all([
    shakeHands(a, diallerOf("beta"), { clock }),
    shakeHands(b, acceptorOf(), { clock }),
  ]);
  assertEquals([dialled.peer, accepted.peer], [B, A]);
  assertEquals(clock.pending, 0);
  await a.write(new Uint8Array([1]));
  assertEquals(await b.read(), new Uint8Array([1]));
});

Deno.test("shakeHands() passes on frames that come with the Welcome", async () => {
  const clock = new InstantClock();
  const network = new MemoryNetwork();
  const [a, b] = await connect(
    network.transport("a"),
    network.transport("b"),
    "b",
  );
  network.degrade("b", "a", { stalled: true });
  const dialling = shakeHands(a, diallerOf(), { clock });
  await shakeHands(b, acceptorOf(), { clock });
  await b.write(new Uint8Array([1, 2, 3]));
  network.heal("a", "b");
  assertEquals((await dialling).rest, new Uint8Array([1, 2, 3]));
});

Deno.test("shakeHands() closes the connection of a peer that stalls after half a frame", async () => {
  const stage = await scene();
  const { clock, a, b } = stage;
  await a.write(new Uint8Array([0, 0, 1, 0, 0, 0]));
  const accepting = shakeHands(b, acceptorOf(), { clock });
  const peer = a.read();
  clock.advance(4_999);
  assertEquals(clock.pending, 1);
  await b.closeWrite(); // the connection is still open
  assertEquals(await peer, undefined);
  clock.advance(1);
  await assertRejects(
    () => accepting,
    HandshakeError,
    "6 bytes and no whole message came within 5000 ms",
  );
  await assertRejects(() => a.write(new Uint8Array([1])));
  a.close();
  assertNothingLeft(stage);
});

Deno.test("shakeHands() gives up on a node that never answers", async () => {
  const stage = await scene();
  const { clock, a, b } = stage;
  const dialling = shakeHands(a, diallerOf(), { clock, timeout: 100 });
  clock.advance(100);
  const error = await assertRejects(
    () => dialling,
    HandshakeError,
    "within 100 ms",
  );
  assertEquals([error.reason, error.retryable], ["timeout", true]);
  b.close();
  assertNothingLeft(stage);
});

Deno.test("shakeHands() gives up on a peer that does not take the Welcome", async () => {
  const clock = new InstantClock();
  const network = new MemoryNetwork({ clock, capacity: 150 });
  const [a, b] = await connect(
    network.transport("a"),
    network.transport("b"),
    "b",
  );
  network.degrade("b", "a", { stalled: true });
  await b.write(new Uint8Array(150));
  const dialling = shakeHands(a, diallerOf(), { clock, timeout: 200 });
  const accepting = shakeHands(b, acceptorOf(), { clock, timeout: 100 });
  const refused = assertRejects(
    () => accepting,
    HandshakeError,
    "the Welcome could not be sent",
  );
  for (let turn = 0; turn < 50; turn++) await Promise.resolve(); // the Welcome is under way
  clock.advance(100);
  await refused;
  const given = assertRejects(() => dialling, HandshakeError);
  clock.advance(100);
  await given;
  assertEquals([network.connections, clock.pending], [0, 0]);
});

Deno.test("shakeHands() closes the connection of who sends garbage", async () => {
  const stage = await scene();
  const { clock, a, b } = stage;
  const accepting = shakeHands(b, acceptorOf(), { clock });
  await a.write(encoder.encode("hello?"));
  await assertRejects(() => accepting, HandshakeError, `"hello?" was found`);
  assertEquals(await a.read(), undefined);
  a.close();
  assertNothingLeft(stage);
});

Deno.test("shakeHands() answers an HTTP client before it closes", async () => {
  const stage = await scene();
  const { clock, a, b } = stage;
  const accepting = shakeHands(b, acceptorOf(), { clock });
  const refused = assertRejects(
    () => accepting,
    HandshakeError,
    "an HTTP request was found",
  );
  await a.write(encoder.encode(`POST / HTTP/1.1\r\n\r\n${"x".repeat(9_000)}`));
  assertEquals(await readAll(a), new TextDecoder().decode(HTTP_ANSWER));
  a.close();
  await refused;
  assertNothingLeft(stage);
});

Deno.test("shakeHands() answers fetch() over TCP", async () => {
  const clock = new InstantClock();
  const tcp = new TcpTransport({ clock });
  await using listener = await tcp.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept().then((connection) =>
    shakeHands(connection!, acceptorOf(), { clock })
  );
  const refused = assertRejects(() => accepting, HandshakeError, "HTTP");
  const response = await fetch(`http://127.0.0.1:${listener.port}/`);
  assertEquals(response.status, 400);
  assertEquals(
    await response.text(),
    "This port belongs to a node of the Troupe actor framework. It does not speak HTTP.\n",
  );
  await refused;
  assertEquals(clock.pending, 0);
});

Deno.test("shakeHands() does not wait for ever on a refused peer that stays", async () => {
  const stage = await scene();
  const { clock, a, b } = stage;
  const accepting = shakeHands(b, acceptorOf(), { clock });
  await a.write(encoder.encode("GET / HTTP/1.1\r\n\r\n"));
  await readAll(a);
  clock.advance(5_000);
  await assertRejects(
    () => accepting,
    HandshakeError,
    "an HTTP request was found",
  );
  a.close();
  assertNothingLeft(stage);
});

Deno.test("shakeHands() stops listening to a refused peer that sends and sends", async () => {
  const stage = await scene();
  const { clock, a, b } = stage;
  const accepting = shakeHands(b, acceptorOf(), { clock });
  const refused = assertRejects(
    () => accepting,
    HandshakeError,
    "an HTTP request was found",
  );
  await a.write(encoder.encode("GET / HTTP/1.1\r\n\r\n"));
  await assertRejects(
    () => a.write(new Uint8Array(1_000_000)),
    Error,
    "the peer has closed",
  );
  await refused;
  a.close();
  assertNothingLeft(stage);
});

Deno.test("shakeHands() tells both ends about a frame that is too large", async () => {
  const stage = await scene();
  const { clock, a, b } = stage;
  const accepting = shakeHands(b, acceptorOf(), { clock });
  const refused = assertRejects(
    () => accepting,
    HandshakeError,
    "a frame of 65536 bytes",
  );
  await a.write(new Uint8Array([0, 1, 0, 0]));
  const dialler = diallerOf(); // it has said what it had to say
  const error = await assertRejects(
    () => shakeHands(a, dialler, { clock }),
    HandshakeError,
  );
  assertEquals(error.reason, "frame");
  await refused;
  assertNothingLeft(stage);
});

Deno.test("shakeHands() closes both ends when versions do not overlap", async () => {
  const stage = await scene();
  const { clock, a, b } = stage;
  const old = new Acceptor({
    self: B,
    remote: "a:1",
    versions: { min: 7, max: 8 },
  });
  const [dialled, accepted] = await Promise.allSettled([
    shakeHands(a, diallerOf(), { clock }),
    shakeHands(b, old, { clock }),
  ]);
  for (const { reason } of [dialled, accepted] as PromiseRejectedResult[]) {
    assert(reason instanceof HandshakeError);
    assertEquals(reason.reason, "version");
    assert(
      reason.message.includes("version 1, versions 7 to 8"),
      reason.message,
    );
  }
  assertNothingLeft(stage);
});

Deno.test("shakeHands() closes the connection to a node of another system", async () => {
  const stage = await scene();
  const { clock, a, b } = stage;
  const accepting = shakeHands(b, acceptorOf(), { clock });
  await assertRejects(
    () => shakeHands(a, diallerOf("gamma"), { clock }),
    HandshakeError,
    `system "beta", system "gamma" was expected`,
  );
  await accepting; // it cannot know yet
  assertEquals(await b.read(), undefined);
  b.close();
  assertNothingLeft(stage);
});

Deno.test("shakeHands() reports a peer that closes in the middle", async () => {
  const stage = await scene();
  const { clock, a, b } = stage;
  const accepting = shakeHands(b, acceptorOf(), { clock });
  await a.write(new Uint8Array([0, 0, 1]));
  a.close();
  const error = await assertRejects(
    () => accepting,
    HandshakeError,
    "the connection ended after 3 bytes",
  );
  assertEquals([error.reason, error.retryable], ["closed", true]);
  assertNothingLeft(stage);
});

Deno.test("shakeHands() reports a connection that is reset, with its cause", async () => {
  const stage = await scene();
  const { clock, network, a, b } = stage;
  const [dialling, accepting] = [
    shakeHands(a, diallerOf(), { clock }),
    shakeHands(b, acceptorOf(), { clock }),
  ];
  network.reset("a", "b");
  for (const end of [dialling, accepting]) {
    const error = await assertRejects(() => end, HandshakeError);
    assertEquals((error.cause as Error).name, "DisconnectedError");
  }
  assertNothingLeft(stage);
});

Deno.test("shakeHands() rejects with the reason of a signal and closes", async () => {
  const stage = await scene();
  const { clock, a, b } = stage;
  const [early, late] = [new Error("early"), new Error("late")];
  const controller = new AbortController();
  const { signal } = controller;
  const accepting = shakeHands(b, acceptorOf(), { clock, signal });
  controller.abort(late);
  assertStrictEquals(await accepting.catch((error) => error), late);
  const dialling = shakeHands(a, diallerOf(), {
    clock,
    signal: AbortSignal.abort(early),
  });
  assertStrictEquals(await dialling.catch((error) => error), early);
  assertNothingLeft(stage);
});

Deno.test("shakeHands() either agrees or closes, at whatever moment time runs out", async () => {
  const outcomes = new Set<string>();
  for (let turns = 0; turns < 60; turns++) {
    const stage = await scene();
    const { clock, a, b } = stage;
    const ends = [[a, diallerOf()], [b, acceptorOf()]] as const;
    const settled = Promise.allSettled(
      ends.map(([connection, handshake]) =>
        shakeHands(connection, handshake, { clock })
      ),
    );
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    clock.advance(5_000);
    for (const [index, result] of (await settled).entries()) {
      const [connection] = ends[index]!;
      outcomes.add(`${index} ${result.status}`);
      if (result.status === "rejected") {
        assert(result.reason instanceof HandshakeError);
      }
      const writing = connection.write(new Uint8Array([1]));
      const written = await writing.then(
        () => "open",
        (error: Error) => error.message,
      );
      const closedHere = written.includes("the connection was closed here");
      assertEquals(
        closedHere,
        result.status === "rejected",
        `${index} after ${turns} turns`,
      );
    }
    a.close();
    b.close();
    assertNothingLeft(stage);
  }
  assertEquals([...outcomes].sort(), [
    "0 fulfilled",
    "0 rejected",
    "1 fulfilled",
    "1 rejected",
  ]);
});
