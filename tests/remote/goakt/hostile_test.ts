import { create } from "@bufbuild/protobuf";
import { assert, assertEquals } from "@std/assert";
import { concatBytes } from "../../../internal/bytes.ts";
import {
  compressedStream,
  type Compression,
  COMPRESSIONS,
} from "../../../remote/goakt/compression/compression.ts";
import { RemoteLookupRequestSchema } from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { encodeMessage } from "../../../remote/goakt/messages.ts";
import type { GoaktOptions, RemoteOptions } from "../../../remote/mod.ts";
import type { Connection } from "../../../remote/transport/transport.ts";
import { Box, spawnBox, upTo } from "../actors.ts";
import { addressOf, type Node, warned, World } from "../world.ts";

/** A node with a peer of its own that is served all the time, and an attacker's connection to it. */
interface Attack extends AsyncDisposable {
  readonly world: World;
  readonly shop: Node;
  connect(): Promise<Connection>;
  /** Ends with the connections of the attacker gone, with that warning, and everybody else served. */
  assertRefused(warning: string, refused?: number): Promise<void>;
}

async function attack(
  goakt: GoaktOptions = {},
  remote: RemoteOptions = {},
): Promise<Attack> {
  const world = new World();
  const shop = await world.node("shop", { remote: { ...remote, goakt } });
  const honest = await world.node("honest", { remote });
  spawnBox(shop.system, "box");
  const ref = honest.remote.ref(Box, addressOf(shop, "box"));
  assertEquals(await ref.ask(Box.echo(1)), 1);
  const mallory = world.transport("mallory");
  const connections: Connection[] = [];
  return {
    world,
    shop,
    connect: async () => {
      const { port } = shop.remote;
      const connection = await mallory.connect({ hostname: "shop", port });
      connections.push(connection);
      return connection;
    },
    assertRefused: async (warning, refused = 1) => {
      await world.settle();
      assertEquals(await ref.ask(Box.echo(2)), 2);
      const left = connections.length - refused;
      assertEquals(shop.remote.connections, 1 + left);
      assert(warned(shop).includes(warning), warned(shop));
      assertEquals(shop.warnings.length, refused);
    },
    [Symbol.asyncDispose]: async () => {
      for (const connection of connections) connection.close();
      await world[Symbol.asyncDispose]();
    },
  };
}

/** Bytes as a peer of that compression sends them, part by part. */
async function packed(
  compression: Compression,
  ...parts: readonly Uint8Array[]
): Promise<Uint8Array[]> {
  if (compression === "none") return [...parts];
  const compressor = compressedStream(compression).compressor();
  const result = [];
  for (const part of parts) result.push(await compressor.compress(part));
  compressor.close();
  return result;
}

/** The first bytes of a frame whose length is `length`. */
function head(length: number): Uint8Array {
  const name = new TextEncoder().encode("internalpb.RemoteTellRequest");
  const bytes = new Uint8Array(8 + name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length);
  view.setUint32(4, name.length);
  bytes.set(name, 8);
  return bytes;
}

const LOOKUP = encodeMessage(
  RemoteLookupRequestSchema,
  create(RemoteLookupRequestSchema, { host: "shop", port: 1, name: "a" }),
);
/** 7 MB of requests. */
const MANY = new Uint8Array(LOOKUP.length * 100_000);
for (const n of upTo(100_000)) MANY.set(LOOKUP, n * LOOKUP.length);

for (const compression of COMPRESSIONS) {
  Deno.test(`A GoAkt frame over the limit is refused from its length (${compression})`, async () => {
    const options = { maxMessageBytes: 20_000 };
    await using it = await attack({}, options);
    const connection = await it.connect();
    const bytes = await packed(compression, head(20_001));
    await connection.write(concatBytes(bytes));
    assertEquals(await connection.read(), undefined);
    await it.assertRefused("its length is 20001 bytes");
  });

  Deno.test(`A GoAkt frame that trickles is waited for no longer than stallTimeout (${compression})`, async () => {
    await using it = await attack({}, { stallTimeout: 1_000 });
    const connection = await it.connect();
    const parts = [head(50_000), crypto.getRandomValues(new Uint8Array(9))];
    const [begin, more] = await packed(compression, ...parts);
    await connection.write(begin ?? new Uint8Array());
    await it.world.settle();
    for (const at of upTo(9)) {
      await it.world.clock.advance(100);
      await connection.write(more?.subarray(at, at + 1) ?? new Uint8Array());
    }
    await it.world.clock.advance(100);
    assertEquals(await connection.read(), undefined);
    await it.assertRefused("the rest of it did not come in time");
  });
}

Deno.test("A peer that does not say whether it is a GoAkt node is waited for no longer than handshakeTimeout", async () => {
  await using it = await attack({}, { handshakeTimeout: 1_000 });
  const greetings = [[], [0x28, 0xb5], [0, 0, 0, 200, 0, 0, 0, 28, 0x69]];
  for (const bytes of greetings) {
    const connection = await it.connect();
    if (bytes.length > 0) await connection.write(Uint8Array.from(bytes));
  }
  await it.world.clock.advance(1_000);
  await it.assertRefused("came within 1000 ms", greetings.length);
});

for (const compression of ["zstd", "gzip", "brotli"] as const) {
  Deno.test(`A ${compression} bomb of requests needs little memory, and everybody is served`, async () => {
    await using it = await attack();
    const connection = await it.connect();
    const [bomb = new Uint8Array()] = await packed(compression, MANY);
    assert(bomb.length < MANY.length / 50, `${bomb.length} bytes`);
    const before = held();
    await connection.write(bomb);
    await it.world.settle();
    const grown = (held() - before) / 2 ** 20;
    assert(grown < 32, `grew by ${grown} MiB`);
    await it.assertRefused("", 0);
  });
}

Deno.test("A GoAkt peer that sends requests and reads no answers is left after stallTimeout", async () => {
  await using it = await attack({}, { stallTimeout: 1_000 });
  const connection = await it.connect();
  let sent = "no";
  const writing = connection.write(MANY).then(
    () => sent = "all",
    () => sent = "a part",
  );
  await it.world.clock.advance(999);
  assertEquals([sent, it.shop.remote.connections], ["no", 2]);
  await it.world.clock.advance(1);
  await writing;
  assertEquals(sent, "a part");
  await it.assertRefused("it has not taken its answers in time");
});

Deno.test("Frames that many GoAkt peers leave unfinished are bounded together", async () => {
  await using it = await attack({ maxUnfinishedBytes: 500_000 });
  const half = concatBytes([head(400_000), new Uint8Array(200_000)]);
  for (const _ of upTo(3)) {
    const connection = await it.connect();
    await connection.write(half);
    await it.world.settle();
  }
  await it.assertRefused(
    "bytes of unfinished requests are held for all GoAkt peers, fewer were expected",
  );
  // What the refused one held is free again.
  const connection = await it.connect();
  await connection.write(half.subarray(0, 90_000));
  await it.world.settle();
  assertEquals(it.shop.warnings.length, 1);
});

/** Bytes that this thread holds; the resident memory is that of all tests that run now. */
function held(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

Deno.test("GoAkt peers from one place leave connections to others", async () => {
  await using it = await attack({ maxServed: 128 }, { maxHalfOpen: 256 });
  for (let count = 0; count < 97; count++) {
    const connection = await it.connect();
    await connection.write(head(1_000));
    await it.world.settle();
  }
  await it.assertRefused(
    "96 of 128 connections are open, 96 of them from there, fewer were expected",
  );
  const { port } = it.shop.remote;
  const other = await it.world.transport("other").connect({
    hostname: "shop",
    port,
  });
  await other.write(head(1_000));
  await it.world.settle();
  assertEquals(it.shop.remote.connections, 1 + 97);
  other.close();
});
