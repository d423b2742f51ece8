/**
 * Who waits for what of a lane: for room, for a write, for the end of all that is under way.
 * @module
 */

/** What a {@linkcode Room} needs to know of its lane. */
export interface RoomHost {
  /** Bytes of messages that wait or are not acknowledged. */
  readonly inFlight: number;
  /** Bytes of finished frames that the connection has not taken. */
  readonly pending: number;
  /** Whether everything was written and acknowledged. */
  readonly isEmpty: boolean;
}

/** Waits that end when a lane has room again, or ends. */
export class Room {
  readonly #host: RoomHost;
  readonly #budget: number;
  /** No more than this may be unwritten, so that writing goes on meanwhile. */
  readonly #readyBytes: number;
  /** Bytes of the largest message that was refused since the last time there was room. */
  #refused = 0;
  #onRoom: (() => void)[] = [];
  #onWritten: (() => void)[] = [];
  #onAcknowledged: (() => void)[] = [];
  #onEmpty: (() => void)[] = [];
  #state: "open" | "closed" = "open";

  constructor(host: RoomHost, budget: number, readyBytes: number) {
    this.#host = host;
    this.#budget = budget;
    this.#readyBytes = readyBytes;
  }

  /** Notes that a message of `size` bytes had no room. */
  refuse(size: number): false {
    this.#refused = Math.max(this.#refused, size);
    return false;
  }

  /**
   * Resolves when less than half of the budget is in use and the connection keeps up, and what was refused
   * before has room.
   */
  ready(): Promise<void> | undefined {
    if (this.#host.pending < this.#readyBytes && this.#isFree) {
      this.#refused = 0;
      return undefined;
    }
    return new Promise((resolve) => this.#onRoom.push(resolve));
  }

  /** Resolves when the next write is through. */
  written(): Promise<void> {
    return this.#wait(this.#onWritten);
  }

  /** Resolves when the peer next says what it has processed. */
  acknowledgement(): Promise<void> {
    return this.#wait(this.#onAcknowledged);
  }

  /** Resolves when everything was written and acknowledged. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onEmpty.push(resolve);
      this.settle();
    });
  }

  /** A write is through. */
  wrote(): void {
    if (this.#onWritten.length > 0) release(this.#onWritten);
    if (this.#onRoom.length > 0) this.settle();
  }

  /** The peer has said what it has processed. */
  acknowledged(): void {
    if (this.#onAcknowledged.length > 0) release(this.#onAcknowledged);
    this.settle();
  }

  /** Ends all waits: the lane has ended. */
  close(): void {
    this.#state = "closed";
    release(this.#onWritten);
    release(this.#onAcknowledged);
    this.settle();
  }

  /** Ends the waits that are over. */
  settle(): void {
    const closed = this.#state === "closed";
    if (this.#onRoom.length > 0 && (closed || this.#isFree)) {
      this.#refused = 0;
      release(this.#onRoom);
    }
    if (this.#onEmpty.length === 0) return;
    if (closed || this.#host.isEmpty) release(this.#onEmpty);
  }

  get #isFree(): boolean {
    const { inFlight } = this.#host;
    return inFlight * 2 < this.#budget &&
      (inFlight === 0 || inFlight + this.#refused <= this.#budget);
  }

  #wait(waiting: (() => void)[]): Promise<void> {
    if (this.#state === "closed") return Promise.resolve();
    return new Promise((resolve) => waiting.push(resolve));
  }
}

function release(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve();
}
