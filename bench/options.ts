/**
 * The command line.
 * @module
 */

/** What the command line asked for. */
export interface Options {
  /** The suites to run; those that need no other packages when empty. */
  readonly suites: readonly string[];
  /** Only figures whose name contains this. */
  readonly only: string;
  /** The file that the lines are written to, too. */
  readonly json: string | undefined;
  /** The file that the picture of the suite `peers` is written to. */
  readonly svg: string | undefined;
  /** How many rounds. */
  readonly rounds: number;
  /** Whether a missed floor is a failure. */
  readonly check: boolean;
}

/** How to call the program. */
export const USAGE =
  "deno task bench [--suite NAME]... [--only SUBSTRING] [--rounds N] [--json FILE] [--svg FILE] [--check]";

/** The fewest rounds that a median is taken of. */
const ROUNDS = 3;

/**
 * Reads the command line; values follow their flag, or an equals sign.
 *
 * @throws {TypeError} When it is not of that form.
 */
export function parseOptions(args: readonly string[]): Options {
  const suites: string[] = [];
  let only = "";
  let json: string | undefined;
  let svg: string | undefined;
  let rounds = ROUNDS;
  let check = false;
  const words = args.flatMap((arg) => {
    const at = arg.startsWith("--") ? arg.indexOf("=") : -1;
    return at < 0 ? [arg] : [arg.slice(0, at), arg.slice(at + 1)];
  });
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "--check") {
      check = true;
      continue;
    }
    if (!["--suite", "--only", "--json", "--svg", "--rounds"].includes(word)) {
      throw new TypeError(`Cannot read "${word}": expected ${USAGE}`);
    }
    const value = words.shift();
    if (value === undefined) {
      throw new TypeError(`Cannot read "${word}": its value is missing`);
    }
    if (word === "--suite") suites.push(value);
    else if (word === "--only") only = value;
    else if (word === "--json") json = value;
    else if (word === "--svg") svg = value;
    else rounds = Number(value);
  }
  if (!Number.isInteger(rounds) || rounds < ROUNDS) {
    throw new TypeError(
      `Cannot run ${rounds} rounds: an integer from ${ROUNDS} was expected`,
    );
  }
  return { suites, only, json, svg, rounds, check };
}
