// deno-lint-ignore-file no-console -- a command line tool prints
/**
 * Measures: prints one JSON object for each figure, and then a table on standard error.
 * @module
 */

import type { Figure } from "./figure.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { isDrawn, pictureOf } from "./peers/picture.ts";
import { readVersions } from "./peers/versions.ts";
import { type Line, lineOf, tableOf, verdictOf } from "./report.ts";
import { runRounds } from "./runner.ts";
import { chooseFigures } from "./suites.ts";

async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  let figures: Figure[];
  try {
    options = parseOptions(args);
    figures = chooseFigures(options);
    if (options.svg !== undefined && !figures.some(isDrawn)) {
      throw new TypeError(
        `Cannot draw "${options.svg}": expected figures of the suite "peers"`,
      );
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    return 2;
  }
  const measurable: Figure[] = [];
  for (const figure of figures) {
    const why = await figure.missing?.();
    if (why === undefined) measurable.push(figure);
    else console.error(`${figure.name} is left out: ${why}`);
  }
  const { samples, failures } = await runRounds(measurable, options.rounds);
  const entries: [Figure, Line][] = [];
  for (const [figure, values] of samples) {
    entries.push([figure, lineOf(figure, values)]);
  }
  const lines = entries.map(([, line]) => `${JSON.stringify(line)}\n`);
  for (const line of lines) console.log(line.trimEnd());
  if (options.json !== undefined) {
    await Deno.writeTextFile(options.json, lines.join(""));
  }
  if (options.svg !== undefined && failures.length === 0) {
    const picture = pictureOf(entries.map(([, line]) => line), {
      versions: await readVersions(),
      date: new Date().toISOString().slice(0, "YYYY-MM-DD".length),
    });
    await Deno.writeTextFile(options.svg, picture);
  }
  console.error(`\n${tableOf(entries)}`);
  for (const { message } of failures) console.error(message);
  const missed = entries.filter((it) => verdictOf(...it) === "missed");
  return failures.length > 0 || (options.check && missed.length > 0) ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
