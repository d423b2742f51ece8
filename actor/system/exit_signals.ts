/**
 * Signals of the operating system that end the program.
 * @module
 */

/** A signal that asks a program to end. Windows knows the first and the last only. */
export type ExitSignal =
  | "SIGINT"
  | "SIGTERM"
  | "SIGHUP"
  | "SIGQUIT"
  | "SIGBREAK";

/** The exit code of a program that was not ended as it should be. */
const FAILED = 1;

/**
 * Ends the program when one of these signals arrives: calls `drain`, and exits with code 0 when that
 * resolves and 1 when it rejects. A second signal does not wait for the drain and exits with code 1.
 *
 * @returns Ends the listening, unless a signal has arrived already.
 */
export function exitOn(
  signals: readonly ExitSignal[],
  drain: () => Promise<void>,
): () => void {
  let state: "waiting" | "draining" = "waiting";
  const onSignal = () => {
    if (state === "draining") Deno.exit(FAILED);
    state = "draining";
    drain().then(() => Deno.exit(0), () => Deno.exit(FAILED));
  };
  const unique = new Set(signals);
  for (const signal of unique) Deno.addSignalListener(signal, onSignal);
  return () => {
    if (state === "draining") return; // the exit is near, and a second signal may come before
    for (const signal of unique) Deno.removeSignalListener(signal, onSignal);
  };
}
