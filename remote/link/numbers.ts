/**
 * The numbers that stand for addresses and type names in what one lane sends.
 * @module
 */

import type { Message } from "../../actor/protocol/message.ts";
import type { BaseRef } from "../../actor/reference/ref.ts";
import type { Route } from "./route.ts";
import type { FrameWriter } from "../wire/encoder.ts";
import { DefinitionKind } from "../wire/kinds.ts";
import { type NumberEntry, NumberTable, TABLE_SIZE } from "../wire/tables.ts";

/**
 * Both tables of one direction. What is new in a frame must be defined in it: after the last number of a
 * frame call `define()`, then `keep()` when the frame was written or `drop()` when it was not.
 */
export class Numbers {
  readonly #addresses: NumberTable = new NumberTable();
  readonly #types: NumberTable = new NumberTable();
  /** By reference, so that the addresses of senders are not put together for each message. */
  readonly #senders: Map<BaseRef, NumberEntry> = new Map();
  #fresh: { table: NumberTable; entry: NumberEntry }[] = [];

  /** The number of the receiver. */
  receiver(route: Route): NumberEntry {
    const known = route.receiver;
    if (known?.live) return use(known);
    return route.receiver = this.#number(this.#addresses, route.address);
  }

  /** The number of the message's type. */
  type(route: Route, { index, type }: Message): NumberEntry {
    const known = route.types[index];
    if (known?.live) return use(known);
    return route.types[index] = this.#number(this.#types, type);
  }

  /** The number of the sender. May end that of the receiver: ask for it first and look at `live`. */
  sender(ref: BaseRef): NumberEntry {
    const known = this.#senders.get(ref);
    if (known?.live) return use(known);
    // Entries die in the table without a word; begin anew before the dead are many.
    if (this.#senders.size >= 2 * TABLE_SIZE) this.#senders.clear();
    const entry = this.#number(this.#addresses, ref.pid.toJSON());
    this.#senders.set(ref, entry);
    return entry;
  }

  /** The number of an address. */
  address(address: string): NumberEntry {
    return this.#number(this.#addresses, address);
  }

  /** The number of a type name. */
  typeName(name: string): NumberEntry {
    return this.#number(this.#types, name);
  }

  /** Writes the definitions of what is new in the frame. */
  define(writer: FrameWriter): void {
    for (const { table, entry } of this.#fresh) {
      writer.definition({
        number: entry.number,
        table: table === this.#addresses
          ? DefinitionKind.ADDRESS
          : DefinitionKind.TYPE_NAME,
        value: entry.key,
      });
    }
  }

  /** The frame was written. */
  keep(): void {
    if (this.#fresh.length > 0) this.#fresh.length = 0;
  }

  /** The frame was not written. */
  drop(): void {
    for (const { table, entry } of this.#fresh) table.forget(entry);
    this.#fresh.length = 0;
  }

  /** Ends all numbers: the connection is gone. */
  clear(): void {
    this.#addresses.clear();
    this.#types.clear();
    this.#senders.clear();
  }

  #number(table: NumberTable, key: string): NumberEntry {
    const found = table.find(key);
    if (found !== undefined) return found;
    const entry = table.define(key);
    this.#fresh.push({ table, entry });
    return entry;
  }
}

function use(entry: NumberEntry): NumberEntry {
  entry.used = true;
  return entry;
}
