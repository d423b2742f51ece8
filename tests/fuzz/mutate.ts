/**
 * Damage to bytes, repeatable by the randomness that is handed in.
 *
 * @module
 */
import { concatBytes } from "../../internal/bytes.ts";
import type { Random } from "../../internal/random.ts";
import { below, pick, randomBytes } from "../remote/wire/wire_random.ts";

/** What lengths, tags and the marks of texts are made of. */
const TELLING = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x42, 0x5b, 0x62, 0x7a, 0x7b];

/** Flips, cuts, doubles or overwrites a few bytes, preferring the values that lengths and tags are made of. */
export function mutated(
  random: Random,
  original: Uint8Array,
): Uint8Array<ArrayBuffer> {
  let bytes = original.slice();
  for (
    let count = 1 + below(random, 4);
    count > 0 && bytes.length > 0;
    count--
  ) bytes = mutatedOnce(random, bytes);
  return bytes;
}

function mutatedOnce(
  random: Random,
  bytes: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const at = below(random, bytes.length);
  switch (below(random, 6)) {
    case 0:
      bytes[at]! ^= 1 << below(random, 8);
      return bytes;
    case 1:
      bytes[at] = pick(random, TELLING);
      return bytes;
    case 2:
      return bytes.slice(0, at);
    case 3:
      return concatBytes([
        bytes.slice(0, at),
        randomBytes(random),
        bytes.slice(at),
      ]);
    case 4:
      return concatBytes([
        bytes.slice(0, at),
        bytes.slice(below(random, bytes.length)),
      ]);
    default:
      return doubled(bytes, at, 1 + below(random, 16));
  }
}

/** The same bytes with a few of them twice, one after the other. */
function doubled(
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  const end = Math.min(bytes.length, at + length);
  return concatBytes([bytes.slice(0, end), bytes.slice(at)]);
}
