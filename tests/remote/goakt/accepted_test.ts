import { assert, assertEquals } from "@std/assert";
import {
  compressedStream,
  type Compression,
  COMPRESSIONS,
} from "../../../remote/goakt/compression/compression.ts";
import { Accepted } from "../../../remote/goakt/server/accepted.ts";
import { ManualClock } from "../../../testing/manual_clock.ts";
import { upTo } from "../actors.ts";
import { type Node, warned, World } from "../world.ts";
import { LOOKUP, Strangers } from "./strangers.ts";

const MINUTE = 60_000;
/** Begins like Brotli, and is none. */
const BROKEN = Uint8Array.of(0x0b, ...new Array<number>(60).fill(7));

/** The lookup as bytes of that compression. */
async function lookup(compression: Compression): Promise<Uint8Array> {
  if (compression === "none") return LOOKUP;
  const compressor = compressedStream(compression).compressor();
  const bytes = await compressor.compress(LOOKUP);
  compressor.close();
  return bytes;
}

/** Whether a stranger from that place gets an answer. */
async function isHeard(
  strangers: Strangers,
  place: string,
  compression: Compression,
): Promise<boolean> {
  const connection = await strangers.come(place, await lookup(compression));
  const bytes = await connection.read();
  connection.close();
  return bytes !== undefined;
}

const texts = ({ warnings }: Node): string[] =>
  warnings.map(({ text }) => text.replace(/:\d+"/g, '"'));

Deno.test("Accepted takes no Brotli for ten minutes from a place whose Brotli was broken three times", async () => {
  const clock = new ManualClock();
  const accepted = new Accepted(COMPRESSIONS, clock);
  const refusal = (compression: Compression, place = "a") =>
    accepted.refusal(compression, place);
  assertEquals(refusal("brotli"), undefined);
  for (const _ of upTo(3)) accepted.broken("zstd", "a");
  assertEquals(refusal("zstd"), undefined);
  for (const _ of upTo(2)) accepted.broken("brotli", "a");
  assertEquals(refusal("brotli"), undefined);
  // Two that were forgotten since do not count.
  await clock.advance(10 * MINUTE);
  for (const _ of upTo(3)) {
    assertEquals(refusal("brotli"), undefined);
    accepted.broken("brotli", "a");
  }
  const text = "3 Brotli streams from there were broken, none was expected for";
  assertEquals(refusal("brotli"), `${text} another 600 s`);
  assertEquals([refusal("zstd"), refusal("brotli", "b")], [
    undefined,
    undefined,
  ]);
  await clock.advance(10 * MINUTE - 1);
  assertEquals(refusal("brotli"), `${text} another 1 s`);
  await clock.advance(1);
  assertEquals(refusal("brotli"), undefined);
});

Deno.test("Accepted remembers 4,096 places, those that broke last", () => {
  const accepted = new Accepted(COMPRESSIONS, new ManualClock());
  const place = (n: number) => `10.0.${n >> 8}.${n & 255}`;
  const breaks = (n: number) => {
    for (const _ of upTo(3)) accepted.broken("brotli", place(n));
  };
  upTo(4_096).forEach(breaks);
  breaks(0);
  breaks(5_000);
  const isOut = (n: number) =>
    accepted.refusal("brotli", place(n)) !== undefined;
  assertEquals([0, 1, 2, 4_095, 5_000].map(isOut), [
    true,
    false,
    true,
    true,
    true,
  ]);
});

Deno.test("A GoAkt peer is accepted in the ways that accepts names, and in no other", async () => {
  await using world = new World();
  const accepts = ["none", "zstd"] as const;
  const shop = await world.node("shop", { remote: { goakt: { accepts } } });
  using strangers = new Strangers(world, shop);
  const heard: Compression[] = [];
  for (const compression of COMPRESSIONS) {
    if (await isHeard(strangers, "go", compression)) heard.push(compression);
  }
  assertEquals(heard, ["none", "zstd"]);
  assertEquals(
    texts(shop),
    ["gzip", "brotli"].map((compression) =>
      `the connection of GoAkt peer "go" ended: its compression is ${compression}, one of none, zstd was expected`
    ),
  );
});

Deno.test("A GoAkt peer whose Brotli is broken again and again is heard without it for a while, and others with it", async () => {
  await using world = new World();
  const shop = await world.node("shop", { remote: { goakt: {} } });
  using strangers = new Strangers(world, shop);
  for (const _ of upTo(3)) {
    const connection = await strangers.come("mallory", BROKEN);
    assertEquals(await connection.read(), undefined);
  }
  assert(warned(shop).includes("the brotli stream is broken"), warned(shop));
  const heard = async () => [
    await isHeard(strangers, "mallory", "brotli"),
    await isHeard(strangers, "mallory", "zstd"),
    await isHeard(strangers, "go", "brotli"),
  ];
  assertEquals(await heard(), [false, true, true]);
  assert(texts(shop).at(-1)?.includes("for another 600 s"));
  await world.clock.advance(10 * MINUTE);
  assertEquals(await heard(), [true, true, true]);
});

Deno.test("Connections of GoAkt peers that end badly take ten lines in ten seconds, and a sum", async () => {
  await using world = new World();
  const shop = await world.node("shop", { remote: { goakt: {} } });
  using strangers = new Strangers(world, shop);
  for (const _ of upTo(50)) await strangers.come("mallory", BROKEN);
  assertEquals(shop.warnings.length, 10);
  await world.clock.advance(10_000);
  assertEquals(
    texts(shop).slice(10),
    ['40 more connections of GoAkt peers ended: 40 from "mallory"'],
  );
});
