/**
 * Per-connection tables that replace repeated addresses and type names by numbers.
 * @module
 */

import { FrameError } from "../errors.ts";
import { utf8Size } from "./text.ts";

/** Entries per table, unless told otherwise. Both ends of a lane must agree: it is part of the version. */
export const TABLE_SIZE: number = 4_096;

/** Longest value of a definition in bytes of UTF-8. */
export const MAX_VALUE_BYTES: number = 1_024;

/** What no address and no type name has, and what a line of a log must not have. */
export const CONTROL: RegExp = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/**
 * A number that stands for `key` on one connection. Whoever sends often keeps the entry and, while it is
 * `live`, uses `number` without a look-up, setting `used` so that the entry is not the next to go.
 */
export interface NumberEntry {
  /** What the number stands for. */
  readonly key: string;
  /** From 1 to the size of the table. */
  readonly number: number;
  /** Whether the peer knows the number by this meaning. Never true again once it is false. */
  live: boolean;
  /** Whether it was used since the table last looked for one to replace. */
  used: boolean;
}

/**
 * The sender's side: gives numbers to keys. When it is full, a number that was not used lately gets a new
 * meaning; because a stream keeps its order, the peer never mistakes one for the other.
 */
export class NumberTable {
  readonly #size: number;
  readonly #byKey: Map<string, NumberEntry> = new Map();
  /** The entry with number `index + 1`. */
  readonly #entries: NumberEntry[] = [];
  #hand = 0;

  /**
   * Makes an empty table.
   *
   * @param size The most entries, at least 2, so that a frame's sender cannot replace its receiver.
   */
  constructor(size: number = TABLE_SIZE) {
    if (!Number.isInteger(size) || size < 2) {
      throw new RangeError(
        `Cannot make a table: its size is ${size}, at least 2 was expected`,
      );
    }
    this.#size = size;
  }

  /** Returns the living entry of `key`, if there is one, and marks it as used. */
  find(key: string): NumberEntry | undefined {
    const entry = this.#byKey.get(key);
    if (entry !== undefined) entry.used = true;
    return entry;
  }

  /**
   * Gives `key`, which has no entry, a number. The frame that uses it first must carry the definition; if that
   * frame is not sent, call `forget()`.
   *
   * @throws {FrameError} When the key is longer than a definition may be, or has control characters.
   */
  define(key: string): NumberEntry {
    if (key.length * 3 > MAX_VALUE_BYTES && utf8Size(key) > MAX_VALUE_BYTES) {
      throw new FrameError(
        `define "${key.slice(0, 64)}…"`,
        `it has ${utf8Size(key)} bytes`,
        `at most ${MAX_VALUE_BYTES} bytes were expected`,
      );
    }
    if (CONTROL.test(key)) {
      throw new FrameError(
        `define ${JSON.stringify(key)}`,
        "it has a control character",
        "a text of one line was expected",
      );
    }
    const index = this.#entries.length < this.#size
      ? this.#entries.length
      : this.#victim();
    const entry: NumberEntry = {
      key,
      number: index + 1,
      live: true,
      used: true,
    };
    this.#entries[index] = entry;
    this.#byKey.set(key, entry);
    return entry;
  }

  /** Takes back an entry whose definition was not sent. */
  forget(entry: NumberEntry): void {
    if (!entry.live) return;
    entry.live = false;
    entry.used = false;
    this.#byKey.delete(entry.key);
  }

  /** Ends all entries: the connection is gone. */
  clear(): void {
    for (const entry of this.#entries) entry.live = false;
    this.#entries.length = 0;
    this.#byKey.clear();
    this.#hand = 0;
  }

  /** Finds the index of an entry that was not used since the hand last passed it, and ends the entry. */
  #victim(): number {
    for (;;) {
      const index = this.#hand;
      const entry = this.#entries[index]!;
      this.#hand = (index + 1) % this.#size;
      if (!entry.used) {
        this.forget(entry);
        return index;
      }
      entry.used = false;
    }
  }
}

/** What a number of the peer stands for, with room for whatever the reader makes of it. */
export interface DefinitionSlot {
  /** The address or type name. */
  readonly value: string;
  /** For the owner of the table: the actor, the codec. Gone with the slot. */
  cached: unknown;
}

/** The receiver's side: what the peer's numbers stand for. */
export class DefinitionTable {
  readonly #what: string;
  readonly #size: number;
  /** The slot of number `index + 1`. */
  readonly #slots: (DefinitionSlot | undefined)[] = [];

  /**
   * Makes an empty table.
   *
   * @param what What it defines, for error messages: `"address"`, `"type name"`.
   * @param size The highest number.
   */
  constructor(what: string, size: number = TABLE_SIZE) {
    this.#what = what;
    this.#size = size;
  }

  /**
   * Gives `number` a meaning, in place of any earlier one.
   *
   * @throws {FrameError} When the number is 0 or above the size, or the value is empty, too long or not one line.
   */
  define(number: number, value: string): DefinitionSlot {
    if (number < 1 || number > this.#size) {
      throw this.#refused(
        number,
        `the number is ${number}`,
        `1 to ${this.#size} was expected`,
      );
    }
    const tooLong = value.length * 3 > MAX_VALUE_BYTES &&
      utf8Size(value) > MAX_VALUE_BYTES;
    if (value === "" || tooLong) {
      const found = value === ""
        ? "it is empty"
        : `it has ${utf8Size(value)} bytes`;
      throw this.#refused(
        number,
        found,
        `1 to ${MAX_VALUE_BYTES} bytes were expected`,
      );
    }
    if (CONTROL.test(value)) {
      throw this.#refused(
        number,
        "it has a control character",
        "a text of one line was expected",
      );
    }
    const slot: DefinitionSlot = { value, cached: undefined };
    // The numbers of an honest peer come in order; filling up keeps the array dense for the others.
    while (this.#slots.length < number) this.#slots.push(undefined);
    this.#slots[number - 1] = slot;
    return slot;
  }

  /**
   * Returns the slot of `number`.
   *
   * @throws {FrameError} When the peer has not defined it.
   */
  get(number: number): DefinitionSlot {
    const slot = this.#slots[number - 1];
    if (slot !== undefined) return slot;
    throw new FrameError(
      `resolve ${this.#what} ${number}`,
      "it is not defined on this connection",
      "a definition in this or an earlier frame was expected",
    );
  }

  #refused(number: number, found: string, wanted: string): FrameError {
    return new FrameError(`define ${this.#what} ${number}`, found, wanted);
  }
}
