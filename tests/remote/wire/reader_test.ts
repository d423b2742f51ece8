import { assert, assertEquals, assertThrows } from "@std/assert";
import { concatBytes, equalBytes } from "../../../internal/bytes.ts";
import { seededRandom } from "../../../internal/random.ts";
import { FrameError } from "../../../remote/errors.ts";
import { encodePlain, parseFrame } from "../../../remote/frame.ts";
import { FrameReader } from "../../../remote/wire/reader.ts";
import { below, testSeed } from "./wire_random.ts";

function framed(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(4 + content.length);
  new DataView(frame.buffer).setUint32(0, content.length);
  frame.set(content, 4);
  return frame;
}

function readAll(reader: FrameReader, chunk: Uint8Array): Uint8Array[] {
  reader.push(chunk);
  const frames: Uint8Array[] = [];
  while (reader.next()) {
    frames.push(reader.bytes.subarray(reader.start, reader.end));
  }
  return frames;
}

Deno.test("FrameReader finds the same frames however the stream is cut", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const contents = Array.from({ length: 400 }, (_, index) => {
    const length = random.next() < 0.02
      ? below(random, 300_000)
      : below(random, 300);
    return new Uint8Array(length).fill(index);
  });
  const stream = concatBytes(contents.map(framed));
  for (const largest of [1, 3, 7, 100, 5_000, 70_000, stream.length]) {
    const reader = new FrameReader();
    const found: Uint8Array[] = [];
    for (let at = 0; at < stream.length;) {
      // Single bytes only for the first part, to keep the test short.
      const step = largest < 10 && at > 50_000
        ? 65_536
        : 1 + below(random, largest);
      found.push(...readAll(reader, stream.slice(at, at + step)));
      at += step;
    }
    assertEquals(
      found.length,
      contents.length,
      `seed ${seed}, chunks up to ${largest}`,
    );
    const wrong = found.findIndex((frame, index) =>
      !equalBytes(frame, contents[index]!)
    );
    assertEquals(wrong, -1, `seed ${seed}, chunks up to ${largest}`);
    assertEquals(reader.buffered, 0);
  }
});

Deno.test("FrameReader does not copy frames that lie within one chunk", () => {
  const reader = new FrameReader();
  const chunk = concatBytes([
    framed(Uint8Array.of(1)),
    framed(Uint8Array.of(2, 3)),
  ]);
  reader.push(chunk);
  assert(reader.next());
  assertEquals([reader.bytes === chunk, reader.start, reader.end], [
    true,
    4,
    5,
  ]);
  assert(reader.next());
  assertEquals([reader.bytes === chunk, reader.start, reader.end], [
    true,
    9,
    11,
  ]);
  assertEquals(reader.next(), false);
});

Deno.test("FrameReader keeps a frame that crossed chunks untouched by the next ones", () => {
  const reader = new FrameReader();
  const first = framed(new Uint8Array(50).fill(1));
  const second = framed(new Uint8Array(50).fill(2));
  readAll(reader, first.slice(0, 20));
  const [kept] = readAll(
    reader,
    concatBytes([first.slice(20), second.slice(0, 30)]),
  );
  readAll(reader, second.slice(30));
  assertEquals(kept, new Uint8Array(50).fill(1));
});

Deno.test("FrameReader reads GoAkt's layout, whose length counts itself", () => {
  const reader = new FrameReader({ counts: "whole" });
  const stream = concatBytes([
    encodePlain("a.B", Uint8Array.of(1)),
    encodePlain("a.C", Uint8Array.of(2)),
  ]);
  const found = [
    ...readAll(reader, stream.slice(0, 15)),
    ...readAll(reader, stream.slice(15)),
  ];
  assertEquals(found.map((frame) => parseFrame(frame).name), ["a.B", "a.C"]);
});

Deno.test("FrameReader refuses a length over the limit from its four bytes alone", () => {
  const reader = new FrameReader({ maxFrameBytes: 100 });
  assertEquals(readAll(reader, framed(new Uint8Array(96))).length, 1);
  assertThrows(
    () =>
      readAll(
        new FrameReader({ maxFrameBytes: 100 }),
        Uint8Array.of(0, 0, 0, 97),
      ),
    FrameError,
    "Cannot read a frame: its length is 101 bytes, between 4 and 100 bytes were expected",
  );
  assertEquals(readAll(reader, Uint8Array.of(0xff, 0xff)), []);
  assertThrows(
    () => readAll(reader, Uint8Array.of(0xff, 0xff)),
    FrameError,
    "its length is 4294967299 bytes",
  );
});

Deno.test("FrameReader refuses a length below 8 in GoAkt's layout", () => {
  const reader = new FrameReader({ counts: "whole" });
  assertThrows(
    () => readAll(reader, Uint8Array.of(0, 0, 0, 7)),
    FrameError,
    "its length is 7 bytes, between 8",
  );
});

Deno.test("FrameReader reserves no more than 128 KiB or twice what arrived of a long frame", () => {
  const reader = new FrameReader();
  readAll(reader, framed(new Uint8Array(16_000_000)).slice(0, 200_000));
  assertEquals(reader.buffered, 200_000);
  assert(reader.reserved <= 400_000, `${reader.reserved} bytes are reserved`);
  readAll(reader, new Uint8Array(300_000));
  assertEquals(reader.buffered, 500_000);
  assert(reader.reserved <= 1_000_000, `${reader.reserved} bytes are reserved`);
  const other = new FrameReader();
  readAll(other, framed(new Uint8Array(16_000_000)).slice(0, 10));
  assert(other.reserved <= 131_072, `${other.reserved} bytes are reserved`);
});

Deno.test("FrameReader.rest() gives back what belongs to no frame that was read", () => {
  const reader = new FrameReader();
  reader.push(
    concatBytes([framed(Uint8Array.of(1)), Uint8Array.of(0, 0, 0, 9, 5)]),
  );
  assert(reader.next());
  assertEquals(reader.rest(), Uint8Array.of(0, 0, 0, 9, 5));
  assertEquals([reader.buffered, reader.next()], [0, false]);
  readAll(reader, Uint8Array.of(0, 0));
  reader.push(Uint8Array.of(1));
  assertEquals(reader.rest(), Uint8Array.of(0, 0, 1));
});

Deno.test("FrameReader.push() refuses a chunk before the last one was read", () => {
  const reader = new FrameReader();
  reader.push(framed(Uint8Array.of(1)));
  assertThrows(
    () => reader.push(new Uint8Array(1)),
    TypeError,
    "5 bytes of the last one are unread",
  );
});

Deno.test("FrameReader.maxFrameBytes can be raised once a peer is trusted", () => {
  const reader = new FrameReader({ maxFrameBytes: 8 });
  reader.maxFrameBytes = 16;
  assertEquals(readAll(reader, framed(new Uint8Array(12))).length, 1);
});
