/**
 * How much of what peers ask for may be open at the same time.
 * @module
 */

/** Asks over one link that have no answer yet, at most, on either side. */
export const MOST_ASKS = 65_536;

/** Requests over one link that wait for something here, at most. */
export const MOST_COMMANDS = 16_384;

/** The same of all peers together. */
export const MOST_COMMANDS_OF_ALL: number = 4 * MOST_COMMANDS;

/** Frames that are neither messages nor requests, over one link of a client, a second and at once. */
export const MOST_SIGNALS = 1_000;

/** Connections that a node has accepted, or has dialled, at most, unless told otherwise. */
export const MAX_LINKS = 4_096;
