import { assert, assertEquals, assertRejects } from "@std/assert";
import { Program, ROOT } from "./program.ts";
import { offlineImportMap } from "../../tools/import_map.ts";
import { ActorSystem, ask, protocol } from "../../actor/mod.ts";
import { HandshakeError } from "../../remote/errors.ts";
import { Remote } from "../../remote/remote.ts";
import { TlsTransport } from "../../remote/tls/tls_transport.ts";
import { TestAuthority } from "../support/certificates.ts";

const PAGES = ["README.md"];
for await (const { name } of Deno.readDir(`${ROOT}/docs/guide`)) {
  if (name.endsWith(".md")) PAGES.push(`docs/guide/${name}`);
}
PAGES.sort();

/** The snippets of a page that say in comments what they print. */
async function snippetsOf(page: string): Promise<string[]> {
  const text = await Deno.readTextFile(`${ROOT}/${page}`);
  return Array.from(
    text.matchAll(/^```ts\n([^]*?)^```$/gm),
    ([, code = ""]) => code,
  )
    .filter((code) => expected(code).length > 0);
}

/** What the comments behind `console.log(...)` say. */
function expected(code: string): string[] {
  return Array.from(
    code.matchAll(/console\.log\([^]*?\)\)?; \/\/ (.*)$/gm),
    ([, text = ""]) => text,
  );
}

for (const page of PAGES) {
  Deno.test(`${page} says truly what its snippets print`, async () => {
    const snippets = await snippetsOf(page);
    assert(snippets.length > 0);
    for (const code of snippets) {
      const folder = await write(new Map([["snippet.ts", code]]));
      await using program = new Program(
        "run",
        "--no-prompt",
        "--allow-net=127.0.0.1",
        `${folder}/snippet.ts`,
      );
      const { stdout, stderr } = await program.end();
      // Sorted: what a handler prints comes before what the lines below print.
      const lines = stdout.trimEnd().split("\n").sort();
      assertEquals(lines, expected(code).sort(), stderr);
    }
  });
}

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
  assertEquals([...files.keys()], [
    "greeter.ts",
    "serve.ts",
    "call.ts",
    "production.ts",
  ]);
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

Deno.test("remoting.md has a node for production that starts as written, serves who it knows and ends in peace", async () => {
  const folder = await write(await filesOf("remoting.md"));
  const authority = await TestAuthority.create("Hotel CA");
  const certificate = async () => {
    const uris = ["spiffe://example.org/cluster/hotel/node/127.0.0.1"];
    return { ...await authority.issue({ uris }), ca: authority.cert };
  };
  const { cert, key, ca } = await certificate();
  await Deno.mkdir(`${folder}/certs`);
  for (
    const [name, text] of [["node.pem", cert], ["node.key", key], [
      "ca.pem",
      ca,
    ]]
  ) await Deno.writeTextFile(`${folder}/certs/${name}`, text ?? "");
  await using node = new Program(
    { cwd: folder },
    "run",
    "--no-prompt",
    "--allow-net",
    "--allow-read=certs",
    "production.ts",
    "127.0.0.1",
    "0",
  );
  const [, address = ""] = await node.printed(/^Listening as (.*)\n/);

  const Greeter = protocol("greeter", { greet: ask<string, string>() });
  await using system = new ActorSystem("hotel", { logger: null });
  {
    const transport = new TlsTransport(await certificate());
    await using remote = await Remote.start(system, { transport });
    const greeter = await remote.spawn(address, Greeter);
    assertEquals(await greeter.ask(Greeter.greet("Ada")), "Hello Ada");
  }
  await using stranger = await Remote.start(system);
  await assertRejects(() => stranger.spawn(address, Greeter), HandshakeError);
  node.kill("SIGTERM");
  const { code, stderr } = await node.end();
  assertEquals(code, 0, stderr);
});
