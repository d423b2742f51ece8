/**
 * Actors whose messages are jobs, some of which only read.
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  type ActorOptions,
  type ActorRef,
  type ActorSystem,
  ask,
  type Context,
  data,
  type Handlers,
  type Protocol,
  protocol,
  type Reentrancy,
  type Spec,
  tell,
} from "../../../actor/mod.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import { gate, type Job, quietSystem } from "../fixtures.ts";

/** A book. */
export type BookProtocol = Protocol<"book", {
  read: Spec<Job, unknown>;
  write: Spec<Job, unknown>;
  note: Spec<string, void>;
}>;
/** An actor without messages that only read. */
export type PlainProtocol = Protocol<"plain", { run: Spec<Job, unknown> }>;

export const Book: BookProtocol = protocol("book", {
  read: ask({ input: data<Job>(), output: data<unknown>(), readOnly: true }),
  write: ask<Job, unknown>(),
  note: tell<string>(),
});
export type BookRef = ActorRef<BookProtocol>;
export const Plain: PlainProtocol = protocol("plain", {
  run: ask<Job, unknown>(),
});

/** What a book does with its jobs: it runs them. Notes go to `log`. */
export function book(log: string[] = []): Handlers<BookProtocol> {
  return {
    read: (job: Job, ctx: Context) => job(ctx),
    write: (job: Job, ctx: Context) => job(ctx),
    note: (text: string) => void log.push(text),
  };
}

/** A system where time stands still. */
export function still(): ActorSystem {
  return quietSystem({ clock: new ManualClock() });
}

export function spawnBook(
  system: ActorSystem,
  options: ActorOptions = {},
): BookRef {
  return system.spawn(Book, () => book(), { name: "book", ...options });
}

/** The options of a reentrant actor. */
export function reentrant(
  mode: Reentrancy["mode"],
  maxInFlight?: number,
): { reentrancy: Reentrancy } {
  return {
    reentrancy: { mode, ...(maxInFlight === undefined ? {} : { maxInFlight }) },
  };
}

/** Makes and ends jobs by their names. */
export interface Jobs {
  /** A job that waits to be told to end. */
  job(name: string): Job;
  /** Ends it. */
  end(name: string): void;
}

/** Jobs that write down when they begin and end, and end when they are told. */
export function jobs(log: string[]): Jobs {
  const opens = new Map<string, PromiseWithResolvers<void>>();
  return {
    job: (name: string): Job => async () => {
      const open = gate();
      opens.set(name, open);
      log.push(`+${name}`);
      await open.promise;
      log.push(`-${name}`);
      return name;
    },
    end: (name: string) => opens.get(name)?.resolve(),
  };
}

/** An actor with room for two, and an ask of it by which another asks back three times at once. */
export async function crowded(
  system: ActorSystem,
  log: string[],
): Promise<{ actor: BookRef; codes: Promise<unknown>; end: Jobs["end"] }> {
  const actor = spawnBook(system, reentrant("call_chain", 2));
  const other = system.spawn(Plain, () => ({
    run: (job: Job, ctx: Context) => job(ctx),
  }));
  const { job, end } = jobs(log);
  const codes = actor.ask(Book.write((ctx) =>
    ctx.ask(
      other,
      Plain.run((inner) =>
        Promise.all(
          ["x", "y", "z"].map((name) =>
            inner.ask(actor, Book.write(job(name))).catch(({ code }) => code)
          ),
        )
      ),
    )
  ));
  await settle(system);
  assertEquals(log, ["+x"]);
  return { actor, codes, end };
}
