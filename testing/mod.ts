/**
 * What tests of actors need: time that they move themselves, actors that show what reaches them, and
 * a barrier instead of a sleep.
 *
 * @module
 */

export { ManualClock } from "./manual_clock.ts";
export { Probe, ProbeError } from "./probe.ts";
export { settle } from "./settle.ts";

export type { ProbeOptions, ProbeScript, ProbeWaitOptions } from "./probe.ts";
