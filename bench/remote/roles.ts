/**
 * What a peer process can do.
 * @module
 */

import { serveCalls } from "./raw_calls.ts";
import { serveFrames } from "./raw_frames.ts";
import { serveStream } from "./raw_stream.ts";

import { serveActors } from "./actors.ts";
import { serveSecured } from "./secured.ts";

/** Starts to listen and resolves with the port. */
export type Role = () => Promise<number>;

/** The roles by name. */
export const roles: ReadonlyMap<string, Role> = new Map([
  ["actors", serveActors],
  ["actors.tls", serveSecured],
  ["raw.calls", serveCalls],
  ["raw.frames", serveFrames],
  ["raw.stream", serveStream],
]);
