import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import * as wanted from "@std/async";
import * as offline from "./std_async.ts";

// With JSR at hand both columns differ and this is a conformance suite; without it, `wanted` is the stand-in too.
const LIBRARIES = { wanted: wanted as unknown as typeof offline, offline };

const never = new Promise<never>(() => {});

for (const [column, library] of Object.entries(LIBRARIES)) {
  Deno.test(`delay() resolves with nothing (${column})`, async () => {
    assertStrictEquals(await library.delay(0), undefined);
  });

  Deno.test(`delay() rejects with the signal's reason, also one from before (${column})`, async () => {
    const abort = new AbortController();
    const waiting = library.delay(60_000, { signal: abort.signal });
    const reason = new Error("enough");
    abort.abort(reason);
    assertStrictEquals(await assertRejects(() => waiting), reason);
    assertStrictEquals(
      await assertRejects(() =>
        library.delay(60_000, { signal: abort.signal })
      ),
      reason,
    );
  });

  Deno.test(`deadline() settles as the promise does (${column})`, async () => {
    assertEquals(await library.deadline(Promise.resolve(7), 60_000), 7);
    await assertRejects(
      () => library.deadline(Promise.reject(new RangeError("no")), 60_000),
      RangeError,
      "no",
    );
  });

  Deno.test(`deadline() rejects with a TimeoutError when the time is over (${column})`, async () => {
    const error = await assertRejects(() => library.deadline(never, 1));
    assertInstanceOf(error, DOMException);
    assertEquals(error.name, "TimeoutError");
  });

  Deno.test(`deadline() rejects with the signal's reason when that comes first (${column})`, async () => {
    const abort = new AbortController();
    const waiting = library.deadline(never, 60_000, { signal: abort.signal });
    const reason = new Error("enough");
    abort.abort(reason);
    assertStrictEquals(await assertRejects(() => waiting), reason);
  });
}
