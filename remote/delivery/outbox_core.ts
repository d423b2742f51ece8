/**
 * The sending end of reliable delivery, without actors, network or clock: what happens, and what to do
 * about it.
 * @module
 */

import { backoffDelay } from "../../actor/supervision/backoff.ts";
import type { Outcome } from "../../actor/errors.ts";
import { Deque } from "../../internal/deque.ts";
import type { DeliveryFailure, DeliveryProgress } from "./inbox_core.ts";
import type {
  OutboxEffect,
  OutboxEvent,
  OutboxSettings,
  Why,
} from "./outbox_steps.ts";
import { Pace } from "./pace.ts";
import type { DeliverySegment } from "./segment.ts";

/** What a message that waits is taken to need besides its body, in bytes. */
const OVERHEAD = 256;

/** A message that is not confirmed. */
interface Entry {
  readonly id: number;
  readonly type: string;
  readonly body: Uint8Array;
  readonly deadline: number;
  /** The numbers of its first and its last segment in the session; 0 before its turn. */
  first: number;
  last: number;
}

const NOTHING: DeliveryProgress = { received: 0, confirmed: 0, upTo: 0 };

/** Numbers messages, keeps them until they are confirmed, and sends again what may be lost. */
export class OutboxCore {
  readonly #settings: OutboxSettings;
  readonly #pace: Pace;
  /** Messages without a number, in order. */
  readonly #waiting: Deque<Entry> = new Deque<Entry>();
  /** Messages of which something was sent in this session, in order; no more than the window lets in. */
  #flight: Entry[] = [];
  #state: "idle" | "opening" | "open" = "idle";
  #session = 0;
  /** What the inbox calls the session. */
  #key = 0;
  #known: DeliveryProgress = NOTHING;
  /** The last segment that was sent. */
  #sent = 0;
  #bytes = 0;
  /** Whether a question is open. */
  #isAsking = false;
  /** What the last attempt ended with, until something is heard. */
  #cause: unknown = undefined;
  /** Whether what was sent may be lost. */
  #isUnsure = false;
  /** When something was last sent or heard. */
  #newsAt = 0;
  #attempts = 0;
  /** When to try again after a failure. */
  #retryAt = Infinity;

  constructor(settings: OutboxSettings) {
    this.#settings = settings;
    this.#pace = new Pace(settings.backoff, settings.random);
  }

  /** How many messages are not confirmed. */
  get size(): number {
    return this.#waiting.size + this.#flight.length;
  }

  /** How many bytes of memory they need. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When a tick is due; `Infinity` for never. */
  get wakeAt(): number {
    const oldest = this.#flight[0] ?? this.#waiting.peek();
    if (oldest === undefined) return Infinity;
    const { resendAfter } = this.#settings;
    const isOwed = this.#state === "open" && this.#sent > this.#known.received;
    const resendAt = isOwed ? this.#newsAt + resendAfter : Infinity;
    return Math.min(oldest.deadline, this.#retryAt, resendAt);
  }

  /** Returns what to do about `event`, which happens at `now`. */
  step(event: OutboxEvent, now: number): OutboxEffect[] {
    switch (event.kind) {
      case "send":
        return this.#send(event, now);
      case "opened":
        return this.#opened(event, now);
      case "report":
        return this.#report(event, now);
      case "forgotten":
        return event.session === this.#session && this.#state === "open"
          ? [...this.#forget(), ...this.#goOn(now)]
          : [];
      case "failed":
        // One of a session that is over says nothing about this one.
        return event.session === this.#session ? this.#failed(event, now) : [];
      case "tick":
        return this.#tick(now);
    }
  }

  /** Gives everything up. */
  close(): OutboxEffect[] {
    return this.#end("closed");
  }

  #end(why: Why): OutboxEffect[] {
    const effects = this.#endFlight(why);
    for (
      let entry = this.#waiting.shift();
      entry !== undefined;
      entry = this.#waiting.shift()
    ) effects.push(this.#giveUp(entry, outcomeOf(entry), why));
    this.#state = "idle";
    return effects;
  }

  #send(
    { id, type, body }: Extract<OutboxEvent, { kind: "send" }>,
    now: number,
  ): OutboxEffect[] {
    const { giveUpAfter, idleAfter } = this.#settings;
    const deadline = now + giveUpAfter;
    if (this.size === 0 && now > this.#newsAt + idleAfter) this.#forget();
    this.#waiting.push({ id, type, body, deadline, first: 0, last: 0 });
    this.#bytes += body.length + OVERHEAD;
    return this.#goOn(now);
  }

  #opened(
    { session, key, upTo }: Extract<OutboxEvent, { kind: "opened" }>,
    now: number,
  ): OutboxEffect[] {
    if (this.#state !== "opening" || session !== this.#session) return [];
    this.#state = "open";
    this.#key = key;
    this.#known = { received: 0, confirmed: 0, upTo };
    this.#sent = 0;
    this.#isUnsure = false;
    this.#heard(now);
    return this.#goOn(now);
  }

  #report(
    { session, report }: Extract<OutboxEvent, { kind: "report" }>,
    now: number,
  ): OutboxEffect[] {
    if (this.#state !== "open" || session !== this.#session) return [];
    this.#isAsking = false;
    const { received, confirmed, upTo, missing, failures } = report;
    if (confirmed > received || received > this.#sentEver) {
      // It speaks of what was never sent: not the inbox of this session.
      return [...this.#forget(), ...this.#goOn(now)];
    }
    const known = this.#known;
    // An answer may be older than one before it.
    this.#known = {
      received: Math.max(known.received, received),
      confirmed: Math.max(known.confirmed, confirmed),
      upTo: Math.max(known.upTo, upTo),
    };
    const effects = this.#confirm(failures);
    if (this.#pace.isLimited) {
      return [...effects, ...this.#endRound(now)];
    }
    if (this.#isUnsure || (missing && received === this.#known.received)) {
      this.#sent = this.#known.received;
    } else this.#sent = Math.max(this.#sent, this.#known.received);
    this.#isUnsure = false;
    this.#heard(now);
    return [...effects, ...this.#goOn(now)];
  }

  /** In rounds a question is answered at once: what has not come before it was refused. */
  #endRound(now: number): OutboxEffect[] {
    const { received } = this.#known;
    this.#heard(now);
    // That of which the question was refused has been counted.
    if (this.#isUnsure) this.#isUnsure = false;
    else if (this.#sent <= received) this.#pace.passed();
    else this.#pace.refused(this.#sent - received);
    this.#sent = received;
    if (!this.#pace.isLimited) return this.#goOn(now);
    this.#retryAt = now + this.#pace.pause;
    return [];
  }

  #failed(
    { error, verdict = "lost" }: Extract<OutboxEvent, { kind: "failed" }>,
    now: number,
  ): OutboxEffect[] {
    this.#isAsking = false;
    this.#isUnsure = true;
    this.#cause = error;
    // The next message tries again: what is refused today may be allowed tomorrow.
    if (verdict === "final") return this.#end("refused");
    if (verdict === "limited") {
      this.#pace.refused(this.#sent - this.#known.received);
      this.#retryAt = now + this.#pace.pause;
      return [];
    }
    const { backoff, random } = this.#settings;
    this.#retryAt = now + backoffDelay(backoff, this.#attempts++, random);
    return [];
  }

  #tick(now: number): OutboxEffect[] {
    const effects = this.#expire(now);
    if (this.#retryAt <= now) {
      this.#retryAt = Infinity;
      if (this.#state === "opening") this.#state = "idle";
    }
    const { received } = this.#known;
    const isLate = now >= this.#newsAt + this.#settings.resendAfter;
    if (this.#state === "open" && this.#sent > received && isLate) {
      this.#sent = received;
      this.#newsAt = now;
    }
    return [...effects, ...this.#goOn(now)];
  }

  /** Gives up what has waited too long. */
  #expire(now: number): OutboxEffect[] {
    const effects: OutboxEffect[] = [];
    const [oldest] = this.#flight;
    if (oldest !== undefined && oldest.deadline <= now) {
      // What follows was numbered behind it: the numbers have no more use.
      this.#flight.shift();
      effects.push(this.#giveUp(oldest, "unknown", "time"));
      effects.push(...this.#forget("time"));
    }
    for (
      let entry = this.#waiting.peek();
      entry !== undefined && entry.deadline <= now;
      entry = this.#waiting.peek()
    ) {
      this.#waiting.shift();
      effects.push(this.#giveUp(entry, outcomeOf(entry), "time"));
    }
    return effects;
  }

  /** Begins anew: what is in flight is sent again from its first byte, or given up. */
  #forget(why: Why = "forgotten"): OutboxEffect[] {
    this.#state = "idle";
    this.#isAsking = false;
    this.#known = NOTHING;
    this.#sent = 0;
    if (this.#settings.guarantee === "effectively_once") {
      return this.#endFlight(why);
    }
    for (const entry of this.#flight.splice(0).reverse()) {
      this.#waiting.unshift(entry);
    }
    return [];
  }

  #endFlight(why: Why): OutboxEffect[] {
    return this.#flight.splice(0).map((entry) =>
      this.#giveUp(entry, "unknown", why)
    );
  }

  #giveUp(
    { id, body }: Entry,
    outcome: Outcome,
    why: Why,
  ): OutboxEffect {
    this.#bytes -= body.length + OVERHEAD;
    return { kind: "given_up", id, outcome, why, cause: this.#cause };
  }

  #confirm(failures: readonly DeliveryFailure[]): OutboxEffect[] {
    const { confirmed } = this.#known;
    const effects: OutboxEffect[] = [];
    let count = 0;
    for (const { id, body, last } of this.#flight) {
      if (last > confirmed) break;
      count++;
      this.#bytes -= body.length + OVERHEAD;
      const failure = failures.find(({ number }) => number === last);
      effects.push(
        failure === undefined
          ? { kind: "confirmed", id }
          : { kind: "rejected", id, failure },
      );
    }
    if (count > 0) this.#flight.splice(0, count);
    return effects;
  }

  #heard(now: number): void {
    this.#cause = undefined;
    this.#newsAt = now;
    this.#attempts = 0;
    this.#retryAt = Infinity;
  }

  /** The last segment of the messages in flight: more cannot have come. */
  get #sentEver(): number {
    return Math.max(
      this.#sent,
      this.#flight.at(-1)?.last ?? this.#known.confirmed,
    );
  }

  /** Asks for a session, or for news, and sends what may be sent. */
  #goOn(now: number): OutboxEffect[] {
    if (this.size === 0 || this.#retryAt !== Infinity) return [];
    if (this.#state === "opening") return [];
    if (this.#state === "idle") {
      this.#state = "opening";
      return [{ kind: "open", session: ++this.#session }];
    }
    const effects: OutboxEffect[] = [];
    const { isLimited } = this.#pace;
    if (isLimited && this.#isAsking) return effects; // the round is not over
    if (!this.#isUnsure) {
      if (this.#sent === this.#known.received) this.#newsAt = now;
      this.#pump(effects);
    }
    if (!this.#isAsking) {
      this.#isAsking = true;
      // Who knows nothing is answered at once.
      const known = isLimited
        ? { ...NOTHING, confirmed: this.#known.confirmed }
        : this.#isUnsure
        ? NOTHING
        : this.#known;
      effects.push({
        kind: "ask",
        session: this.#session,
        key: this.#key,
        known,
      });
    }
    return effects;
  }

  #pump(effects: OutboxEffect[]): void {
    let at = this.#flight.findIndex(({ last }) => last > this.#sent);
    if (at < 0) at = this.#flight.length;
    const { received, upTo } = this.#known;
    const end = Math.min(upTo, received + this.#pace.burst);
    while (this.#sent < end) {
      const entry = this.#flight[at] ?? this.#number();
      if (entry === undefined) return;
      this.#sent++;
      const segment = this.#segment(entry, this.#sent);
      effects.push({ kind: "segment", segment });
      if (this.#sent === entry.last) at++;
    }
  }

  /** Gives the next message that waits its numbers. */
  #number(): Entry | undefined {
    const entry = this.#waiting.shift();
    if (entry === undefined) return undefined;
    const { segmentBytes } = this.#settings;
    const count = Math.max(1, Math.ceil(entry.body.length / segmentBytes));
    entry.first = this.#sent + 1;
    entry.last = this.#sent + count;
    this.#flight.push(entry);
    return entry;
  }

  #segment({ type, body, first }: Entry, number: number): DeliverySegment {
    const { producer, segmentBytes } = this.#settings;
    const start = (number - first) * segmentBytes;
    const isFirst = number === first;
    return {
      producer,
      session: this.#key,
      number,
      type: isFirst ? type : "",
      total: isFirst ? body.length : 0,
      part: body.subarray(start, start + segmentBytes),
    };
  }
}

/** What is known of a message that waits: it may have been sent in an earlier session. */
function outcomeOf({ first }: Entry): Outcome {
  return first === 0 ? "not_delivered" : "unknown";
}
