/**
 * The scenarios with Effect: an actor is a fiber that takes its messages from an unbounded queue.
 * @module
 */

import { Deferred, Effect, Queue } from "effect";
import {
  askRate,
  type Crowd,
  idleHeap,
  type Load,
  pingPongRate,
  spawnRate,
  tellRate,
} from "./scenarios.ts";

interface Addition {
  readonly by: number;
  readonly reply?: Deferred.Deferred<number>;
}

interface Ball {
  readonly left: number;
}

type Mailbox<T> = Queue.Queue<T>;

/** Takes one message after the other. */
function counter(mailbox: Mailbox<Addition>): Effect.Effect<never> {
  return Effect.gen(function* () {
    let count = 0;
    while (true) {
      const { by, reply } = yield* Queue.take(mailbox);
      count += by;
      if (reply !== undefined) yield* Deferred.succeed(reply, count);
    }
  });
}

/** Takes all messages that there are at once. */
function batchCounter(mailbox: Mailbox<Addition>): Effect.Effect<never> {
  return Effect.gen(function* () {
    let count = 0;
    while (true) {
      for (const { by, reply } of yield* Queue.takeAll(mailbox)) {
        count += by;
        if (reply !== undefined) yield* Deferred.succeed(reply, count);
      }
    }
  });
}

function start(
  actor: (mailbox: Mailbox<Addition>) => Effect.Effect<never>,
): Mailbox<Addition> {
  const mailbox = Effect.runSync(Queue.unbounded<Addition>());
  Effect.runFork(actor(mailbox));
  return mailbox;
}

/** A request of a fiber: the message carries what the reply is put into. */
function next(mailbox: Mailbox<Addition>, by: number): Effect.Effect<number> {
  return Effect.gen(function* () {
    const reply = yield* Deferred.make<number>();
    yield* Queue.offer(mailbox, { by, reply });
    return yield* Deferred.await(reply);
  });
}

/** `Queue.offerUnsafe()` from plain code to a fiber that takes one message after the other. */
export function tell(load: Load): Promise<number> {
  return tells(load, counter);
}

/** The same to a fiber that takes all messages at once. */
export function tellBatches(load: Load): Promise<number> {
  return tells(load, batchCounter);
}

function tells(
  load: Load,
  actor: (mailbox: Mailbox<Addition>) => Effect.Effect<never>,
): Promise<number> {
  const mailbox = start(actor);
  return tellRate(load, (size) => {
    for (let i = 0; i < size; i++) Queue.offerUnsafe(mailbox, { by: i & 7 });
    return Effect.runPromise(next(mailbox, 0));
  });
}

/** `Queue.offer()` between two fibers. */
export function pingPong(load: Load): Promise<number> {
  let hits = 0;
  let over: () => void = () => {};
  const player = (own: Mailbox<Ball>, other: Mailbox<Ball>) =>
    Effect.gen(function* () {
      while (true) {
        const { left } = yield* Queue.take(own);
        hits++;
        if (left === 0) over();
        else yield* Queue.offer(other, { left: left - 1 });
      }
    });
  const ping = Effect.runSync(Queue.unbounded<Ball>());
  const pong = Effect.runSync(Queue.unbounded<Ball>());
  Effect.runFork(player(ping, pong));
  Effect.runFork(player(pong, ping));
  return pingPongRate(load, async (balls) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    over = resolve;
    Queue.offerUnsafe(ping, { left: balls - 1 });
    await promise;
    return hits;
  });
}

/** Requests of one fiber, each when the last was answered. */
export function askSequential(load: Load): Promise<number> {
  return asks(load, 1);
}

/** Requests of 64 fibers. */
export function askInFlight(load: Load): Promise<number> {
  return asks(load, 64);
}

function asks(load: Load, width: number): Promise<number> {
  const call = next(start(counter), 1);
  return askRate(load, (count, take) => {
    let left = count;
    const loop = Effect.gen(function* () {
      while (left-- > 0) take(yield* call);
    });
    return Effect.runPromise(
      Effect.all(Array.from({ length: width }, () => loop), {
        concurrency: "unbounded",
        discard: true,
      }),
    );
  });
}

/** `Effect.runFork()`: a fiber with a queue of its own that has begun to wait for the first message. */
export function spawn(load: Load): Promise<number> {
  return spawnRate(load, new EffectCrowd());
}

/** The same fibers at rest. */
export function idle(load: Load): Promise<number> {
  return idleHeap(load, new EffectCrowd());
}

class EffectCrowd implements Crowd {
  readonly #mailboxes: Mailbox<Addition>[] = [];
  #started = 0;

  grow(count: number): Promise<number> {
    const actor = Effect.gen({ self: this }, function* () {
      const mailbox = yield* Queue.unbounded<Addition>();
      this.#mailboxes.push(mailbox);
      this.#started++;
      return yield* counter(mailbox);
    });
    for (let i = 0; i < count; i++) Effect.runFork(actor);
    return Promise.resolve(this.#started);
  }

  ask(index: number): Promise<number> {
    return Effect.runPromise(next(this.#mailboxes[index]!, 1)); // grown before
  }
}
