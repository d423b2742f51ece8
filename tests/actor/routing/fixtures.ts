/**
 * Actors for tests of routers: each has a number in the order in which it was made.
 *
 * @module
 */
import {
  type ActorRef,
  ask,
  type Context,
  type NoErrors,
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../../actor/mod.ts";

/** What a desk does with a message, besides writing it down. */
export type Work = (desk: number, ctx: Context) => unknown;

/** A protocol whose actors write down what reaches them. */
export const Desk: Protocol<
  "desk",
  {
    note: Spec<string, void>;
    serve: Spec<string, string, NoErrors>;
    run: Spec<Work, unknown, NoErrors>;
  }
> = protocol("desk", {
  note: tell<string>(),
  serve: ask<string, string>(),
  run: ask<Work, unknown>(),
});

/** A reference to a desk, or to a router with desks behind it. */
export type DeskRef = ActorRef<typeof Desk>;

/** The handlers of a desk. */
export interface DeskHandlers {
  /** Writes the text down. */
  note(text: string): void;
  /** Says who it is. */
  serve(text: string): string;
  /** Runs the work. */
  run(work: Work, ctx: Context): unknown;
}

/** Makes desks 1, 2, 3 and so on, which write into `log`. */
export function desks(log: string[] = []): () => DeskHandlers {
  let made = 0;
  return () => {
    const desk = ++made;
    return {
      note: (text) => void log.push(`${desk}:${text}`),
      serve: (text) => `${desk}:${text}`,
      run: (work, ctx) => work(desk, ctx),
    };
  };
}
