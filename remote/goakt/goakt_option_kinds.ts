/**
 * What the options for GoAkt peers must be.
 * @module
 */

import {
  integer,
  listOf,
  number,
  oneOf,
  type OptionKinds,
  someOf,
  WORD,
} from "../option_kinds.ts";
import { COMPRESSIONS } from "./compression/compression.ts";
import type { GoaktOptions } from "./goakt.ts";

/** By name; `Infinity` is no limit for times only, since connections and bytes must have one. */
export const GOAKT_KINDS: OptionKinds<GoaktOptions> = {
  accepts: someOf(oneOf(...COMPRESSIONS)),
  aliases: listOf(WORD),
  answerTimeout: number(1),
  budget: integer(1),
  compression: oneOf(...COMPRESSIONS),
  connectTimeout: number(1),
  idleTimeout: number(1, Infinity),
  maxCodecBytes: integer(1),
  maxConnections: integer(1),
  maxIdle: integer(0),
  maxServed: integer(1),
  maxUnfinishedBytes: integer(1),
  maxWaiting: integer(1),
  serverIdleTimeout: number(1, Infinity),
};
