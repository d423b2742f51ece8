/**
 * The actor that most figures are measured with.
 * @module
 */

import {
  ask,
  type Handlers,
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../actor/mod.ts";

/** The body of an increment. */
export interface Increment {
  /** What is added. */
  readonly by: number;
}

/** Counts, and says how far it has come. */
export const Counter: Protocol<
  "counter",
  { increment: Spec<Increment, void>; get: Spec<void, number> }
> = protocol("counter", {
  increment: tell<Increment>(),
  get: ask<void, number>(),
});

/** Counts in a field. */
export class CounterActor implements Handlers<typeof Counter> {
  #count = 0;

  increment({ by }: Increment): void {
    this.#count += by;
  }

  get(): number {
    return this.#count;
  }
}
