/**
 * Requests and answers on one connection to a GoAkt peer.
 * @module
 */

import { describe } from "../../../actor/errors.ts";
import { concatBytes } from "../../../internal/bytes.ts";
import type { Clock } from "../../../internal/clock.ts";
import { Deque } from "../../../internal/deque.ts";
import { DisconnectedError, FrameError } from "../../errors.ts";
import type { ParsedFrame } from "../../frame.ts";
import type { LinkMeter } from "../../metrics/meter.ts";
import type { Connection } from "../../transport/transport.ts";
import type { Compression } from "../compression/compression.ts";
import { FrameReader } from "../frame_reader.ts";
import { TimeLimit } from "../time_limit.ts";
import { hangUpError, silenceError } from "./failures.ts";
import type { Reachability } from "./reachability.ts";

/** Waits for the answer to one request. */
export interface Pending {
  /** The name of the request, for errors. */
  readonly name: string;
  /** How long the answer may take, in milliseconds from the sending. */
  readonly timeout: number;
  /** When that is over, on the clock. */
  readonly due: number;
  /**
   * The answer. Called once, or {@linkcode Pending.lost} is, or both when this throws because it is no answer
   * to the request: then nothing on the connection can be paired any more, and it ends.
   */
  answered(frame: ParsedFrame): void;
  /** There will be none. `sent` says whether any of the request was on the way. */
  lost(error: unknown, sent: boolean): void;
  /** Whether it is to find out what the peer is: whoever wants to know says what came of it. */
  readonly isProbe?: boolean;
}

/** What an {@linkcode Exchange} is made with. */
export interface ExchangeOptions {
  /** The peer as `host:port`, for errors. */
  node: string;
  /** The source of time. */
  clock: Clock;
  /** Bytes of the largest answer. */
  limit: number;
  /** How the connection is compressed, for errors. */
  compression: Compression;
  /** Counts what passes, in a node with metrics. */
  meter?: LinkMeter | undefined;
  /** Told of answers that are news, and of an end that is none in peace. */
  reach: Reachability;
  /** Called once, when it can no longer be used. */
  onClosed(exchange: Exchange): void;
}

/** A frame that waits to be written. */
interface Entry {
  readonly frame: Uint8Array;
  readonly pending: Pending;
}

/** Requests are written together up to this many bytes. */
const WRITE_BYTES = 64 * 1024;
/** A frame larger than this is written alone, so that it need not be copied. */
const LARGE_BYTES = 32 * 1024;

/**
 * One connection. Answers come in the order of the requests, which nothing else pairs: whatever is wrong with
 * one ends them all. Owns the connection.
 */
export class Exchange {
  readonly #connection: Connection;
  readonly #options: ExchangeOptions;
  readonly #reader: FrameReader;
  readonly #timeLimit: TimeLimit;
  /** Not written yet. */
  readonly #queue: Deque<Entry> = new Deque();
  /** Written, not answered. */
  readonly #sent: Deque<Entry> = new Deque();
  #writing: "idle" | "busy" = "idle";
  #state: "open" | "closed" = "open";
  #answers = 0;
  /** How many requests were written. */
  #written = 0;

  /** Takes over a connection, which is compressed already where it is. */
  constructor(connection: Connection, options: ExchangeOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#reader = new FrameReader(options.limit);
    this.#timeLimit = new TimeLimit(options.clock, this.#expire);
    options.meter?.state("open");
    void this.#read();
  }

  /** Whether requests can be sent. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** How many requests are not answered. */
  get waiting(): number {
    return this.#queue.size + this.#sent.size;
  }

  /**
   * Sends a frame, which must not change any more, at the end of the turn, together with what else is sent in it; or
   * at once when it is `"alone"`. On a closed exchange it is lost at once.
   */
  send(
    frame: Uint8Array,
    pending: Pending,
    company: "others" | "alone" = "others",
  ): void {
    if (this.#state === "closed") {
      return pending.lost(this.#hangUp(undefined, undefined), false);
    }
    this.#queue.push({ frame, pending });
    if (this.waiting === 1) this.#timeLimit.until(pending.due);
    if (this.#writing === "busy") return;
    if (company === "others") void this.#write();
    else this.#writeNow();
  }

  /** Ends it at the wish of this node; what waits is lost for the reason given. */
  close(error?: unknown): void {
    this.#end(error ?? this.#hangUp(undefined, undefined), "peace");
  }

  /** `"lost"` is a failure when something waits for an answer, and the end of an idle connection otherwise. */
  #end(reason: unknown, how: "peace" | "lost" | "failed"): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#timeLimit.close();
    this.#connection.close();
    const sent = taken(this.#sent);
    const queued = taken(this.#queue);
    const { meter, reach } = this.#options;
    meter?.state(undefined);
    const isFailure = how === "failed" || (how === "lost" &&
      [...sent, ...queued].some(({ pending }) => pending.isProbe !== true));
    if (isFailure) {
      reach.failed(this.#answers > 0 ? "answered" : "unanswered", reason);
    }
    this.#options.onClosed(this);
    for (const { pending } of sent) pending.lost(reason, true);
    for (const { pending } of queued) pending.lost(reason, false);
  }

  async #write(): Promise<void> {
    this.#writing = "busy";
    try {
      // What is sent in the same turn goes together.
      await Promise.resolve();
      while (this.#queue.size > 0) {
        const bytes = this.#take();
        this.#options.meter?.wrote(this.#written, bytes.length);
        await this.#connection.write(bytes);
      }
    } catch (cause) {
      this.#end(this.#hangUp(this.#sent.peek(), cause), "lost");
    }
    this.#writing = "idle";
  }

  /** Writes what waits. One request needs neither the end of the turn nor an async function. */
  #writeNow(): void {
    this.#writing = "busy";
    const bytes = this.#take();
    this.#options.meter?.wrote(this.#written, bytes.length);
    this.#connection.write(bytes).then(this.#onWritten, this.#onWriteFailed);
  }

  #onWritten = (): void => {
    this.#writing = "idle";
    if (this.#queue.size > 0) this.#writeNow();
  };

  #onWriteFailed = (cause: unknown): void => {
    this.#end(this.#hangUp(this.#sent.peek(), cause), "lost");
    this.#writing = "idle";
  };

  /** The bytes to write next. Their requests count as sent from here on. */
  #take(): Uint8Array {
    if (this.#queue.size === 1) {
      const entry = this.#queue.shift() as Entry; // there is one
      this.#sent.push(entry);
      this.#written++;
      return entry.frame;
    }
    const frames: Uint8Array[] = [];
    let length = 0;
    for (let e = this.#queue.peek(); e !== undefined; e = this.#queue.peek()) {
      const isLarge = e.frame.length > LARGE_BYTES;
      if (length > 0 && (isLarge || length + e.frame.length > WRITE_BYTES)) {
        break;
      }
      this.#queue.shift();
      this.#sent.push(e);
      this.#written++;
      frames.push(e.frame);
      length += e.frame.length;
      if (isLarge) break;
    }
    const [first, ...rest] = frames;
    return first !== undefined && rest.length === 0
      ? first
      : concatBytes(frames);
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const bytes = await this.#connection.read();
        if (this.#state === "closed") return;
        if (bytes === undefined) {
          const reason = this.#hangUp(this.#sent.peek(), undefined);
          return this.#end(reason, "lost");
        }
        this.#options.meter?.read(0, bytes.length);
        this.#reader.push(bytes);
        for (
          let frame = this.#reader.next();
          frame !== undefined;
          frame = this.#reader.next()
        ) this.#answer(frame);
      }
    } catch (cause) {
      if (cause instanceof FrameError) {
        return this.#end(this.#garbled(cause), "failed");
      }
      this.#end(this.#hangUp(this.#sent.peek(), cause), "lost");
    }
  }

  #answer(frame: ParsedFrame): void {
    const entry = this.#sent.shift();
    if (entry === undefined) {
      throw new FrameError(
        `read an answer of "${this.#options.node}"`,
        `a "${frame.name.slice(0, 100)}" came`,
        "silence until the next request was expected",
      );
    }
    const next = this.#sent.peek() ?? this.#queue.peek();
    if (next === undefined) this.#timeLimit.rest();
    else this.#timeLimit.until(next.pending.due);
    try {
      entry.pending.answered(frame);
    } catch (error) {
      entry.pending.lost(this.#garbled(error), true);
      throw error;
    }
    const { reach } = this.#options;
    if (this.#answers++ === 0 || reach.isInDoubt) reach.answered();
  }

  /** An answer that makes no sense says nothing of what became of the requests. */
  #garbled(cause: unknown): DisconnectedError {
    const { node } = this.#options;
    const action = "understand the answers of";
    return new DisconnectedError(node, action, describe(cause), { cause });
  }

  #hangUp(entry: Entry | undefined, cause: unknown): unknown {
    const { node, compression } = this.#options;
    const name = entry?.pending.name;
    return hangUpError(node, compression, this.#answers, name, cause);
  }

  #expire = (): void => {
    const oldest = this.#sent.peek() ?? this.#queue.peek();
    if (oldest === undefined) return;
    const { name, timeout } = oldest.pending;
    this.#end(silenceError(this.#options.node, name, timeout), "lost");
  };
}

/** Empties a queue. */
function taken(queue: Deque<Entry>): Entry[] {
  const entries: Entry[] = [];
  for (let e = queue.shift(); e !== undefined; e = queue.shift()) {
    entries.push(e);
  }
  return entries;
}
