import { assert, assertEquals } from "@std/assert";
import {
  formatHash,
  hashOf,
  rendezvous,
  rendezvousScore,
  xxh64,
} from "../../internal/hash.ts";
import { seededRandom } from "../../internal/random.ts";

/** The same algorithm from its description, in 64-bit arithmetic. */
function slowXxh64(bytes: Uint8Array, seed: bigint): bigint {
  const wrap = (value: bigint) => BigInt.asUintN(64, value);
  const [p1, p2, p3, p4, p5] = [
    0x9e3779b185ebca87n,
    0xc2b2ae3d27d4eb4fn,
    0x165667b19e3779f9n,
    0x85ebca77c2b2ae63n,
    0x27d4eb2f165667c5n,
  ] as const;
  const rotate = (value: bigint, bits: bigint) =>
    wrap((value << bits) | (value >> (64n - bits)));
  const round = (state: bigint, lane: bigint) =>
    wrap(rotate(wrap(state + lane * p2), 31n) * p1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let hash = wrap(seed + p5);
  if (bytes.length >= 32) {
    const lanes = [seed + p1 + p2, seed + p2, seed, seed - p1].map(wrap);
    for (; at + 32 <= bytes.length; at += 32) {
      for (let i = 0; i < 4; i++) {
        lanes[i] = round(lanes[i]!, view.getBigUint64(at + i * 8, true));
      }
    }
    hash = wrap(
      [1n, 7n, 12n, 18n].reduce(
        (sum, bits, i) => sum + rotate(lanes[i]!, bits),
        0n,
      ),
    );
    for (const lane of lanes) hash = wrap((hash ^ round(0n, lane)) * p1 + p4);
  }
  hash = wrap(hash + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8) {
    hash = wrap(
      rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * p1 + p4,
    );
  }
  if (at + 4 <= bytes.length) {
    const lane = BigInt(view.getUint32(at, true));
    hash = wrap(rotate(hash ^ wrap(lane * p1), 23n) * p2 + p3);
    at += 4;
  }
  for (; at < bytes.length; at++) {
    hash = wrap(rotate(hash ^ wrap(BigInt(bytes[at]!) * p5), 11n) * p1);
  }
  hash = wrap((hash ^ (hash >> 33n)) * p2);
  hash = wrap((hash ^ (hash >> 29n)) * p3);
  return hash ^ (hash >> 32n);
}

const hex = (value: bigint) => value.toString(16).padStart(16, "0");

Deno.test("xxh64() gives the published values", () => {
  const published: [string, string][] = [
    ["", "ef46db3751d8e999"],
    ["a", "d24ec4f1a98c6e5b"],
    ["as", "1c330fb2d66be179"],
    ["asd", "631c37ce72a97393"],
    ["asdf", "415872f599cea71e"],
    [
      "Call me Ishmael. Some years ago--never mind how long precisely-",
      "02a2e85470d6fd96",
    ],
  ];
  for (const [text, value] of published) {
    assertEquals(formatHash(hashOf(text)), value, text);
  }
});

Deno.test("xxh64() agrees with 64-bit arithmetic for every length and seed", () => {
  const random = seededRandom(64);
  const byte = () => Math.floor(random.next() * 256);
  for (let length = 0; length <= 200; length++) {
    const bytes = Uint8Array.from({ length }, byte);
    const high = Math.floor(random.next() * 2 ** 32);
    const low = Math.floor(random.next() * 2 ** 32);
    const seed = (BigInt(high) << 32n) | BigInt(low);
    assertEquals(
      formatHash(xxh64(bytes, { high, low })),
      hex(slowXxh64(bytes, seed)),
      `length ${length}, seed ${hex(seed)}`,
    );
  }
});

Deno.test("rendezvousScore() is the hash of the node seeded by the key", () => {
  const node = hashOf("node");
  const key = hashOf("key");
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, node.low, true);
  view.setUint32(4, node.high, true);
  const full = slowXxh64(bytes, (BigInt(key.high) << 32n) | BigInt(key.low));
  assertEquals(rendezvousScore(key, node), Number(full >> 11n));
});

const CHOICES = ["beta", "gamma", "delta", "delta", "gamma", "gamma"];

Deno.test("rendezvous() keeps its choices for ever", () => {
  const nodes = ["alpha", "beta", "gamma", "delta"];
  const keys = ["", "order-1", "order-2", "order-3", "käse", "🧀"];
  assertEquals(
    keys.map((key) => rendezvous(key, nodes)),
    CHOICES,
  );
  assertEquals(
    keys.map((key) => rendezvous(key, nodes.toReversed())),
    CHOICES,
  );
  assertEquals(rendezvous("order-1", []), undefined);
});

Deno.test("rendezvous() spreads keys evenly and moves only what a node gets or had", () => {
  const nodes = Array.from({ length: 8 }, (_, index) => `node-${index}`);
  const keys = Array.from({ length: 8_000 }, (_, index) => `key-${index}`);
  const before = keys.map((key) => rendezvous(key, nodes));
  for (const node of nodes) {
    const share = before.filter((chosen) => chosen === node).length;
    assert(share > 850 && share < 1_150, `${node} has ${share} of 8000`);
  }
  const without = nodes.filter((node) => node !== "node-3");
  for (const [index, key] of keys.entries()) {
    const after = rendezvous(key, without);
    if (before[index] !== "node-3") assertEquals(after, before[index], key);
  }
});
