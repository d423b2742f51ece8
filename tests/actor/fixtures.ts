/**
 * Actors that do what a test tells them.
 *
 * @module
 */
import {
  type ActorRef,
  ActorSystem,
  type ActorSystemOptions,
  ask,
  type Context,
  type Protocol,
  protocol,
  type Spec,
  type SystemEvent,
  tell,
} from "../../actor/mod.ts";

/** Runs inside an actor. */
export type Job = (ctx: Context) => unknown;

/** A protocol whose actors run what they are sent. */
export const Worker: Protocol<
  "worker",
  { run: Spec<Job, unknown>; note: Spec<string, void> }
> = protocol("worker", {
  run: ask<Job, unknown>(),
  note: tell<string>(),
});

/** A reference to a worker. */
export type WorkerRef = ActorRef<typeof Worker>;

/** The handlers of a worker that writes what happens to it into `log`. */
export function worker(log: string[] = [], name = ""): WorkerHandlers {
  return {
    run: (job, ctx) => job(ctx),
    note: (text) => void log.push(name + text),
  };
}

/** What {@linkcode worker} returns. */
export interface WorkerHandlers {
  /** Runs the job. */
  run(job: Job, ctx: Context): unknown;
  /** Writes the text down. */
  note(text: string): void;
}

/** What {@linkcode loggedWorker} returns. */
export interface LoggedHandlers extends WorkerHandlers {
  /** Writes it down. */
  onStart(): void;
  /** Writes it down. */
  onStop(): void;
  /** Writes it down. */
  onRestart(): void;
}

/** A worker that also writes down its hooks. */
export function loggedWorker(log: string[], name: string): LoggedHandlers {
  return {
    ...worker(log, `${name}:`),
    onStart: (): void => void log.push(`${name} starts`),
    onStop: (): void => void log.push(`${name} stops`),
    onRestart: (): void => void log.push(`${name} restarts`),
  };
}

/** A system that prints nothing. */
export function quietSystem(options: ActorSystemOptions = {}): ActorSystem {
  return new ActorSystem("test", { logger: null, ...options });
}

/** Throws from an expression. */
export function raise(error: unknown): never {
  throw error;
}

/** A promise and what settles it. */
export function gate<T = void>(): PromiseWithResolvers<T> {
  return Promise.withResolvers<T>();
}

/** Collects events of some types from now on; reading the list does not wait. */
export function record<T extends SystemEvent["type"]>(
  system: ActorSystem,
  ...types: T[]
): Extract<SystemEvent, { type: T }>[] {
  const events: Extract<SystemEvent, { type: T }>[] = [];
  const subscription = system.events.subscribe({ types, capacity: 100_000 });
  (async () => {
    for await (const event of subscription) events.push(event);
  })();
  return events;
}

/** Lets the event loop turn once. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
