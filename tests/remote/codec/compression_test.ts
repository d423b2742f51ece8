import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { brotliCompressSync, zstdCompressSync } from "node:zlib";
import {
  chooseCompression,
  expand,
  type MessageCompression,
  mostExpanded,
  readable,
} from "../../../remote/codec/compression.ts";
import { FrameError } from "../../../remote/errors.ts";
import { Remote } from "../../../remote/mod.ts";
import type { Compressed, FrameFields } from "../../../remote/wire/fields.ts";
import { FrameKind } from "../../../remote/wire/kinds.ts";
import { ActorSystem } from "../../../actor/mod.ts";
import { Box, spawnBox } from "../actors.ts";
import { CountingTransport } from "../transport/counting_transport.ts";
import { addressOf, type Node, warned, World } from "../world.ts";
import { encode, WirePeer } from "../wire/wire_peer.ts";

interface Pair {
  readonly a: Node;
  readonly b: Node;
  readonly sent: CountingTransport;
}

async function withPair(
  [one, other]: [MessageCompression, MessageCompression],
  run: (pair: Pair) => Promise<void>,
): Promise<void> {
  await using world = new World();
  const sent = new CountingTransport(world.transport("a"));
  const a = await world.node("a", {
    remote: { compression: one, transport: sent },
  });
  const b = await world.node("b", { remote: { compression: other } });
  await run({ a, b, sent });
}

const TEXT = "the same words again and again, ".repeat(1_000); // 32 kB

for (const compression of ["auto", "zstd", "gzip", "brotli"] as const) {
  Deno.test(`Messages and replies pass compressed with ${compression}, whole and in parts`, async () => {
    await withPair([compression, compression], async ({ a, b, sent }) => {
      spawnBox(b.system, "box");
      const ref = a.remote.ref(Box, addressOf(b, "box"));
      assertEquals(await ref.ask(Box.echo("first")), "first"); // the link is up
      const { written } = sent;
      assertEquals(await ref.ask(Box.echo(TEXT)), TEXT);
      assert(sent.written - written < 1_000, `${sent.written - written}`);
      // Numbers that do not repeat: what stands for them has several parts.
      const body = new Uint8Array(1_000_000);
      for (let at = 0; at < body.length; at += 3) {
        body[at] = Math.random() * 256;
      }
      const before = sent.written;
      const [back, after] = await Promise.all([
        ref.ask(Box.echoRaw(body)),
        ref.ask(Box.echo(TEXT)), // behind it
      ]);
      assert(back.every((byte, at) => byte === body[at]));
      assertEquals(after, TEXT);
      const used = sent.written - before;
      assert(used > 200_000 && used < 900_000, `${used} bytes were sent`);
      assertEquals(await ref.ask(Box.echo(undefined)), undefined);
    });
  });
}

Deno.test("Small messages, and those that compression does not help, are sent as they are", async () => {
  await withPair(["zstd", "zstd"], async ({ a, b, sent }) => {
    const box = spawnBox(b.system, "box");
    const ref = a.remote.ref(Box, addressOf(b, "box"));
    await ref.ask(Box.ids());
    let { written } = sent;
    ref.tell(Box.put({ id: 1, pad: "x".repeat(4_000) }));
    await ref.ask(Box.ids());
    assert(sent.written - written > 4_000, "4 kB were compressed");
    ({ written } = sent);
    ref.tell(Box.put({ id: 2, pad: "x".repeat(4_100) }));
    await ref.ask(Box.ids());
    assert(sent.written - written < 500, "4.1 kB were not compressed");
    const noise = crypto.getRandomValues(new Uint8Array(50_000));
    ({ written } = sent);
    ref.tell(Box.raw(noise));
    await ref.ask(Box.ids());
    const used = sent.written - written;
    assert(used > 50_000 && used < 50_100, `${used} bytes`);
    assertEquals(box.sizes, [50_000]);
  });
});

Deno.test("A node that wants no compression gets and sends none, whatever others do", async () => {
  for (
    const pair of [["none", "zstd"], ["zstd", "none"], ["none", "none"]] as [
      MessageCompression,
      MessageCompression,
    ][]
  ) {
    await withPair(pair, async ({ a, b, sent }) => {
      spawnBox(b.system, "box");
      const ref = a.remote.ref(Box, addressOf(b, "box"));
      await ref.ask(Box.ids());
      const { written } = sent;
      assertEquals(await ref.ask(Box.echo(TEXT)), TEXT);
      assert(sent.written - written > TEXT.length, pair.join());
    });
  }
});

Deno.test("Nodes that compress in different ways read each other", async () => {
  await withPair(["gzip", "brotli"], async ({ a, b, sent }) => {
    spawnBox(b.system, "box");
    const ref = a.remote.ref(Box, addressOf(b, "box"));
    await ref.ask(Box.ids());
    const { written } = sent;
    assertEquals(await ref.ask(Box.echo(TEXT)), TEXT);
    assert(sent.written - written < 1_000);
  });
});

Deno.test("chooseCompression() leaves messages to this machine as they are, unless told otherwise", () => {
  const all = readable("auto");
  const number = (
    setting: MessageCompression,
    local: string,
    remote: string,
    known = all,
  ) => chooseCompression(setting, known, { local, remote })?.number;
  assertEquals(number("auto", "10.0.0.1:5", "10.0.0.2:6"), 1);
  assertEquals(number("auto", "10.0.0.1:5", "10.0.0.1:6"), undefined);
  assertEquals(number("auto", "127.0.0.1:5", "127.0.0.1:6"), undefined);
  assertEquals(number("auto", "[::1]:5", "[::1]:6"), undefined);
  assertEquals(number("auto", "/run/a.sock", "/run/b.sock"), undefined);
  assertEquals(number("zstd", "127.0.0.1:5", "127.0.0.1:6"), 1);
  assertEquals(number("gzip", "a:1", "b:1"), 2);
  assertEquals(number("brotli", "a:1", "b:1"), 3);
  assertEquals(number("none", "a:1", "b:1"), undefined);
  assertEquals(number("gzip", "a:1", "b:1", [1, 3]), undefined);
  assertEquals(readable("none"), []);
});

Deno.test("A message over the limit is refused where it is sent, however well it compresses", async () => {
  await withPair(["zstd", "zstd"], async ({ a, b }) => {
    spawnBox(b.system, "box");
    const ref = a.remote.ref(Box, addressOf(b, "box"));
    await ref.ask(Box.ids());
    const error = await ref.ask(Box.echoRaw(new Uint8Array(17 * 2 ** 20)))
      .catch((error) => error);
    assertEquals(error.code, "frame_error");
    const largest = new Uint8Array(16 * 2 ** 20);
    const back = await ref.ask(Box.echoRaw(largest), { timeout: 60_000 });
    assertEquals(back.length, largest.length);
  });
});

const BOMB = zstdCompressSync(new Uint8Array(64 * 2 ** 20)); // 64 MiB from 6 kB

Deno.test("expand() makes no more of a payload than was announced", () => {
  const bytes = zstdCompressSync(new Uint8Array(10_000));
  const said = (compressed: Partial<Compressed>, body: Uint8Array = bytes) =>
    expand(
      { algorithm: 1, totalBytes: 10_000, ...compressed },
      body,
      100_000,
      [1, 2],
    );
  assertEquals(said({}).length, 10_000);
  for (
    const wrong of [
      { totalBytes: 9_999 },
      { totalBytes: 10_001 },
      { totalBytes: 0 },
      { totalBytes: 100_001 },
      { algorithm: 0 },
      { algorithm: 2 },
      { algorithm: 3 },
      { algorithm: 9 },
    ]
  ) assertThrows(() => said(wrong), FrameError);
  assertThrows(() => said({}, bytes.subarray(0, 8)), FrameError);
  assertThrows(() => said({}, new Uint8Array()), FrameError);
  assertThrows(() => said({ totalBytes: 100_000 }, BOMB), FrameError);
});

Deno.test("expand() makes no mountain of a mole-hill, even if it was announced as one", () => {
  const limit = 16 * 2 ** 20;
  const of = (size: number) => {
    const body = brotliCompressSync(new Uint8Array(size));
    const head = { algorithm: 3, totalBytes: size };
    return { length: body.length, run: () => expand(head, body, limit, [3]) };
  };
  const small = of(32 * 1_024);
  assertEquals(small.run().length, 32 * 1_024);
  const bomb = of(limit);
  assert(bomb.length < 100, `${bomb.length}`);
  const error = assertThrows(bomb.run, FrameError);
  assertEquals(
    error.message,
    `Cannot read a compressed message: ${bomb.length} bytes are to stand for 16777216, at most ${
      mostExpanded(bomb.length)
    } were expected`,
  );
});

Deno.test("A message that compresses too well for its reader is sent as it is", async () => {
  for (const compression of ["zstd", "brotli"] as const) {
    await withPair([compression, compression], async ({ a, b, sent }) => {
      spawnBox(b.system, "box");
      const ref = a.remote.ref(Box, addressOf(b, "box"));
      await ref.ask(Box.ids());
      const { written } = sent;
      const echoed = await ref.ask(Box.echoRaw(new Uint8Array(1_000_000)));
      assertEquals(echoed.length, 1_000_000);
      assert(sent.written - written > 1_000_000, `${sent.written - written}`);
    });
  }
});

Deno.test("A decompression bomb ends its link, costs no memory to speak of, and nobody else notices", async () => {
  const attacks: FrameFields[][] = [
    [{ compression: { algorithm: 1, totalBytes: 64 * 2 ** 20 } }],
    [{ compression: { algorithm: 1, totalBytes: 16 * 2 ** 20 } }],
    [{ compression: { algorithm: 1, totalBytes: 6_000 } }],
    [{ compression: { algorithm: 7, totalBytes: 6_000 } }],
  ].map((fields) =>
    fields.map((it) => ({
      ...it,
      kind: FrameKind.TELL,
      receiver: 1,
      type: 1,
      definitions: [
        { number: 1, table: 1, value: "/box" },
        { number: 1, table: 2, value: "box.raw" },
      ],
      payload: BOMB,
    }))
  );
  for (const frames of attacks) {
    await using world = new World();
    const b = await world.node("b", { remote: { compression: "auto" } });
    const box = spawnBox(b.system, "box");
    const honest = (await world.node("c")).remote.ref(Box, addressOf(b, "box"));
    await honest.ask(Box.ids());
    const peer = await WirePeer.dial(world, b);
    await peer.connection.write(encode(...frames));
    const last = (await peer.rest()).at(-1);
    assertEquals(last?.kind, FrameKind.GOODBYE);
    const { text = "" } = last?.failure ?? {};
    assert(text.startsWith("Cannot read a compressed message: "), text);
    assert(warned(b).includes("compressed message"), warned(b));
    assertEquals([box.sizes, await honest.ask(Box.ids())], [[], []]);
  }
});

Deno.test("A node that wants no compression ends the link of a peer that compresses all the same", async () => {
  await using world = new World();
  const b = await world.node("b");
  spawnBox(b.system, "box");
  const peer = await WirePeer.dial(world, b);
  const body = zstdCompressSync(new Uint8Array(5_000));
  await peer.connection.write(
    encode({
      kind: FrameKind.TELL,
      receiver: 1,
      type: 1,
      definitions: [
        { number: 1, table: 1, value: "/box" },
        { number: 1, table: 2, value: "box.raw" },
      ],
      compression: { algorithm: 1, totalBytes: 5_000 },
      payload: body,
    }),
  );
  const last = (await peer.rest()).at(-1);
  assertEquals(
    last?.failure?.text,
    "Cannot read a compressed message: it has 5000 bytes and compression 1, no compression was expected",
  );
});

Deno.test("Remote.start() refuses a compression that it does not know", async () => {
  await using system = new ActorSystem("a", { logger: null });
  const error = await assertRejects(
    () => Remote.start(system, { compression: "lz4" as "zstd" }),
    TypeError,
  );
  assert(error.message.includes('compression is "lz4"'), error.message);
});
