/**
 * An attacker who sends byte after byte, never so slowly that he would be taken for gone.
 * @module
 */

import { assert } from "@std/assert";
import { DisconnectedError } from "../../remote/errors.ts";
import type {
  Connection,
  Transport,
} from "../../remote/transport/transport.ts";
import { upTo } from "./actors.ts";
import { readAll } from "./attacked.ts";
import type { InstantClock } from "./instant_clock.ts";
import type { AttentiveTransport } from "./transport/attentive_transport.ts";
import type { Node } from "./world.ts";

/** The time of a node, which the test moves, and how far the node has read. */
export interface Slowly {
  readonly clock: InstantClock;
  readonly watched: AttentiveTransport;
}

/**
 * Sends byte after byte, each once the node has read the one before and waits for more; a millisecond passes
 * after each.
 *
 * @returns What the node has said when it ends the connection.
 */
export async function trickle(
  { clock, watched }: Slowly,
  connection: Connection,
  bytes: Uint8Array,
): Promise<string> {
  const first = watched.taken;
  let isOver = false;
  const ended = readAll(connection).finally(() => isOver = true);
  try {
    for (const at of upTo(bytes.length)) {
      await connection.write(bytes.subarray(at, at + 1));
      const next = watched.waitsAgainAfter(first + at + 1);
      await Promise.race([next, ended]);
      if (isOver) return await ended;
      clock.advance(1);
    }
  } catch (error) {
    assert(error instanceof DisconnectedError, Deno.inspect(error));
    return await ended;
  }
  connection.close();
  await ended;
  throw new Error(`all ${bytes.length} bytes were waited for`);
}

/** Dials a node, and is accepted by it: what is sent next is what it reads next. */
export async function dial(
  { watched }: Slowly,
  { remote: { host: hostname, port } }: Node,
  transport: Transport,
): Promise<Connection> {
  const accepted = watched.waitsAfter(0);
  const connection = await transport.connect({ hostname, port });
  await accepted;
  return connection;
}
