/**
 * What options must be. TypeScript sees to that for options that are written out; those that come out of a file,
 * or are put together elsewhere, are checked where they are given: a name that was misspelt would turn off what it
 * was to set.
 * @module
 */

/** What an option must be. */
export interface OptionKind {
  /** For errors, with its article. */
  readonly wanted: string;
  /** Whether a number that is refused is of the right type, and only too large or too small. */
  readonly isNumber?: boolean;
  /** Whether `value`, which is not `undefined`, is such an option. */
  accepts(value: unknown): boolean;
  /** What the options must be of which the option consists, where it does. */
  readonly parts?: OptionKinds<object>;
}

/** What all options of a type must be; one that is missing here does not compile. */
export type OptionKinds<Options extends object> = {
  readonly [Name in keyof Options]-?: OptionKind;
};

/** `true` or `false`: whatever else counts as true would turn things on or off by mistake. */
export const FLAG: OptionKind = {
  wanted: "true or false",
  accepts: (value) => typeof value === "boolean",
};

/** A number, whose range is checked elsewhere. */
export const NUMBER: OptionKind = {
  wanted: "a number",
  accepts: (value) => typeof value === "number",
};

/** Any text. */
export const TEXT: OptionKind = {
  wanted: "a text",
  accepts: (value) => typeof value === "string",
};

/** A text that is not empty. */
export const WORD: OptionKind = {
  wanted: "a text that is not empty",
  accepts: (value) => typeof value === "string" && value !== "",
};

/** A function. */
export const FUNCTION: OptionKind = {
  wanted: "a function",
  accepts: (value) => typeof value === "function",
};

/** Options of something else, which checks them. */
export const OBJECT: OptionKind = { wanted: "an object", accepts: isObject };

/** What gives the time. */
export const CLOCK: OptionKind = having("now", "setTimer");

/** An integer from `lowest` to `highest`. */
export function integer(
  lowest: number,
  highest: number = Number.MAX_SAFE_INTEGER,
): OptionKind {
  return {
    wanted: `an integer from ${lowest} to ${highest}`,
    isNumber: true,
    accepts: (value) =>
      typeof value === "number" && Number.isInteger(value) &&
      value >= lowest && value <= highest,
  };
}

/** A number from `lowest` to `highest`, with fractions. */
export function number(
  lowest: number,
  highest: number = Number.MAX_SAFE_INTEGER,
): OptionKind {
  return {
    wanted: `a number from ${lowest} to ${highest}`,
    isNumber: true,
    accepts: (value) =>
      typeof value === "number" && value >= lowest && value <= highest,
  };
}

/** One of these words. */
export function oneOf(...words: readonly string[]): OptionKind {
  return {
    wanted: `one of ${quoted(words)}`,
    accepts: (value) => typeof value === "string" && words.includes(value),
  };
}

/** An array of such options; a text is none, although it can be gone through like one. */
export function listOf(kind: OptionKind): OptionKind {
  return {
    wanted: `an array, each part ${kind.wanted}`,
    accepts: (value) => Array.isArray(value) && value.every(kind.accepts),
  };
}

/** The same, with one part at least. */
export function someOf(kind: OptionKind): OptionKind {
  const list = listOf(kind);
  return {
    wanted: `${list.wanted}, and not empty`,
    accepts: (value) =>
      list.accepts(value) && Array.isArray(value) && value.length > 0,
  };
}

/** One or the other. */
export function either(one: OptionKind, other: OptionKind): OptionKind {
  return {
    wanted: `${one.wanted}, or ${other.wanted}`,
    accepts: (value) => one.accepts(value) || other.accepts(value),
  };
}

/** Something with these methods. */
export function having(...methods: readonly string[]): OptionKind {
  return {
    wanted: `an object with ${methods.map((it) => `${it}()`).join(" and ")}`,
    accepts: (value) =>
      isObject(value) &&
      methods.every((name) => typeof Reflect.get(value, name) === "function"),
  };
}

/** Options within options. */
export function group<Options extends object>(
  kinds: OptionKinds<Options>,
): OptionKind {
  return { wanted: "an object", accepts: isObject, parts: kinds };
}

/** The same, or `null` for none of it. */
export function groupOrNull<Options extends object>(
  kinds: OptionKinds<Options>,
): OptionKind {
  return {
    wanted: "an object or null",
    accepts: (value) => value === null || isObject(value),
    parts: kinds,
  };
}

/**
 * Checks that options are what they must be. `undefined` stands for the default.
 *
 * @param action What they are for, in errors.
 * @param options What was given.
 * @param kinds What each must be.
 * @param needed Those without a default.
 * @throws {TypeError} When there is no option of a name, with the names that there are, or one is of another type
 * or missing.
 * @throws {RangeError} When a number is out of its range.
 */
export function checkOptions<Options extends object>(
  action: string,
  options: Options,
  kinds: OptionKinds<Options>,
  needed: readonly (keyof Options & string)[] = [],
): void {
  checkParts(action, "", options, kinds);
  for (const name of needed) {
    if (options[name] !== undefined) continue;
    const { wanted } = kinds[name];
    throw new TypeError(
      `Cannot ${action}: ${name} is undefined, ${wanted} was expected`,
    );
  }
}

function checkParts(
  action: string,
  prefix: string,
  options: object,
  kinds: OptionKinds<object>,
): void {
  if (!isObject(options) || Array.isArray(options)) {
    throw new TypeError(
      `Cannot ${action}: the options are ${
        shown(options)
      }, an object was expected`,
    );
  }
  for (const [key, value] of Object.entries(options)) {
    const name = prefix + key;
    const kind: OptionKind | undefined = Object.hasOwn(kinds, key)
      ? Reflect.get(kinds, key)
      : undefined;
    if (kind === undefined) {
      throw new TypeError(
        `Cannot ${action}: there is no option "${name}", one of ${
          quoted(Object.keys(kinds).map((it) => prefix + it))
        } was expected`,
      );
    }
    if (value === undefined) continue;
    if (!kind.accepts(value)) {
      const Refusal = kind.isNumber && typeof value === "number"
        ? RangeError
        : TypeError;
      throw new Refusal(
        `Cannot ${action}: ${name} is ${
          shown(value)
        }, ${kind.wanted} was expected`,
      );
    }
    if (kind.parts !== undefined && value !== null) {
      checkParts(action, `${name}.`, value, kind.parts);
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(", ");
}

const MOST_SHOWN = 64;

/** What was found, in few words. */
function shown(value: unknown): string {
  if (typeof value === "string") {
    const rest = value.length > MOST_SHOWN ? "..." : "";
    return JSON.stringify(value.slice(0, MOST_SHOWN) + rest);
  }
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (isObject(value)) return "an object";
  return String(value);
}
