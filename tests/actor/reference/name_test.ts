import { assertThrows } from "@std/assert";
import { ActorSystem } from "../../../actor/mod.ts";
import {
  checkActorName,
  checkSystemName,
} from "../../../actor/reference/name.ts";
import { quietSystem, Worker, worker } from "../fixtures.ts";

Deno.test("checkActorName() allows GoAkt's names", () => {
  for (
    const name of ["a", "7", "A.b-c_d", "x".repeat(255), "goakt", "a.GoAkt"]
  ) {
    checkActorName(name);
  }
});

for (
  const [name, found] of [
    ["", "found no characters"],
    ["a b", 'found " " at position 1'],
    ["a/b", 'found "/" at position 1'],
    ["till€", 'found "€" at position 4'],
    ["😀x", 'found "😀" at position 0'],
    ["a😀b!", 'found "😀" at position 1'],
    ["-a", 'found "-" at its start'],
    ["_a", 'found "_" at its start'],
    [".a", 'found "." at its start'],
    ["$1", 'found "$" at position 0'],
    ["GoAktSystem", 'names that begin with "GoAkt" are reserved'],
    ["x".repeat(256), "it has 256 characters, at most 255 are allowed"],
    [7 as unknown as string, "found number, wanted a string"],
  ] as const
) {
  Deno.test(`checkActorName() refuses ${JSON.stringify(name).slice(0, 20)}: ${found}`, async () => {
    assertThrows(() => checkActorName(name), TypeError, found);
    await using system = quietSystem();
    assertThrows(
      () => system.spawn(Worker, () => worker(), { name }),
      TypeError,
      found,
    );
  });
}

Deno.test("checkSystemName() allows GoAkt's names, without dots", () => {
  for (const name of ["a", "7", "A-b_c"]) checkSystemName(name);
  for (
    const [name, found] of [
      ["", "found no characters"],
      ["a.b", 'found "." at position 1'],
      ["-a", 'found "-" at its start'],
      ["x".repeat(256), "found 256 characters"],
      [undefined as unknown as string, "found undefined, wanted a string"],
    ] as const
  ) {
    assertThrows(() => new ActorSystem(name), TypeError, found);
  }
});
