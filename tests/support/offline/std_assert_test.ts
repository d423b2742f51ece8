import * as wanted from "@std/assert";
import { assertEquals, assertThrows } from "@std/assert";
import * as offline from "./std_assert.ts";

// With JSR at hand both columns differ and this is a conformance suite; without it, `wanted` is the stand-in too.
const LIBRARIES = { wanted: wanted as unknown as typeof offline, offline };

class Point {
  readonly x: number;

  constructor(x: number) {
    this.x = x;
  }
}

class Other {
  readonly x: number;

  constructor(x: number) {
    this.x = x;
  }
}

const cyclic = (): object => {
  const value: Record<string, unknown> = { name: "ring" };
  value.self = value;
  return value;
};

const EQUAL: [string, unknown, unknown][] = [
  ["NaN", NaN, NaN],
  ["zeros", 0, -0],
  ["nested", { a: [1, { b: "x" }] }, { a: [1, { b: "x" }] }],
  ["key order", { a: 1, b: 2 }, { b: 2, a: 1 }],
  [
    "an object without prototype",
    Object.assign(Object.create(null), { a: 1 }),
    { a: 1 },
  ],
  ["sets in any order", new Set([1, 2]), new Set([2, 1])],
  [
    "sets of objects",
    new Set([{ a: 1 }, { b: 2 }]),
    new Set([{ b: 2 }, { a: 1 }]),
  ],
  [
    "maps in any order",
    new Map([["a", [1]], ["b", [2]]]),
    new Map([["b", [2]], ["a", [1]]]),
  ],
  [
    "maps with object keys",
    new Map([[{ k: 1 }, "v"]]),
    new Map([[{ k: 1 }, "v"]]),
  ],
  ["dates", new Date(5), new Date(5)],
  ["invalid dates", new Date(NaN), new Date(NaN)],
  ["patterns", /a/g, /a/g],
  ["addresses", new URL("http://a/b"), new URL("http://a/b")],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  ["instances of a class", new Point(1), new Point(1)],
  ["symbol keys", { [Symbol.for("s")]: 1 }, { [Symbol.for("s")]: 1 }],
  ["cycles", cyclic(), cyclic()],
];

const DIFFERENT: [string, unknown, unknown][] = [
  ["types", 1, "1"],
  ["null and undefined", null, undefined],
  ["a missing key", { a: undefined }, {}],
  ["an extra key", { a: 1 }, { a: 1, b: 2 }],
  ["lengths", [1, 2], [1, 2, 3]],
  ["a hole's value", [1, undefined], [1, 2]],
  ["an array and an object", [1], { 0: 1 }],
  ["constructors", new Point(1), new Other(1)],
  ["a class and a plain object", new Point(1), { x: 1 }],
  ["set members", new Set([1, 2]), new Set([1, 3])],
  [
    "sets of objects",
    new Set([{ a: 1 }, { a: 1 }]),
    new Set([{ a: 1 }, { a: 2 }]),
  ],
  ["map values", new Map([["a", 1]]), new Map([["a", 2]])],
  ["dates", new Date(5), new Date(6)],
  ["flags", /a/g, /a/i],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  ["kinds of bytes", new Uint8Array([1]), new Int8Array([1])],
  ["symbol values", { [Symbol.for("s")]: 1 }, { [Symbol.for("s")]: 2 }],
  ["functions", () => 1, () => 1],
];

function passes(name: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    throw new Error(`Expected to pass: ${name}`, { cause: error });
  }
}

function refuses(library: typeof offline, name: string, run: () => void): void {
  assertThrows(
    run,
    library.AssertionError,
    undefined,
    `Expected to fail: ${name}`,
  );
}

for (const [column, library] of Object.entries(LIBRARIES)) {
  Deno.test(`assertEquals() and assertNotEquals() compare by structure (${column})`, () => {
    for (const [name, a, b] of EQUAL) {
      passes(name, () => library.assertEquals(a, b));
      refuses(library, name, () => library.assertNotEquals(a, b));
    }
    for (const [name, a, b] of DIFFERENT) {
      passes(name, () => library.assertNotEquals(a, b));
      refuses(library, name, () => library.assertEquals(a, b));
      refuses(library, `${name}, reversed`, () => library.assertEquals(b, a));
    }
  });

  Deno.test(`the simple assertions pass and fail where they should (${column})`, () => {
    const same = {};
    const cases: [string, () => void, () => void][] = [
      ["assert", () => library.assert(1), () => library.assert(0)],
      [
        "assertFalse",
        () => library.assertFalse(""),
        () => library.assertFalse("x"),
      ],
      [
        "assertExists",
        () => library.assertExists(0),
        () => library.assertExists(null),
      ],
      [
        "assertStrictEquals",
        () => library.assertStrictEquals(same, same),
        () => library.assertStrictEquals({}, same),
      ],
      [
        "assertStrictEquals on zeros",
        () => library.assertStrictEquals(NaN, NaN),
        () => library.assertStrictEquals(0, -0),
      ],
      [
        "assertNotStrictEquals",
        () => library.assertNotStrictEquals({}, same),
        () => library.assertNotStrictEquals(same, same),
      ],
      [
        "assertInstanceOf",
        () => library.assertInstanceOf(new Point(1), Point),
        () => library.assertInstanceOf({ x: 1 }, Point),
      ],
      [
        "assertMatch",
        () => library.assertMatch("abc", /b/),
        () => library.assertMatch("abc", /x/),
      ],
      [
        "assertNotMatch",
        () => library.assertNotMatch("abc", /x/),
        () => library.assertNotMatch("abc", /b/),
      ],
      [
        "assertStringIncludes",
        () => library.assertStringIncludes("abc", "bc"),
        () => library.assertStringIncludes("abc", "cb"),
      ],
      [
        "assertArrayIncludes",
        () => library.assertArrayIncludes([{ a: 1 }, 2], [2, { a: 1 }]),
        () => library.assertArrayIncludes([1, 2], [3]),
      ],
      [
        "assertGreater",
        () => library.assertGreater(2, 1),
        () => library.assertGreater(1, 1),
      ],
      [
        "assertGreaterOrEqual",
        () => library.assertGreaterOrEqual(1, 1),
        () => library.assertGreaterOrEqual(0, 1),
      ],
      [
        "assertLess",
        () => library.assertLess(1, 2),
        () => library.assertLess(1, 1),
      ],
      [
        "assertLessOrEqual",
        () => library.assertLessOrEqual(1, 1),
        () => library.assertLessOrEqual(2, 1),
      ],
      [
        "assertAlmostEquals",
        () => library.assertAlmostEquals(1, 1.05, 0.1),
        () => library.assertAlmostEquals(1, 1.2, 0.1),
      ],
      [
        "assertIsError",
        () =>
          library.assertIsError(new RangeError("too far"), RangeError, "far"),
        () => library.assertIsError(new RangeError("too far"), TypeError),
      ],
    ];
    for (const [name, good, bad] of cases) {
      passes(name, good);
      refuses(library, name, bad);
    }
    refuses(library, "fail", () => library.fail("always"));
    refuses(library, "unreachable", () => library.unreachable());
  });

  Deno.test(`assertObjectMatch() looks at the expected properties only (${column})`, () => {
    const actual = { a: 1, b: { c: 2, d: 3 }, list: [{ e: 4, f: 5 }] };
    passes(
      "nested",
      () =>
        library.assertObjectMatch(actual, { b: { c: 2 }, list: [{ e: 4 }] }),
    );
    refuses(
      library,
      "another value",
      () => library.assertObjectMatch(actual, { b: { c: 3 } }),
    );
    refuses(
      library,
      "a missing key",
      () => library.assertObjectMatch(actual, { z: 1 }),
    );
    refuses(
      library,
      "another item",
      () => library.assertObjectMatch(actual, { list: [{ e: 5 }] }),
    );
  });

  Deno.test(`assertThrows() gives the error and checks its class and text (${column})`, () => {
    const error = new RangeError("Cannot go so far");
    const thrower = () => {
      throw error;
    };
    assertEquals(library.assertThrows(thrower) === error, true);
    assertEquals(
      library.assertThrows(thrower, RangeError, "so far") === error,
      true,
    );
    refuses(library, "nothing thrown", () => library.assertThrows(() => 1));
    refuses(
      library,
      "another class",
      () => library.assertThrows(thrower, TypeError),
    );
    refuses(
      library,
      "another text",
      () => library.assertThrows(thrower, RangeError, "near"),
    );
    refuses(library, "not an error", () =>
      library.assertThrows(() => {
        throw "text";
      }, Error));
  });

  Deno.test(`assertRejects() gives the reason and refuses what does not reject (${column})`, async () => {
    const reason = new RangeError("Cannot wait so long");
    const rejecting = () => Promise.reject(reason);
    assertEquals(await library.assertRejects(rejecting) === reason, true);
    assertEquals(
      await library.assertRejects(rejecting, RangeError, "so long") === reason,
      true,
    );
    const bad: [string, Promise<unknown>][] = [
      ["it resolved", library.assertRejects(() => Promise.resolve(1))],
      ["another class", library.assertRejects(rejecting, TypeError)],
      ["another text", library.assertRejects(rejecting, RangeError, "short")],
      [
        "it threw at once",
        library.assertRejects(() => {
          throw reason;
        }),
      ],
    ];
    const results = await Promise.allSettled(bad.map(([, promise]) => promise));
    results.forEach((result, at) => {
      const failed = result.status === "rejected" &&
        result.reason instanceof library.AssertionError;
      assertEquals(failed, true, `Expected to fail: ${bad[at]?.[0]}`);
    });
  });
}

Deno.test("a failed assertEquals() shows what differs", () => {
  const error = assertThrows(
    () => offline.assertEquals({ a: 1, b: 2 }, { a: 1, b: 3 }),
    offline.AssertionError,
  );
  assertEquals(
    /-\s+b: 3/.test(error.message) && /\+\s+b: 2/.test(error.message),
    true,
    error.message,
  );
});
