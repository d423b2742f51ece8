/**
 * The suite `remote`: actors of two processes.
 * @module
 */

import type { Figure } from "../figure.ts";
import { askRoundTrip, remoteAskBursts, remoteAskInFlight } from "./asks.ts";
import { goaktAsk, goaktTell, goAsk, goTell, isGoaktThere } from "./goakt.ts";
import { idleControl, saturatedControl } from "./control.ts";
import { stalledMemory } from "./memory.ts";
import { bareToBinary } from "./messages.ts";
import { rawBursts, rawInFlight, rawRoundTrip } from "./raw_calls.ts";
import { rawFrames } from "./raw_frames.ts";
import { rawStream } from "./raw_stream.ts";
import {
  tellBytes,
  tellJson,
  tellLarge,
  tellProtobuf,
  tellSecured,
} from "./tells.ts";

/** Figures that need a GoAkt node are left out where Go cannot build it. */
const missing = async (): Promise<string | undefined> =>
  await isGoaktThere()
    ? undefined
    : "Go is not installed, or not what its GoAkt node needs";

/** The figures of the suite. */
export const remoteFigures: readonly Figure[] = [
  {
    name: "remote.tell.100B.bytes",
    unit: "messages/s",
    better: "higher",
    subject: tellBytes,
    baseline: rawFrames,
    floor: 1.6e6,
    goal: 3e6,
  },
  {
    name: "remote.tell.100B.json",
    unit: "messages/s",
    better: "higher",
    subject: tellJson,
    baseline: rawFrames,
    floor: 1e6,
    goal: 2e6,
  },
  {
    name: "remote.tell.100B.protobuf",
    unit: "messages/s",
    better: "higher",
    subject: tellProtobuf,
    baseline: bareToBinary,
    relative: true,
    floor: 0.5,
    goal: 0.8,
  },
  {
    name: "remote.tell.64KiB",
    unit: "MB/s",
    better: "higher",
    subject: tellLarge,
    baseline: rawStream,
    floor: 600,
    goal: 1200,
  },
  {
    name: "remote.tell.mtls",
    unit: "messages/s",
    better: "higher",
    subject: tellSecured,
    baseline: tellBytes,
    relative: true,
    floor: 1 / 3,
    goal: 1 / 1.5,
  },
  {
    name: "remote.ask.sequential",
    unit: "µs",
    better: "lower",
    subject: askRoundTrip,
    baseline: rawRoundTrip,
    relative: true,
    floor: 1.8,
    goal: 1.3,
    repeats: 2,
  },
  {
    name: "remote.ask.inflight64",
    unit: "asks/s",
    better: "higher",
    subject: remoteAskInFlight,
    baseline: rawInFlight,
    floor: 200e3,
    goal: 400e3,
  },
  {
    name: "remote.ask.burst64",
    unit: "asks/s",
    better: "higher",
    subject: remoteAskBursts,
    baseline: rawBursts,
    floor: 200e3,
    goal: 400e3,
  },
  {
    name: "remote.goakt.tell",
    unit: "messages/s",
    better: "higher",
    subject: goaktTell,
    baseline: goTell,
    relative: true,
    floor: 1,
    goal: 1.5,
    missing,
  },
  {
    name: "remote.goakt.ask",
    unit: "asks/s",
    better: "higher",
    subject: goaktAsk,
    baseline: goAsk,
    relative: true,
    floor: 1,
    goal: 1.5,
    missing,
  },
  {
    name: "remote.control_rtt_p99",
    unit: "ms",
    better: "lower",
    subject: saturatedControl,
    baseline: idleControl,
    floor: 20,
    goal: 5,
  },
  {
    name: "remote.memory",
    unit: "MiB",
    better: "lower",
    subject: stalledMemory,
    floor: 64,
    goal: 16,
  },
];
