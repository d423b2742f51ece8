/**
 * What was sent and is not acknowledged yet.
 * @module
 */

import type { Addressee } from "../../actor/events/dead_letters.ts";
import type { Mail } from "../../actor/protocol/message.ts";

const SMALLEST = 64;
/** A ring of at most this many slots is kept when it runs empty. */
const KEPT_WHEN_EMPTY = 16_384;

/** What is told of a message that was never acknowledged, and whether its bytes were on the way. */
export type Lost = (mail: Mail, target: Addressee, written: boolean) => void;

/**
 * Counted frames in the order of sending, until the peer has acknowledged them: three rings with one
 * head. Bounded by whoever looks at `bytes` before adding.
 */
export class Outstanding {
  #mails: (Mail | undefined)[] = [];
  #targets: (Addressee | undefined)[] = [];
  /** Where each frame begins in the stream of all frames, in bytes. */
  #starts: number[] = [];
  #mask = -1;
  #head = 0;
  #size = 0;
  /** Where the newest frame ends. */
  #last = 0;
  #acked = 0;

  /** How many frames are not acknowledged. */
  get size(): number {
    return this.#size;
  }

  /** How many frames were added so far. */
  get total(): number {
    return this.#acked + this.#size;
  }

  /** How many frames the peer has processed. */
  get acknowledged(): number {
    return this.#acked;
  }

  /** How many bytes there are from the oldest to the newest of them. */
  get bytes(): number {
    return this.#size === 0
      ? 0
      : this.#last - (this.#starts[this.#head] as number); // slots below size are set
  }

  /** Adds a frame that carries `mail` to `target`, has `size` bytes and ends at `end` in the stream. */
  add(mail: Mail, target: Addressee, size: number, end: number): void {
    if (this.#size > this.#mask) this.#grow();
    const at = (this.#head + this.#size++) & this.#mask;
    this.#mails[at] = mail;
    this.#targets[at] = target;
    this.#starts[at] = end - size;
    this.#last = end;
  }

  /**
   * Takes the peer's word that it has processed `count` counted frames in all, when `written` bytes of the
   * stream were written.
   *
   * @returns False when that cannot be: more than were written, or fewer than it said before.
   */
  acknowledge(count: number, written: number): boolean {
    const news = count - this.#acked;
    if (news < 0 || news > this.#size) return false;
    const last = (this.#head + news - 1) & this.#mask;
    if (news > 0 && (this.#starts[last] as number) >= written) return false; // slots below size are set
    this.#acked = count;
    for (let left = news; left > 0; left--) this.#drop();
    if (this.#size === 0 && this.#mask >= KEPT_WHEN_EMPTY) this.#release();
    return true;
  }

  /** Empties it and tells of each frame; those that begin after `written` bytes were not sent. */
  lose(written: number, lost: Lost): void {
    while (this.#size > 0) {
      const at = this.#head;
      const mail = this.#mails[at] as Mail; // slots below size are set
      const target = this.#targets[at] as Addressee;
      const begun = (this.#starts[at] as number) < written; // as above
      this.#drop();
      lost(mail, target, begun);
    }
    this.#release();
  }

  #drop(): void {
    const at = this.#head;
    this.#mails[at] = undefined;
    this.#targets[at] = undefined;
    this.#head = (at + 1) & this.#mask;
    this.#size--;
  }

  #release(): void {
    this.#mails = [];
    this.#targets = [];
    this.#starts = [];
    this.#mask = -1;
    this.#head = 0;
  }

  #grow(): void {
    const length = Math.max(SMALLEST, (this.#mask + 1) * 2);
    const mails = new Array<Mail | undefined>(length).fill(undefined);
    const targets = new Array<Addressee | undefined>(length).fill(undefined);
    const starts = new Array<number>(length).fill(0);
    for (let i = 0; i < this.#size; i++) {
      const at = (this.#head + i) & this.#mask;
      mails[i] = this.#mails[at];
      targets[i] = this.#targets[at];
      starts[i] = this.#starts[at] as number; // slots below size are set
    }
    this.#mails = mails;
    this.#targets = targets;
    this.#starts = starts;
    this.#mask = length - 1;
    this.#head = 0;
  }
}
