import { assert, assertEquals } from "@std/assert";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dirname ?? ".", "../..");

function read(path: string): Promise<string> {
  return Deno.readTextFile(`${ROOT}/${path}`);
}

/** The text of a section, without line breaks. */
function section(page: string, heading: string): string {
  const parts = page.split(/^## /m).filter((part) =>
    part.startsWith(`${heading}\n`)
  );
  assertEquals(parts.length, 1, `sections "${heading}"`);
  return (parts[0] ?? "").replaceAll(/\s+/g, " ");
}

/** A number of milliseconds, bytes or things, as the guide writes it. */
function shown(option: string, value: string): string {
  const range = /^\{ min: (\d+), max: (\d+) \}/.exec(value);
  if (range !== null) return `${range[1]} ms–${Number(range[2]) / 1_000} s`;
  const rate = /^\{ perSecond: (\d+), burst: (\d+) \}/.exec(value);
  if (rate !== null) return `${rate[1]}/s, ${rate[2]} at once`;
  const number = Number(value.split(" ")[0]);
  if (option.endsWith("Timeout")) return `${number / 1_000} s`;
  return number >= 2 ** 20 ? `${number / 2 ** 20} MiB` : `${number}`;
}

Deno.test("docs/guide/remoting.md lists the limits of Remote.start with their defaults", async () => {
  const source = await read("remote/remote_options.ts");
  const declared = source.matchAll(
    /@default (\d[^\n]*|\{ (?:min|perSecond)[^\n]*)\n\s*\*\/\s*(\w+)\?:/g,
  );
  const wanted = Array.from(
    declared,
    ([, value = "", option = ""]) => [option, shown(option, value)],
  ).filter(([option]) => option !== "port");
  const text = section(await read("docs/guide/remoting.md"), "Time limits");
  const found = Array.from(
    text.matchAll(/\| `(\w+)` +\| ([^|]+?) +\|/g),
    ([, option, value]) => [option, value],
  );
  assert(found.length >= 7);
  assertEquals(found.sort(), wanted.sort());
});

Deno.test("docs/security.md lists every reason of a HandshakeError", async () => {
  const reasons = new Set<string>();
  for (const folder of ["handshake", "node", "tls"]) {
    for await (const { name } of Deno.readDir(`${ROOT}/remote/${folder}`)) {
      const source = await read(`remote/${folder}/${name}`);
      const named = source.matchAll(
        /(?:\b(?:reason|code): |HandshakeError\(\s*[^,]+,\s*)"(\w+)",/g,
      );
      for (const [, reason = ""] of named) reasons.add(reason);
    }
  }
  const text = section(await read("docs/security.md"), "Mutual TLS");
  const [, table = ""] = text.split("is a word:");
  const listed = Array.from(
    table.matchAll(/\| (`[a-z_`, ]+`) +\|/g),
    ([, names = ""]) => names.match(/\w+/g) ?? [],
  );
  assert(reasons.size >= 28);
  assertEquals(listed.flat().sort(), [...reasons].sort());
});

const ADVICE: [page: string, heading: string, advice: string[]][] = [
  ["actors.md", "Asking", ["prefer `tell`, which never waits"]],
  ["remoting.md", "Time limits", [
    "Between continents",
    "give calls over such ways 10 s or more, one by one or by `askTimeout`",
    "have less time than they give it",
    "Raise `maxMessageBytes` on both nodes",
    "split what you send",
  ]],
  ["remoting.md", "Tuning", [
    "Two lead to each node",
    "A connection that nobody uses for `idleTimeout` is closed",
    "**Keep one `Remote`** and the references for the life of the program",
    "set `connectTimeout` and `handshakeTimeout` to 10 s",
    "**`maxMessageBytes`** should be the same on all nodes",
  ]],
  ["remoting.md", "Bodies", ["JSON", "Standard Schema", "`protobuf(schema)`"]],
  ["remoting.md", "From code that is no actor", [
    "class StockService",
    "Keep a client as long as the program runs",
  ]],
];

for (const [page, heading, advice] of ADVICE) {
  Deno.test(`docs/guide/${page} gives its advice under "${heading}"`, async () => {
    const text = section(await read(`docs/guide/${page}`), heading);
    for (const words of advice) assert(text.includes(words), words);
  });
}

Deno.test("README.md promises delivery at most once, in order, with an outcome", async () => {
  const text = section(await read("README.md"), "What is promised");
  for (
    const promise of [
      "**At most once.** A message is never delivered twice",
      "**In order.**",
      "**Always an outcome.** A `tell` that is refused on the spot returns `false`",
    ]
  ) assert(text.includes(promise), promise);
});

Deno.test("Every page of the guide is reached from README.md", async () => {
  const readme = await read("README.md");
  for await (const { name } of Deno.readDir(`${ROOT}/docs/guide`)) {
    assert(readme.includes(`(docs/guide/${name})`), name);
  }
});

Deno.test("Links between the pages lead to files and headings that exist", async () => {
  const pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];
  for (const folder of ["docs", "docs/guide", "docs/adr"]) {
    for await (const { name } of Deno.readDir(`${ROOT}/${folder}`)) {
      if (name.endsWith(".md")) pages.push(`${folder}/${name}`);
    }
  }
  const broken: string[] = [];
  for (const page of pages) {
    for (
      const [, link = ""] of (await read(page)).matchAll(/\]\(([^)\s]+)\)/g)
    ) {
      if (/^https?:/.test(link)) continue;
      const [path = "", anchor] = link.split("#");
      const file = path === ""
        ? `${ROOT}/${page}`
        : resolve(`${ROOT}/${page}`, "..", path);
      const stat = await Deno.stat(file).catch(() => undefined);
      if (stat === undefined) broken.push(`${page}: ${link}`);
      else if (anchor !== undefined && stat.isFile) {
        const anchors = Array.from(
          (await Deno.readTextFile(file)).matchAll(/^#+ (.*)$/gm),
          ([, title = ""]) =>
            title.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(
              " ",
              "-",
            ),
        );
        if (!anchors.includes(anchor)) broken.push(`${page}: ${link}`);
      }
    }
  }
  assertEquals(broken, []);
});
