import { create } from "@bufbuild/protobuf";
import { assert, assertEquals } from "@std/assert";
import { concatBytes } from "../../../internal/bytes.ts";
import { compressedStream } from "../../../remote/goakt/compression/compression.ts";
import {
  RemoteLookupRequestSchema,
  RemoteTellRequestSchema,
} from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { encodeMessage } from "../../../remote/goakt/messages.ts";
import { TcpTransport } from "../../../remote/transport/tcp_transport.ts";
import { attacked, readAll } from "../attacked.ts";
import { InstantClock } from "../instant_clock.ts";
import { AttentiveTransport } from "../transport/attentive_transport.ts";
import { dial, trickle } from "../trickle.ts";

const TCP = new TcpTransport();
const NAME = new TextEncoder().encode(RemoteTellRequestSchema.typeName);

/** The first bytes of a request of so many bytes. */
function head(length: number): Uint8Array {
  const bytes = new Uint8Array(8 + NAME.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length);
  view.setUint32(4, NAME.length);
  bytes.set(NAME, 8);
  return bytes;
}

const LOOKUP: Uint8Array = encodeMessage(
  RemoteLookupRequestSchema,
  create(RemoteLookupRequestSchema, { host: "127.0.0.1", port: 1, name: "a" }),
);

Deno.test("Over TCP a GoAkt frame over the limit, and half of one, end their connection", async () => {
  const half = concatBytes([head(50_000), new Uint8Array(1_000)]);
  const cases: [Uint8Array, string | undefined][] = [
    [head(2 ** 24 + 1), "its length is 16777217 bytes"],
    [head(7), "its length is 7 bytes"],
    [half, undefined], // whoever sent it has left, and knows
  ];
  await attacked({}, async ({ b, warning }) => {
    const { host: hostname, port } = b.remote;
    for (const [bytes, found] of cases) {
      const warned = found === undefined ? undefined : warning();
      const connection = await TCP.connect({ hostname, port });
      await connection.write(concatBytes([LOOKUP, bytes]));
      if (bytes === half) await connection.closeWrite();
      const answer = await readAll(connection);
      // What came before is answered.
      assertEquals(answer.match(/internalpb\.\w+/g), ["internalpb.Error"]);
      const text = await warned;
      assert(found === undefined || text?.includes(found), text);
    }
    assertEquals(b.warnings.length, 2);
  });
});

Deno.test("Over TCP a GoAkt frame that trickles in is waited for no longer than stallTimeout", async () => {
  const it = { clock: new InstantClock(), watched: new AttentiveTransport() };
  const options = { stallTimeout: 40, transport: it.watched };
  await attacked(options, async ({ b, warning }) => {
    const warned = warning();
    const connection = await dial(it, b, TCP);
    const bytes = concatBytes([head(50_000), new Uint8Array(500)]);
    assertEquals(await trickle(it, connection, bytes), "");
    const found = "the rest of it did not come in time";
    assert((await warned).includes(found), await warned);
  }, { system: { clock: it.clock } });
});

Deno.test("Over TCP a GoAkt greeting that trickles in is waited for no longer than handshakeTimeout", async () => {
  const it = { clock: new InstantClock(), watched: new AttentiveTransport() };
  // Before it says enough to be taken for one.
  const options = { handshakeTimeout: 15, transport: it.watched };
  await attacked(options, async ({ b, warning }) => {
    const warned = warning();
    const connection = await dial(it, b, TCP);
    assertEquals(await trickle(it, connection, LOOKUP), "");
    const found = "15 bytes and no whole message came within 15 ms";
    assert((await warned).includes(found), await warned);
  }, { system: { clock: it.clock } });
});

for (const compression of ["zstd", "gzip", "brotli"] as const) {
  Deno.test(`Over TCP a ${compression} bomb of a GoAkt peer is given up before all of it is there`, async () => {
    const compressor = compressedStream(compression).compressor();
    const bomb = await compressor.compress(
      concatBytes([head(16_000_000), new Uint8Array(16_000_000)])
        .subarray(0, 16_000_000),
    );
    compressor.close();
    assert(bomb.length < 16_000_000 / 500, `${bomb.length} bytes`);
    const goakt = { maxUnfinishedBytes: 4_000_000 };
    await attacked({ goakt }, async ({ b, warning }) => {
      const warned = warning();
      const { host: hostname, port } = b.remote;
      const connection = await TCP.connect({ hostname, port });
      await connection.write(bomb);
      assertEquals(await readAll(connection), "");
      const text = await warned;
      const [, held] =
        /(\d+) bytes of unfinished requests are held/.exec(text) ??
          [];
      // No more than a piece of what it stands for was made before somebody looked.
      assert(Number(held) < 4_300_000, text);
    });
  });
}
