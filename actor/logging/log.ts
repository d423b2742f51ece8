/**
 * What actors write down, and the way to a logger.
 * @module
 */

import type { Logger } from "./logger.ts";
import type { Pid } from "../reference/pid.ts";
import { disown } from "../cell/thenable.ts";

/** How much a line matters, from what only its author wants to see to what went wrong. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a line says besides its text, by name. `cause` is the error that led to it. */
export interface LogFields {
  /** The error that led to the line. */
  readonly cause?: unknown;
  /** Anything else. */
  readonly [name: string]: unknown;
}

/** One line in its parts, for a logger that has a `log` method. */
export interface LogRecord {
  /** How much it matters. */
  readonly level: LogLevel;
  /** What happened. */
  readonly text: string;
  /** The name of the system. */
  readonly system: string;
  /** The actor that it is about, when it is about one. */
  readonly actor?: Pid;
  /** What led to it. */
  readonly cause?: unknown;
  /** The rest. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Writes lines about one actor, or about a system. Never throws; a line below the level of the system costs nothing. */
export interface Log {
  /** Writes what only its author wants to see. */
  debug(text: string, fields?: LogFields): void;
  /** Writes what happened. */
  info(text: string, fields?: LogFields): void;
  /** Writes what deserves a look. */
  warn(text: string, fields?: LogFields): void;
  /** Writes what went wrong. */
  error(text: string, fields?: LogFields): void;
}

const RANKS: Readonly<Record<LogLevel, number>> = {
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
};

/** The way to a logger: leaves out what is below a level, and keeps what the logger throws. */
export class LogSink {
  readonly #logger: Logger;
  readonly #rank: number;
  /** The name of the system. */
  readonly system: string;

  /**
   * Takes the logger, the lowest level that is written, and the name of the system.
   *
   * @throws {TypeError} When the level is none.
   */
  constructor(logger: Logger, level: LogLevel, system: string) {
    if (RANKS[level] === undefined) {
      throw new TypeError(
        `Cannot log from level "${level}" on: one of ${
          Object.keys(RANKS).map((name) => `"${name}"`).join(", ")
        } was expected`,
      );
    }
    this.#logger = logger;
    this.#rank = RANKS[level];
    this.system = system;
  }

  /** Whether lines of this level are written. */
  wants(level: LogLevel): boolean {
    return RANKS[level] >= this.#rank;
  }

  /** Writes a line; `plain` is its text for a logger without a `log` method. */
  write(record: Omit<LogRecord, "system">, plain: () => string): void {
    const { level } = record;
    if (!this.wants(level)) return;
    const logger = this.#logger;
    try {
      if (logger.log !== undefined) {
        disown(logger.log({ ...record, system: this.system }));
      } else if ("cause" in record) {
        disown(logger[level]?.(plain(), record.cause));
      } else disown(logger[level]?.(plain()));
    } catch {
      // What the logger throws must not reach what it was told about, and has no other place to go.
    }
  }
}

/** The log of one actor, or of a system. */
export class SinkLog implements Log {
  readonly #sink: LogSink | undefined;
  readonly #actor: { readonly pid: Pid } | undefined;

  /** Writes to `sink`, or nowhere; about `actor`, or about the system. */
  constructor(sink: LogSink | undefined, actor?: { readonly pid: Pid }) {
    this.#sink = sink;
    this.#actor = actor;
  }

  debug(text: string, fields?: LogFields): void {
    this.#write("debug", text, fields);
  }

  info(text: string, fields?: LogFields): void {
    this.#write("info", text, fields);
  }

  warn(text: string, fields?: LogFields): void {
    this.#write("warn", text, fields);
  }

  error(text: string, fields?: LogFields): void {
    this.#write("error", text, fields);
  }

  #write(level: LogLevel, text: string, given: LogFields = {}): void {
    const sink = this.#sink;
    if (!sink?.wants(level)) return;
    const { cause, ...fields } = given;
    const actor = this.#actor?.pid;
    sink.write(
      {
        level,
        text,
        fields,
        ...(actor === undefined ? {} : { actor }),
        ...(cause === undefined ? {} : { cause }),
      },
      () => `"${actor ?? sink.system}" ${text}${formatFields(fields)}`,
    );
  }
}

/** Fields as they follow a text: ` amount=5 to="ann"`. */
function formatFields(
  fields: Readonly<Record<string, unknown>>,
): string {
  let text = "";
  for (const [name, value] of Object.entries(fields)) {
    text += ` ${name}=${formatValue(value)}`;
  }
  return text;
}

function formatValue(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return "(cannot be shown)"; // a cycle, a bigint, or a getter that throws
  }
}
