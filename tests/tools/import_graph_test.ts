import { assertEquals } from "@std/assert";
import { ImportGraph, relativeImports } from "../../tools/import_graph.ts";

Deno.test("relativeImports() finds every form that exists at run time and nothing else", () => {
  const text = `
import { a } from "./a.ts";
import {
  b,
  type B,
} from "../b.ts";
import * as c from "./c.ts";
import "./d.ts";
export * from "./e.ts";
export { f } from "./f.ts";
export * as g from "./g.ts";
import H, { h } from "./h.ts";
import type { Erased } from "./erased.ts";
export type { Erased } from "./erased.ts";
export type * from "./erased.ts";
import { parse } from "node:path";
import { x } from "@std/assert";
// import { no } from "./comment.ts";
/**
 * import { no } from "./doc.ts";
 */
export const from = 1;
  import { no } from "./indented.ts";
`;
  const names = [
    "./a.ts",
    "../b.ts",
    "./c.ts",
    "./d.ts",
    "./e.ts",
    "./f.ts",
    "./g.ts",
    "./h.ts",
  ];
  assertEquals(relativeImports(text), names);
});

Deno.test("ImportGraph.path() gives the shortest way, or nothing", () => {
  const files = new Map([
    ["/p/a.ts", 'import "./b.ts";\nimport "./c.ts";\n'],
    ["/p/b.ts", 'import "./x/d.ts";\n'],
    ["/p/c.ts", 'import "./b.ts";\n'],
    ["/p/x/d.ts", 'import "../a.ts";\nimport "../missing.ts";\n'],
  ]);
  const graph = new ImportGraph((path) => files.get(path));
  assertEquals(graph.path("/p/c.ts", "/p/a.ts"), [
    "/p/c.ts",
    "/p/b.ts",
    "/p/x/d.ts",
    "/p/a.ts",
  ]);
  assertEquals(graph.path("/p/missing.ts", "/p/a.ts"), undefined);
});

Deno.test("ImportGraph.forget() reads a file again", () => {
  const files = new Map([["/p/a.ts", 'import "./b.ts";\n']]);
  const graph = new ImportGraph((path) => files.get(path));
  assertEquals(graph.path("/p/a.ts", "/p/b.ts"), ["/p/a.ts", "/p/b.ts"]);
  files.set("/p/a.ts", "");
  graph.forget("/p/a.ts");
  assertEquals(graph.path("/p/a.ts", "/p/b.ts"), undefined);
});
