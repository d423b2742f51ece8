import { assertEquals } from "@std/assert";
import { fromBinary } from "@bufbuild/protobuf";
import { equalBytes } from "../../../internal/bytes.ts";
import { seededRandom } from "../../../internal/random.ts";
import { FrameSchema } from "../../../remote/gen/troupe/remote/v1/frame_pb.ts";
import { FrameDecoder } from "../../../remote/wire/decoder.ts";
import { FrameWriter } from "../../../remote/wire/encoder.ts";
import type { DecodedFrame, FrameFields } from "../../../remote/wire/fields.ts";
import {
  randomFields,
  testSeed,
  toMessage,
  toProtobuf,
} from "./wire_random.ts";

const ROUNDS = 4_000;
const PREFIX_BYTES = 4;

function written(writer: FrameWriter, fields: FrameFields): Uint8Array {
  writer.frame(fields);
  const bytes = writer.take();
  if (bytes === undefined) throw new Error("nothing was written");
  return bytes.subarray(PREFIX_BYTES);
}

function fieldsOf(frame: DecodedFrame): Required<FrameFields> {
  const { kind, receiver, sender, type, correlation, remaining, ack } = frame;
  const { definitions, headers, address, chunk, failure, spawn } = frame;
  const { compression } = frame;
  const numbers = { kind, receiver, sender, type, correlation, remaining, ack };
  const payload = frame.payload().slice();
  return {
    ...numbers,
    definitions,
    headers,
    address,
    chunk,
    failure,
    spawn,
    compression,
    payload,
  };
}

Deno.test("FrameWriter writes the bytes of the protobuf library for random frames", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const writer = new FrameWriter();
  for (let round = 0; round < ROUNDS; round++) {
    const fields = randomFields(random);
    const expected = toProtobuf(fields);
    const actual = written(writer, fields);
    if (!equalBytes(actual, expected)) {
      assertEquals(actual, expected, `seed ${seed}, round ${round}`);
    }
  }
});

Deno.test("FrameDecoder reads what the protobuf library writes for random frames", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const decoder = new FrameDecoder();
  for (let round = 0; round < ROUNDS; round++) {
    const fields = randomFields(random);
    const bytes = toProtobuf(fields);
    decoder.decode(bytes, 0, bytes.length);
    assertEquals(
      fieldsOf(decoder.frame),
      fields,
      `seed ${seed}, round ${round}`,
    );
  }
});

Deno.test("the protobuf library reads what FrameWriter writes for random frames", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const writer = new FrameWriter();
  for (let round = 0; round < ROUNDS / 4; round++) {
    const fields = randomFields(random);
    assertEquals(
      fromBinary(FrameSchema, written(writer, fields)),
      toMessage(fields),
      `seed ${seed}, round ${round}`,
    );
  }
});
