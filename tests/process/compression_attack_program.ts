// deno-lint-ignore-file no-console -- a program that reports what it measured
/**
 * Measures what strangers can have a node hold, who open many connections by Brotli that each need a large window.
 *
 * @module
 */
import { create } from "@bufbuild/protobuf";
import type { Buffer } from "node:buffer";
import { constants, createBrotliCompress } from "node:zlib";
import { ActorSystem } from "../../actor/mod.ts";
import { concatBytes } from "../../internal/bytes.ts";
import { RemoteTellRequestSchema } from "../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { encodeMessage } from "../../remote/goakt/messages.ts";
import { Remote } from "../../remote/mod.ts";

const STRANGERS = 150;
const MIB = 1024 * 1024;

/** A request that is longer than the small window, to nobody. */
const request = encodeMessage(
  RemoteTellRequestSchema,
  create(RemoteTellRequestSchema, {
    remoteMessages: [{
      sender: `goakt://${"a".repeat(300_000)}@10.0.0.1:1/b`,
      receiver: "goakt://shop@10.0.0.2:1/nobody",
    }],
  }),
);

async function packed(bytes: Uint8Array): Promise<Uint8Array> {
  const params = { [constants.BROTLI_PARAM_LGWIN]: 22 };
  const stream = createBrotliCompress({ params });
  const out: Uint8Array[] = [];
  stream.on("data", (piece: Buffer) => void out.push(piece));
  await new Promise<void>((resolve) => {
    stream.write(bytes);
    stream.flush(constants.BROTLI_OPERATION_FLUSH, () => resolve());
  });
  stream.destroy();
  return concatBytes(out);
}

/** Whether a connection was answered; the other ones were ended. */
async function isAnswered(connection: Deno.Conn): Promise<boolean> {
  try {
    return await connection.read(new Uint8Array(1)) !== null;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionReset) return false;
    throw error;
  }
}

const bytes = await packed(request);
await using system = new ActorSystem("shop", { logger: null });
await using remote = await Remote.start(system, {
  goakt: { maxCodecBytes: 64 * MIB },
});
const connections: Deno.Conn[] = [];
const before = Deno.memoryUsage().rss;
let served = 0;
for (let n = 0; n < STRANGERS; n++) {
  const connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: remote.port,
  });
  connections.push(connection);
  await connection.write(bytes);
  if (await isAnswered(connection)) served++;
}
const used = Deno.memoryUsage().rss - before;
for (const connection of connections) connection.close();
console.log(JSON.stringify({ served, used }));
