/**
 * The versions of what is measured.
 * @module
 */

/** What is read of a configuration. */
interface Config {
  readonly version?: string;
  readonly imports?: Readonly<Record<string, string>>;
}

/**
 * The version of each library: Troupe's own and the exact ones that the benchmarks ask for.
 *
 * @param root The configuration of the project.
 * @param peers The configuration of this folder, which has the packages.
 * @throws {TypeError} When a library is not pinned to one version.
 */
export function versionsOf(root: Config, peers: Config): Map<string, string> {
  const versions = new Map([["troupe", root.version ?? ""]]);
  for (const [name, address] of Object.entries(peers.imports ?? {})) {
    const version = /@(\d+\.\d+\.\d+)$/.exec(address)?.[1];
    if (version === undefined) {
      throw new TypeError(
        `Cannot name the version of "${name}": found "${address}", one version was expected`,
      );
    }
    versions.set(name, version);
  }
  return versions;
}

/** The versions of this checkout. */
export async function readVersions(): Promise<Map<string, string>> {
  const read = async (path: string): Promise<Config> =>
    JSON.parse(await Deno.readTextFile(new URL(path, import.meta.url)));
  return versionsOf(await read("../../deno.json"), await read("./deno.json"));
}
