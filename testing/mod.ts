/**
 * What tests of actors need: time that they move themselves, actors that show what reaches them, and
 * a barrier instead of a sleep.
 *
 * @module
 */

export { captureDeadLetters } from "./dead_letters.ts";
export { ManualClock } from "./manual_clock.ts";
export { Probe, ProbeError } from "./probe.ts";
export { settle } from "./settle.ts";
export { simulateRemote } from "./simulate_remote.ts";

export type { DeadLetterCapture } from "./dead_letters.ts";
export type { ProbeOptions, ProbeScript, ProbeWaitOptions } from "./probe.ts";
