/**
 * The rules for names of actors and systems, which are GoAkt's.
 * @module
 */

const ACTOR_NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;
const SYSTEM_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_-]*$/;
const LONGEST = 255;
const RESERVED_PREFIX = "GoAkt";

/**
 * Refuses a name that no actor may have.
 *
 * @throws {TypeError} With what was found and what is wanted.
 */
export function checkActorName(name: string): void {
  refuseOthers(name, "an actor");
  if (name.length > LONGEST) {
    throw new TypeError(
      `Cannot name an actor "${
        name.slice(0, 32)
      }…": it has ${name.length} characters, at most ${LONGEST} are allowed`,
    );
  }
  if (!ACTOR_NAME.test(name)) {
    throw new TypeError(
      `Cannot name an actor "${name}": found ${
        badCharacter(name, ".")
      }, wanted a letter or digit and then letters, digits, "-", "_" or "."`,
    );
  }
  if (name.startsWith(RESERVED_PREFIX)) {
    throw new TypeError(
      `Cannot name an actor "${name}": names that begin with "${RESERVED_PREFIX}" are reserved, another name is wanted`,
    );
  }
}

/**
 * Refuses a name that no actor system may have.
 *
 * @throws {TypeError} With what was found and what is wanted.
 */
export function checkSystemName(name: string): void {
  refuseOthers(name, "an actor system");
  if (name.length <= LONGEST && SYSTEM_NAME.test(name)) return;
  const found = name.length > LONGEST
    ? `${name.length} characters`
    : badCharacter(name, "");
  throw new TypeError(
    `Cannot name an actor system "${name}": found ${found}, wanted a letter or digit and then letters, digits, "-" or "_", at most ${LONGEST}`,
  );
}

/** Without types, anything may arrive here. */
function refuseOthers(name: unknown, what: string): void {
  if (typeof name === "string") return;
  throw new TypeError(
    `Cannot name ${what}: found ${typeof name}, wanted a string`,
  );
}

function badCharacter(name: string, alsoAllowed: string): string {
  if (name === "") return "no characters";
  const allowed = new RegExp(`[a-zA-Z0-9_${alsoAllowed}-]`);
  const index = [...name].findIndex((character) => !allowed.test(character));
  return index < 0
    ? `"${name[0]}" at its start`
    : `"${[...name][index]}" at position ${index}`;
}
