/**
 * Two ends of one connection in memory.
 * @module
 */

import { MemoryNetwork } from "../../../remote/transport/memory_transport.ts";
import type { Connection } from "../../../remote/transport/transport.ts";
import { ManualClock } from "../../../testing/manual_clock.ts";

/** A connection; disposing closes both ends. */
export interface Pair extends AsyncDisposable {
  readonly dialled: Connection;
  readonly accepted: Connection;
  readonly clock: ManualClock;
}

export async function connectionPair(): Promise<Pair> {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ clock });
  const listener = await network.transport("server").listen({
    hostname: "server",
    port: 9000,
  });
  const [dialled, accepted] = await Promise.all([
    network.transport("client").connect({ hostname: "server", port: 9000 }),
    listener.accept(),
  ]);
  if (accepted === undefined) throw new Error("Cannot accept: closed");
  return {
    dialled,
    accepted,
    clock,
    [Symbol.asyncDispose]: async () => {
      dialled.close();
      accepted.close();
      await listener.close();
    },
  };
}

/** Reads until `count` bytes are there. */
export async function readExactly(
  connection: Connection,
  count: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  let got = 0;
  while (got < count) {
    const part = await connection.read();
    if (part === undefined) throw new Error(`Cannot read: ${got} of ${count}`);
    if (got + part.length > count) throw new Error("Cannot read: too much");
    bytes.set(part, got);
    got += part.length;
  }
  return bytes;
}
