/**
 * How a connection is ended so that the peer learns why.
 * @module
 */

import type { Clock } from "../../internal/clock.ts";
import { DisconnectedError } from "../errors.ts";
import { errorOf, failureOf } from "../failure.ts";
import { printable } from "../handshake/first_message.ts";
import type { Connection } from "../transport/transport.ts";
import { FrameWriter } from "../wire/encoder.ts";
import type { Failure } from "../wire/fields.ts";
import { FrameKind } from "../wire/kinds.ts";

/** How long the peer has to take the last bytes, in milliseconds. */
const FAREWELL_TIMEOUT = 1_000;
/** How much of what the peer still sends is read, in bytes. */
const LINGER_BYTES = 256 * 1024;

/** What else goes on at the connection. */
export interface FarewellOptions {
  /** The time that the wait is counted in. */
  clock: Clock;
  /** A write that is under way; it settles before ours begins. */
  writing?: Promise<unknown>;
  /**
   * Whoever reads until the peer's end, since closing while it still sends would reset the connection.
   * @default reads here
   */
  reading?: Promise<unknown>;
}

/** Writes `bytes`, lets the peer take them, and closes the connection. Best effort; never rejects. */
export async function sayFarewell(
  connection: Connection,
  bytes: Uint8Array,
  { clock, writing, reading }: FarewellOptions,
): Promise<void> {
  const timer = clock.setTimer(FAREWELL_TIMEOUT, () => connection.close());
  try {
    await writing;
    await connection.write(bytes);
    await connection.closeWrite();
    await (reading ?? discard(connection));
  } catch {
    // The peer is gone, or does not listen: there is nobody to tell.
  } finally {
    timer.cancel();
    connection.close();
  }
}

/** The frames that end a lane because of `error`, and acknowledge `count` counted frames before unless it is 0. */
export function lastFrames(count: number, error: unknown): Uint8Array {
  const writer = new FrameWriter();
  if (count > 0) writer.frame({ kind: FrameKind.ACK, ack: count });
  writer.frame({ kind: FrameKind.GOODBYE, failure: failureOf(error) });
  return writer.take() as Uint8Array; // frames were written to it
}

/** The error of a connection that the peer has ended, and said why. */
export function endedByPeer(node: string, failure: Failure): DisconnectedError {
  const cause = errorOf(node, "keep the connection", failure);
  const { remoteCode, text } = cause;
  const words = `${remoteCode} "${text}"`;
  const found = `the peer ended it with ${printable(words)}`;
  return new DisconnectedError(node, "keep the connection to", found, {
    cause,
  });
}

/** Reads to the end of the stream, or a good deal, and forgets it. */
export async function discard(connection: Connection): Promise<void> {
  let left = LINGER_BYTES;
  while (left > 0) {
    const chunk = await connection.read();
    if (chunk === undefined) return;
    left -= chunk.length;
  }
}
