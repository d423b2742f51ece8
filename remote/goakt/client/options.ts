/**
 * How GoAkt peers are dialled.
 * @module
 */

import { OUTBOUND_BUDGET } from "../../link/outbound_options.ts";
import { CONNECT_TIMEOUT } from "../../transport/transport.ts";
import { MAX_FRAME_BYTES } from "../../frame.ts";
import type { Compression } from "../compression/compression.ts";

/** Options of the connections to GoAkt peers. */
export interface GoaktClientOptions {
  /**
   * How connections are compressed; the peer must be set to the same.
   * @default "zstd"
   */
  compression?: Compression;
  /**
   * Connections to one peer that are kept open while nothing uses them, at most.
   * @default 8
   */
  maxIdle?: number;
  /**
   * How long they are kept, in milliseconds.
   * @default 30000
   */
  idleTimeout?: number;
  /**
   * Connections to one peer at the same time, at most; asks wait for one.
   * @default 256
   */
  maxConnections?: number;
  /**
   * Asks that wait for a connection to one peer, at most; more are refused.
   * @default 10000
   */
  maxWaiting?: number;
  /**
   * How long an attempt to connect may take, in milliseconds.
   * @default 5000
   */
  connectTimeout?: number;
  /**
   * How long the answer to a tell may take, in milliseconds, before its connection is given up; and how much
   * longer than its own time the answer to another request.
   * @default 5000
   */
  answerTimeout?: number;
  /**
   * Bytes of tells that wait for one peer or are not answered, at most; further ones are refused.
   * @default 4194304 (4 MiB)
   */
  budget?: number;
  /**
   * Bytes of the largest frame.
   * @default 16777216 (16 MiB)
   */
  limit?: number;
}

/** Completes options, which have been checked, with defaults. */
export function clientSettings(
  options: GoaktClientOptions = {},
): Required<GoaktClientOptions> {
  return {
    compression: "zstd",
    maxIdle: 8,
    idleTimeout: 30_000,
    maxConnections: 256,
    maxWaiting: 10_000,
    connectTimeout: CONNECT_TIMEOUT,
    answerTimeout: 5_000,
    budget: OUTBOUND_BUDGET,
    limit: MAX_FRAME_BYTES,
    ...given(options),
  };
}

/** Without what is `undefined`, which stands for the default. */
function given(options: GoaktClientOptions): GoaktClientOptions {
  const set = Object.entries(options).filter(([, it]) => it !== undefined);
  return Object.fromEntries(set);
}
