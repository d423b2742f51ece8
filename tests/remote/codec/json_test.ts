import { assertEquals, assertThrows } from "@std/assert";
import { ActorSystem } from "../../../actor/system/system.ts";
import type { StandardSchema } from "../../../actor/protocol/codec.ts";
import { concatBytes } from "../../../internal/bytes.ts";
import { seededRandom } from "../../../internal/random.ts";
import { CodecError } from "../../../remote/errors.ts";
import { json } from "../../../remote/codec/json.ts";
import { directCodec } from "../../../remote/wire/payload.ts";
import { testCodec } from "./codec_conformance.ts";
import { spawnBox } from "../actors.ts";
import { below, pick, testSeed } from "../wire/wire_random.ts";

const codec = json();

function nested(levels: number, inner: unknown = 1): unknown {
  let value = inner;
  for (let level = 0; level < levels; level++) {
    value = level % 2 === 0 ? [value] : { a: value };
  }
  return value;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

testCodec<unknown>({
  name: "json()",
  codec,
  format: "json",
  values: [
    undefined,
    null,
    true,
    0,
    -1.5,
    5e-324,
    "",
    "é 日本 🎭 \u2028 \ud800 lone \ufffd",
    [],
    {},
    [1, [null, "x"], { a: {} }],
    { "": 1, "a b": 2, constructor: 3, toString: "x", 10: "ten" },
    nested(128),
    {
      text: "x".repeat(1_000),
      list: Array.from({ length: 500 }, (_, index) => index),
    },
  ],
  refused: [NaN, 1n, Symbol("s"), () => 1, new Map(), [undefined], nested(129)],
});

Deno.test("json() refuses what would not come back equal, with the path", () => {
  class Account {
    balance = 1;
  }
  class Names extends Array<string> {}
  const hole: unknown[] = [1];
  hole[2] = 3;
  const cases: readonly (readonly [unknown, string, string])[] = [
    [
      { items: [0, 1, 2, { when: new Date(0) }] },
      "$.items[3].when",
      "an instance of Date",
    ],
    [{ a: new Map() }, "$.a", "an instance of Map"],
    [[new Set()], "$[0]", "an instance of Set"],
    [{ a: new Account() }, "$.a", "an instance of Account"],
    [
      Object.create({ inherited: 1 }),
      "$",
      "an object with a prototype of its own",
    ],
    [new Names(), "$", "an array of a class of its own"],
    [{ n: new Number(1) }, "$.n", "an instance of Number"],
    [{ b: Uint8Array.of(1) }, "$.b", "an instance of Uint8Array"],
    [{ b: new ArrayBuffer(1) }, "$.b", "an instance of ArrayBuffer"],
    [{ r: /x/ }, "$.r", "an instance of RegExp"],
    [{ e: new Error("x") }, "$.e", "an instance of Error"],
    [{ n: 1n }, "$.n", "a bigint"],
    [{ f: () => 1 }, "$.f", "a function"],
    [{ toJSON: () => 1 }, "$.toJSON", "a function"],
    [{ s: Symbol("x") }, "$.s", "a symbol"],
    [{ a: [1, undefined] }, "$.a[1]", "undefined in an array"],
    [hole, "$[1]", "a hole in an array"],
    [{ a: NaN }, "$.a", "NaN"],
    [{ a: -Infinity }, "$.a", "-Infinity"],
    [{ "a b": [-0] }, '$["a b"][0]', "-0"],
    [
      JSON.parse('{"a":{"__proto__":{}}}'),
      "$.a.__proto__",
      'the key "__proto__"',
    ],
    [
      [{ constructor: { a: 1, prototype: undefined } }],
      "$[0].constructor.prototype",
      'the key "prototype" below the key "constructor"',
    ],
  ];
  for (const [value, path, found] of cases) {
    const error = assertThrows(() => codec.encode(value), CodecError);
    assertEquals(
      error.message,
      `Cannot encode "${path}" as json: found ${found}, plain JSON data was expected`,
    );
    assertEquals(error.path, path);
  }
});

Deno.test("json() says of a reference that its address travels", async () => {
  await using system = new ActorSystem("s", { logger: null });
  const { ref } = spawnBox(system, "box");
  assertEquals(
    assertThrows(() => codec.encode({ to: ref }), CodecError).message,
    'Cannot encode "$.to" as json: found a reference, of which only the address travels, String(ref.pid), plain JSON data was expected',
  );
  assertEquals(codec.decode(codec.encode(`${ref.pid}`)), "goakt://s@:0/box");
});

Deno.test("json() names the place where a cycle closes, and where nesting is too deep", () => {
  const cyclic: { list: unknown[]; self?: unknown } = { list: [] };
  cyclic.list.push({ back: cyclic.list });
  const error = assertThrows(
    () => codec.encode(cyclic),
    CodecError,
    'a cycle back to "$.list"',
  );
  assertEquals(error.path, "$.list[0].back");
  assertThrows(
    () => codec.encode(nested(129)),
    CodecError,
    "more than 128 levels",
  );
  const shared = { x: 1 };
  assertEquals(codec.decode(codec.encode([shared, shared])), [shared, shared]);
});

Deno.test("json() leaves out properties that are undefined and sends undefined as no bytes", () => {
  assertEquals(codec.decode(codec.encode({ a: undefined, b: 1 })), { b: 1 });
  assertEquals(codec.encode(undefined).length, 0);
});

Deno.test("json() leaves out what only looks like data: symbol keys and named properties of arrays", () => {
  const array = Object.assign([1], { name: "x" });
  const value = { array, [Symbol("key")]: 1 };
  assertEquals(new TextDecoder().decode(codec.encode(value)), '{"array":[1]}');
});

Deno.test("json() gives back objects without a prototype as plain ones", () => {
  assertEquals(
    codec.decode(codec.encode(Object.assign(Object.create(null), { a: 1 }))),
    { a: 1 },
  );
});

Deno.test("json() refuses bytes that are not UTF-8 or not JSON", () => {
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [Uint8Array.of(0x22, 0xff, 0x22), "bytes that are not UTF-8"],
    [Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), "bytes that are not UTF-8"],
    [bytesOf("{"), "bytes that are not JSON"],
    [bytesOf("\ufeff1"), "bytes that are not JSON"],
    [bytesOf("NaN"), "bytes that are not JSON"],
    [bytesOf(" "), "bytes that are not JSON"],
  ];
  for (const [bytes, found] of cases) {
    const error = assertThrows(() => codec.decode(bytes), CodecError, found);
    assertEquals(error.path, "$");
  }
});

Deno.test("json() refuses the key __proto__ however it is written, and pollutes nothing", () => {
  for (
    const text of [
      '{"__proto__":{"polluted":1}}',
      '{"a":[{"__proto__":null}]}',
      '{"\\u005f_proto__":{"polluted":1}}',
      '{"__pr\\u006fto__":1}',
      `{"pad":"${"x".repeat(300)}","__proto__":1}`,
    ]
  ) {
    const error = assertThrows(
      () => codec.decode(bytesOf(text)),
      CodecError,
      'the key "__proto__"',
    );
    assertEquals(error.path.endsWith(".__proto__"), true);
  }
  assertEquals(({} as { polluted?: number }).polluted, undefined);
  assertEquals(codec.decode(bytesOf('["__proto__"]')), ["__proto__"]);
});

/** What who knows no better does with a body: copies it into an object of his own, level by level. */
function merge(into: object, from: object): void {
  for (const [key, value] of Object.entries(from)) {
    const known: unknown = Reflect.get(into, key);
    const isBelow = (typeof known === "object" && known !== null) ||
      typeof known === "function";
    if (isBelow && typeof value === "object" && value !== null) {
      merge(known, value);
    } else Reflect.set(into, key, value);
  }
}

Deno.test("json() refuses the key prototype below the key constructor, which a merge would write to all objects", () => {
  const direct = directCodec(codec);
  const text = '{"constructor":{"prototype":{"polluted":1}}}';
  merge({}, JSON.parse(text));
  const { polluted } = {} as { polluted?: number };
  Reflect.deleteProperty(Object.prototype, "polluted");
  assertEquals(polluted, 1, "it is no danger any more");
  for (
    const [written, place] of [
      [text, "$"],
      ['{"constructor" : {"a":[], "prototype" : 1}}', "$"],
      ['{"a":[{"constructor":{"prototype":{}}}]}', "$.a[0]"],
      ['{"c\\u006fnstructor":{"pr\\u006ftotype":1}}', "$"],
      [`{"pad":"${"x".repeat(300)}","constructor":{"prototype":1}}`, "$"],
    ] as const
  ) {
    const bytes = bytesOf(written);
    for (
      const decode of [
        () => codec.decode(bytes),
        () => direct.read(bytes, 0, bytes.length),
      ]
    ) {
      const error = assertThrows(decode, CodecError);
      assertEquals(
        error.message,
        `Cannot decode "${place}.constructor.prototype" as json: found the key "prototype" below the key "constructor", plain JSON data was expected`,
      );
    }
  }
  // Behind others in one chunk as well.
  const harmless = bytesOf('{"a":1}');
  const chunk = concatBytes([harmless, bytesOf(text)]);
  assertEquals(direct.read(chunk, 0, harmless.length), { a: 1 });
  assertThrows(
    () => direct.read(chunk, harmless.length, chunk.length),
    CodecError,
  );
});

Deno.test("json() takes the words constructor and prototype for data where they lead nowhere", () => {
  for (
    const text of [
      '{"constructor":{"name":"Bach"},"prototype":{"of":"a car"}}',
      '{"constructor":"prototype","prototype":["constructor"]}',
      '{"constructor":[{"prototype":1}],"a":{"constructor":null}}',
      '{"prototype":{"constructor":{"a":{"prototype":1}}}}',
    ]
  ) {
    const value = codec.decode(bytesOf(text));
    assertEquals(new TextDecoder().decode(codec.encode(value)), text);
  }
});

Deno.test("json() refuses received data that nests deeper than 128 levels", () => {
  assertEquals(
    codec.decode(bytesOf("[".repeat(128) + "]".repeat(128))),
    nestedArrays(128),
  );
  assertThrows(
    () => codec.decode(bytesOf("[".repeat(129) + "]".repeat(129))),
    CodecError,
    "more than 128 levels",
  );
  assertThrows(
    () => codec.decode(bytesOf("[".repeat(1e6) + "]".repeat(1e6))),
    CodecError,
  );
});

function nestedArrays(levels: number): unknown {
  let value: unknown[] = [];
  for (let level = 1; level < levels; level++) value = [value];
  return value;
}

Deno.test("json() reads each message of a chunk, whatever the others contain", () => {
  const direct = directCodec(codec);
  const texts = [
    '{"a":1}',
    '"é"',
    '{"b":"__x"}',
    '"\\u0041"',
    "[1,2,3,4,5,6,7]",
    "[]",
    '"日本"',
  ];
  const chunk = concatBytes(texts.map(bytesOf));
  for (
    const bytes of [chunk, concatBytes([bytesOf("??"), chunk]).subarray(2)]
  ) {
    let start = 0;
    for (const text of texts) {
      const end = start + bytesOf(text).length;
      assertEquals(direct.read(bytes, start, end), JSON.parse(text));
      start = end;
    }
  }
  const dangerous = concatBytes([
    bytesOf("{}"),
    bytesOf('{"__proto__":1}'),
    bytesOf("[".repeat(129) + "]".repeat(129)),
  ]);
  assertEquals(direct.read(dangerous, 0, 2), {});
  assertThrows(
    () => direct.read(dangerous, 2, 17),
    CodecError,
    'the key "__proto__"',
  );
  assertThrows(
    () => direct.read(dangerous, 17, dangerous.length),
    CodecError,
    "more than 128 levels",
  );
  const invalid = Uint8Array.of(0x31, 0x22, 0xff, 0x22);
  assertEquals(direct.read(invalid, 0, 1), 1);
  assertThrows(
    () => direct.read(invalid, 1, 4),
    CodecError,
    "bytes that are not UTF-8",
  );
  assertEquals(direct.read(new Uint8Array(200_000).fill(0x31), 5, 8), 111);
});

Deno.test("json().decode() sees what an array holds now, not what it held before", () => {
  const bytes = bytesOf("[1]");
  assertEquals(codec.decode(bytes), [1]);
  bytes[1] = 0x32;
  assertEquals(codec.decode(bytes), [2]);
});

function schemaOf<T>(
  validate: StandardSchema<T>["~standard"]["validate"],
): StandardSchema<T> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

Deno.test("json(schema) hands on what the schema makes of received data", () => {
  const doubled = json(
    schemaOf<number>((value) => ({ value: (value as number) * 2 })),
  );
  assertEquals(doubled.decode(bytesOf("21")), 42);
});

Deno.test("json(schema) gives undefined to the schema when there are no bytes", () => {
  const seen: unknown[] = [];
  const codec = json(schemaOf<void>((value) => {
    seen.push(value);
    return { value: undefined };
  }));
  codec.decode(new Uint8Array());
  assertEquals(seen, [undefined]);
});

Deno.test("json(schema) refuses what the schema refuses, with its path and words", () => {
  const codec = json(schemaOf<string>(() => ({
    issues: [{
      message: "too short",
      path: ["users", 2, { key: "full name" }],
    }],
  })));
  const error = assertThrows(() => codec.decode(bytesOf("{}")), CodecError);
  assertEquals(
    error.message,
    'Cannot decode "$.users[2]["full name"]" as json: found what the schema refuses: too short, ' +
      "a value that the test schema accepts was expected",
  );
});

Deno.test("json(schema) refuses a schema that answers with a promise", () => {
  const codec = json(schemaOf<string>(() => Promise.reject(new Error("late"))));
  assertThrows(
    () => codec.decode(bytesOf("1")),
    TypeError,
    "Cannot decode json: the test schema answered with a promise, a synchronous schema was expected",
  );
});

Deno.test("json() gives back random data equal", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const leaves = [
    null,
    true,
    false,
    0,
    1,
    -1,
    1e308,
    0.1,
    "",
    "a",
    "é",
    "🎭",
    "\\u",
    "\u0000",
  ];
  const make = (depth: number): unknown => {
    const choice = random.next();
    if (depth === 0 || choice < 0.4) return pick(random, leaves);
    const size = below(random, 5);
    if (choice < 0.7) {
      return Array.from({ length: size }, () => make(depth - 1));
    }
    return Object.fromEntries(
      Array.from(
        { length: size },
        (
          _,
          index,
        ) => [pick(random, ["a", "é", "x y"]) + index, make(depth - 1)],
      ),
    );
  };
  for (let round = 0; round < 2_000; round++) {
    const value = make(6);
    assertEquals(
      codec.decode(codec.encode(value)),
      value,
      `seed ${seed}, round ${round}`,
    );
  }
});
