/**
 * The import map that replaces JSR by local files, derived from the project's configuration.
 *
 * @module
 */

/** What is read of `deno.json`. */
export interface PackageConfig {
  /** The package's own name. */
  readonly name: string;
  /** Entry points: sub-path to file, both beginning with `.`. */
  readonly exports: Readonly<Record<string, string>>;
  /** Bare specifiers and what they stand for. */
  readonly imports: Readonly<Record<string, string>>;
}

/** An import map as `--import-map` takes it. */
export interface ImportMap {
  /** Bare specifiers and the address of each. */
  readonly imports: Record<string, string>;
}

/**
 * Keeps what npm provides, maps `@std/name` to `std_name.ts` among the stand-ins, and the package's own name
 * to its entry points.
 *
 * @param config The configuration of the package.
 * @param root The URL of the package's folder, ending with `/`.
 * @returns A map without any `jsr:` address.
 * @throws {TypeError} When an entry from JSR is not of `@std`.
 */
export function offlineImportMap(config: PackageConfig, root: URL): ImportMap {
  const imports: Record<string, string> = {};
  for (const [specifier, address] of Object.entries(config.imports)) {
    imports[specifier] = address.startsWith("jsr:")
      ? standIn(specifier, root)
      : address;
  }
  for (const [path, file] of Object.entries(config.exports)) {
    imports[config.name + path.slice(1)] = new URL(file, root).href;
  }
  return { imports };
}

/** Lists the addresses of the imports that come from JSR. */
export function jsrImports(config: PackageConfig): string[] {
  return Object.values(config.imports).filter((it) => it.startsWith("jsr:"));
}

function standIn(specifier: string, root: URL): string {
  const name = /^@std\/([a-z-]+)$/.exec(specifier)?.[1];
  if (name === undefined) {
    throw new TypeError(
      `Cannot stand in for "${specifier}": only @std packages have files in tests/support/offline/`,
    );
  }
  return new URL(
    `tests/support/offline/std_${name.replaceAll("-", "_")}.ts`,
    root,
  ).href;
}
