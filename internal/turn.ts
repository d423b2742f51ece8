/**
 * Giving way to the rest of the process.
 * @module
 */

/** The platform looks at its sockets once in 61 turns (Tokio's default), so this many have a look among them. */
const TURNS = 64;

/**
 * Runs `then` after the event loop has looked at its sockets and timers.
 *
 * `setImmediate()` alone does not bring that about: while something waits for the next turn, the
 * platform looks at its sockets once in a while only. This passes that while with empty turns: about 50
 * microseconds in all, where a timer of 0 ms takes 2 milliseconds.
 *
 * Several that wait at one time go on in the order of their calls.
 */
export function afterSockets(then: () => void): void {
  let left = TURNS;
  const turn = (): void => {
    if (--left > 0) setImmediate(turn);
    else then();
  };
  setImmediate(turn);
}
