/**
 * What every transport must do, as tests to run on each implementation.
 * @module
 */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { ConnectError, DisconnectedError } from "../../../remote/errors.ts";
import {
  type Connection,
  formatAddress,
  type Listener,
  ListenError,
  type Transport,
} from "../../../remote/transport/transport.ts";

/** Two nodes that can reach each other. */
export interface TransportPair {
  /** The node that listens. */
  server: Transport;
  /** The node that dials. */
  client: Transport;
  /** The name by which the server listens and is dialled. */
  hostname: string;
}

const MEBIBYTE = 1024 * 1024;

/** Registers the suite; `open` makes fresh nodes for each test. */
export function testTransport(name: string, open: () => TransportPair): void {
  Deno.test(`${name}: connect() and accept() give both ends of one connection`, async () => {
    await using pair = await Pair.open(open());
    const { listener, dialled, accepted, hostname } = pair;
    assert(listener.port > 0);
    assertEquals(listener.hostname, hostname);
    assertEquals(dialled.remote, formatAddress(hostname, listener.port));
    assertEquals(accepted.local, dialled.remote);
    assertEquals(accepted.remote, dialled.local);
  });

  Deno.test(`${name}: write() reaches the peer, in both directions`, async () => {
    await using pair = await Pair.open(open());
    const { dialled, accepted } = pair;
    await dialled.write(pattern(100, 1));
    assertEquals(await readExactly(accepted, 100), pattern(100, 1));
    await accepted.write(pattern(50, 2));
    assertEquals(await readExactly(dialled, 50), pattern(50, 2));
  });

  Deno.test(`${name}: write() of nothing resolves and sends nothing`, async () => {
    await using pair = await Pair.open(open());
    await pair.dialled.write(new Uint8Array());
    await pair.dialled.write(pattern(3, 1));
    assertEquals(await pair.accepted.read(), pattern(3, 1));
  });

  Deno.test(`${name}: 8 MiB pass in both directions at once`, async () => {
    await using pair = await Pair.open(open());
    const { dialled, accepted } = pair;
    const [there, back] = [pattern(8 * MEBIBYTE, 3), pattern(8 * MEBIBYTE, 4)];
    const [arrivedThere, arrivedBack] = await Promise.all([
      readExactly(accepted, there.length),
      readExactly(dialled, back.length),
      dialled.write(there),
      accepted.write(back),
    ]);
    assert(same(arrivedThere, there), "the way there changed bytes");
    assert(same(arrivedBack, back), "the way back changed bytes");
  });

  Deno.test(`${name}: writes of all sizes arrive in order`, async () => {
    await using pair = await Pair.open(open());
    const sent = pattern(2 * MEBIBYTE, 5);
    const arrived = readExactly(pair.accepted, sent.length);
    let size = 1;
    for (let at = 0; at < sent.length; at += size) {
      size = Math.min(1 + (size * 31) % 70_001, sent.length - at);
      await pair.dialled.write(sent.subarray(at, at + size));
    }
    assert(same(await arrived, sent), "the order changed");
  });

  Deno.test(`${name}: what was read is not overwritten by later reads`, async () => {
    await using pair = await Pair.open(open());
    const sent = pattern(MEBIBYTE, 6);
    const writing = pair.dialled.write(sent);
    const kept: Uint8Array[] = [];
    for (let count = 0; count < sent.length;) {
      const bytes = await pair.accepted.read();
      assert(bytes !== undefined && bytes.length > 0);
      assert(
        bytes.buffer.byteLength <= 2 * bytes.length,
        "more is kept in memory than was read",
      );
      kept.push(bytes);
      count += bytes.length;
    }
    await writing;
    assert(same(concat(kept), sent), "an earlier read was overwritten");
  });

  Deno.test(`${name}: bytes may be changed once write() has resolved`, async () => {
    await using pair = await Pair.open(open());
    const bytes = pattern(1000, 7);
    await pair.dialled.write(bytes);
    bytes.fill(0);
    assertEquals(await readExactly(pair.accepted, 1000), pattern(1000, 7));
  });

  Deno.test(`${name}: write() waits while the peer does not read`, async () => {
    await using pair = await Pair.open(open());
    const { dialled, accepted } = pair;
    const sent = pattern(64 * MEBIBYTE, 8);
    let state = "waiting";
    const writing = dialled.write(sent).then(() => state = "done");
    for (let turn = 0; turn < 50; turn++) { // gives a wrong write every chance to resolve
      await accepted.write(pattern(1, 1));
      await readExactly(dialled, 1);
    }
    assertEquals(state, "waiting");
    const arrived = await readExactly(accepted, sent.length);
    await writing;
    assertEquals(state, "done");
    assert(same(arrived, sent), "the bytes changed");
  });

  Deno.test(`${name}: closeWrite() ends one direction and leaves the other open`, async () => {
    await using pair = await Pair.open(open());
    const { dialled, accepted } = pair;
    await dialled.write(pattern(10, 1));
    await dialled.closeWrite();
    await dialled.closeWrite();
    assertEquals(await readExactly(accepted, 10), pattern(10, 1));
    assertEquals(await accepted.read(), undefined);
    assertEquals(await accepted.read(), undefined);
    await accepted.write(pattern(20, 2));
    assertEquals(await readExactly(dialled, 20), pattern(20, 2));
    const error = await assertRejects(
      () => dialled.write(pattern(1, 1)),
      DisconnectedError,
    );
    assertEquals(error.node, dialled.remote);
  });

  Deno.test(`${name}: close() ends a waiting read`, async () => {
    await using pair = await Pair.open(open());
    const reading = pair.dialled.read();
    pair.dialled.close();
    assertEquals(await reading, undefined);
    assertEquals(await pair.dialled.read(), undefined);
  });

  Deno.test(`${name}: close() rejects a waiting write`, async () => {
    await using pair = await Pair.open(open());
    const { dialled } = pair;
    const writing = dialled.write(new Uint8Array(64 * MEBIBYTE));
    dialled.close();
    const error = await assertRejects(
      () => writing,
      DisconnectedError,
      dialled.remote,
    );
    assertEquals(error.outcome, "unknown");
    await assertRejects(
      () => dialled.write(pattern(1, 1)),
      DisconnectedError,
      dialled.remote,
    );
  });

  Deno.test(`${name}: close() and dispose may be called twice, then closeWrite()`, async () => {
    await using pair = await Pair.open(open());
    pair.dialled.close();
    pair.dialled.close();
    pair.dialled[Symbol.dispose]();
    await pair.dialled.closeWrite();
  });

  Deno.test(`${name}: close() lets the peer read what was written, then the end`, async () => {
    await using pair = await Pair.open(open());
    const { dialled, accepted } = pair;
    await dialled.write(pattern(10, 1));
    dialled.close();
    assertEquals(await readExactly(accepted, 10), pattern(10, 1));
    assertEquals(await accepted.read(), undefined);
  });

  Deno.test(`${name}: writes to a peer that has closed are rejected in the end`, async () => {
    await using pair = await Pair.open(open());
    const { dialled, accepted } = pair;
    accepted.close();
    assertEquals(await dialled.read(), undefined); // the end has arrived
    const error = await assertRejects(async () => {
      for (let count = 0; count < 64; count++) {
        await dialled.write(new Uint8Array(MEBIBYTE));
      }
    }, DisconnectedError);
    assertEquals([error.node, error.outcome], [dialled.remote, "unknown"]);
  });

  Deno.test(`${name}: a listener that closes ends a waiting accept()`, async () => {
    const { server, hostname } = open();
    const listener = await server.listen({ hostname, port: 0 });
    const accepting = listener.accept();
    await listener.close();
    assertEquals(await accepting, undefined);
    assertEquals(await listener.accept(), undefined);
    await listener.close();
    await listener[Symbol.asyncDispose]();
  });

  Deno.test(`${name}: a listener that closes frees its port and keeps what it accepted`, async () => {
    const nodes = open();
    await using pair = await Pair.open(nodes);
    const { port } = pair.listener;
    const accepting = pair.listener.accept();
    await pair.listener.close();
    await pair.dialled.write(pattern(10, 1));
    assertEquals(await readExactly(pair.accepted, 10), pattern(10, 1));
    pair.accepted.close(); // first, so that no closed connection holds the port
    pair.dialled.close();
    await using again = await nodes.server.listen({
      hostname: nodes.hostname,
      port,
    });
    assertEquals(again.port, port);
    assertEquals(await accepting, undefined);
  });

  Deno.test(`${name}: a listener that closes ends connections nobody accepted`, async () => {
    const { server, client, hostname } = open();
    const listener = await server.listen({ hostname, port: 0 });
    using dialled = await client.connect({ hostname, port: listener.port });
    await listener.close();
    const end = await dialled.read().catch((error) => error);
    assert(
      end === undefined || end instanceof DisconnectedError,
      Deno.inspect(end),
    );
  });

  Deno.test(`${name}: connect() to a port without listener rejects with ConnectError`, async () => {
    const { client, hostname } = open();
    const port = 1; // nothing but the system itself may listen there
    const error = await assertRejects(
      () => client.connect({ hostname, port }),
      ConnectError,
    );
    assertEquals(
      error.message,
      `Cannot connect to "${hostname}:${port}": the connection was refused, a listening node was expected`,
    );
    assertEquals([error.node, error.outcome, error.retryable], [
      `${hostname}:${port}`,
      "not_delivered",
      true,
    ]);
  });

  Deno.test(`${name}: connect() rejects with the reason of a signal`, async () => {
    const { server, client, hostname } = open();
    await using listener = await server.listen({ hostname, port: 0 });
    const { port } = listener;
    const [before, reason] = [new Error("before"), new Error("meanwhile")];
    const early = client.connect({
      hostname,
      port,
      signal: AbortSignal.abort(before),
    });
    assertStrictEquals(await early.catch((error) => error), before);
    const controller = new AbortController();
    const attempt = client.connect({
      hostname,
      port,
      signal: controller.signal,
    });
    controller.abort(reason);
    assertStrictEquals(await attempt.catch((error) => error), reason);
  });

  Deno.test(`${name}: a signal has no effect once connected`, async () => {
    const { server, client, hostname } = open();
    await using listener = await server.listen({ hostname, port: 0 });
    const controller = new AbortController();
    const { signal } = controller;
    using dialled = await client.connect({
      hostname,
      port: listener.port,
      signal,
    });
    using accepted = await listener.accept();
    controller.abort();
    await dialled.write(pattern(1, 1));
    assertEquals(await accepted?.read(), pattern(1, 1));
  });

  Deno.test(`${name}: listen() on a port in use rejects with ListenError`, async () => {
    const { server, hostname } = open();
    await using listener = await server.listen({ hostname, port: 0 });
    const { port } = listener;
    const error = await assertRejects(
      () => server.listen({ hostname, port }),
      ListenError,
    );
    assertEquals(
      error.message,
      `Cannot listen on "${hostname}:${port}": it is in use, a free local address was expected`,
    );
    assertEquals([error.address, error.retryable], [
      `${hostname}:${port}`,
      true,
    ]);
  });

  Deno.test(`${name}: listen() and connect() refuse what is no port`, async () => {
    const { server, client, hostname } = open();
    for (const port of [-1, 65536, 1.5, NaN]) {
      await assertRejects(
        () => server.listen({ hostname, port }),
        RangeError,
        `port ${port}`,
      );
    }
    await assertRejects(
      () => client.connect({ hostname, port: 0 }),
      RangeError,
      "port 0",
    );
  });
}

/** A listener with one connection; disposing closes all. */
class Pair implements AsyncDisposable {
  readonly hostname: string;
  readonly listener: Listener;
  readonly dialled: Connection;
  readonly accepted: Connection;

  constructor(
    hostname: string,
    listener: Listener,
    dialled: Connection,
    accepted: Connection,
  ) {
    this.hostname = hostname;
    this.listener = listener;
    this.dialled = dialled;
    this.accepted = accepted;
  }

  static async open(
    { server, client, hostname }: TransportPair,
  ): Promise<Pair> {
    const listener = await server.listen({ hostname, port: 0 });
    const [accepted, dialled] = await Promise.all([
      listener.accept(),
      client.connect({ hostname, port: listener.port }),
    ]);
    assert(accepted !== undefined);
    return new Pair(hostname, listener, dialled, accepted);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dialled.close();
    this.accepted.close();
    await this.listener.close();
  }
}

/** Reads exactly `length` bytes; fails when the stream ends before or more arrives. */
export async function readExactly(
  connection: Connection,
  length: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let count = 0;
  while (count < length) {
    const bytes = await connection.read();
    assert(
      bytes !== undefined,
      `the stream ended after ${count} of ${length} bytes`,
    );
    assert(bytes.length > 0, "a read gave nothing");
    parts.push(bytes);
    count += bytes.length;
  }
  assertEquals(count, length);
  return concat(parts);
}

/** Bytes that differ from their neighbours, from each other's positions and between seeds. */
export function pattern(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed * 2_654_435_761 >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

function concat(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Compares large arrays quicker than `assertEquals` and without printing them. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
