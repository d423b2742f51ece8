import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  brotliCompressSync,
  constants,
  createBrotliDecompress,
} from "node:zlib";
import { concatBytes, equalBytes } from "../../../internal/bytes.ts";
import { BrotliDecompressor } from "../../../remote/goakt/compression/brotli_decompressor.ts";
import {
  CodecBudget,
  CodecRoomError,
  ENDLESS_ROOM,
} from "../../../remote/goakt/compression/codec_budget.ts";
import { NodeDecompressor } from "../../../remote/goakt/compression/node_streams.ts";
import type { Decompressor } from "../../../remote/goakt/compression/stream.ts";
import { noise } from "./fixtures.ts";

/** How far back the small window reaches. */
const REACH = 256 * 1024 - 16;
/** How much comes with the small window at most. */
const LITTLE = 128 * 1024;

function packed(
  plain: Uint8Array,
  { window = 22, quality = 6 } = {},
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(brotliCompressSync(plain, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_LGWIN]: window,
    },
  }));
}

/** A decompressor, and what the decoders that it makes are given first; a closed one is crossed out. */
function observed(room = ENDLESS_ROOM) {
  const begun: string[] = [];
  const make = (): Decompressor => {
    const decoder = new NodeDecompressor(createBrotliDecompress());
    const id = begun.push("nothing") - 1;
    return {
      push: (bytes) => {
        if (begun[id] === "nothing") begun[id] = windowOf(bytes);
        decoder.push(bytes);
      },
      pull: () => decoder.pull(),
      close: () => {
        begun[id] += " closed";
        decoder.close();
      },
    };
  };
  return { begun, decompressor: new BrotliDecompressor(make, room) };
}

/** The window that a stream asks for, for the sizes that take four bits. */
function windowOf([first = 0]: Uint8Array): string {
  return (first & 1) === 1 && (first & 0x0e) !== 0
    ? `2^${17 + ((first & 0x0e) >> 1)}`
    : "other";
}

/** All that comes of a stream that arrives in pieces of `size` bytes. */
async function unpacked(
  decompressor: Decompressor,
  stream: Uint8Array,
  size: number = stream.length,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += size) {
    decompressor.push(stream.slice(at, at + size));
    pieces.push(await pulled(decompressor));
  }
  return concatBytes(pieces);
}

/** What comes before more is needed. */
async function pulled(decompressor: Decompressor): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = await decompressor.pull();
    if (piece === undefined) return concatBytes(pieces);
    pieces.push(piece);
  }
}

/**
 * Little that is new up to where the small window ends; then words of Brotli's dictionary, to which the same number
 * is another word in another window; then what came at the beginning, over and over.
 */
function text(length: number): Uint8Array {
  const old = noise(16_000, 1);
  const words = new TextEncoder().encode(
    "<p>government international development performance organization information significantly establishment consideration</p>",
  );
  const parts = [old, new Uint8Array(REACH - 100 - old.length), words];
  for (let n = 0; n < 60; n++) parts.push(old, noise(500, n));
  return concatBytes(parts).slice(0, length);
}

for (const quality of [4, 6, 11]) {
  Deno.test(`BrotliDecompressor gives out what went in, however much and however cut (quality ${quality})`, async () => {
    const lengths = [
      1,
      1_000,
      LITTLE,
      LITTLE + 1,
      REACH - 1,
      REACH,
      REACH + 1,
      REACH + 17,
    ];
    for (const length of [...lengths, 270_000, 1_000_000]) {
      const plain = text(length);
      const stream = packed(plain, { quality });
      for (const size of [997, 65_536, stream.length]) {
        const { decompressor } = observed();
        const found = await unpacked(decompressor, stream, size);
        decompressor.close();
        assert(equalBytes(found, plain), `${length} bytes by ${size}`);
      }
    }
  });
}

Deno.test("BrotliDecompressor takes a small window for as long as that is enough", async () => {
  const { begun, decompressor } = observed();
  const plain = new Uint8Array(LITTLE).fill(7);
  const found = await unpacked(decompressor, packed(plain), 1);
  assert(equalBytes(found, plain));
  assertEquals(begun, ["2^18"]);
  decompressor.close();
  assertEquals(begun, ["2^18 closed"]);
});

Deno.test("BrotliDecompressor takes the window that a stream asks for once it has become long", async () => {
  const { begun, decompressor } = observed();
  const plain = new Uint8Array(LITTLE + 1).fill(7);
  const found = await unpacked(decompressor, packed(plain));
  assert(equalBytes(found, plain));
  assertEquals(begun, ["2^18 closed", "2^22"]);
  decompressor.close();
  assertEquals(begun, ["2^18 closed", "2^22 closed"]);
});

Deno.test("BrotliDecompressor keeps no more of a stream than 64 KiB", async () => {
  const plain = crypto.getRandomValues(new Uint8Array(65_536));
  const stream = packed(plain);
  assert(stream.length > 65_536);
  const { begun, decompressor } = observed();
  const front = await unpacked(decompressor, stream.slice(0, 65_536), 8_192);
  assertEquals(begun, ["2^18"]);
  const rest = await unpacked(decompressor, stream.slice(65_536));
  assertEquals(begun, ["2^18 closed", "2^22"]);
  assert(equalBytes(concatBytes([front, rest]), plain));
  decompressor.close();
});

Deno.test("BrotliDecompressor copies what it keeps of a stream, so that many small reads take no more than few", async () => {
  const plain = text(LITTLE + 1_000);
  const stream = packed(plain);
  const { begun, decompressor } = observed();
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += 100) {
    const part = stream.slice(at, at + 100);
    decompressor.push(part);
    pieces.push(await pulled(decompressor));
    part.fill(0xff); // nobody has it any more
  }
  assertEquals(begun, ["2^18 closed", "2^22"]);
  assert(equalBytes(concatBytes(pieces), plain));
  decompressor.close();
});

Deno.test("BrotliDecompressor leaves streams with other windows as they are", async () => {
  for (const window of [16, 18, 20, 24]) {
    const { begun, decompressor } = observed();
    const plain = text(300_000);
    const found = await unpacked(decompressor, packed(plain, { window }));
    assert(equalBytes(found, plain), `window ${window}`);
    assertEquals(begun, [window === 16 ? "other" : `2^${window}`]);
    decompressor.close();
  }
});

Deno.test("BrotliDecompressor says that a stream is broken, and holds nothing then", async () => {
  const stream = packed(noise(50_000, 1));
  stream.fill(0xff, 5_000);
  const { begun, decompressor } = observed();
  await assertRejects(() => unpacked(decompressor, stream), Error);
  decompressor.close();
  assertEquals(begun, ["2^18 closed", "2^22 closed"]);
});

Deno.test("BrotliDecompressor does nothing after it was closed", async () => {
  const { begun, decompressor } = observed();
  const stream = packed(text(LITTLE + 1_000));
  await unpacked(decompressor, stream.slice(0, 1_000));
  decompressor.close();
  decompressor.push(stream.slice(1_000));
  assertEquals(await decompressor.pull(), undefined);
  assertEquals(begun, ["2^18 closed"]);
});

Deno.test("BrotliDecompressor takes room before it takes the window that a stream asks for", async () => {
  const more = (4_208 - 432) * 1024;
  const stream = packed(new Uint8Array(LITTLE + 1).fill(7));
  for (const place of ["some", "none"] as const) {
    const budget = new CodecBudget(2 * more);
    const room = budget.room("far:1");
    if (place === "none") budget.room("other:1").take(more + 1);
    const before = budget.used;
    const { begun, decompressor } = observed(room);
    const unpacking = unpacked(decompressor, stream);
    if (place === "some") {
      assertEquals((await unpacking).length, LITTLE + 1);
      assertEquals(begun, ["2^18 closed", "2^22"]);
      assertEquals(budget.used, more);
    } else {
      await assertRejects(() => unpacking, CodecRoomError);
      assertEquals(begun, ["2^18"]);
    }
    decompressor.close();
    room.close();
    assertEquals(budget.used, before);
  }
});

Deno.test("BrotliDecompressor takes room for other windows with the first byte", () => {
  const mib = 1024 * 1024;
  for (
    const [first, bytes] of [
      [0x00, 0], // 64 KiB
      [0x01, 0], // 128 KiB
      [0x71, 0], // 32 KiB
      [0x03, 0], // 256 KiB
      [0x07, mib - 320 * 1024], // 1 MiB
      [0x0f, 16 * mib - 320 * 1024], // 16 MiB
    ] as const
  ) {
    const budget = new CodecBudget();
    const { decompressor } = observed(budget.room("far:1"));
    decompressor.push(Uint8Array.of(first));
    assertEquals(budget.used, bytes, `${first}`);
    decompressor.close();
  }
});
