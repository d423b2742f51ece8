import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  Assembler,
  CHUNK_BYTES,
  MIN_PART_BYTES,
} from "../../../remote/link/chunks.ts";
import { FrameError } from "../../../remote/errors.ts";

const first = (id: number, totalBytes: number) => ({
  id,
  last: false,
  totalBytes,
});
const next = (id: number, last = false) => ({ id, last, totalBytes: 0 });

function part(length: number, value = 0): Uint8Array {
  return new Uint8Array(length).fill(value);
}

Deno.test("Assembler puts parts together that come between those of others", () => {
  const assembler = new Assembler<string>(1_000_000);
  const size = CHUNK_BYTES;
  assembler.begin(first(1, 2 * size + 3), "one", part(size, 1));
  assembler.begin(first(2, size + 1), "two", part(size, 2));
  assertEquals(assembler.bytes, 2 * size);
  assertEquals(assembler.next(next(1), part(size, 3)), undefined);
  const two = assembler.next(next(2, true), part(1, 4));
  const one = assembler.next(next(1, true), part(3, 5));
  assertEquals([two?.head, two?.payload.length], ["two", size + 1]);
  assertEquals([one?.head, one?.payload.length], ["one", 2 * size + 3]);
  assertEquals(
    [0, size, 2 * size, 2 * size + 2].map((at) => one?.payload[at]),
    [1, 3, 5, 5],
  );
  assertEquals(assembler.bytes, 0);
  // The number is free again.
  assembler.begin(first(1, size + 1), "three", part(size));
});

Deno.test("Assembler keeps no more memory than the parts need", () => {
  const assembler = new Assembler<number>(1_000_000);
  const chunk = new Uint8Array(60_000);
  const view = chunk.subarray(0, MIN_PART_BYTES);
  assembler.begin(first(1, MIN_PART_BYTES + 2), 1, view);
  chunk.fill(9); // a copy does not change with what it was made from
  assertEquals(
    assembler.next(next(1, true), part(2))?.payload.every((it) => it === 0),
    true,
  );
});

Deno.test("Assembler refuses what no honest peer sends", () => {
  const limit = 100_000;
  const make = () => {
    const assembler = new Assembler<number>(limit);
    assembler.begin(first(1, 90_000), 1, part(50_000));
    return assembler;
  };
  const cases: [(assembler: Assembler<number>) => void, string][] = [
    [(it) => it.begin(first(2, limit + 1), 2, part(5_000)), "at most 100000"],
    [(it) => it.begin(first(2, 5_000), 2, part(5_000)), "more than one part"],
    [(it) => it.begin(first(2, 50_000), 2, part(0)), "has 0 bytes"],
    [(it) => it.begin(first(1, 50_000), 2, part(5_000)), "number 1 comes"],
    [(it) => it.next(next(9), part(5_000)), "number 9 is not under way"],
    [(it) => it.next(next(1), part(100)), "at least 4096 bytes"],
    [(it) => it.next(next(1, true), part(0)), "at least 1 bytes"],
    [(it) => it.next(next(1, true), part(39_999)), "89999 bytes, 90000"],
    [(it) => it.next(next(1, true), part(40_001)), "90001 bytes, 90000"],
    [(it) => it.next(next(1), part(40_000)), "90000 bytes and goes on"],
    [(it) => {
      it.begin(first(2, 90_000), 2, part(89_000));
      it.begin(first(3, 90_000), 3, part(89_000));
    }, "228000 bytes wait"],
    [(it) => {
      const assembler = new Assembler<number>(16_000_000);
      for (let id = 0; id <= 1_024; id++) {
        assembler.begin(first(id, 10_000), id, part(MIN_PART_BYTES));
      }
      assert(it !== undefined);
    }, "number 1024 comes while 1024 are under way"],
  ];
  for (const [attempt, text] of cases) {
    const error = assertThrows(() => attempt(make()), FrameError);
    assert(error.message.includes(text), `${error.message} has no "${text}"`);
  }
});
