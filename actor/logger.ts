/**
 * Lines for people.
 * @module
 */

import type { Clock, Timer } from "../internal/clock.ts";
import { counted } from "./activity.ts";
import { describe } from "./errors.ts";
import type { EventBus } from "./event_stream.ts";
import type { ActorFailed, DeadLetter, SystemEvent } from "./events.ts";
import { type LogRecord, LogSink } from "./log.ts";

/**
 * Where lines go. A logger with a `log` method is given all of them in their parts; one without is given
 * texts. What a logger throws is ignored.
 */
export interface Logger {
  /** Something that only its author wants to see; such lines are left out when it is not there. */
  debug?(text: string, cause?: unknown): void;
  /** Something that happened; such lines are left out when it is not there. */
  info?(text: string, cause?: unknown): void;
  /** Something that deserves a look. */
  warn(text: string, cause?: unknown): void;
  /** Something that went wrong. */
  error(text: string, cause?: unknown): void;
  /** Any line, in its parts, in place of the other methods. */
  log?(record: LogRecord): void;
}

/** Writes to standard error. */
export const consoleLogger: Logger = {
  debug: print,
  info: print,
  warn: print,
  error: print,
};

function print(text: string, cause?: unknown): void {
  // deno-lint-ignore no-console -- the default logger is the one place that prints
  const write = console.error;
  if (cause === undefined) return write(`troupe: ${text}`);
  // What the text ends with is not said twice.
  const said = ` ${describe(cause)}`;
  const rest = text.endsWith(said) ? text.slice(0, -said.length) : text;
  write(`troupe: ${rest}`, cause);
}

/** Dead letters that are written out in one window; the rest is counted. */
const LINES_PER_WINDOW = 10;
/** The length of that window, in milliseconds. */
const WINDOW = 10_000;
/** Receivers and reasons that are told apart in what is counted; the rest is one. */
const MOST_GROUPS = 100;
/** How many of them a summary names. */
const NAMED = 3;

/** Writes failures, warnings and, not too many of them, dead letters of a system to a logger. */
export class EventLogger {
  #sink: LogSink;
  #clock: Clock;
  #windowEnd = 0;
  #lines = 0;
  #hidden = 0;
  /** What was not written out, by receiver and reason. */
  #groups: Map<string, number> = new Map<string, number>();
  /** Ends a window in which something was not written out. */
  #timer: Timer | undefined = undefined;
  #untap: () => void;

  constructor(
    logger: Logger,
    events: EventBus,
    clock: Clock,
    sink: LogSink = new LogSink(logger, "info", ""),
  ) {
    this.#sink = sink;
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
    if (event.type === "warning") {
      const { text, cause } = event;
      this.#say({ level: "warn", text, cause, fields: {} });
    } else if (event.type === "dead_letter") this.#deadLetter(event);
    else if (event.type === "actor_failed") {
      const { pid, during, error, directive, exhausted } = event;
      this.#say({
        level: "error",
        text: `"${pid}" failed in "${during}" (${decisionOf(event)}): ${
          describe(error)
        }`,
        actor: pid,
        cause: error,
        fields: {
          event: "actor_failed",
          during,
          directive,
          ...(exhausted === undefined ? {} : { exhausted }),
        },
      });
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
      return this.#hide(`${reason} at "${target.path}"`, this.#windowEnd - now);
    }
    const from = sender === undefined ? "" : ` from "${sender}"`;
    const why = error === undefined ? "" : ` (${describe(error)})`;
    this.#say({
      level: "warn",
      text:
        `dead letter "${message.type}"${from} to "${target}": ${reason}${why}`,
      actor: target,
      fields: {
        event: "dead_letter",
        type: message.type,
        sender,
        reason,
        error,
      },
    });
  }

  #say(record: Omit<LogRecord, "system">): void {
    this.#sink.write(record, () => record.text);
  }

  /** Counts a dead letter; a summary comes in `left` milliseconds at the latest. */
  #hide(group: string, left: number): void {
    const groups = this.#groups;
    this.#hidden++;
    const known = groups.has(group) || groups.size < MOST_GROUPS
      ? group
      : "elsewhere";
    groups.set(known, (groups.get(known) ?? 0) + 1);
    this.#timer ??= this.#clock.setTimer(left, () => this.#summarize());
  }

  #summarize(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#hidden === 0) return;
    const groups = [...this.#groups].toSorted(([, a], [, b]) => b - a);
    const named = groups.slice(0, NAMED).map(([group, count]) =>
      `${count} ${group}`
    );
    if (groups.length > NAMED) named.push("and others");
    this.#say({
      level: "warn",
      text: `${counted(this.#hidden, "more dead letter")}: ${named.join(", ")}`,
      fields: { event: "dead_letters", count: this.#hidden },
    });
    this.#hidden = 0;
    this.#groups.clear();
  }
}

function decisionOf({ directive, exhausted }: ActorFailed): string {
  if (directive === undefined) return "it is stopping";
  if (exhausted === undefined) return `directive "${directive}"`;
  const { maxRestarts, within } = exhausted;
  if (maxRestarts === 0) {
    return `directive "${directive}", since no restart is allowed`;
  }
  return `directive "${directive}", since ${
    counted(maxRestarts, "restart")
  } within ${within} ms ${maxRestarts === 1 ? "is" : "are"} used up`;
}
