import { assert, assertEquals, assertRejects } from "@std/assert";
import { create } from "@bufbuild/protobuf";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { equalBytes } from "../../../internal/bytes.ts";
import { DisconnectedError } from "../../../remote/errors.ts";
import { ENDLESS_ROOM } from "../../../remote/goakt/compression/codec_budget.ts";
import { compressed } from "../../../remote/goakt/compression/compressed_connection.ts";
import {
  compressedStream,
  type Compression,
} from "../../../remote/goakt/compression/compression.ts";
import { RemoteTellRequestSchema } from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { encodeMessage } from "../../../remote/goakt/messages.ts";
import { toAny } from "../../../remote/goakt/payload.ts";
import { sniff } from "../../../remote/handshake/sniff.ts";
import { noise, stringPayload } from "./fixtures.ts";
import { connectionPair, readExactly } from "./pair.ts";

const STREAMS = ["zstd", "gzip", "brotli"] as const;

for (const compression of STREAMS) {
  Deno.test(`compressed() lets the peer read each write of a ${compression} stream at once`, async () => {
    await using pair = await connectionPair();
    const near = compressed(pair.dialled, compression);
    const far = compressed(pair.accepted, compression);
    for (const length of [1, 9, 200, 70_000, 3, 1_000_000, 1]) {
      const there = noise(length, length);
      const back = noise(length, length + 1);
      const [, arrived] = await Promise.all([
        near.write(there),
        readExactly(far, length),
      ]);
      assert(equalBytes(arrived, there), `${length} bytes there`);
      const [, returned] = await Promise.all([
        far.write(back),
        readExactly(near, length),
      ]);
      assert(equalBytes(returned, back), `${length} bytes back`);
    }
    near.close();
    assertEquals(await far.read(), undefined);
    far.close();
  });

  Deno.test(`compressed() begins a ${compression} stream as the node that listens can tell`, async () => {
    for (const length of [8, 9, 100, 65_535, 65_537, 5_000_000]) {
      const compressor = compressedStream(compression).compressor();
      const bytes = await compressor.compress(noise(length, 1));
      compressor.close();
      assertEquals(sniff(bytes), compression);
      if (compression === "zstd") {
        assertEquals(bytes.subarray(0, 6).toHex(), "28b52ffd0430");
      }
      if (compression === "gzip") {
        assertEquals(bytes.subarray(-4).toHex(), "0000ffff");
      }
    }
  });

  Deno.test(`compressed() says that a ${compression} stream is broken`, async () => {
    await using pair = await connectionPair();
    using far = compressed(pair.accepted, compression);
    await pair.dialled.write(new Uint8Array(64).fill(0xff));
    await assertRejects(
      () => far.read(),
      DisconnectedError,
      `the ${compression} stream is broken`,
    );
  });

  Deno.test(`compressed() holds little of what a ${compression} bomb expands to`, async () => {
    const total = 64 * 1024 * 1024;
    const bomb = bombs[compression](new Uint8Array(total));
    assert(bomb.length < 200_000, `${bomb.length} bytes`);
    const decompressor = compressedStream(compression).decompressor(
      ENDLESS_ROOM,
    );
    decompressor.push(bomb);
    let largest = 0;
    let pulled = 0;
    while (pulled < total) {
      const piece = await decompressor.pull();
      if (piece === undefined) break;
      largest = Math.max(largest, piece.length);
      pulled += piece.length;
    }
    assertEquals(pulled, total);
    assert(largest <= 256 * 1024, `a piece of ${largest} bytes`);
    decompressor.close();
  });

  Deno.test(`compressed() ends a waiting read of a ${compression} stream when it is closed`, async () => {
    await using pair = await connectionPair();
    const far = compressed(pair.accepted, compression);
    const read = far.read();
    far.close();
    assertEquals(await read, undefined);
    await assertRejects(
      () => far.write(noise(1, 1)),
      DisconnectedError,
      "the connection was closed here",
    );
  });
}

const bombs: Record<
  Exclude<Compression, "none">,
  (bytes: Uint8Array) => Uint8Array<ArrayBuffer>
> = {
  zstd: (bytes) => Uint8Array.from(zstdCompressSync(bytes)),
  gzip: (bytes) => Uint8Array.from(gzipSync(bytes)),
  brotli: (bytes) => Uint8Array.from(brotliCompressSync(bytes)),
};

Deno.test("compressed() refuses a zstd stream that wants more than 8 MiB for itself", async () => {
  await using pair = await connectionPair();
  using far = compressed(pair.accepted, "zstd");
  // Magic, a descriptor with a window byte, a window of 64 MiB, one raw block of one byte.
  const bytes = Uint8Array.from([
    ...[0x28, 0xb5, 0x2f, 0xfd, 0x00, 16 << 3],
    ...[0x09, 0x00, 0x00, 0x41],
  ]);
  await pair.dialled.write(bytes);
  await assertRejects(
    () => far.read(),
    DisconnectedError,
    "the zstd stream is broken (RangeError: it asks for a window of 67108864 bytes, at most 8388608 were expected)",
  );
});

Deno.test("compressed() makes requests of messages in a row less than half as large (zstd)", async () => {
  const compressor = compressedStream("zstd").compressor();
  let [plain, packed] = [0, 0];
  for (let n = 0; n < 100; n++) {
    const text = JSON.stringify({ order: n, article: crypto.randomUUID() });
    const request = create(RemoteTellRequestSchema, {
      remoteMessages: [{
        sender: "goakt://shop@10.0.0.4:9000/till",
        receiver: `goakt://stock@10.0.0.5:9000/shelf-${n % 7}`,
        message: toAny(stringPayload(text)),
      }],
    });
    const frame = encodeMessage(RemoteTellRequestSchema, request);
    plain += frame.length;
    packed += (await compressor.compress(frame)).length;
  }
  compressor.close();
  assert(packed < plain / 2, `${packed} of ${plain} bytes`);
});
