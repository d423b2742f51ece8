import { assert, assertEquals, assertThrows } from "@std/assert";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { concatBytes } from "../../../internal/bytes.ts";
import { expand } from "../../../remote/codec/compression.ts";
import { FrameError } from "../../../remote/errors.ts";
import { MIN_PART_BYTES } from "../../../remote/link/chunks.ts";
import type { FrameFields } from "../../../remote/wire/fields.ts";
import { DefinitionKind, FrameKind } from "../../../remote/wire/kinds.ts";
import { Box, spawnBox } from "../actors.ts";
import { WirePeer } from "../wire/wire_peer.ts";
import { addressOf, warned, World } from "../world.ts";

const MIB = 2 ** 20;
/** What is hidden in few bytes. */
const HIDDEN = 64 * MIB;
/** What is said of it. */
const SAID = 20_000;

const ALGORITHMS: readonly {
  readonly name: string;
  readonly number: number;
  readonly compress: (bytes: Uint8Array) => Uint8Array;
}[] = [
  { name: "zstd", number: 1, compress: (bytes) => zstdCompressSync(bytes) },
  { name: "gzip", number: 2, compress: (bytes) => gzipSync(bytes) },
  { name: "brotli", number: 3, compress: (bytes) => brotliCompressSync(bytes) },
];

/** Bytes that this thread holds; the resident memory is that of all tests that run now. */
function held(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

for (const { name, number, compress } of ALGORITHMS) {
  const bomb = compress(new Uint8Array(HIDDEN));

  Deno.test(`expand() holds no more of a ${name} bomb than was announced`, () => {
    assert(bomb.length < HIDDEN / 500, `${bomb.length} bytes`);
    const said = { algorithm: number, totalBytes: SAID };
    const before = held();
    const error = assertThrows(
      () => expand(said, bomb, 16 * MIB, [number]),
      FrameError,
    );
    const grown = (held() - before) / MIB;
    assert(grown < 8, `grew by ${grown} MiB`);
    // Not: that it has another length, which is known only when all of it is there.
    assertEquals(
      error.message,
      `Cannot read a compressed message: it cannot be expanded (RangeError: Cannot create a Buffer larger than ${SAID} bytes), ${SAID} bytes were expected`,
    );
  });

  Deno.test(`A ${name} bomb ends its link, whole or in parts, and needs no memory to speak of`, async () => {
    // What comes behind it is never looked at, and makes two parts of it.
    const payload = concatBytes([bomb, new Uint8Array(2 * MIN_PART_BYTES)]);
    const message = {
      kind: FrameKind.TELL,
      receiver: 1,
      type: 1,
      compression: { algorithm: number, totalBytes: SAID },
      definitions: [
        { number: 1, table: DefinitionKind.ADDRESS, value: "/box" },
        { number: 1, table: DefinitionKind.TYPE_NAME, value: "box.raw" },
      ],
    };
    const first = { id: 1, last: false, totalBytes: payload.length };
    const next = { id: 1, last: true, totalBytes: 0 };
    const attacks: FrameFields[][] = [
      [{ ...message, payload }],
      [
        {
          ...message,
          chunk: first,
          payload: payload.subarray(0, MIN_PART_BYTES),
        },
        {
          kind: FrameKind.CHUNK,
          chunk: next,
          payload: payload.subarray(MIN_PART_BYTES),
        },
      ],
    ];
    for (const frames of attacks) {
      await using world = new World();
      const b = await world.node("b", { remote: { compression: "auto" } });
      const box = spawnBox(b.system, "box");
      const honest = (await world.node("c")).remote.ref(
        Box,
        addressOf(b, "box"),
      );
      assertEquals(await honest.ask(Box.ids()), []);
      const peer = await WirePeer.dial(world, b);
      const before = held();
      await peer.send(...frames);
      const last = (await peer.rest()).at(-1);
      const grown = (held() - before) / MIB;
      assert(grown < 8, `grew by ${grown} MiB`);
      assertEquals(last?.kind, FrameKind.GOODBYE);
      const { text = "" } = last?.failure ?? {};
      assert(text.includes(`larger than ${SAID} bytes`), text);
      assert(warned(b).includes(text), warned(b));
      assertEquals([box.sizes, await honest.ask(Box.ids())], [[], []]);
    }
  });
}
