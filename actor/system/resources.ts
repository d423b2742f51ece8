/**
 * What actors use that is no actor: given to the whole system, or to one actor at its spawn.
 * @module
 */

/** Names something that is given to actors, and says its type. */
export interface ResourceKey<T> {
  /** The name, for errors and for other nodes. */
  readonly name: string;
  /** Carries the type only; never set. */
  readonly types?: { readonly value: T };
}

/** Something under its key, as {@linkcode provide} makes it. */
export interface ProvidedResource {
  /** Under which it is found. */
  readonly key: ResourceKey<unknown>;
  /** What it is. */
  readonly value: unknown;
}

/** The longest name, in characters. */
const LONGEST = 255;

/**
 * Makes a key for something that is given to all actors of a system as an extension, or to one actor as
 * a dependency. Two keys are different, also when they share a name.
 *
 * @param name The name, of 1 to 255 characters.
 * @returns The key, for {@linkcode provide}, {@linkcode Context.extension} and {@linkcode Context.dependency}.
 * @throws {TypeError} When the name is empty or too long.
 *
 * @example
 * ```ts
 * import { ActorSystem, ask, protocol, provide, resourceKey } from "@troupe/troupe/actor";
 *
 * const Rates = resourceKey<Map<string, number>>("rates");
 * const Limit = resourceKey<number>("limit");
 * const Till = protocol("till", { price: ask<string, number>() });
 *
 * await using system = new ActorSystem("shop", {
 *   extensions: [provide(Rates, new Map([["EUR", 1.1]]))],
 * });
 * const till = system.spawn(Till, () => ({
 *   price: (currency, ctx) =>
 *     Math.min(ctx.dependency(Limit), 10 * (ctx.extension(Rates).get(currency) ?? 1)),
 * }), { dependencies: [provide(Limit, 8)] });
 * console.assert(await till.ask(Till.price("EUR")) === 8);
 * ```
 */
export function resourceKey<T>(name: string): ResourceKey<T> {
  if (!(name.length >= 1 && name.length <= LONGEST)) {
    throw new TypeError(
      `Cannot name a resource "${
        name.slice(0, 32)
      }": it has ${name.length} characters, 1 to ${LONGEST} were expected`,
    );
  }
  return Object.freeze({ name });
}

/**
 * Puts something under its key, for the `extensions` of a system or the `dependencies` of a spawn.
 *
 * @param key Under which it is found.
 * @param value What it is. It is passed as it is; an actor on another node does not get it.
 * @returns Both together.
 */
export function provide<T>(
  key: ResourceKey<T>,
  value: NoInfer<T>,
): ProvidedResource {
  return Object.freeze({ key, value });
}

/** What was given, by key. */
export class Resources {
  readonly #what: string;
  readonly #values: Map<ResourceKey<unknown>, unknown> = new Map();

  /**
   * Takes what it is, for errors, and what was given.
   *
   * @throws {TypeError} When two of them share a name.
   */
  constructor(
    what: "dependency" | "extension",
    given: Iterable<ProvidedResource>,
  ) {
    this.#what = what;
    const names = new Set<string>();
    for (const { key, value } of given) {
      if (names.has(key.name)) {
        throw new TypeError(
          `Cannot give ${what} "${key.name}" twice: every ${what} needs a name of its own`,
        );
      }
      names.add(key.name);
      this.#values.set(key, value);
    }
  }

  /**
   * What is under a key.
   *
   * @throws {TypeError} When nothing is; the message lists what there is.
   */
  get<T>(key: ResourceKey<T>): T {
    if (!this.#values.has(key)) {
      const names = [...this.#values.keys()].map(({ name }) => name);
      const list = names.length === 0
        ? "none"
        : names.map((name) => `"${name}"`).join(", ");
      const other = names.includes(key.name)
        ? ", under another key of that name"
        : "";
      throw new TypeError(
        `Cannot find ${this.#what} "${key.name}": given were ${list}${other}`,
      );
    }
    return this.#values.get(key) as T; // provide() checked it against the key
  }
}

/** What an actor or a system has that was given nothing. */
export const NO_DEPENDENCIES: Resources = new Resources("dependency", []);
