/**
 * Looks after the links of a node.
 * @module
 */

import type { Clock, Timer } from "../../internal/clock.ts";
import { examinationPeriod, type VitalOptions } from "./vitals.ts";

/** Something that is looked after. */
export interface Examined {
  /** Looks whether the other end lives; `awake` is since when this process has looked without a gap. */
  examine(options: VitalOptions, now: number, awake: number): void;
}

/** Looks at every link again and again, on one timer that runs while there is one. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #options: VitalOptions;
  readonly #links: ReadonlySet<Examined>;
  #timer: Timer | undefined = undefined;
  #due = 0;
  #awake: number;

  /** Looks after `links`, whoever adds to them. */
  constructor(
    clock: Clock,
    options: VitalOptions,
    links: ReadonlySet<Examined>,
  ) {
    this.#clock = clock;
    this.#options = options;
    this.#links = links;
    this.#awake = clock.now();
  }

  /** There is a link, or none any more. */
  update(): void {
    if (this.#links.size === 0) {
      this.#timer?.cancel();
      this.#timer = undefined;
    } else if (this.#timer === undefined) this.#wait();
  }

  #wait(): void {
    const period = examinationPeriod(this.#options);
    this.#due = this.#clock.now() + period;
    this.#timer = this.#clock.setTimer(period, this.#look);
  }

  #look = (): void => {
    this.#timer = undefined;
    const now = this.#clock.now();
    // Much too late means that this process stood still, and has not read what came meanwhile.
    if (now - this.#due >= examinationPeriod(this.#options)) this.#awake = now;
    for (const link of [...this.#links]) {
      link.examine(this.#options, now, this.#awake);
    }
    this.update();
  };
}
