/**
 * How bytes come out of a socket: in pieces.
 *
 * @module
 */
import type { Random } from "../../internal/random.ts";
import { below } from "../remote/wire/wire_random.ts";

/** Cuts bytes: half of the time not at all, otherwise anywhere. */
export function pieces(
  bytes: Uint8Array,
  random: Random,
): Uint8Array<ArrayBuffer>[] {
  if (random.next() < 0.5) return [bytes.slice()];
  const cut: Uint8Array<ArrayBuffer>[] = [];
  const most = 1 + below(random, 100);
  for (let at = 0; at < bytes.length;) {
    const length = 1 + below(random, most);
    cut.push(bytes.slice(at, at + length));
    at += length;
  }
  return cut;
}
