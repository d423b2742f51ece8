import { create } from "@bufbuild/protobuf";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Random, seededRandom } from "../../../internal/random.ts";
import { Slab } from "../../../internal/slab.ts";
import { FrameError } from "../../../remote/errors.ts";
import { MAX_FRAME_BYTES } from "../../../remote/frame.ts";
import {
  type AskFrameOptions,
  AskFrames,
} from "../../../remote/goakt/client/ask_frame.ts";
import { RemoteAskRequestSchema } from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { encodeMessage } from "../../../remote/goakt/messages.ts";
import { type Payload, toAny } from "../../../remote/goakt/payload.ts";
import { toDuration } from "./fixtures.ts";

const RECEIVER = "goakt://go@there:9000/straße";
const SENDERS = ["goakt://@:0/", "goakt://shop@10.0.0.7:9000/straße", "x"];
const TYPES = ["a.B", "google.protobuf.BytesValue"];
const SIZES = [0, 1, 126, 127, 128, 500, 16_383, 16_384, 2_100_000];
const TIMES = [0.000_001, 0.5, 1, 999.999_999_9, 1_000, 5_000.25, 2 ** 31];
const HEADERS = [
  undefined,
  undefined,
  undefined,
  new Map([["trace", "straße"]]),
];

const options = (more: Partial<AskFrameOptions> = {}): AskFrameOptions => ({
  slab: new Slab(4_096),
  limit: MAX_FRAME_BYTES,
  headers: undefined,
  ...more,
});

/** The frame as the library makes it. */
function made(
  sender: string,
  payload: Payload,
  time: number,
  { headers }: AskFrameOptions,
): Uint8Array {
  const message = { sender, receiver: RECEIVER, message: toAny(payload) };
  const request = create(RemoteAskRequestSchema, {
    remoteMessages: [message],
    timeout: toDuration(time),
  });
  const metadata = headers && { headers, deadline: 0n };
  return encodeMessage(RemoteAskRequestSchema, request, { metadata });
}

/** Whether two arrays are the same, in words that are short when they are not. */
function compare(found: Uint8Array, wanted: Uint8Array, what: string): void {
  const at = wanted.findIndex((byte, index) => byte !== found[index]);
  assertEquals([found.length, at], [wanted.length, -1], what);
}

function bytesOf(size: number, random: Random): Uint8Array {
  const fill = Math.floor(random.next() * 256);
  return new Uint8Array(size).fill(fill);
}

Deno.test("AskFrames.make() writes the frame of what protobuf makes of the same request", () => {
  const random = seededRandom(1);
  const frames = new AskFrames(RECEIVER);
  let index = 0;
  for (const size of SIZES) {
    for (const sender of SENDERS) {
      const typeName = TYPES[index % TYPES.length] ?? "";
      const payload = { typeName, bytes: bytesOf(size, random) };
      const time = TIMES[index % TIMES.length] ?? 1;
      const from = options({ headers: HEADERS[index % HEADERS.length] });
      index++;
      compare(
        frames.make(sender, payload, time, from),
        made(sender, payload, time, from),
        `${size} bytes from "${sender}" as "${typeName}", ${time} ms`,
      );
    }
  }
});

Deno.test("AskFrames.make() takes nothing of an earlier ask but what is the same", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random.next() * limit);
  const pick = <T>(values: readonly T[]) => values[below(values.length)] as T;
  const frames = new AskFrames(RECEIVER);
  const slab = new Slab(4_096);
  let [sender, typeName, time, size] = [SENDERS[0]!, TYPES[0]!, TIMES[0]!, 7];
  const sent: { frame: Uint8Array; wanted: Uint8Array }[] = [];
  for (let n = 0; n < 2_000; n++) {
    // Most asks are like the last, some differ in one thing.
    const change = below(20);
    if (change === 0) sender = pick(SENDERS);
    if (change === 1) typeName = pick(TYPES);
    if (change === 2) time = pick(TIMES);
    if (change === 3) size = pick([0, 1, 7, 8, 300, 2_000]);
    const payload = { typeName, bytes: bytesOf(size, random) };
    const headers = change === 4 ? HEADERS.at(-1) : undefined;
    const from = options({ slab, headers });
    const frame = frames.make(sender, payload, time, from);
    sent.push({ frame, wanted: made(sender, payload, time, from) });
  }
  // Compared at the end: no frame may change when a later one is made.
  for (const [index, { frame, wanted }] of sent.entries()) {
    compare(frame, wanted, `ask ${index} of seed ${seed}`);
  }
});

Deno.test("AskFrames.make() refuses what is larger than the limit", () => {
  const payload = { typeName: "a.B", bytes: new Uint8Array(100) };
  const frames = new AskFrames(RECEIVER);
  const { length } = frames.make("s", payload, 1, options({ limit: 500 }));
  const exact = options({ limit: length });
  assertEquals(frames.make("s", payload, 1, exact).length, length);
  const longer = { ...payload, bytes: new Uint8Array(101) };
  assertThrows(() => frames.make("s", longer, 1, exact), FrameError);
  assert(frames.make("s", payload, 1, exact).length === length);
});
