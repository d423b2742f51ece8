/**
 * How far the work has come, for people who watch.
 *
 * @module
 */

const NUMBERS = new Intl.NumberFormat("en");

/** Writes a number for people: `1,234,567`. */
export function format(number: number): string {
  return NUMBERS.format(number);
}

/** A line that is rewritten on a terminal; elsewhere ten lines. Disposing ends the line. */
export class Progress implements Disposable {
  #total: number;
  #terminal: boolean = Deno.stdout.isTerminal();
  #steps: number = this.#terminal ? 100 : 10;
  #step = 0;

  /** Begins at 0 of `total`. */
  constructor(total: number) {
    this.#total = total;
  }

  /** Writes the line, when there is news. */
  show(done: number): void {
    const step = Math.floor(done / this.#total * this.#steps);
    if (step === this.#step) return;
    this.#step = step;
    const percent = String(step * 100 / this.#steps).padStart(3);
    const line = `${percent} %  ${format(done)} words sent`;
    if (!this.#terminal) console.log(line);
    else Deno.stdout.writeSync(new TextEncoder().encode(`\r${line}`));
  }

  [Symbol.dispose](): void {
    if (this.#terminal && this.#step > 0) console.log();
  }
}
