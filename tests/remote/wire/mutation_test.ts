import { assert } from "@std/assert";
import { concatBytes } from "../../../internal/bytes.ts";
import { type Random, seededRandom } from "../../../internal/random.ts";
import { FrameError } from "../../../remote/errors.ts";
import { encodeWithMetadata, parseFrame } from "../../../remote/frame.ts";
import { decodeMetadata, encodeMetadata } from "../../../remote/metadata.ts";
import { FrameDecoder } from "../../../remote/wire/decoder.ts";
import { FrameReader } from "../../../remote/wire/reader.ts";
import { mutated } from "../../fuzz/mutate.ts";
import {
  randomBytes,
  randomFields,
  testSeed,
  toProtobuf,
} from "./wire_random.ts";

const ROUNDS = 20_000;

/** Counts how often `attempt` succeeds; anything but success or a FrameError fails the test. */
function survive(what: string, attempt: (random: Random) => void): void {
  const seed = testSeed();
  const random = seededRandom(seed);
  let accepted = 0;
  for (let round = 0; round < ROUNDS; round++) {
    try {
      attempt(random);
      accepted++;
    } catch (error) {
      if (!(error instanceof FrameError)) {
        throw new Error(`${what}: seed ${seed}, round ${round}`, {
          cause: error,
        });
      }
    }
  }
  // Both must happen, or the mutations are too weak or too strong to say anything.
  const share = accepted / ROUNDS;
  assert(
    share > 0.01 && share < 0.99,
    `${what}: ${accepted} of ${ROUNDS} accepted, seed ${seed}`,
  );
}

Deno.test("FrameDecoder answers mutated frames with a frame or a FrameError", () => {
  const decoder = new FrameDecoder();
  survive("FrameDecoder", (random) => {
    const bytes = mutated(random, toProtobuf(randomFields(random)));
    decoder.decode(bytes, 0, bytes.length);
    const { payloadStart, payloadEnd } = decoder.frame;
    assert(payloadStart <= payloadEnd && payloadEnd <= bytes.length);
  });
});

Deno.test("FrameReader answers mutated streams with frames inside the chunk or a FrameError", () => {
  survive("FrameReader", (random) => {
    const frames = Array.from({ length: 5 }, () => {
      const content = randomBytes(random);
      return concatBytes([
        Uint8Array.of(0, 0, content.length >> 8, content.length & 255),
        content,
      ]);
    });
    const stream = mutated(random, concatBytes(frames));
    const reader = new FrameReader({ maxFrameBytes: 2_000 });
    for (let at = 0; at < stream.length; at += 97) {
      reader.push(stream.slice(at, at + 97));
      while (reader.next()) {
        assert(reader.start <= reader.end && reader.end <= reader.bytes.length);
      }
      assert(reader.buffered < 2_000);
    }
  });
});

Deno.test("parseFrame() and decodeMetadata() answer mutated frames with a result or a FrameError", () => {
  const headers = new Map([[
    "traceparent",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  ]]);
  const metadata = encodeMetadata({ headers, deadline: 1n });
  const frame = encodeWithMetadata(
    "troupe.remote.v1.Hello",
    metadata,
    new Uint8Array(40),
  );
  survive("parseFrame", (random) => {
    const bytes = mutated(random, frame);
    // Half of the time the length is mended, so that the parts behind it are reached.
    if (bytes.length >= 8 && random.next() < 0.5) {
      new DataView(bytes.buffer).setUint32(0, bytes.length);
    }
    const parsed = parseFrame(bytes);
    if (parsed.metadata !== undefined) decodeMetadata(parsed.metadata);
  });
});
