/**
 * How an outbox delivers, and its limits.
 * @module
 */

import { type Backoff, checkBackoff } from "../../actor/supervision/backoff.ts";
import { checkInteger } from "../checks.ts";
import {
  checkOptions,
  group,
  NUMBER,
  oneOf,
  type OptionKinds,
} from "../option_kinds.ts";

/** Options of an {@linkcode Outbox}. */
export interface OutboxOptions {
  /**
   * What happens to messages that may have been handled when the inbox was started anew and has forgotten
   * them: `"at_least_once"` sends them again, `"effectively_once"` gives them up with the outcome
   * `"unknown"`. While the inbox lives, each message is handled once with both.
   * @default "at_least_once"
   */
  guarantee?: "at_least_once" | "effectively_once";
  /**
   * Bytes of messages that are not confirmed, at most; more are refused. A message larger than that is
   * taken when nothing waits.
   * @default 4194304 (4 MiB)
   */
  maxBytes?: number;
  /**
   * How long a message may wait for its confirmation before it is given up, in milliseconds, 100 ms to a
   * day.
   * @default 60000
   */
  giveUpAfter?: number;
  /**
   * How long nothing may be heard before what was sent is sent again, in milliseconds. A link that
   * ends is noticed at once.
   * @default 2000
   */
  resendAfter?: number;
  /**
   * How long to wait before the next attempt when the inbox cannot be reached.
   * @default 50 ms to 2 s
   */
  backoff?: Backoff;
}

/** Options of {@linkcode Outbox.drain}. */
export interface OutboxDrainOptions {
  /**
   * How long to wait, in milliseconds; what is not confirmed then is given up.
   * @default until each message is confirmed or its `giveUpAfter` is over
   */
  timeout?: number;
}

const BACKOFF: OptionKinds<Backoff> = {
  min: NUMBER,
  max: NUMBER,
  factor: NUMBER,
  jitter: NUMBER,
};
const KINDS: OptionKinds<OutboxOptions> = {
  guarantee: oneOf("at_least_once", "effectively_once"),
  maxBytes: NUMBER,
  giveUpAfter: NUMBER,
  resendAfter: NUMBER,
  backoff: group(BACKOFF),
};

/**
 * Completes options with defaults.
 *
 * @throws {TypeError} When there is no option of a name, or it is none of what it may be.
 * @throws {RangeError} When a limit is out of its range.
 */
export function checkedOutboxOptions(
  options: OutboxOptions,
): Required<OutboxOptions> {
  const action = "make an outbox";
  checkOptions(action, options, KINDS);
  const {
    guarantee = "at_least_once",
    maxBytes = 4 * 1024 * 1024,
    giveUpAfter = 60_000,
    resendAfter = 2_000,
    backoff = { min: 50, max: 2_000 },
  } = options;
  checkInteger(action, "maxBytes", maxBytes, 1, Number.MAX_SAFE_INTEGER);
  checkInteger(action, "giveUpAfter", giveUpAfter, 100, 86_400_000);
  checkInteger(action, "resendAfter", resendAfter, 10, 86_400_000);
  checkBackoff(backoff);
  return { guarantee, maxBytes, giveUpAfter, resendAfter, backoff };
}
