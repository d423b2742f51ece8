/**
 * Keeps what figures go to from those who are counted.
 * @module
 */

import type { EventBus } from "../events/event_stream.ts";
import { disown } from "../cell/thenable.ts";

/** Calls metrics. The first failure is a warning, further ones are silent. */
export class MetricsGuard {
  readonly #events: EventBus;
  readonly #what: string;
  #state: "working" | "reported" = "working";

  /** Reports to `events`; `what` names the metrics, for example `the metrics`. */
  constructor(events: EventBus, what: string) {
    this.#events = events;
    this.#what = what;
  }

  /** Keeps what `call` throws, or rejects with, from whoever is counted. */
  run(call: () => unknown): void {
    try {
      disown(call());
    } catch (cause) {
      this.report(cause);
    }
  }

  /** Reports what metrics have thrown, the first time. */
  report(cause: unknown): void {
    if (this.#state === "reported") return;
    this.#state = "reported";
    const text =
      `${this.#what} failed; this and what they miss from now on is not reported again`;
    this.#events.publish({ type: "warning", text, cause });
  }
}
