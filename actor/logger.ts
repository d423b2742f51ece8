/**
 * Lines for people.
 * @module
 */

import type { Clock } from "../internal/clock.ts";
import { describe } from "./errors.ts";
import type { EventBus } from "./event_stream.ts";
import type { DeadLetter, SystemEvent } from "./events.ts";
import { disown } from "./thenable.ts";

/** Where lines for people go. */
export interface Logger {
  /** Something that deserves a look. */
  warn(text: string, cause?: unknown): void;
  /** Something that went wrong. */
  error(text: string, cause?: unknown): void;
}

/** Writes to standard error. */
export const consoleLogger: Logger = {
  warn(text, cause) {
    // deno-lint-ignore no-console -- the default logger is the one place that prints
    console.error(`troupe: ${text}`, ...(cause === undefined ? [] : [cause]));
  },
  error(text, cause) {
    // deno-lint-ignore no-console -- the default logger is the one place that prints
    console.error(`troupe: ${text}`, ...(cause === undefined ? [] : [cause]));
  },
};

/** Dead letters that are written out in one window; the rest is counted. */
const LINES_PER_WINDOW = 10;
/** The length of that window, in milliseconds. */
const WINDOW = 10_000;

/** Writes failures, warnings and, not too many of them, dead letters of a system to a logger. */
export class EventLogger {
  #logger: Logger;
  #clock: Clock;
  #windowEnd = 0;
  #lines = 0;
  #hidden = 0;
  #untap: () => void;

  constructor(logger: Logger, events: EventBus, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
    this.#untap = events.tap(
      ["actor_failed", "dead_letter", "warning"],
      (event) => this.#write(event),
    );
  }

  /** Ends the writing; says how many dead letters were not written out. */
  close(): void {
    this.#untap();
    this.#summarize();
  }

  #write(event: SystemEvent): void {
    if (event.type === "warning") this.#say("warn", event.text, event.cause);
    else if (event.type === "dead_letter") this.#deadLetter(event);
    else if (event.type === "actor_failed") {
      const { pid, during, error, directive } = event;
      const decision = directive === undefined
        ? "it is stopping"
        : `directive "${directive}"`;
      this.#say(
        "error",
        `"${pid}" failed in "${during}" (${decision}): ${describe(error)}`,
        error,
      );
    }
  }

  #deadLetter({ message, sender, target, reason, error }: DeadLetter): void {
    const now = this.#clock.now();
    if (now >= this.#windowEnd) {
      this.#summarize();
      this.#windowEnd = now + WINDOW;
      this.#lines = 0;
    }
    if (++this.#lines > LINES_PER_WINDOW) {
      this.#hidden++;
      return;
    }
    const from = sender === undefined ? "" : ` from "${sender}"`;
    const why = error === undefined ? "" : ` (${describe(error)})`;
    this.#say(
      "warn",
      `dead letter "${message.type}"${from} to "${target}": ${reason}${why}`,
    );
  }

  /** What the logger throws, or rejects with, must not reach what it was told about. */
  #say(level: keyof Logger, ...line: [text: string, cause?: unknown]): void {
    try {
      disown(this.#logger[level](...line));
    } catch {
      // There is no other place for it to go.
    }
  }

  #summarize(): void {
    if (this.#hidden > 0) {
      this.#say("warn", `${this.#hidden} more dead letters`);
    }
    this.#hidden = 0;
  }
}
