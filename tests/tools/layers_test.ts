import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join, resolve } from "node:path";
import { judge, layers } from "../../tools/layers.ts";

const ROOT = resolve(import.meta.dirname ?? ".", "../..");

function lint(root: string, file: string, source: string): string[] {
  return Deno.lint.runPlugin(layers(root), join(root, file), source).map((it) =>
    `${it.id}: ${it.message}`
  );
}

async function writeTree(files: Record<string, string>): Promise<string> {
  const root = await Deno.makeTempDir();
  for (const [file, text] of Object.entries(files)) {
    await Deno.mkdir(join(root, file, ".."), { recursive: true });
    await Deno.writeTextFile(join(root, file), text);
  }
  return root;
}

Deno.test("judge() lets every folder import itself and what lies below", () => {
  const allowed: [string, string][] = [
    ["internal/heap.ts", "internal/deque.ts"],
    ["actor/cell.ts", "internal/deque.ts"],
    ["remote/remote.ts", "actor/mod.ts"],
    ["remote/goakt/server.ts", "remote/frame.ts"],
    ["cluster/cluster.ts", "remote/mod.ts"],
    ["grain/grains.ts", "cluster/mod.ts"],
    ["datacenter/datacenter.ts", "cluster/mod.ts"],
    ["observability/metrics.ts", "grain/mod.ts"],
    ["testing/probe.ts", "observability/mod.ts"],
    ["mod.ts", "testing/mod.ts"],
    ["tests/actor/cell_test.ts", "testing/mod.ts"],
    ["examples/hello.ts", "mod.ts"],
  ];
  for (const [file, target] of allowed) {
    assertEquals(judge(file, target, false), undefined, `${file} -> ${target}`);
  }
});

Deno.test("judge() names both folders of an import that points up or sideways", () => {
  const refused: [string, string, string][] = [
    ["internal/heap.ts", "actor/pid.ts", "internal/ must not import actor/"],
    ["actor/cell.ts", "remote/mod.ts", "actor/ must not import remote/"],
    [
      "remote/remote.ts",
      "cluster/cluster.ts",
      "remote/ must not import cluster/",
    ],
    ["cluster/cluster.ts", "grain/mod.ts", "cluster/ must not import grain/"],
    [
      "grain/grains.ts",
      "datacenter/mod.ts",
      "grain/ must not import datacenter/",
    ],
    [
      "datacenter/routing.ts",
      "grain/mod.ts",
      "datacenter/ must not import grain/",
    ],
    ["actor/cell.ts", "testing/mod.ts", "actor/ must not import testing/"],
    ["actor/cell.ts", "tests/support/x.ts", "actor/ must not import tests/"],
    [
      "observability/trace.ts",
      "testing/mod.ts",
      "observability/ must not import testing/",
    ],
    ["actor/cell.ts", "mod.ts", "actor/ must not import mod.ts"],
  ];
  for (const [file, target, message] of refused) {
    assertEquals(judge(file, target, false), message);
  }
});

Deno.test("judge() refuses the own entry point inside a folder, also from below it", () => {
  for (const file of ["remote/frame.ts", "remote/goakt/server.ts"]) {
    assertEquals(
      judge(file, "remote/mod.ts", false),
      "remote/ must not import its own remote/mod.ts: import the file that declares the name",
    );
  }
});

Deno.test("judge() refuses the package's own name and JSR in published code only", () => {
  assertStringIncludes(
    judge("actor/cell.ts", "@troupe/troupe/actor", true) ?? "",
    "import files",
  );
  assertStringIncludes(
    judge("cli.ts", "@std/assert", true) ?? "",
    "nothing from JSR",
  );
  assertStringIncludes(
    judge("remote/tcp.ts", "jsr:@std/async", true) ?? "",
    "nothing from JSR",
  );
  assertEquals(
    judge("examples/hello.ts", "@troupe/troupe/actor", true),
    undefined,
  );
  assertEquals(judge("tests/a_test.ts", "@std/assert", true), undefined);
  assertEquals(judge("remote/frame.ts", "node:zlib", true), undefined);
});

Deno.test("the plugin reports every form of import that points up", () => {
  const source = [
    'import { a } from "../remote/a.ts";',
    'import type { B } from "../remote/b.ts";',
    'import "../remote/c.ts";',
    'export { d } from "../remote/d.ts";',
    'export * from "../remote/e.ts";',
    'const f = await import("../remote/f.ts");',
    'type G = import("../remote/g.ts").G;',
    'import { ok } from "../internal/ok.ts";',
  ].join("\n");
  const found = Deno.lint.runPlugin(
    layers("/project"),
    "/project/actor/cell.ts",
    source,
  );
  assertEquals(
    found.map((it) => it.message),
    Array(7).fill("actor/ must not import remote/"),
  );
  const quoted = found.map((it) => source.slice(...it.range)).sort();
  assertEquals(
    quoted,
    ["a", "b", "c", "d", "e", "f", "g"].map((it) => `"../remote/${it}.ts"`),
  );
});

Deno.test("the plugin reports a cycle of files with the way round it", async () => {
  const files = {
    "actor/a.ts": 'import { b } from "./b.ts";\n',
    "actor/b.ts": 'import "./c.ts";\n',
    "actor/c.ts": 'export {\n  a,\n} from "./a.ts";\n',
    "actor/outside.ts": 'import { a } from "./a.ts";\n',
  };
  const root = await writeTree(files);
  assertEquals(lint(root, "actor/a.ts", files["actor/a.ts"]), [
    "troupe/cycles: import cycle: actor/a.ts -> actor/b.ts -> actor/c.ts -> actor/a.ts",
  ]);
  assertEquals(lint(root, "actor/c.ts", files["actor/c.ts"]).length, 1);
  assertEquals(lint(root, "actor/outside.ts", files["actor/outside.ts"]), []);
});

Deno.test("the plugin lets types refer to one another across files", async () => {
  const files = {
    "actor/a.ts": 'import type { B } from "./b.ts";\n',
    "actor/b.ts": 'import { a } from "./a.ts";\n',
  };
  const root = await writeTree(files);
  assertEquals(lint(root, "actor/a.ts", files["actor/a.ts"]), []);
  assertEquals(lint(root, "actor/b.ts", files["actor/b.ts"]), []);
});

Deno.test("deno lint fails on a bad tree and passes once it is mended", async () => {
  const root = await writeTree({
    "deno.json": '{ "lint": { "plugins": ["./tools/layers.ts"] } }',
    "tools/layers.ts": await Deno.readTextFile(join(ROOT, "tools/layers.ts")),
    "tools/import_graph.ts": await Deno.readTextFile(
      join(ROOT, "tools/import_graph.ts"),
    ),
    "actor/cell.ts": 'export { one } from "../remote/frame.ts";\n',
    "actor/ring.ts": 'export { two } from "./back.ts";\n',
    "actor/back.ts": 'export { three } from "./ring.ts";\n',
    "remote/frame.ts": "export const one = 1;\n",
  });
  const run = () =>
    new Deno.Command(Deno.execPath(), {
      args: ["lint"],
      cwd: root,
      env: { NO_COLOR: "1" },
    }).output();

  const bad = await run();
  const report = new TextDecoder().decode(bad.stderr) +
    new TextDecoder().decode(bad.stdout);
  assertEquals(bad.code, 1);
  assertStringIncludes(report, "actor/ must not import remote/");
  assertStringIncludes(report, "actor/cell.ts:1:21");
  assertStringIncludes(
    report,
    "import cycle: actor/back.ts -> actor/ring.ts -> actor/back.ts",
  );

  await Deno.remove(join(root, "actor/cell.ts"));
  await Deno.remove(join(root, "actor/back.ts"));
  await Deno.writeTextFile(
    join(root, "actor/ring.ts"),
    "export const two = 2;\n",
  );
  const good = await run();
  assert(good.success);
});
