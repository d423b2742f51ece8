/**
 * The suite `remote`: actors of two processes.
 * @module
 */

import type { Figure } from "../figure.ts";
import { bareToBinary } from "./messages.ts";
import { rawBursts, rawInFlight, rawRoundTrip } from "./raw_calls.ts";
import { rawFrames } from "./raw_frames.ts";
import { rawStream } from "./raw_stream.ts";

/** The figures of the suite. */
export const remoteFigures: readonly Figure[] = [
  {
    name: "remote.raw.frames.100B",
    unit: "frames/s",
    better: "higher",
    subject: rawFrames,
  },
  {
    name: "remote.raw.stream.64KiB",
    unit: "MB/s",
    better: "higher",
    subject: rawStream,
  },
  {
    name: "remote.raw.roundtrip_p50",
    unit: "µs",
    better: "lower",
    subject: rawRoundTrip,
    repeats: 3,
  },
  {
    name: "remote.raw.inflight64",
    unit: "calls/s",
    better: "higher",
    subject: rawInFlight,
  },
  {
    name: "remote.raw.burst64",
    unit: "calls/s",
    better: "higher",
    subject: rawBursts,
  },
  {
    name: "remote.raw.toBinary",
    unit: "messages/s",
    better: "higher",
    subject: bareToBinary,
  },
];
