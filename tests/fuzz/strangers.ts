/**
 * What tells who a peer is before it has said anything, as targets of the fuzzer: its first bytes, and its
 * certificate. And what it has compressed.
 *
 * @module
 */
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { concatBytes, readUint32 } from "../../internal/bytes.ts";
import type { Random } from "../../internal/random.ts";
import { expand, readable } from "../../remote/codec/compression.ts";
import { FrameError } from "../../remote/errors.ts";
import { encodePlain, encodeWithMetadata } from "../../remote/frame.ts";
import {
  type Greeting,
  GreetingReader,
} from "../../remote/goakt/server/greeting.ts";
import { parseIdentity } from "../../remote/handshake/identity.ts";
import { HTTP_ANSWER } from "../../remote/handshake/sniff.ts";
import { certificateUris } from "../../remote/tls/certificate_uris.ts";
import {
  below,
  pick,
  randomBytes,
  randomText,
} from "../remote/wire/wire_random.ts";
import type { Target } from "./fuzz.ts";
import { pieces } from "./pieces.ts";

const encoder = new TextEncoder();

/** The peer is none that the target takes: no error of the code under test. */
class Stranger extends Error {
  override readonly name = "Stranger";
}

const isStranger = (error: unknown) => error instanceof Stranger;

const MAGICS = [
  [0x28, 0xb5, 0x2f, 0xfd],
  [0x1f, 0x8b],
  [0x16, 0x03],
  [0x0b],
  [0x8b],
  [0x03],
  [0xa3],
];

function describeGreeting(greeting: Greeting): string {
  return greeting.kind === "goakt"
    ? `goakt ${greeting.compression}`
    : greeting.kind;
}

/** After so many bytes it is plain who is calling. */
const TELLING_BYTES = 23;

/** The first bytes of a connection. */
export const greetingTarget: Target = {
  name: "greeting",
  seed: (random) => {
    const name = pick(random, [
      "internalpb.RemoteTellRequest",
      "internalpb.x",
      "internalp.x",
      "troupe.remote.v1.Hello",
    ]);
    const body = randomBytes(random);
    const magic = Uint8Array.from(pick(random, MAGICS));
    return pick(random, [
      encodePlain(name, body),
      encodeWithMetadata(name, new Uint8Array(10), body),
      encodeWithMetadata(name, new Uint8Array(), body),
      concatBytes([magic, body]),
      HTTP_ANSWER.slice(0, 40),
    ]);
  },
  run: (bytes, random, steps) => {
    const whole = describeGreeting(new GreetingReader().push(bytes));
    if (whole === "more" && bytes.length >= TELLING_BYTES) {
      throw new Error(`${bytes.length} bytes say nothing`);
    }
    const reader = new GreetingReader();
    let length = 0;
    let found = "more";
    for (const piece of pieces(bytes, random)) {
      steps.take();
      length += piece.length;
      found = describeGreeting(reader.push(piece));
      if (reader.bytes.length !== length) throw new Error("bytes are lost");
      if (found !== "more") break;
    }
    if (found !== whole) throw new Error(`${found}, and whole ${whole}`);
    if (!whole.startsWith("goakt")) throw new Stranger(whole);
  },
  isRefusal: isStranger,
};

/** A value in DER. */
function der(tag: number, ...contents: Uint8Array[]): Uint8Array {
  const content = concatBytes(contents);
  const { length } = content;
  const digits = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return concatBytes([Uint8Array.of(tag, ...digits), content]);
}

const sequence = (...contents: Uint8Array[]) => der(0x30, ...contents);

/** Alternative names: URIs, host names, addresses. */
function someNames(random: Random): Uint8Array {
  const uri = pick(random, [
    "spiffe://example/cluster/shop/node/10.0.0.4",
    "spiffe://example/cluster/shop/client/till",
    "spiffe://example/cluster/shop/root/10.0.0.4",
    "https://example/",
    `spiffe://example/cluster/shop/node/${"a".repeat(below(random, 300))}`,
  ]);
  const names = [
    der(0x86, encoder.encode(uri)),
    der(0x82, encoder.encode("shop.internal")),
    der(0x87, Uint8Array.of(10, 0, 0, 4)),
  ];
  const chosen = Array.from(
    { length: 1 + below(random, 3) },
    () => pick(random, names),
  );
  return sequence(...chosen);
}

/** A certificate, with what nobody looks at left out or short. */
function someCertificate(random: Random): Uint8Array {
  const extension = (id: string, ...value: Uint8Array[]) =>
    sequence(der(0x06, Uint8Array.fromHex(id)), ...value);
  const critical = der(0x01, Uint8Array.of(0xff));
  const names = der(0x04, someNames(random));
  const extensions = sequence(
    extension("551d0f", critical, der(0x04, der(0x03, Uint8Array.of(7, 0x80)))),
    pick(random, [
      extension("551d11", names),
      extension("551d11", critical, names),
      extension("551d12", names),
    ]),
  );
  return sequence(
    sequence(
      der(0xa0, der(0x02, Uint8Array.of(2))),
      der(0x02, randomBytes(random)),
      sequence(),
      der(0xa3, extensions),
    ),
    sequence(),
    der(0x03, randomBytes(random)),
  );
}

/** The names in a certificate. */
export const certificateTarget: Target = {
  name: "certificate",
  seed: someCertificate,
  run: (bytes, _random, steps) => {
    const uris = certificateUris(bytes);
    for (const uri of uris) {
      steps.take();
      if (!isUriIn(bytes, uri)) throw new Error(`no URI "${uri}" is in there`);
    }
    const identity = uris.map(parseIdentity).find((it) => it !== undefined);
    if (identity === undefined) {
      throw new Stranger(uris.length === 0 ? "no URI" : "no URI of ours");
    }
    const { trustDomain, system, role, node, uri } = identity;
    const again = `spiffe://${trustDomain}/cluster/${system}/${role}/${node}`;
    if (again !== uri) throw new Error(`${again} of ${uri}`);
    if (!/^(node|client|observer|dc-gateway)$/.test(role)) throw new Error(uri);
  },
  isRefusal: isStranger,
};

/** Whether a URI is somewhere in the bytes, whole and behind its tag and its length. */
function isUriIn(bytes: Uint8Array, uri: string): boolean {
  const { length } = uri;
  const content = Uint8Array.from(uri, (letter) => letter.charCodeAt(0));
  const digits = [length >> 16, length >> 8 & 0xff, length & 0xff];
  const heads = [[0x83, ...digits], [0x82, ...digits.slice(1)], [0x81, length]];
  if (length < 0x80) heads.push([length]);
  return heads.some((head) =>
    includes(bytes, Uint8Array.of(0x86, ...head, ...content))
  );
}

function includes(bytes: Uint8Array, wanted: Uint8Array): boolean {
  for (let at = 0; at + wanted.length <= bytes.length; at++) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return true;
  }
  return false;
}

const COMPRESS = [zstdCompressSync, gzipSync, brotliCompressSync] as const;
/** Bytes of the largest payload. */
const MOST_BYTES = 65_536;

/** A payload that is compressed: the number of the algorithm, the size in four bytes, and the rest. */
export const compressedTarget: Target = {
  name: "compressed",
  seed: (random) => {
    const algorithm = below(random, COMPRESS.length);
    const text = pick(random, [
      randomText(random).repeat(50),
      "again and again ".repeat(300),
      "0".repeat(below(random, 2 * MOST_BYTES)),
      "",
    ]);
    // One that is too large, of bytes that say enough for their size.
    const bytes = random.next() < 0.95
      ? encoder.encode(text)
      : Uint8Array.from({ length: MOST_BYTES + 1 }, () => below(random, 16));
    const size = pick(random, [bytes.length, bytes.length, bytes.length, 1, 0]);
    const head = new Uint8Array(5);
    head[0] = algorithm + 1;
    new DataView(head.buffer).setUint32(1, size);
    return concatBytes([head, COMPRESS[algorithm]!(bytes)]);
  },
  run: (bytes) => {
    const [algorithm = 0] = bytes;
    const totalBytes = bytes.length < 5 ? 0 : readUint32(bytes, 1);
    const payload = bytes.subarray(5);
    const compressed = { algorithm, totalBytes };
    const whole = expand(compressed, payload, MOST_BYTES, readable("auto"));
    if (whole.length !== totalBytes || totalBytes > MOST_BYTES) {
      throw new Error(`${whole.length} bytes, ${totalBytes} were announced`);
    }
  },
  isRefusal: (error) => error instanceof FrameError,
};
