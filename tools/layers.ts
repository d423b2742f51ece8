/**
 * A lint plugin that keeps the arrows between folders pointing down.
 *
 * `internal <- actor <- remote <- cluster <- {grain, datacenter}`; `observability` and `testing` see all of them.
 * The files at the root see every folder; `bench`, `examples`, `tests` and `tools` are free.
 *
 * @module
 */
import { dirname, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { ImportGraph } from "./import_graph.ts";

const ACTOR = ["internal"];
const REMOTE = [...ACTOR, "actor"];
const CLUSTER = [...REMOTE, "remote"];
const ABOVE = [...CLUSTER, "cluster"];
const OBSERVABILITY = [...ABOVE, "grain", "datacenter"];

/** What each published folder may import, besides itself. */
const ALLOWED: ReadonlyMap<string, readonly string[]> = new Map([
  ["internal", []],
  ["actor", ACTOR],
  ["remote", REMOTE],
  ["cluster", CLUSTER],
  ["grain", ABOVE],
  ["datacenter", ABOVE],
  ["observability", OBSERVABILITY],
  ["testing", [...OBSERVABILITY, "observability"]],
]);

/**
 * Says what is wrong with an import, the cycles aside.
 *
 * @param file The importing file, relative to the root, with `/` between the parts.
 * @param target The imported file in the same form, or the bare specifier.
 * @param bare Whether `target` is a bare specifier.
 * @returns What the lint reports, or `undefined` when the import is allowed.
 */
export function judge(
  file: string,
  target: string,
  bare: boolean,
): string | undefined {
  const folder = folderOf(file);
  const allowed = ALLOWED.get(folder);
  if (bare) {
    const isPublished = folder === "" || allowed !== undefined;
    return isPublished
      ? judgePackage(folder === "" ? file : `${folder}/`, target)
      : undefined;
  }
  if (allowed === undefined) return undefined;
  const other = folderOf(target);
  if (other !== folder && !allowed.includes(other)) {
    return `${folder}/ must not import ${other === "" ? target : `${other}/`}`;
  }
  const isOwnEntry = /(^|\/)mod\.ts$/.test(target) &&
    file.startsWith(target.slice(0, -"mod.ts".length));
  if (isOwnEntry) {
    return `${folder}/ must not import its own ${target}: import the file that declares the name`;
  }
  return undefined;
}

function judgePackage(importer: string, specifier: string): string | undefined {
  if (/^@troupe\/troupe(\/|$)/.test(specifier)) {
    return `${importer} must not import ${specifier}: inside the package, import files`;
  }
  if (/^(@std\/|jsr:)/.test(specifier)) {
    return `${importer} must not import ${specifier}: published code needs nothing from JSR`;
  }
  return undefined;
}

/** The first part of a path below the root; empty for a file at the root. */
function folderOf(file: string): string {
  const end = file.indexOf("/");
  return end < 0 ? "" : file.slice(0, end);
}

/**
 * Makes the plugin for a checkout.
 *
 * @param root The absolute path of the folder that holds the layers.
 * @returns A plugin with the rules `troupe/layers` and `troupe/cycles`.
 */
export function layers(root: string): Deno.lint.Plugin {
  const graph = new ImportGraph(readText);
  const inside = (path: string) => relative(root, path).replaceAll(sep, "/");
  return {
    name: "troupe",
    rules: {
      layers: {
        create: (ctx) =>
          onImports((specifier, node) => {
            const isRelative = specifier.startsWith(".");
            const path = resolve(root, ctx.filename);
            const target = isRelative
              ? inside(resolve(dirname(path), specifier))
              : specifier;
            const message = judge(inside(path), target, !isRelative);
            if (message !== undefined) ctx.report({ node, message });
          }),
      },
      cycles: {
        create(ctx) {
          const path = resolve(root, ctx.filename);
          graph.forget(path);
          return onImports((specifier, node, isType) => {
            if (isType || !specifier.startsWith(".")) return;
            const way = graph.path(resolve(dirname(path), specifier), path);
            if (way === undefined) return;
            ctx.report({
              node,
              message: `import cycle: ${
                [path, ...way].map(inside).join(" -> ")
              }`,
            });
          });
        },
      },
    },
  };
}

type Visit = (specifier: string, node: Deno.lint.Node, isType: boolean) => void;

/** Visits the specifier of each static import, re-export, dynamic import and import type. */
function onImports(visit: Visit): Deno.lint.LintVisitor {
  const source = (node: Deno.lint.Node | null, isType: boolean) => {
    if (node?.type === "Literal" && typeof node.value === "string") {
      visit(node.value, node, isType);
    }
  };
  return {
    ImportDeclaration: (node) =>
      source(node.source, node.importKind === "type"),
    ExportAllDeclaration: (node) =>
      source(node.source, node.exportKind === "type"),
    ExportNamedDeclaration: (node) =>
      source(node.source, node.exportKind === "type"),
    ImportExpression: (node) => source(node.source, false),
    TSImportType: (node) => {
      if (node.argument.type === "TSLiteralType") {
        source(node.argument.literal, true);
      }
    },
  };
}

function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const plugin: Deno.lint.Plugin = layers(
  resolve(dirname(fileURLToPath(import.meta.url)), ".."),
);
export default plugin;
