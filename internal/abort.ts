/**
 * Aborting signals that others listen to.
 * @module
 */

/** The call that is under way: listeners may abort other signals. */
let innermost: AbortController | undefined = undefined;

/**
 * Aborts `controller`, and keeps what a listener of its signal throws from ending the process, as it would
 * otherwise: the platform takes it for an error that nobody has caught. All listeners are called.
 *
 * @param controller Whose signal is aborted; nothing happens when it was aborted before.
 * @param reason The reason of the signal.
 * @param onError Told what a listener throws.
 */
export function abort(
  controller: AbortController,
  reason: unknown,
  onError: (error: unknown) => void,
): void {
  if (controller.signal.aborted) return;
  // The platform reports such an error as an event while it calls the listeners.
  const outer = innermost;
  innermost = controller;
  const onEvent = (event: ErrorEvent): void => {
    if (innermost !== controller) return;
    event.preventDefault();
    onError(event.error);
  };
  globalThis.addEventListener("error", onEvent);
  try {
    controller.abort(reason);
  } finally {
    innermost = outer;
    globalThis.removeEventListener("error", onEvent);
  }
}
