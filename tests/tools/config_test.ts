import { assert, assertEquals } from "@std/assert";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dirname ?? ".", "../..");

interface Task {
  description: string;
  command: string;
}

interface Config {
  exports: Record<string, string>;
  imports: Record<string, string>;
  publish: { exclude: string[] };
  tasks: Record<string, Task>;
}

async function readConfig(): Promise<Config> {
  return JSON.parse(await Deno.readTextFile(`${ROOT}/deno.json`));
}

Deno.test("deno.json lints the documentation of every export", async () => {
  const { exports, tasks } = await readConfig();
  const files = Object.values(exports).map((it) => it.slice("./".length));
  assertEquals(tasks.doc?.command.split(" ").slice(3), files);
});

Deno.test("deno.json grants no task everything", async () => {
  const { tasks } = await readConfig();
  for (const [name, { command }] of Object.entries(tasks)) {
    assert(!/(^| )(-A|--allow-all)( |$)/.test(command), name);
  }
});

Deno.test("deno.json publishes no tests, tools or docs", async () => {
  const { publish } = await readConfig();
  for await (const entry of Deno.readDir(ROOT)) {
    if (
      !["tests", "tools", "bench", "examples", "docs", ".ci"].includes(
        entry.name,
      )
    ) continue;
    assert(publish.exclude.includes(`${entry.name}/`), entry.name);
  }
});

Deno.test("deno.lock names no registry", async () => {
  const text = await Deno.readTextFile(`${ROOT}/deno.lock`);
  assertEquals(text.match(/https?:\/\/[^"]*/g) ?? [], []);
});
