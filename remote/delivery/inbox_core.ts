/**
 * The receiving end of reliable delivery for one outbox, without actors, network or time: what happens,
 * and what to do about it.
 * @module
 */

import { Deque } from "../../internal/deque.ts";
import { concatBytes } from "../../internal/bytes.ts";
import type { DeliverySegment } from "./segment.ts";

/** Why a message was not handled as its sender wished. */
export interface DeliveryFailure {
  /** The number of the last segment of the message. */
  readonly number: number;
  /** The error's code in snake_case. */
  readonly code: string;
  /** What was found and wanted. */
  readonly text: string;
  /** What is known of the message. */
  readonly outcome: "not_delivered" | "unknown" | "done";
}

/** How far an inbox is with the segments of one outbox. */
export interface DeliveryProgress {
  /** All segments up to this one have come. */
  readonly received: number;
  /** All messages up to this segment are done with. */
  readonly confirmed: number;
  /** Segments up to this one may be sent. */
  readonly upTo: number;
}

/** DeliveryProgress with what failed of it. */
export interface DeliveryReport extends DeliveryProgress {
  /** Whether a later segment came than the one that is missing: what was not received is to be sent again. */
  readonly missing: boolean;
  /** What failed of the messages up to `confirmed`; each until the outbox has said that it knows. */
  readonly failures: readonly DeliveryFailure[];
}

/** What happens to an {@linkcode InboxCore}. */
export type InboxEvent =
  | { readonly kind: "segment"; readonly segment: DeliverySegment }
  /** The message whose last segment has this number was handled, or failed. */
  | {
    readonly kind: "handled";
    readonly number: number;
    readonly failure?: DeliveryFailure | undefined;
  }
  /** The outbox asks for news behind what it knows; an earlier question is answered now. */
  | { readonly kind: "asked"; readonly known: DeliveryProgress }
  /** What is new is to be told, little as it may be. */
  | { readonly kind: "flush" }
  /** A question that is open is to be answered, with nothing new if need be. */
  | { readonly kind: "renew" };

/** What to do about it, in order. */
export type InboxEffect =
  | {
    readonly kind: "deliver";
    readonly number: number;
    readonly type: string;
    readonly body: Uint8Array;
  }
  /** Answers the question that is open. */
  | { readonly kind: "answer"; readonly report: DeliveryReport }
  /** There is news, not much: flush a little later. */
  | { readonly kind: "soon" }
  /** What came is no honest outbox's: nothing more of it is to be taken. */
  | { readonly kind: "broken"; readonly found: string };

/** Limits of an {@linkcode InboxCore}. */
export interface InboxLimits {
  /** How many segments of messages that are not handled may be there. */
  readonly window: number;
  /** Bytes of the largest message. */
  readonly maxMessageBytes: number;
}

/** A message that has not come whole. */
interface Assembly {
  readonly type: string;
  readonly total: number;
  /** The parts; none of a message that is larger than is taken. */
  readonly parts: Uint8Array[] | undefined;
  /** The number of the first segment. */
  readonly first: number;
  bytes: number;
}

/** Takes segments in order and once each, and lets in more of them as messages are handled. */
export class InboxCore {
  readonly #limits: InboxLimits;
  #received = 0;
  #confirmed = 0;
  #upTo: number;
  #assembly: Assembly | undefined = undefined;
  /** The last segments of messages that are not confirmed, in order. */
  readonly #unconfirmed: Deque<number> = new Deque<number>();
  /** Those of them that are done with, in spite of an earlier one that is not. */
  readonly #done: Set<number> = new Set();
  /** Failures that the outbox may not know of. */
  #failures: DeliveryFailure[] = [];
  #missing = false;
  /** What had come when it was last told that something is missing. */
  #toldAt = -1;
  /** What the outbox knows, while it waits for an answer. */
  #asked: DeliveryProgress | undefined = undefined;
  #state: "open" | "broken" = "open";

  constructor(limits: InboxLimits) {
    this.#limits = limits;
    this.#upTo = limits.window;
  }

  /** How far it is. */
  get progress(): DeliveryProgress {
    return {
      received: this.#received,
      confirmed: this.#confirmed,
      upTo: this.#upTo,
    };
  }

  /** Whether nothing of the outbox is in work. */
  get isIdle(): boolean {
    return this.#unconfirmed.size === 0 && this.#assembly === undefined;
  }

  /** Returns what to do about `event`. */
  step(event: InboxEvent): InboxEffect[] {
    if (this.#state === "broken") return [];
    switch (event.kind) {
      case "segment":
        return this.#take(event.segment);
      case "handled":
        return this.#handled(event.number, event.failure);
      case "asked":
        return this.#ask(event.known);
      case "flush":
        return this.#hasNews ? this.#answer() : [];
      case "renew":
        return this.#asked === undefined ? [] : this.#answer();
    }
  }

  #take(segment: DeliverySegment): InboxEffect[] {
    const { number } = segment;
    // What came before has come twice; what is not asked for yet must not fill the memory.
    if (number <= this.#received || number > this.#upTo) return [];
    if (number > this.#received + 1) {
      this.#missing = true;
      return this.#tell();
    }
    this.#missing = false;
    this.#received = number;
    const flaw = this.#add(segment);
    if (flaw !== undefined) {
      this.#state = "broken";
      this.#assembly = undefined;
      return [{ kind: "broken", found: flaw }];
    }
    const whole = this.#assembly as Assembly; // added to above
    const effects: InboxEffect[] = [];
    if (whole.bytes === whole.total) {
      this.#assembly = undefined;
      this.#unconfirmed.push(number);
      if (whole.parts === undefined) {
        effects.push(...this.#handled(number, this.#tooLarge(number, whole)));
      } else {
        const body = concatBytes(whole.parts);
        effects.push({ kind: "deliver", number, type: whole.type, body });
      }
    }
    this.#open();
    return [...effects, ...this.#tell()];
  }

  /** Adds a part; returns what is wrong with it. */
  #add({ number, type, total, part }: DeliverySegment): string | undefined {
    let assembly = this.#assembly;
    if ((assembly === undefined) === (type === "")) {
      return `segment ${number} ${
        type === "" ? "goes on with nothing" : "begins a message in another"
      }`;
    }
    if (assembly === undefined) {
      const isTaken = total <= this.#limits.maxMessageBytes;
      const parts = isTaken ? [] : undefined;
      assembly = { type, total, parts, first: number, bytes: 0 };
      this.#assembly = assembly;
    }
    assembly.bytes += part.length;
    assembly.parts?.push(part);
    const isEmpty = part.length === 0 && assembly.total > 0;
    if (!isEmpty && assembly.bytes <= assembly.total) return undefined;
    return `segment ${number} has ${part.length} bytes, ${assembly.bytes} of ${assembly.total} in all`;
  }

  #handled(
    number: number,
    failure: DeliveryFailure | undefined,
  ): InboxEffect[] {
    if (failure !== undefined) this.#failures.push(failure);
    this.#done.add(number);
    let next = this.#unconfirmed.peek();
    while (next !== undefined && this.#done.delete(next)) {
      this.#confirmed = next;
      this.#unconfirmed.shift();
      next = this.#unconfirmed.peek();
    }
    this.#open();
    return this.#tell();
  }

  /** Lets more segments in: the parts of a message that is not whole need no handler, but the rest. */
  #open(): void {
    const { window } = this.#limits;
    const whole = this.#assembly === undefined
      ? this.#received
      : this.#assembly.first - 1;
    const free = Math.max(0, window - (whole - this.#confirmed));
    this.#upTo = Math.max(this.#upTo, this.#received + free);
  }

  #ask(known: DeliveryProgress): InboxEffect[] {
    const effects = this.#asked === undefined ? [] : this.#answer();
    this.#failures = this.#failures.filter(({ number }) =>
      number > known.confirmed
    );
    this.#asked = known;
    return [...effects, ...this.#tell()];
  }

  get #hasNews(): boolean {
    const known = this.#asked;
    return known !== undefined &&
      (known.confirmed < this.#confirmed || known.upTo < this.#upTo ||
        known.received < this.#received);
  }

  /** Says what is new when somebody waits for it: at once when it is much, or all that there is. */
  #tell(): InboxEffect[] {
    const known = this.#asked;
    if (known === undefined) return [];
    if (this.#missing && this.#toldAt !== this.#received) return this.#answer();
    if (!this.#hasNews) return [];
    const half = this.#limits.window / 2;
    const isAll = this.isIdle && this.#confirmed > known.confirmed;
    const isMuch = this.#confirmed - known.confirmed >= half ||
      this.#upTo - known.upTo >= half;
    return isAll || isMuch ? this.#answer() : [{ kind: "soon" }];
  }

  #answer(): InboxEffect[] {
    this.#asked = undefined;
    if (this.#missing) this.#toldAt = this.#received;
    const failures = this.#failures.filter(({ number }) =>
      number <= this.#confirmed
    );
    const report = { ...this.progress, missing: this.#missing, failures };
    return [{ kind: "answer", report }];
  }

  #tooLarge(number: number, { type, total }: Assembly): DeliveryFailure {
    return {
      number,
      code: "frame_error",
      text:
        `Cannot take "${type}": it has ${total} bytes, at most ${this.#limits.maxMessageBytes} bytes were expected`,
      outcome: "not_delivered",
    };
  }
}
