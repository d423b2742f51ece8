/**
 * One direction of a connection in memory.
 * @module
 */

import type { Clock, Timer } from "../../internal/clock.ts";
import { Deque } from "../../internal/deque.ts";
import { DisconnectedError } from "../errors.ts";

/** What a pipe needs to know. All are set; the network has the defaults. */
export interface MemoryPipeOptions {
  /** The writer's address, for messages. */
  from: string;
  /** The reader's address, for messages. */
  to: string;
  /** How many bytes wait for the reader before the writer must. */
  capacity: number;
  /** How many bytes one read returns at most. */
  readSize: number;
  /** The time that a delay is counted in. */
  clock: Clock;
}

/** Bytes under way, or the end of the stream without bytes. */
interface Parcel {
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  /** When the reader may have it, on the clock of the network. */
  readonly due: number;
}

/** Why an end cannot go on, as the errors say it. */
const FOUND = {
  ended: "the own direction was ended",
  closed: "the connection was closed here",
  lost: "the connection was reset",
  left: "the peer has closed the connection",
} as const;

interface Reader {
  resolve(bytes: Uint8Array<ArrayBuffer> | undefined): void;
  reject(reason: unknown): void;
}

interface Writer {
  readonly bytes: Uint8Array;
  /** How many of `bytes` the pipe has taken. */
  taken: number;
  resolve(): void;
  reject(reason: unknown): void;
}

/**
 * A bounded queue of bytes with one writer and one reader. Everything that can be done at once is
 * done at once, so what happens depends on the order of calls and nothing else.
 */
export class MemoryPipe {
  readonly #options: MemoryPipeOptions;
  readonly #parcels: Deque<Parcel> = new Deque();
  /** How many bytes of the first parcel were read. */
  #offset = 0;
  /** How many bytes wait. */
  #size = 0;
  #writing: "open" | "ended" | "closed" | "lost" = "open";
  #reading: "open" | "closed" | "lost" = "open";
  #reader: Reader | undefined = undefined;
  #writer: Writer | undefined = undefined;
  #held = false;
  #delay = 0;
  /** Only set while a reader waits for a parcel that is not due. */
  #timer: Timer | undefined = undefined;

  constructor(options: MemoryPipeOptions) {
    this.#options = options;
  }

  /** Whether neither end can notice anything of this pipe any more. */
  get finished(): boolean {
    return this.#writing !== "open" && this.#reading !== "open";
  }

  /** Copies `bytes` into the pipe, waiting for room as needed. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#writing !== "open") {
      return Promise.reject(this.#writeError(FOUND[this.#writing]));
    }
    if (this.#reading === "closed" && !this.#held) {
      return Promise.reject(this.#writeError(FOUND.left));
    }
    if (this.#writer !== undefined) {
      return Promise.reject(
        new TypeError("Cannot write: another write is under way"),
      );
    }
    return new Promise((resolve, reject) => {
      this.#writer = { bytes, taken: 0, resolve, reject };
      this.#move();
    });
  }

  /** The next bytes that have arrived, or `undefined` at the end. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#reading === "closed") return Promise.resolve(undefined);
    if (this.#reading === "lost") return Promise.reject(this.#readError());
    if (this.#reader !== undefined) {
      return Promise.reject(
        new TypeError("Cannot read: another read is under way"),
      );
    }
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.#move();
    });
  }

  /** The writer says that nothing more will come. */
  end(): void {
    this.#stopWriting("ended", FOUND.ended);
  }

  /** The writer goes away; what the pipe holds still arrives. */
  closeWriter(): void {
    this.#stopWriting("closed", FOUND.closed);
  }

  /**
   * The writer goes away without a proper end, which makes the reader lose what waits; a reader
   * that nothing reaches finds the end of the stream later.
   */
  abort(): void {
    if (this.#held || this.#reading !== "open") return this.closeWriter();
    this.fail();
    this.#writing = "closed";
  }

  /**
   * The reader goes away; a writer notices unless nothing passes.
   *
   * @returns Whether bytes that had arrived were not read.
   */
  closeReader(): boolean {
    if (this.#reading !== "open") return false;
    const unread = this.#size > 0 && !this.#held;
    this.#reading = "closed";
    this.#drop();
    this.#settleReader((reader) => reader.resolve(undefined));
    this.#move();
    return unread;
  }

  /** Both ends learn at once that the connection is lost. */
  fail(): void {
    if (this.#writing !== "closed") this.#writing = "lost";
    if (this.#reading === "open") this.#reading = "lost";
    this.#drop();
    this.#settleReader((reader) => reader.reject(this.#readError()));
    this.#settleWriter((writer) => writer.reject(this.#writeError(FOUND.lost)));
  }

  /** While held nothing reaches the reader; the delay counts for what is written from now on. */
  disturb(held: boolean, delay: number): void {
    this.#held = held;
    this.#delay = delay;
    this.#move();
  }

  /** Does what can be done: fills the queue from the writer, serves the reader from the queue. */
  #move(): void {
    this.#fill();
    if (this.#serve()) this.#fill();
  }

  #fill(): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    if (this.#reading === "closed" && !this.#held) {
      this.#settleWriter(() => writer.reject(this.#writeError(FOUND.left)));
      return;
    }
    const room = this.#options.capacity - this.#size;
    const piece = writer.bytes.slice(writer.taken, writer.taken + room);
    if (piece.length > 0) {
      this.#post(piece);
      this.#size += piece.length;
      writer.taken += piece.length;
    }
    if (writer.taken === writer.bytes.length) {
      this.#settleWriter(() => writer.resolve());
    }
  }

  /** Whether the reader was served. */
  #serve(): boolean {
    this.#timer?.cancel();
    this.#timer = undefined;
    const reader = this.#reader;
    const first = this.#parcels.peek();
    if (reader === undefined || first === undefined || this.#held) return false;
    const now = this.#options.clock.now();
    if (first.due > now) {
      this.#timer = this.#options.clock.setTimer(
        first.due - now,
        () => this.#move(),
      );
      return false;
    }
    // The end of the stream stays in the queue, so that each later read meets it again.
    const bytes = first.bytes === undefined ? undefined : this.#take(now);
    this.#settleReader(() => reader.resolve(bytes));
    return true;
  }

  /** Joins what has arrived by `now`, as one read of a socket would. */
  #take(now: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(Math.min(this.#size, this.#options.readSize));
    let filled = 0;
    while (filled < bytes.length) {
      const parcel = this.#parcels.peek();
      if (parcel?.bytes === undefined || parcel.due > now) break;
      const piece = parcel.bytes.subarray(
        this.#offset,
        this.#offset + bytes.length - filled,
      );
      bytes.set(piece, filled);
      filled += piece.length;
      this.#offset += piece.length;
      if (this.#offset === parcel.bytes.length) {
        this.#parcels.shift();
        this.#offset = 0;
      }
    }
    this.#size -= filled;
    return filled === bytes.length ? bytes : bytes.slice(0, filled);
  }

  #post(bytes: Uint8Array<ArrayBuffer> | undefined): void {
    this.#parcels.push({ bytes, due: this.#options.clock.now() + this.#delay });
  }

  #stopWriting(state: "ended" | "closed", found: string): void {
    const before = this.#writing;
    if (before === "closed" || before === "lost" || before === state) return;
    this.#writing = state;
    this.#settleWriter((writer) => writer.reject(this.#writeError(found)));
    if (before === "ended" || this.#reading !== "open") return;
    this.#post(undefined);
    this.#move();
  }

  #drop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#parcels.clear();
    this.#offset = 0;
    this.#size = 0;
  }

  #writeError(found: string): DisconnectedError {
    return new DisconnectedError(this.#options.to, "write to", found);
  }

  #readError(): DisconnectedError {
    return new DisconnectedError(this.#options.from, "read from", FOUND.lost);
  }

  #settleReader(settle: (reader: Reader) => void): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader !== undefined) settle(reader);
  }

  #settleWriter(settle: (writer: Writer) => void): void {
    const writer = this.#writer;
    this.#writer = undefined;
    if (writer !== undefined) settle(writer);
  }
}
