import { assertEquals, assertRejects } from "@std/assert";
import { concatBytes } from "../../../internal/bytes.ts";
import { FrameError } from "../../../remote/errors.ts";
import {
  encodePlain,
  encodeWithMetadata,
  type ParsedFrame,
} from "../../../remote/frame.ts";
import { FrameReader } from "../../../remote/goakt/frame_reader.ts";
import {
  ServedConnection,
  type ServeOptions,
} from "../../../remote/goakt/server/served_connection.ts";
import { encodeMetadata } from "../../../remote/metadata.ts";
import type { Connection } from "../../../remote/transport/transport.ts";
import { connectionPair, type Pair } from "./pair.ts";

const REQUEST = "internalpb.Request";
const text = new TextDecoder();

/** Answers a request with its own body; what begins with `?` when `release` is called with it. */
function serve(
  pair: Pair,
  options: Partial<ServeOptions> = {},
): {
  served: ServedConnection;
  handled: string[];
  release(body: string): void;
} {
  const waiting = new Map<string, () => void>();
  const handled: string[] = [];
  const served = new ServedConnection(pair.accepted, {
    clock: pair.clock,
    knows: (name) => name === REQUEST,
    handle: ({ body }) => {
      const said = text.decode(body);
      handled.push(said);
      const answer = encodePlain("internalpb.Response", body);
      if (!said.startsWith("?")) return answer;
      return new Promise((resolve) => waiting.set(said, () => resolve(answer)));
    },
    ...options,
  });
  return {
    served,
    handled,
    release: (body) => {
      waiting.get(body)?.();
    },
  };
}

function request(body: string): Uint8Array<ArrayBuffer> {
  return encodePlain(REQUEST, new TextEncoder().encode(body));
}

class Client {
  readonly #reader = new FrameReader();
  readonly #connection: Connection;
  /** How many reads brought something. */
  reads = 0;
  constructor(connection: Connection) {
    this.#connection = connection;
  }
  async next(): Promise<string | undefined> {
    for (;;) {
      const frame: ParsedFrame | undefined = this.#reader.next();
      if (frame !== undefined) return text.decode(frame.body);
      const bytes = await this.#connection.read();
      if (bytes === undefined) return undefined;
      this.reads++;
      this.#reader.push(bytes);
    }
  }
}

Deno.test("ServedConnection answers requests in their order, one at a time", async () => {
  await using pair = await connectionPair();
  const { served, handled, release } = serve(pair);
  const run = served.run();
  const client = new Client(pair.dialled);
  const frames = ["a", "?b", "c", "?d", "e"].map(request);
  await pair.dialled.write(concatBytes(frames));
  assertEquals(await client.next(), "a");
  await pair.clock.settle();
  assertEquals(handled, ["a", "?b"]);
  release("?b");
  assertEquals([await client.next(), await client.next()], ["?b", "c"]);
  await pair.clock.settle();
  assertEquals(handled, ["a", "?b", "c", "?d"]);
  release("?d");
  assertEquals([await client.next(), await client.next()], ["?d", "e"]);
  pair.dialled.close();
  await run;
});

Deno.test("ServedConnection reads requests byte by byte, in both layouts", async () => {
  await using pair = await connectionPair();
  const { served } = serve(pair);
  const run = served.run();
  const client = new Client(pair.dialled);
  const metadata = encodeMetadata({
    headers: new Map([["K", "v"]]),
    deadline: 0n,
  });
  const frames = [
    request("a"),
    encodeWithMetadata(REQUEST, metadata, new TextEncoder().encode("b")),
    encodeWithMetadata(
      REQUEST,
      new Uint8Array(),
      new TextEncoder().encode("c"),
    ),
  ];
  for (const byte of concatBytes(frames)) {
    await pair.dialled.write(Uint8Array.of(byte));
  }
  assertEquals(
    [await client.next(), await client.next(), await client.next()],
    ["a", "b", "c"],
  );
  pair.dialled.close();
  await run;
});

Deno.test("ServedConnection writes the answers to pipelined requests together", async () => {
  await using pair = await connectionPair();
  const { served } = serve(pair);
  const run = served.run();
  const client = new Client(pair.dialled);
  const names = Array.from({ length: 100 }, (_, i) => `${i}`);
  await pair.dialled.write(concatBytes(names.map(request)));
  for (const name of names) assertEquals(await client.next(), name);
  assertEquals(client.reads, 1);
  pair.dialled.close();
  await run;
});

const BROKEN: readonly [string, Uint8Array, string][] = [
  ["a length below 8", Uint8Array.of(0, 0, 0, 7), "its length is 7 bytes"],
  [
    "a length above the limit",
    Uint8Array.of(1, 0, 0, 1),
    "its length is 16777217 bytes",
  ],
  [
    "a name that ends behind the frame",
    Uint8Array.of(0, 0, 0, 9, 0, 0, 0, 9, 0x61),
    "its name has 9 bytes",
  ],
  [
    "an answer instead of a request",
    encodePlain("internalpb.RemoteTellResponse", new Uint8Array()),
    'its request is a "internalpb.RemoteTellResponse"',
  ],
  [
    "metadata that ends too early",
    encodeWithMetadata(REQUEST, new Uint8Array(9), new Uint8Array()),
    "Cannot read metadata",
  ],
];
for (const [what, bytes, message] of BROKEN) {
  Deno.test(`ServedConnection answers what came before, and closes at ${what}`, async () => {
    await using pair = await connectionPair();
    const { served } = serve(pair);
    const run = assertRejects(() => served.run(), FrameError, message);
    const client = new Client(pair.dialled);
    await pair.dialled.write(concatBytes([request("a"), bytes]));
    assertEquals(await client.next(), "a");
    assertEquals(await client.next(), undefined);
    await run;
    assertEquals(pair.clock.pending, 0);
  });
}

Deno.test("ServedConnection closes when the rest of a request does not come, however it trickles", async () => {
  await using pair = await connectionPair();
  const { served } = serve(pair, { stallTimeout: 1_000 });
  const run = assertRejects(
    () => served.run(),
    FrameError,
    "the rest of it did not come in time",
  );
  const frame = request("a".repeat(100));
  for (let at = 0; at < 9; at++) {
    await pair.dialled.write(frame.subarray(at, at + 1));
    await pair.clock.advance(100);
  }
  await pair.clock.advance(100);
  await run;
});

Deno.test("ServedConnection closes a connection that is silent for too long", async () => {
  await using pair = await connectionPair();
  const { served } = serve(pair, { idleTimeout: 60_000 });
  const run = served.run();
  const client = new Client(pair.dialled);
  await pair.clock.advance(59_999);
  await pair.dialled.write(request("a"));
  assertEquals(await client.next(), "a");
  await pair.clock.advance(59_999);
  await pair.dialled.write(request("b"));
  assertEquals(await client.next(), "b");
  await pair.clock.advance(60_000);
  assertEquals(await client.next(), undefined);
  await run;
  assertEquals(pair.clock.pending, 0);
});

Deno.test("ServedConnection.idle() resolves once all that came is answered", async () => {
  await using pair = await connectionPair();
  const { served, handled, release } = serve(pair);
  const run = served.run();
  const client = new Client(pair.dialled);
  await pair.dialled.write(concatBytes(["?a", "b"].map(request)));
  await pair.clock.settle();
  let state = "busy";
  const idle = served.idle().then(() => state = "idle");
  await pair.clock.settle();
  assertEquals([state, handled], ["busy", ["?a"]]);
  release("?a");
  await idle;
  served.close();
  assertEquals([await client.next(), await client.next()], ["?a", "b"]);
  assertEquals(await client.next(), undefined);
  await run;
});

Deno.test("ServedConnection.idle() resolves when the connection is closed", async () => {
  await using pair = await connectionPair();
  const { served } = serve(pair);
  const run = served.run();
  await pair.dialled.write(request("?a"));
  await pair.clock.settle();
  const idle = served.idle();
  served.close();
  await Promise.all([idle, run]);
  assertEquals(await pair.dialled.read(), undefined);
});

Deno.test("ServedConnection.idle() resolves at once when nothing is in work", async () => {
  await using pair = await connectionPair();
  const { served } = serve(pair);
  const run = served.run();
  await served.idle();
  served.close();
  await run;
});
