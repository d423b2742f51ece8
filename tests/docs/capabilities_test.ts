import { assertEquals } from "@std/assert";
import { resolve } from "node:path";
import {
  findIdProblems,
  findTestProblems,
  readCapabilities,
} from "../support/capability_table.ts";

const ROOT = resolve(import.meta.dirname ?? ".", "../..");

/** How many capabilities each part of the mission has; their ids count from 1. */
const COUNTS = { S0: 55, S1: 105, S2: 42, S3: 76, S4: 57 };

const IDS = Object.entries(COUNTS).flatMap(([part, count]) =>
  Array.from(
    { length: count },
    (_, at) => `${part}-${String(at + 1).padStart(2, "0")}`,
  )
);

async function readText(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(`${ROOT}/${path}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const rows = readCapabilities(await readText("docs/capabilities.md") ?? "");

Deno.test("docs/capabilities.md has each of the 335 ids once and no other", () => {
  assertEquals(IDS.length, 335);
  assertEquals(findIdProblems(rows, IDS), []);
});

Deno.test("docs/capabilities.md names only tests that exist", async () => {
  assertEquals(await findTestProblems(rows, readText), []);
});
