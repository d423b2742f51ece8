/**
 * The actors of the soak: they fail, stop, put messages aside and pass them on, all by chance, and count.
 *
 * @module
 */
import {
  type ActorRef,
  ask,
  boundedMailbox,
  type Context,
  fairMailbox,
  type Handlers,
  type MailboxFactory,
  type NoErrors,
  oneForAll,
  oneForOne,
  priorityMailbox,
  type Protocol,
  protocol,
  restForOne,
  type Rule,
  type Spec,
  type Supervisor,
  tell,
} from "../../actor/mod.ts";
import type { Random } from "../../internal/random.ts";

/** A piece of work. */
export interface Load {
  /** Which actor of a router with consistent hashing gets it, and how urgent it is. */
  readonly key: number;
  /** How often it is still passed on. */
  readonly hops: number;
}

/** What all actors of the soak speak. */
export const Work: Protocol<
  "work",
  {
    carry: Spec<Load, void>;
    weigh: Spec<Load, number, NoErrors>;
    tick: Spec<void, void>;
  }
> = protocol("work", {
  carry: tell<Load>(),
  weigh: ask<Load, number>(),
  tick: tell(),
});

/** A reference to a worker, or to a router. */
export type WorkRef = ActorRef<typeof Work>;

/** What was counted outside of the library. */
export class Tally {
  /** Messages that were given to a reference; those to several actors once for each. */
  sent = 0;
  /** Messages that a handler saw and did not put aside. */
  handled = 0;
  /** Messages of timers that a handler saw; they are not among the others. */
  ticks = 0;
  /** Messages of timers that reached an instance after its end. */
  strays = 0;
  /** Instances whose start hook ran. */
  started = 0;
  /** Instances whose stop or restart hook ran. */
  ended = 0;
  /** Asks that were begun. */
  asked = 0;
  /** Asks that have ended, with a reply or not. */
  answered = 0;
  /** Asks that ended without a reply, by the code of the error. */
  readonly refusals: Record<string, number> = {};
}

class Resumable extends Error {}
class Restartable extends Error {}
class Fatal extends Error {}
class Suspending extends Error {}
class Escalating extends Error {}

const FAILURES = [
  Resumable,
  Restartable,
  Restartable,
  Restartable,
  Fatal,
  Suspending,
  Escalating,
] as const;

const RULES: readonly Rule[] = [
  { error: Resumable, directive: "resume" },
  { error: Restartable, directive: "restart" },
  { error: Fatal, directive: "stop" },
  { error: Suspending, directive: "suspend" },
  { error: Escalating, directive: "escalate" },
];

/** The policies of workers. */
const SUPERVISORS: readonly Supervisor[] = [
  oneForOne({ rules: RULES, maxRestarts: Infinity }),
  oneForAll({ rules: RULES, maxRestarts: Infinity }),
  restForOne({ rules: RULES, maxRestarts: 20, within: 100 }),
  oneForOne({
    rules: RULES,
    maxRestarts: Infinity,
    backoff: { min: 1, max: 8 },
  }),
];

/** The mailboxes of workers; the first is that of every actor. */
const MAILBOXES: readonly (MailboxFactory | undefined)[] = [
  undefined,
  boundedMailbox(64),
  boundedMailbox(64, "drop_oldest"),
  boundedMailbox(64, "drop_newest"),
  priorityMailbox(({ body }) => (body as Load | undefined)?.key ?? 0),
  fairMailbox(),
];

/** What happens by chance to a message, in thousandths. */
const CHANCES = {
  stash: 10,
  forward: 20,
  fail: 10,
  failLater: 3,
  wait: 20,
  stop: 1,
};

/** Where workers find one another, and what they are up to. */
export class Site {
  readonly tally: Tally = new Tally();
  /** Whoever can be given work; those that have ended stay until somebody takes their place. */
  readonly places: WorkRef[] = [];
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** A whole number from 0 to below `bound`. */
  below(bound: number): number {
    return Math.floor(this.random.next() * bound);
  }

  /** Somebody who may live. */
  anybody(): WorkRef {
    return this.places[this.below(this.places.length)] as WorkRef; // below the length
  }

  /** A load that is passed on up to `hops` times. */
  load(hops: number): Load {
    return { key: this.below(1_000), hops };
  }

  /** A fresh worker. */
  worker(): Handlers<typeof Work> {
    const { tally } = this;
    let isOver = false;
    const end = (): void => {
      isOver = true;
      tally.ended++;
    };
    return {
      onStart: ({ timers }): void => {
        tally.started++;
        const every = 1 + this.below(40);
        if (every <= 10) timers.start("tick", { every }, Work.tick());
        else if (every <= 15) timers.setReceiveTimeout(5, Work.tick());
      },
      onStop: end,
      onRestart: end,
      tick: (): void => {
        tally.ticks++;
        if (isOver) tally.strays++;
      },
      carry: (load: Load, ctx: Context): void | Promise<void> =>
        this.#handle(load, ctx),
      weigh: (load: Load, ctx: Context): number | Promise<number> => {
        const handling = this.#handle(load, ctx);
        return handling === undefined
          ? load.key
          : handling.then(() => load.key);
      },
    };
  }

  /** Fills the places from `first` on with actors below `ctx`, as soon as those there have ended. */
  crew(first: number, size: number): Handlers<typeof Work> {
    const hire = (place: number, ctx: Context) => {
      const mailbox = MAILBOXES[place % MAILBOXES.length];
      const ref = ctx.spawn(Work, () => this.worker(), {
        supervisor: SUPERVISORS[first % SUPERVISORS.length] as Supervisor,
        ...(mailbox === undefined ? {} : { mailbox }),
      });
      this.places[place] = ref;
      ctx.watch(ref);
    };
    return {
      ...this.worker(),
      onStart: (ctx: Context): void => {
        this.tally.started++;
        for (let i = 0; i < size; i++) hire(first + i, ctx);
      },
      onTerminated: ({ pid }, ctx): void => {
        const place = this.places.findIndex((ref) => ref.pid.equals(pid));
        if (place >= 0) hire(place, ctx);
      },
    };
  }

  /** Counts `message` as sent `times` times. */
  tell(ref: WorkRef, load: Load, times = 1): void {
    this.tally.sent += times;
    ref.tell(Work.carry(load));
  }

  /** Asks, and counts what becomes of it. */
  ask(ref: WorkRef, load: Load, timeout: number, times = 1): void {
    const { tally } = this;
    tally.sent += times;
    tally.asked++;
    ref.ask(Work.weigh(load), { timeout }).then(
      () => void tally.answered++,
      (error) => {
        tally.answered++;
        const code = error.code ?? "failed";
        tally.refusals[code] = (tally.refusals[code] ?? 0) + 1;
      },
    );
  }

  #handle({ key, hops }: Load, ctx: Context): undefined | Promise<void> {
    const { tally } = this;
    let dice = this.below(1_000);
    if ((dice -= CHANCES.stash) < 0) {
      ctx.stash();
      return;
    }
    tally.handled++;
    if (hops > 0) {
      tally.sent++;
      ctx.tell(this.anybody(), Work.carry(this.load(hops - 1)));
    }
    if (key % 16 === 0) ctx.unstashAll();
    if (this.below(1_000) < CHANCES.forward) {
      tally.sent++;
      ctx.forward(this.anybody());
    }
    if ((dice -= CHANCES.fail) < 0) throw this.#failure();
    if ((dice -= CHANCES.failLater) < 0) {
      return Promise.resolve().then(() => {
        throw this.#failure();
      });
    }
    if ((dice -= CHANCES.wait) < 0) return Promise.resolve();
    if ((dice -= CHANCES.stop) < 0) void ctx.stop();
  }

  #failure(): Error {
    const Failure = FAILURES[this.below(FAILURES.length)] ?? Restartable;
    return new Failure("by chance");
  }
}
