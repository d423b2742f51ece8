/**
 * Whether packages from JSR can be had on this machine.
 *
 * @module
 */

/** How long the registry may take to answer, in milliseconds. */
export const JSR_TIMEOUT = 2000;

/**
 * Tells whether the packages are in the cache of the runtime, or their registry answers in time.
 *
 * @param specifiers The `jsr:` addresses that are wanted.
 * @param probes How to look; the defaults ask the runtime and the registry.
 */
export async function isJsrAvailable(
  specifiers: readonly string[],
  probes: JsrProbes = { isCached, answers },
): Promise<boolean> {
  return specifiers.length === 0 || await probes.isCached(specifiers) ||
    await probes.answers(AbortSignal.timeout(JSR_TIMEOUT));
}

/** The two ways of looking. */
export interface JsrProbes {
  /** Tells whether all the packages are in the cache. */
  isCached(specifiers: readonly string[]): Promise<boolean>;
  /** Tells whether the registry answers before the signal. */
  answers(signal: AbortSignal): Promise<boolean>;
}

/** Tells whether a module that imports the packages loads without the network. */
export async function isCached(
  specifiers: readonly string[],
): Promise<boolean> {
  const module = specifiers.map((it) => `import "${it}";`).join("");
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-config",
      "--no-lock",
      "--cached-only",
      `data:text/typescript,${module}`,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

/** Tells whether the registry serves the first of its files that the tests need. */
export async function answers(
  signal: AbortSignal,
  url = "https://jsr.io/@std/assert/meta.json",
): Promise<boolean> {
  try {
    const response = await fetch(url, { signal });
    await response.body?.cancel();
    return response.ok;
  } catch (error) {
    if (error instanceof TypeError || signal.aborted) return false;
    throw error;
  }
}
