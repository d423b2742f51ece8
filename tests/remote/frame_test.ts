import { assert, assertEquals, assertThrows } from "@std/assert";
import { FrameError } from "../../remote/errors.ts";
import {
  encodePlain,
  encodeWithMetadata,
  frameLength,
  MAX_FRAME_BYTES,
  parseFrame,
} from "../../remote/frame.ts";
import { decodeMetadata, encodeMetadata } from "../../remote/metadata.ts";

// GoAkt's own serializer made these bytes: a RemoteTellRequest without sender for
// goakt://sys@127.0.0.1:9000/echo with StringValue("hello") and empty metadata.
const NAME = "internalpb.RemoteTellRequest";
const NAME_HEX = "696e7465726e616c70622e52656d6f746554656c6c52657175657374";
const BODY_HEX =
  "0a6b0a0c676f616b743a2f2f403a302f121f676f616b743a2f2f737973403132372e302e302e313a" +
  "393030302f6563686f1a3a0a2f747970652e676f6f676c65617069732e636f6d2f676f6f676c652e" +
  "70726f746f6275662e537472696e6756616c756512070a0568656c6c6f";
const EMPTY_METADATA_HEX = "00000000000000000000";
const GOLDEN_METADATA = fromHex(
  "0000009f" + "0000001c" + "0000000a" + NAME_HEX + EMPTY_METADATA_HEX +
    BODY_HEX,
);
const GOLDEN_PLAIN = fromHex("00000091" + "0000001c" + NAME_HEX + BODY_HEX);

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function patched(frame: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = frame.slice();
  new DataView(copy.buffer).setUint32(offset, value);
  return copy;
}

Deno.test("encodeWithMetadata() writes the bytes of GoAkt's serializer", () => {
  const metadata = encodeMetadata({ headers: new Map(), deadline: 0n });
  assertEquals(
    encodeWithMetadata(NAME, metadata, fromHex(BODY_HEX)),
    GOLDEN_METADATA,
  );
  assertEquals(GOLDEN_METADATA.length, 159);
});

Deno.test("encodePlain() writes the same frame without the metadata", () => {
  assertEquals(encodePlain(NAME, fromHex(BODY_HEX)), GOLDEN_PLAIN);
  assertEquals(GOLDEN_PLAIN.length, 0x91);
});

Deno.test("parseFrame() reads both layouts of GoAkt's frame", () => {
  assertEquals(parseFrame(GOLDEN_METADATA), {
    name: NAME,
    metadata: fromHex(EMPTY_METADATA_HEX),
    body: fromHex(BODY_HEX),
  });
  assertEquals(parseFrame(GOLDEN_PLAIN), {
    name: NAME,
    metadata: undefined,
    body: fromHex(BODY_HEX),
  });
});

Deno.test("parseFrame() takes a frame of fewer than 12 bytes for a plain one", () => {
  assertEquals(parseFrame(encodePlain("a.B", new Uint8Array())), {
    name: "a.B",
    metadata: undefined,
    body: new Uint8Array(),
  });
});

Deno.test("parseFrame() accepts an empty metadata block", () => {
  const parsed = parseFrame(
    encodeWithMetadata("a.B", new Uint8Array(), Uint8Array.of(0, 1)),
  );
  assertEquals(parsed, {
    name: "a.B",
    metadata: new Uint8Array(),
    body: Uint8Array.of(0, 1),
  });
});

Deno.test("parseFrame() tells the layouts apart when the body begins with zeros", () => {
  const body = new Uint8Array(32);
  assertEquals(parseFrame(encodePlain("x", body)), {
    name: "x",
    metadata: undefined,
    body,
  });
});

Deno.test("frameLength() accepts 8 bytes to 16 MiB and refuses the rest", () => {
  const bytes = new Uint8Array(4);
  for (const good of [8, MAX_FRAME_BYTES]) {
    assertEquals(frameLength(patched(bytes, 0, good)), good);
  }
  for (const bad of [0, 7, MAX_FRAME_BYTES + 1, 0xffffffff]) {
    assertThrows(
      () => frameLength(patched(bytes, 0, bad)),
      FrameError,
      `Cannot read a frame: its length is ${bad} bytes, between 8 and 16777216 bytes were expected`,
    );
  }
  assertThrows(
    () => frameLength(patched(bytes, 0, 4097), 0, 4096),
    FrameError,
    "between 8 and 4096",
  );
});

Deno.test("parseFrame() refuses lengths that do not fit, and says what it found", () => {
  assertThrows(
    () => parseFrame(GOLDEN_PLAIN.subarray(0, 7)),
    FrameError,
    "it has 7 bytes",
  );
  assertThrows(
    () => parseFrame(patched(GOLDEN_PLAIN, 0, 0x92)),
    FrameError,
    "its length field says 146 bytes, 145 bytes were expected",
  );
  assertThrows(
    () => parseFrame(patched(GOLDEN_PLAIN, 4, 0xffffffff)),
    FrameError,
    "its name has 4294967295 bytes, a name of at least 1 byte and no more than 137 bytes",
  );
  assertThrows(
    () => parseFrame(patched(GOLDEN_PLAIN, 4, 0)),
    FrameError,
    "its name has 0 bytes",
  );
  assertThrows(
    () => parseFrame(patched(GOLDEN_METADATA, 8, 0x00ffffff)),
    FrameError,
    "its name has 28 bytes and its metadata 16777215",
  );
});

Deno.test("parseFrame() refuses a name that is not UTF-8", () => {
  const frame = encodePlain("name", new Uint8Array());
  frame[9] = 0xff;
  assertThrows(
    () => parseFrame(frame),
    FrameError,
    "its message name is not UTF-8",
  );
});

Deno.test("encodePlain() and encodeWithMetadata() refuse a frame over the limit", () => {
  assertEquals(encodePlain("a.B", new Uint8Array(89), 100).length, 100);
  assertThrows(
    () => encodePlain("a.B", new Uint8Array(90), 100),
    FrameError,
    'Cannot write a frame with "a.B": it would have 101 bytes, at most 100 bytes were expected',
  );
  assertThrows(
    () =>
      encodeWithMetadata("a.B", new Uint8Array(10), new Uint8Array(76), 100),
    FrameError,
    "it would have 101 bytes",
  );
});

Deno.test("encodePlain() refuses a name that would make the layouts look alike", () => {
  assertThrows(
    () => encodePlain("", new Uint8Array()),
    TypeError,
    'its message name is ""',
  );
  assertThrows(() => encodePlain("\0a", new Uint8Array()), TypeError);
});

Deno.test("encodeMetadata() writes headers and deadline as GoAkt lays them out", () => {
  const headers = new Map([["k", "vé"]]);
  const block = encodeMetadata({ headers, deadline: 258n });
  assertEquals(
    block,
    fromHex("0001" + "0001" + "6b" + "0003" + "76c3a9" + "0000000000000102"),
  );
  assertEquals(decodeMetadata(block), { headers, deadline: 258n });
});

Deno.test("decodeMetadata() keeps negative deadlines, ignores what follows, and takes nothing for nothing", () => {
  const block = encodeMetadata({ headers: new Map(), deadline: -5n });
  const longer = new Uint8Array([...block, 9, 9]);
  assertEquals(decodeMetadata(longer), { headers: new Map(), deadline: -5n });
  assertEquals(decodeMetadata(new Uint8Array()), {
    headers: new Map(),
    deadline: 0n,
  });
});

Deno.test("decodeMetadata() refuses every block that was cut, and bytes that are not UTF-8", () => {
  const block = encodeMetadata({
    headers: new Map([["key", "value"], ["a", ""]]),
    deadline: 7n,
  });
  for (let length = 1; length < block.length; length++) {
    assertThrows(
      () => decodeMetadata(block.subarray(0, length)),
      FrameError,
      "Cannot read metadata",
    );
  }
  block[4] = 0xff;
  assertThrows(
    () => decodeMetadata(block),
    FrameError,
    "a header is not UTF-8",
  );
});

Deno.test("encodeMetadata() refuses keys and values that 16 bits cannot count", () => {
  const value = "x".repeat(65_535);
  assert(
    encodeMetadata({ headers: new Map([["k", value]]), deadline: 0n }).length >
      65_535,
  );
  for (const header of [["k", value + "x"], [value + "x", "v"]] as const) {
    assertThrows(
      () => encodeMetadata({ headers: new Map([header]), deadline: 0n }),
      FrameError,
      "is 65536, at most 65535 was expected",
    );
  }
});
