/**
 * Reads the table of capabilities and checks it against the tests that it names.
 *
 * @module
 */

/** A row of the table. */
export interface Capability {
  /** Such as `S1-07`. */
  readonly id: string;
  /** What a user can do. */
  readonly text: string;
  /** The tests that prove it; empty while there is none. */
  readonly tests: readonly string[];
}

const SEPARATOR = " › ";

/** Reads every row that begins with an id. */
export function readCapabilities(markdown: string): Capability[] {
  return markdown.split("\n").filter((line) => /^\| *S\d+-\d+ *\|/.test(line))
    .map((line) => {
      const cells = line.split(/(?<!\\)\|/).map((cell) =>
        cell.trim().replaceAll("\\|", "|")
      );
      const [, id = "", text = "", tests = ""] = cells;
      return {
        id,
        text,
        tests: tests === "not yet" ? [] : tests.split(/ *<br> */),
      };
    });
}

/**
 * Lists what is wrong with the ids of the table.
 *
 * @param rows The rows of the table.
 * @param ids The ids that must be there, once each.
 */
export function findIdProblems(
  rows: readonly Capability[],
  ids: readonly string[],
): string[] {
  const wanted = new Set(ids);
  const found = new Set<string>();
  const problems: string[] = [];
  for (const { id, text } of rows) {
    if (!wanted.has(id)) problems.push(`${id} is unknown`);
    if (found.has(id)) problems.push(`${id} is there twice`);
    if (text === "") problems.push(`${id} says nothing`);
    found.add(id);
  }
  return [
    ...problems,
    ...ids.filter((id) => !found.has(id)).map((id) => `${id} is missing`),
  ];
}

/**
 * Lists the references to tests that do not exist.
 *
 * @param rows The rows of the table.
 * @param read Reads a file by its path in the project, or gives `undefined`.
 */
export async function findTestProblems(
  rows: readonly Capability[],
  read: (path: string) => Promise<string | undefined>,
): Promise<string[]> {
  const problems: string[] = [];
  for (const { id, tests } of rows) {
    for (const reference of tests) {
      const problem = await judge(reference, read);
      if (problem !== undefined) problems.push(`${id}: ${problem}`);
    }
  }
  return problems;
}

async function judge(
  reference: string,
  read: (path: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  const [path = "", ...rest] = reference.split(SEPARATOR);
  const name = rest.join(SEPARATOR);
  if (!/^tests\/[\w/]+\.ts$/.test(path) || name === "") {
    return `"${reference}" is neither "not yet" nor "tests/path/file.ts${SEPARATOR}name of the test"`;
  }
  const source = await read(path);
  if (source === undefined) return `there is no file ${path}`;
  if (!testNames(source).some((pattern) => pattern.test(name))) {
    return `${path} has no test "${name}"`;
  }
  return undefined;
}

/** Patterns for the names of the tests that a file declares and that are neither ignored nor singled out. */
function testNames(source: string): RegExp[] {
  const declared =
    /^[ \t]*Deno\.test\(\s*(?:\{\s*name:\s*)?("(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*')/gm;
  return Array.from(
    source.matchAll(declared),
    (match) => namePattern(match[1] ?? ""),
  );
}

function namePattern(literal: string): RegExp {
  const parts = literal.startsWith("`")
    ? literal.slice(1, -1).split(/\$\{[^}]*\}/)
    : [literal.slice(1, -1)];
  const escaped = parts.map((part) =>
    RegExp.escape(part.replace(/\\(.)/g, "$1"))
  );
  return new RegExp(`^${escaped.join(".+")}$`);
}
