/**
 * Lines for people.
 * @module
 */

import type { Clock } from "../../internal/clock.ts";
import { counted } from "../time/activity.ts";
import { ActorError, describe } from "../errors.ts";
import type { EventBus } from "../events/event_stream.ts";
import type {
  ActorFailed,
  DeadLetter,
  SystemEvent,
  Warning,
} from "../events/events.ts";
import { type LogLevel, type LogRecord, LogSink } from "./log.ts";
import { Ration } from "./ration.ts";

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

/**
 * Writes to standard error, errors with their stack: `2026-11-02T03:04:05.678Z warn troupe: ` and the text, with
 * the time of the system clock in UTC. Warnings leave out the stack of an {@linkcode ActorError}, which is of this
 * library and whose text says what was found where.
 */
export const consoleLogger: Logger = {
  debug: (text, cause) => print("debug", text, cause),
  info: (text, cause) => print("info", text, cause),
  warn: (text, cause) => {
    if (!(cause instanceof ActorError)) return print("warn", text, cause);
    const said = describe(cause);
    print("warn", text.endsWith(said) ? text : `${text}: ${said}`);
  },
  error: (text, cause) => print("error", text, cause),
};

function print(level: LogLevel, text: string, cause?: unknown): void {
  // deno-lint-ignore no-console -- the default logger is the one place that prints
  const write = console.error;
  const head = `${new Date().toISOString()} ${level} troupe:`;
  if (cause === undefined) return write(`${head} ${text}`);
  // What the text ends with is not said twice.
  const said = ` ${describe(cause)}`;
  const rest = text.endsWith(said) ? text.slice(0, -said.length) : text;
  // A text that is not alone is a format, and may hold words of a peer.
  write(`${head} ${rest}`.replaceAll("%", "%%"), cause);
}

/** Dead letters that are written out in ten seconds; the rest is summed up. */
const DEAD_LETTERS = 10;
/** Failures, and warnings, that are. */
const FAILURES = 100;
const WARNINGS = 100;

/** Writes failures, warnings and dead letters of a system to a logger, not too many of each. */
export class EventLogger {
  #sink: LogSink;
  #deadLetters: Ration;
  #failures: Ration;
  #warnings: Ration;
  #untap: () => void;

  constructor(
    logger: Logger,
    events: EventBus,
    clock: Clock,
    sink: LogSink = new LogSink(logger, "info", ""),
  ) {
    this.#sink = sink;
    const ration = (
      most: number,
      level: LogLevel,
      noun: string,
      event: string,
    ) =>
      new Ration(clock, most, (count, groups) =>
        this.#say({
          level,
          text: `${counted(count, `more ${noun}`)}: ${groups}`,
          fields: { event, count },
        }));
    this.#deadLetters = ration(
      DEAD_LETTERS,
      "warn",
      "dead letter",
      "dead_letters",
    );
    this.#failures = ration(FAILURES, "error", "failure", "failures");
    this.#warnings = ration(WARNINGS, "warn", "warning", "warnings");
    this.#untap = events.tap(
      ["actor_failed", "dead_letter", "warning"],
      (event) => this.#write(event),
    );
  }

  /** Ends the writing; says how much was not written out. */
  close(): void {
    this.#untap();
    this.#failures.sumUp();
    this.#warnings.sumUp();
    this.#deadLetters.sumUp();
  }

  #write(event: SystemEvent): void {
    if (event.type === "warning") this.#warning(event);
    else if (event.type === "dead_letter") this.#deadLetter(event);
    else if (event.type === "actor_failed") this.#failure(event);
  }

  #warning({ text, cause }: Warning): void {
    if (!this.#warnings.admits(() => text)) return;
    this.#say({ level: "warn", text, cause, fields: {} });
  }

  #failure(event: ActorFailed): void {
    const { pid, during, error, directive, exhausted } = event;
    if (!this.#failures.admits(() => `in "${during}" of "${pid.path}"`)) return;
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

  #deadLetter({ message, sender, target, reason, error }: DeadLetter): void {
    if (!this.#deadLetters.admits(() => `${reason} at "${target.path}"`)) {
      return;
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
