import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DisconnectedError } from "../../../remote/errors.ts";
import {
  CodecBudget,
  CodecRoomError,
} from "../../../remote/goakt/compression/codec_budget.ts";
import { compressed } from "../../../remote/goakt/compression/compressed_connection.ts";
import { compressedStream } from "../../../remote/goakt/compression/compression.ts";
import { ZSTD_DECODER_BYTES } from "../../../remote/goakt/compression/zstd_decompressor.ts";
import { noise } from "./fixtures.ts";
import { connectionPair, readExactly } from "./pair.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const STREAMS = ["zstd", "gzip", "brotli"] as const;

Deno.test("CodecBudget gives no more than there is, and who grows gives way", () => {
  const budget = new CodecBudget(1_600);
  const [a, b] = ["10.0.0.1:1", "10.0.0.2:1"].map((it) => budget.room(it));
  a?.take(900);
  b?.take(500);
  assertEquals(budget.used, 1_400);
  const error = assertThrows(() => a?.take(1), CodecRoomError);
  assertEquals(
    error.message,
    'Cannot compress a connection on "10.0.0.1:1": 1 bytes are needed, and 1400 of 1600 are taken, 900 of them from there, room was expected',
  );
  assertEquals([error.code, error.retryable], ["overloaded_error", true]);
  assertEquals(budget.used, 1_400);
  b?.close();
  assertEquals(budget.used, 900);
  a?.take(500);
  a?.close();
  a?.close();
  assertEquals(budget.used, 0);
  assertThrows(() => a?.take(1), CodecRoomError, "it has ended");
});

Deno.test("CodecBudget keeps its last eighth for places that hold no more than a sixteenth", () => {
  const budget = new CodecBudget(1_600);
  const take = (remote: string, bytes: number): void =>
    budget.room(remote).take(bytes);
  take("10.0.0.1:1", 1_400);
  assertThrows(() => take("10.0.0.1:2", 1), CodecRoomError);
  take("10.0.0.2:1", 60);
  take("10.0.0.2:2", 40);
  assertThrows(() => take("10.0.0.2:3", 1), CodecRoomError);
  take("10.0.0.3:1", 100);
  assertThrows(() => take("10.0.0.4:1", 1), CodecRoomError);
  assertEquals(budget.used, 1_600);
});

Deno.test("CodecBudget has room for a thousand connections of one GoAkt node unless told otherwise", () => {
  for (const compression of STREAMS) {
    const budget = new CodecBudget();
    for (let n = 0; n < 1_024; n++) {
      budget.room(`10.0.0.1:${n + 1}`).take(
        compressedStream(compression).bytes,
      );
    }
    assert(budget.used <= 1.75 * 1024 * MIB, `${compression}: ${budget.used}`);
  }
  const budget = new CodecBudget();
  for (let place = 0; place < 16; place++) {
    budget.room(`10.0.0.${place}:1`).take(128 * MIB);
  }
  assertThrows(() => budget.room("10.0.1.1:1").take(1), CodecRoomError);
});

for (const compression of STREAMS) {
  const { bytes } = compressedStream(compression);

  Deno.test(`compressed() takes room for a ${compression} connection at first, and gives all of it back`, async () => {
    const budget = new CodecBudget(8 * bytes);
    for (let n = 0; n < 40; n++) {
      await using pair = await connectionPair();
      const near = compressed(pair.dialled, compression, budget);
      const far = compressed(pair.accepted, compression, budget);
      assertEquals(budget.used, 2 * bytes);
      const message = noise(1_000, n);
      const [, found] = await Promise.all([
        near.write(message),
        readExactly(far, 1_000),
      ]);
      assertEquals(found.toHex(), message.toHex());
      assertEquals(budget.used, 2 * bytes);
      near.close();
      assertEquals(await far.read(), undefined);
      assertEquals(budget.used, bytes);
      far.close();
      assertEquals(budget.used, 0);
    }
  });

  Deno.test(`compressed() closes a ${compression} connection that it has no room for`, async () => {
    await using pair = await connectionPair();
    const budget = new CodecBudget(bytes - 1);
    assertThrows(
      () => compressed(pair.accepted, compression, budget),
      CodecRoomError,
      `${bytes} bytes are needed, and 0 of ${bytes - 1} are taken`,
    );
    assertEquals(await pair.dialled.read(), undefined);
    assertEquals(budget.used, 0);
  });
}

Deno.test("compressed() needs no room without compression", async () => {
  await using pair = await connectionPair();
  const budget = new CodecBudget(1);
  assertEquals(compressed(pair.accepted, "none", budget), pair.accepted);
  assertEquals(budget.used, 0);
});

/** The header of a zstd frame: a window descriptor. */
const windowed = (descriptor: number): number[] => [0x00, descriptor];
/** The same for content that is kept as a whole, of a size in 1, 2, 4 or 8 bytes, with a dictionary or none. */
function whole(content: number, size: 1 | 2 | 4 | 8, dictionary = 0): number[] {
  const flags = [1, 2, 4, 8].indexOf(size) << 6 | 0x20 | dictionary;
  const id = [0, 1, 2, 4][dictionary] ?? 0;
  const rest = size === 2 ? content - 256 : content;
  const field = Array.from(
    { length: size },
    (_, at) => Math.floor(rest / 256 ** at) % 256,
  );
  return [flags, ...Array(id).fill(0), ...field];
}

Deno.test("compressed() takes room for the window of a zstd frame before anything is decoded", async () => {
  const at8 = 168 * KIB + 8 * MIB + 384 * KIB - ZSTD_DECODER_BYTES;
  const cases: [string, number[], number | string][] = [
    ["1 KiB", windowed(0), 0],
    ["512 KiB", windowed(9 << 3), 0],
    ["576 KiB", windowed(9 << 3 | 1), 512 * KIB],
    ["1 MiB", windowed(10 << 3), 512 * KIB],
    ["4 MiB", windowed(12 << 3), 3.5 * MIB],
    ["7.5 MiB", windowed(12 << 3 | 7), at8],
    ["8 MiB", windowed(13 << 3), at8],
    ["9 MiB", windowed(13 << 3 | 1), "window of 9437184 bytes"],
    ["3.75 TiB", windowed(0xff), `window of ${15 * 2 ** 38} bytes`],
    ["255 bytes", whole(255, 1), 0],
    ["65,791 bytes", whole(65_791, 2), 0],
    ["a MiB in 4", whole(MIB, 4, 2), 512 * KIB],
    ["8 MiB in 8", whole(8 * MIB, 8, 3), at8],
    ["8 MiB and 1", whole(8 * MIB + 1, 8), "window of 8388609 bytes"],
  ];
  const usual = compressedStream("zstd").bytes;
  for (const [name, header, more] of cases) {
    await using pair = await connectionPair();
    const budget = new CodecBudget();
    using far = compressed(pair.accepted, "zstd", budget);
    const reading = far.read();
    reading.catch(() => {});
    const bytes = [0x28, 0xb5, 0x2f, 0xfd, ...header];
    for (const [index, byte] of bytes.entries()) {
      await pair.dialled.write(Uint8Array.of(byte));
      await pair.clock.settle();
      // A descriptor that is not whole yet says nothing.
      if (index < bytes.length - 1) assertEquals(budget.used, usual, name);
    }
    if (typeof more === "string") {
      await assertRejects(() => reading, DisconnectedError, more, name);
      assertEquals(budget.used, usual, name);
    } else assertEquals(budget.used - usual, more, name);
    far.close();
    assertEquals(budget.used, 0, name);
  }
});

/** A frame with one block that is stored as it is. */
function stored(window: number, text: string): Uint8Array {
  const size = text.length << 3 | 1;
  return Uint8Array.from([
    ...[0x28, 0xb5, 0x2f, 0xfd, 0x00, (window - 10) << 3],
    ...[size & 0xff, size >> 8 & 0xff, size >> 16],
    ...new TextEncoder().encode(text),
  ]);
}

Deno.test("compressed() decodes no later zstd frame that asks for more than there was room for", async () => {
  for (
    const [first, fits, over] of [[10, 19, 20], [22, 22, 23]] as const
  ) {
    await using pair = await connectionPair();
    using far = compressed(pair.accepted, "zstd", new CodecBudget());
    for (const [window, text] of [[first, "one"], [fits, "two"]] as const) {
      await pair.dialled.write(stored(window, text));
      const found = await readExactly(far, 3);
      assertEquals(new TextDecoder().decode(found), text);
    }
    await pair.dialled.write(stored(over, "three"));
    await assertRejects(
      () => far.read(),
      DisconnectedError,
      "requires too much memory",
    );
  }
});

Deno.test("compressed() says that a stream is not a zstd one", async () => {
  await using pair = await connectionPair();
  using far = compressed(pair.accepted, "zstd");
  await pair.dialled.write(Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 0x00));
  await assertRejects(
    () => far.read(),
    DisconnectedError,
    "the zstd stream is broken (TypeError: it begins with 502a4d18, 28b52ffd was expected)",
  );
});

for (const compression of STREAMS) {
  Deno.test(`compressed() gives up a long write of a ${compression} connection when it is closed`, async () => {
    await using pair = await connectionPair();
    const budget = new CodecBudget();
    const near = compressed(pair.dialled, compression, budget);
    const writing = near.write(noise(4 * MIB, 1));
    near.close();
    await assertRejects(
      () => writing,
      DisconnectedError,
      "the connection was closed here",
    );
    assertEquals(budget.used, 0);
  });
}
