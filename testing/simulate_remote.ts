/**
 * Messages between actors of one process as they would come from another.
 * @module
 */

import type { Message, SimulatedWire } from "../actor/mod.ts";
import type { Codec } from "../actor/protocol/codec.ts";
import type { Outcome } from "../actor/errors.ts";
import { formatOf } from "../actor/logging/format.ts";
import type { Pid } from "../actor/reference/pid.ts";
import { Reject } from "../actor/protocol/reject.ts";
import { errorOf, failureOf, outcomeFor } from "../remote/failure.ts";
import { CodecCache, codecOf } from "../remote/codec/message_codecs.ts";

/** The address that stands for the other node in errors. */
const NODE = "simulated";

const cache = new CodecCache();

/**
 * Has every message and reply of a system pass through its codec, so that a test of one process finds
 * what would not arrive between two. A body that cannot be encoded is a dead letter, as it is on the way
 * to another node; what is received is a copy; and what a handler throws reaches the asker as a
 * `RemoteError`, but for the errors that the message declares.
 *
 * Give it to the `simulateRemote` option of a system.
 *
 * @example
 * ```ts
 * import { ActorSystem, protocol, tell } from "@troupe/troupe/actor";
 * import { captureDeadLetters, simulateRemote } from "@troupe/troupe/testing";
 *
 * const Diary = protocol("diary", { write: tell<{ at: Date }>() });
 * await using system = new ActorSystem("test", { simulateRemote, logger: null });
 * using lost = captureDeadLetters(system);
 * const diary = system.spawn(Diary, () => ({ write: () => {} }));
 * console.assert(diary.tell(Diary.write({ at: new Date() })) === false); // JSON has no dates
 * console.assert(lost.all[0]?.reason === "not_encodable");
 * ```
 */
export const simulateRemote: SimulatedWire = Object.freeze({
  codecs({ protocol, index, type }: Message) {
    const codecs = cache.of(protocol)[index];
    if (codecs !== undefined) return codecs;
    throw new TypeError(
      `Cannot encode "${type}": protocol "${protocol.name}" has no such message`,
    );
  },
  failure(
    error: unknown,
    message: Message,
    target: Pid,
    outcome: Outcome = outcomeFor(target, error),
  ): unknown {
    const action = `complete the ask of "${message.type}" to "${target}"`;
    const far = (reason: unknown, known: Outcome) =>
      errorOf(NODE, action, failureOf(reason, known));
    const codec = declared(error, message);
    if (codec === undefined || !(error instanceof Reject)) {
      return far(error, outcome);
    }
    try {
      const data = codec.decode(codec.encode(error.data));
      return new Reject(error.type, error.code, data);
    } catch (reason) {
      return far(reason, "done");
    }
  },
});

/** How the data of an error is encoded, when the message declares it. */
function declared(
  error: unknown,
  { protocol, index, type }: Message,
): Codec<unknown> | undefined {
  if (!(error instanceof Reject) || error.type !== type) return undefined;
  const errors = protocol.messages[index]?.errors;
  if (errors === undefined || !Object.hasOwn(errors, error.code)) {
    return undefined;
  }
  return codecOf(formatOf(errors[error.code]));
}
