/**
 * Random frames for the tests of the wire, repeatable by their seed.
 * @module
 */

import { create, toBinary } from "@bufbuild/protobuf";
import type { Random } from "../../../internal/random.ts";
import {
  type Frame,
  FrameSchema,
} from "../../../remote/gen/troupe/remote/v1/frame_pb.ts";
import type { FrameFields } from "../../../remote/wire/fields.ts";

/** The seed of this run: a fresh one, or that of `deno test ... -- --seed=N`. */
export function testSeed(): number {
  const given = Deno.args.find((argument) => argument.startsWith("--seed="));
  if (given !== undefined) return Number(given.slice("--seed=".length));
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

const SIZES = [
  0,
  1,
  2,
  127,
  128,
  16_383,
  16_384,
  2_097_151,
  2_097_152,
  268_435_455,
  2 ** 32 - 1,
];
const TEXTS = [
  "",
  "a",
  "goakt://shop@10.0.0.7:4001/till",
  "é",
  "日本語",
  "🎭 troupe",
  "\ufeffmark",
  "\0",
];
const LENGTHS = [
  0,
  1,
  47,
  48,
  49,
  100,
  126,
  127,
  128,
  129,
  1_023,
  1_025,
  16_384,
  70_000,
];

/** Whole numbers below `limit`. */
export function below(random: Random, limit: number): number {
  return Math.floor(random.next() * limit);
}

/** One of `items`. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[below(random, items.length)]!;
}

/** A number of 32 bits, mostly small or at the edge of a varint's length. */
export function randomUint32(random: Random): number {
  const choice = random.next();
  if (choice < 0.4) return below(random, 200);
  return choice < 0.8 ? pick(random, SIZES) : below(random, 2 ** 32);
}

/** A text of one of the troublesome lengths and characters. */
export function randomText(random: Random): string {
  const base = pick(random, TEXTS);
  return random.next() < 0.5 ? base : base.repeat(below(random, 60));
}

/** Random bytes of one of the troublesome lengths, rarely a long one. */
export function randomBytes(random: Random): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(
    pick(random, random.next() < 0.05 ? LENGTHS : LENGTHS.slice(0, 9)),
  );
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = below(random, 256);
  }
  return bytes;
}

function list<T>(random: Random, make: () => T): T[] {
  return Array.from({
    length: random.next() < 0.9 ? below(random, 3) : below(random, 64),
  }, make);
}

/** All fields of a frame, about half of them present. */
export function randomFields(random: Random): Required<FrameFields> {
  const number = () => random.next() < 0.4 ? 0 : randomUint32(random);
  const rare = () => random.next() < 0.25;
  return {
    kind: number(),
    receiver: number(),
    sender: number(),
    type: number(),
    correlation: number(),
    remaining: number(),
    ack: rare()
      ? Math.floor(random.next() * Number.MAX_SAFE_INTEGER)
      : number(),
    definitions: !rare() ? [] : list(random, () => ({
      number: number(),
      table: number(),
      value: randomText(random),
    })),
    headers: !rare() ? [] : list(
      random,
      () => ({ key: randomText(random), value: randomText(random) }),
    ),
    address: rare() ? randomText(random) : "",
    chunk: rare()
      ? { id: number(), last: random.next() < 0.5, totalBytes: number() }
      : undefined,
    failure: !rare() ? undefined : {
      code: randomText(random),
      text: randomText(random),
      outcome: number(),
      retryable: random.next() < 0.5,
      data: randomBytes(random),
    },
    spawn: !rare() ? undefined : {
      kind: randomText(random),
      name: randomText(random),
      input: randomBytes(random),
      inputType: randomText(random),
    },
    compression: rare()
      ? { algorithm: number(), totalBytes: number() }
      : undefined,
    payload: randomBytes(random),
  };
}

/** The same fields as a message of the protobuf library. */
export function toMessage(fields: Required<FrameFields>): Frame {
  const { definitions, headers, chunk, failure, spawn, ...others } = fields;
  const { compression, ...numbers } = others;
  return create(FrameSchema, {
    ...numbers,
    ack: BigInt(fields.ack),
    definitions: definitions.map((it) => ({ ...it })),
    headers: headers.map((it) => ({ ...it })),
    ...(chunk && { chunk }),
    ...(failure && { failure }),
    ...(spawn && { spawn }),
    ...(compression && { compression }),
  });
}

/** The protobuf library's bytes of the fields. */
export function toProtobuf(
  fields: Required<FrameFields>,
): Uint8Array<ArrayBuffer> {
  return toBinary(FrameSchema, toMessage(fields));
}
