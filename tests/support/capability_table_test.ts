import { assertEquals } from "@std/assert";
import {
  findIdProblems,
  findTestProblems,
  readCapabilities,
} from "./capability_table.ts";

const TABLE = `
| Id | Capability | Test |
| --- | --- | --- |
| S0-01 | One \\| two | tests/a_test.ts › adds numbers |
| S0-02 | Two | tests/a_test.ts › adds numbers<br>tests/b.ts › sends a frame (tcp) |
| S1-105 | Three | not yet |
`;

const FILES = new Map([
  [
    "tests/a_test.ts",
    [
      'Deno.test("adds numbers", () => {});',
      '// Deno.test("is commented out", () => {});',
      'Deno.test.ignore("is ignored", () => {});',
      "Deno.test({",
      '  name: "has \\"quotes\\" and options",',
      "  fn() {},",
      "});",
      "Deno.test(",
      '  "is broken over lines because it is long",',
      "  () => {},",
      ");",
    ].join("\n"),
  ],
  ["tests/b.ts", "  Deno.test(`sends a frame (${name})`, () => {});\n"],
]);

const read = (path: string) => Promise.resolve(FILES.get(path));

const row = (test: string) => [{ id: "S0-01", text: "One", tests: [test] }];

Deno.test("readCapabilities() reads the rows and their tests", () => {
  assertEquals(readCapabilities(TABLE), [
    {
      id: "S0-01",
      text: "One | two",
      tests: ["tests/a_test.ts › adds numbers"],
    },
    {
      id: "S0-02",
      text: "Two",
      tests: [
        "tests/a_test.ts › adds numbers",
        "tests/b.ts › sends a frame (tcp)",
      ],
    },
    { id: "S1-105", text: "Three", tests: [] },
  ]);
});

Deno.test("findIdProblems() finds missing, unknown, repeated and empty rows", () => {
  const rows = readCapabilities(TABLE);
  assertEquals(findIdProblems(rows, ["S0-01", "S0-02", "S1-105"]), []);
  assertEquals(findIdProblems(rows, ["S0-01", "S0-02", "S1-105", "S2-01"]), [
    "S2-01 is missing",
  ]);
  assertEquals(findIdProblems(rows, ["S0-01", "S0-02"]), ["S1-105 is unknown"]);
  assertEquals(
    findIdProblems([...rows, ...rows.slice(2)], ["S0-01", "S0-02", "S1-105"]),
    [
      "S1-105 is there twice",
    ],
  );
  assertEquals(
    findIdProblems([{ id: "S0-01", text: "", tests: [] }], ["S0-01"]),
    ["S0-01 says nothing"],
  );
});

Deno.test("findTestProblems() accepts every way of declaring a test", async () => {
  assertEquals(await findTestProblems(readCapabilities(TABLE), read), []);
  for (
    const name of [
      'has "quotes" and options',
      "is broken over lines because it is long",
    ]
  ) {
    assertEquals(
      await findTestProblems(row(`tests/a_test.ts › ${name}`), read),
      [],
    );
  }
});

Deno.test("findTestProblems() refuses what does not exist or does not run", async () => {
  const cases: [string, string][] = [
    [
      "tests/none_test.ts › adds numbers",
      "there is no file tests/none_test.ts",
    ],
    ["tests/a_test.ts › adds", 'tests/a_test.ts has no test "adds"'],
    [
      "tests/a_test.ts › is commented out",
      'tests/a_test.ts has no test "is commented out"',
    ],
    [
      "tests/a_test.ts › is ignored",
      'tests/a_test.ts has no test "is ignored"',
    ],
    [
      "tests/b.ts › sends a frame ()",
      'tests/b.ts has no test "sends a frame ()"',
    ],
    [
      "yes",
      '"yes" is neither "not yet" nor "tests/path/file.ts › name of the test"',
    ],
    ["", '"" is neither "not yet" nor "tests/path/file.ts › name of the test"'],
    [
      "tests/a_test.ts",
      '"tests/a_test.ts" is neither "not yet" nor "tests/path/file.ts › name of the test"',
    ],
  ];
  for (const [reference, problem] of cases) {
    assertEquals(await findTestProblems(row(reference), read), [
      `S0-01: ${problem}`,
    ]);
  }
});
