// deno-lint-ignore-file no-console -- the port is printed
/**
 * Plays one role of a remote figure until its standard input is closed: prints the port that it listens on.
 * @module
 */

import { roles } from "./roles.ts";

const role = roles.get(Deno.args[0] ?? "");
if (role === undefined) {
  throw new TypeError(
    `Cannot play "${Deno.args[0]}": expected one of ${
      [...roles.keys()].join(", ")
    }`,
  );
}
console.log(await role());
for await (const _ of Deno.stdin.readable) {
  // Nothing is said; the end counts.
}
Deno.exit(0);
