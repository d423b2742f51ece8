import { create } from "@bufbuild/protobuf";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { constants, createBrotliCompress } from "node:zlib";
import { concatBytes } from "../../../internal/bytes.ts";
import { DisconnectedError, OverloadedError } from "../../../remote/errors.ts";
import { compressedStream } from "../../../remote/goakt/compression/compression.ts";
import { RemoteTellRequestSchema } from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { encodeMessage } from "../../../remote/goakt/messages.ts";
import { upTo } from "../actors.ts";
import { warned, World } from "../world.ts";
import { Echo } from "./fixtures.ts";
import { LOOKUP, Strangers } from "./strangers.ts";

const KIB = 1024;
const BROTLI = compressedStream("brotli").bytes;
const QUESTION = Echo.say(create(StringValueSchema, { value: "well?" }));

/** Bytes as a GoAkt node writes them by Brotli, with its window. */
async function brotli(bytes: Uint8Array): Promise<Uint8Array> {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 6,
    [constants.BROTLI_PARAM_LGWIN]: 22,
  };
  const stream = createBrotliCompress({ params });
  const out: Uint8Array[] = [];
  stream.on("data", (piece: Uint8Array) => void out.push(piece));
  await new Promise<void>((resolve) => {
    stream.write(bytes);
    stream.flush(constants.BROTLI_OPERATION_FLUSH, () => resolve());
  });
  stream.destroy();
  return concatBytes(out);
}

/** Half of a request that is larger than the small window of Brotli. */
function half(): Uint8Array {
  const request = encodeMessage(
    RemoteTellRequestSchema,
    create(RemoteTellRequestSchema),
  );
  const bytes = new Uint8Array(300_000);
  bytes.set(request);
  new DataView(bytes.buffer).setUint32(0, 400_000);
  return bytes;
}

Deno.test("GoAkt peers that find no room for their compression are refused before they are heard, with few lines in the log", async () => {
  await using world = new World();
  const goakt = { maxCodecBytes: 4 * BROTLI };
  const shop = await world.node("shop", { remote: { goakt } });
  using strangers = new Strangers(world, shop);
  const bytes = await brotli(LOOKUP);
  for (const _ of upTo(10)) await strangers.come("mallory", bytes);
  // All but an eighth of the room is for one place.
  assertEquals(shop.remote.connections, 3);
  const [first, ...refused] = strangers.all.slice(2);
  assert((await first?.read() ?? []).length > 0);
  for (const connection of refused) {
    assertEquals(await connection.read(), undefined);
  }
  assertEquals(
    warned(shop).replace(/"mallory:\d+"/g, '"mallory:1"'),
    `the connection of GoAkt peer "mallory:1" ended: CodecRoomError: Cannot compress a connection on "mallory:1": ${BROTLI} bytes are needed, and ${
      3 * BROTLI
    } of ${4 * BROTLI} are taken, ${
      3 * BROTLI
    } of them from there, room was expected`,
  );
  await world.clock.advance(10_000);
  assertEquals(
    shop.warnings.map(({ text }) => text).slice(1),
    [
      '6 more connections of GoAkt peers ended, as there is no room to compress them: 6 from "mallory"',
    ],
  );
  // What an ended connection held is free again.
  await first?.closeWrite();
  await world.settle();
  const late = await strangers.come("mallory", bytes);
  assert((await late.read() ?? []).length > 0);
  assertEquals([shop.remote.connections, shop.warnings.length], [3, 2]);
});

Deno.test("A GoAkt peer whose Brotli stream outgrows the room that is left is ended, and the others stay", async () => {
  await using world = new World();
  const goakt = { maxCodecBytes: 8_192 * KIB };
  const shop = await world.node("shop", { remote: { goakt } });
  using strangers = new Strangers(world, shop);
  const bytes = await brotli(half());
  await strangers.come("first", bytes);
  const second = await strangers.come("second", await brotli(LOOKUP));
  assert((await second.read() ?? []).length > 0);
  assertEquals([shop.remote.connections, warned(shop)], [2, ""]);
  second.close();
  const third = await strangers.come("third", bytes);
  assertEquals(await third.read(), undefined);
  assertEquals(shop.remote.connections, 1);
  const need = 3_776 * KIB;
  const held = 5_472 * KIB + BROTLI;
  const found =
    `${need} bytes are needed, and ${held} of ${goakt.maxCodecBytes} are taken, ${BROTLI} of them from there`;
  assert(warned(shop).includes(found), warned(shop));
  assertEquals(shop.warnings.length, 1);
});

Deno.test("An ask of a GoAkt node that there is no room to compress is refused, and may be tried again", async () => {
  await using world = new World();
  const goakt = { maxCodecBytes: 100 * KIB };
  const shop = await world.node("shop", { remote: { goakt } });
  const listener = await world.transport("go").listen({
    hostname: "go",
    port: 9000,
  });
  const accepting = listener.accept();
  const ref = shop.remote.ref(Echo, "goakt://go@go:9000/a", { peer: "goakt" });
  const error = await assertRejects(() => ref.ask(QUESTION), OverloadedError);
  const { code, node, outcome, retryable } = error;
  assertEquals(
    [code, node, outcome, retryable],
    ["overloaded_error", "go:9000", "not_delivered", true],
  );
  using accepted = await accepting;
  assertEquals(await accepted?.read(), undefined);
  assertEquals(shop.remote.connections, 0);
  await listener.close();
});

Deno.test("An answer of a GoAkt node that asks for more room than there is ends its connection, and says why", async () => {
  await using world = new World();
  const goakt = { maxCodecBytes: 4_096 * KIB };
  const shop = await world.node("shop", { remote: { goakt } });
  const listener = await world.transport("go").listen({
    hostname: "go",
    port: 9000,
  });
  const accepting = listener.accept();
  const ref = shop.remote.ref(Echo, "goakt://go@go:9000/a", { peer: "goakt" });
  const asking = assertRejects(() => ref.ask(QUESTION), DisconnectedError);
  using connection = await accepting;
  // The beginning of a zstd frame with a window of 8 MiB.
  await connection?.write(Buffer.from("28b52ffd0468", "hex"));
  const { message } = await asking;
  const usual = compressedStream("zstd").bytes;
  assert(
    message.includes(
      `${7_680 * KIB} bytes are needed, and ${usual} of ${4_096 * KIB} are`,
    ),
    message,
  );
  assert(!message.includes("most likely"), message);
  await world.settle();
  assertEquals(shop.remote.connections, 0);
  await listener.close();
});
