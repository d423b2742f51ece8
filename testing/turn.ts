/**
 * Turns of the event loop.
 * @module
 */

import { afterSockets } from "../internal/turn.ts";

/**
 * Resolves after a turn of the event loop. After a quiet one it also waits for whoever has given way to
 * sockets, as actors at full load do: they are at work, and do not show it.
 */
export function nextTurn(quiet: number): Promise<void> {
  return new Promise((resolve) => {
    if (quiet === 0) setImmediate(resolve);
    else afterSockets(() => setImmediate(resolve));
  });
}
