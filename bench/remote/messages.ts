/**
 * The message of 100 bytes that the protobuf figures send.
 * @module
 */

import { create, toBinary } from "@bufbuild/protobuf";
import { type Reading, ReadingSchema } from "../gen/reading_pb.ts";
import { prove, rate } from "../measure.ts";

const BATCH = 10_000;
/** What brings a reading to 100 bytes. */
const NOTE =
  "calibrated in spring, mounted on the northern wall, several metres up";

/** A reading with that number, which takes 100 bytes when the number takes three. */
export function reading(sequence: number): Reading {
  return create(ReadingSchema, {
    sequence,
    sensor: "hall-4/north",
    celsius: 21.5,
    alarm: true,
    note: NOTE,
  });
}

/** Readings in a second that the library alone turns into bytes. */
export async function bareToBinary(): Promise<number> {
  const message = reading(0);
  let sequence = 0;
  return await rate(() => {
    let bytes = 0;
    for (let i = 0; i < BATCH; i++) {
      message.sequence = 100_000 + (sequence++ & 0xffff);
      bytes += toBinary(ReadingSchema, message).length;
    }
    prove("bytes", bytes, BATCH * 100);
    return Promise.resolve(BATCH);
  });
}
