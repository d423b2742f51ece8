import { assert, assertEquals } from "@std/assert";
import { Program, ROOT } from "./program.ts";
import { offlineImportMap } from "../../tools/import_map.ts";

/** Files of a page: code that begins with a comment which names the file. */
async function filesOf(page: string): Promise<Map<string, string>> {
  const text = await Deno.readTextFile(`${ROOT}/docs/guide/${page}`);
  const blocks = text.matchAll(/^```ts ignore\n(\/\/ (\w+\.ts): [^]*?)^```$/gm);
  return new Map(
    Array.from(blocks, ([, code = "", name = ""]) => [name, code]),
  );
}

/** A folder with these files, and with an import map that leads to the library. */
async function write(files: Map<string, string>): Promise<string> {
  const folder = await Deno.makeTempDir();
  for (const [name, code] of files) {
    await Deno.writeTextFile(`${folder}/${name}`, code);
  }
  const config = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.json`));
  const map = offlineImportMap(config, new URL(`file://${ROOT}/`));
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(map));
  return folder;
}

Deno.test("remoting.md has two nodes that talk when they run as two processes", async () => {
  const files = await filesOf("remoting.md");
  assertEquals([...files.keys()], ["greeter.ts", "serve.ts", "call.ts"]);
  const serve = files.get("serve.ts") ?? "";
  const call = files.get("call.ts") ?? "";
  assert(serve.includes("port: 4001") && call.includes("hotel@127.0.0.1:4001"));
  files.set("serve.ts", serve.replace("port: 4001", "port: 0"));
  const folder = await write(files);
  const flags = ["run", "--no-prompt", "--allow-net=127.0.0.1"];

  await using server = new Program(...flags, `${folder}/serve.ts`);
  const [, address = ""] = await server.printed(/^Listening as (.*)\n/);
  const here = call.replace("hotel@127.0.0.1:4001", address);
  await Deno.writeTextFile(`${folder}/call.ts`, here);
  await using caller = new Program(...flags, `${folder}/call.ts`);
  const { code, stdout, stderr } = await caller.end();
  assertEquals(code, 0, stderr);
  assertEquals(stdout, "Hello Ada\n");
});
