import { assertEquals, assertThrows } from "@std/assert";
import { CodecError } from "../../../remote/errors.ts";
import {
  type DeliverySegment,
  SEGMENT_BYTES,
  segmentCodec,
} from "../../../remote/delivery/segment.ts";

const FIRST: DeliverySegment = {
  producer: "mi8k2",
  session: 2,
  number: 300,
  type: "orders.place",
  total: 70_000,
  part: Uint8Array.of(1, 2, 3),
};

Deno.test("segmentCodec writes the bytes that docs/wire.md shows", () => {
  const bytes = segmentCodec.encode(FIRST);
  assertEquals(
    bytes.toHex(),
    "05" + "6d69386b32" + "02" + "ac02" + "0c" + "6f72646572732e706c616365" +
      "f0a204" + "010203",
  );
  assertEquals(segmentCodec.decode(bytes), FIRST);
});

Deno.test("segmentCodec reads what it writes, with nothing in it and with the most", () => {
  for (
    const segment of [
      { ...FIRST, type: "", total: 0, part: new Uint8Array() },
      { ...FIRST, number: Number.MAX_SAFE_INTEGER, type: "é" },
      { ...FIRST, part: new Uint8Array(SEGMENT_BYTES) },
    ]
  ) assertEquals(segmentCodec.decode(segmentCodec.encode(segment)), segment);
});

Deno.test("segmentCodec refuses what is no segment", () => {
  const bytes = segmentCodec.encode(FIRST);
  for (let length = 0; length < bytes.length - 3; length++) {
    assertThrows(() => segmentCodec.decode(bytes.slice(0, length)), CodecError);
  }
  for (
    const segment of [
      { ...FIRST, producer: "a b" },
      { ...FIRST, producer: "" },
      { ...FIRST, session: 0 },
      { ...FIRST, number: 0 },
      { ...FIRST, type: "t".repeat(1_025) },
      { ...FIRST, part: new Uint8Array(SEGMENT_BYTES + 1) },
    ]
  ) {
    const wrong = segmentCodec.encode(segment);
    assertThrows(() => segmentCodec.decode(wrong), CodecError);
  }
});
