/**
 * Proving to each other that both know a secret, without saying it.
 * @module
 */

import type { createHmac, timingSafeEqual } from "node:crypto";

/** The shortest secret, in bytes. */
const MIN_KEY_BYTES = 32;
/** How long the random bytes of each end are. */
export const NONCE_BYTES = 32;

/** What a proof is about; each end has said a part of it, so that none can be used again. */
export interface Transcript {
  /** The body of the Hello: the dialler's identity, role, run, lane and random bytes. */
  readonly hello: Uint8Array;
  /** The body of the Challenge: the listener's identity, run and random bytes. */
  readonly challenge: Uint8Array;
  /** The SHA-256 of the listener's certificate; empty without TLS. */
  readonly listener: string;
}

/** The part of the platform that makes proofs. */
interface Platform {
  readonly createHmac: typeof createHmac;
  readonly timingSafeEqual: typeof timingSafeEqual;
}

/** A secret that is shared by the nodes that may talk to each other. */
export class SharedKey {
  readonly #key: Uint8Array;
  readonly #platform: Platform;

  private constructor(key: Uint8Array, platform: Platform) {
    this.#key = key;
    this.#platform = platform;
  }

  /**
   * Takes a secret: random bytes, or text that stands for its UTF-8 bytes.
   *
   * @throws {TypeError} When it is shorter than 32 bytes.
   */
  static async of(secret: Uint8Array | string): Promise<SharedKey> {
    const bytes = keyBytes(secret);
    const platform = await import("node:crypto");
    const salt = "troupe.remote.v1";
    const key = platform.hkdfSync("sha256", bytes, salt, "shared key", 32);
    return new SharedKey(new Uint8Array(key), platform);
  }

  /** A proof that cannot be repeated by, or be taken for one of, the other end. */
  prove(
    by: "dialler" | "acceptor",
    transcript: Transcript,
  ): Uint8Array<ArrayBuffer> {
    const { hello, challenge, listener } = transcript;
    const hmac = this.#platform.createHmac("sha256", this.#key);
    const parts = [by, hello, challenge, listener];
    for (const part of parts) {
      const bytes = typeof part === "string"
        ? new TextEncoder().encode(part)
        : part;
      // Lengths in front, so that no other parts give the same bytes.
      const length = new DataView(new ArrayBuffer(4));
      length.setUint32(0, bytes.length);
      hmac.update(length).update(bytes);
    }
    return new Uint8Array(hmac.digest());
  }

  /** Whether `proof` is the one that `by` would give. Takes as long for a wrong one as for the right one. */
  verify(
    by: "dialler" | "acceptor",
    transcript: Transcript,
    proof: Uint8Array,
  ): boolean {
    const expected = this.prove(by, transcript);
    return proof.length === expected.length &&
      this.#platform.timingSafeEqual(proof, expected);
  }
}

/**
 * The bytes of a secret.
 *
 * @throws {TypeError} When there are fewer than 32.
 */
export function keyBytes(secret: Uint8Array | string): Uint8Array {
  const bytes = typeof secret === "string"
    ? new TextEncoder().encode(secret)
    : secret;
  if (bytes.length >= MIN_KEY_BYTES) return bytes;
  throw new TypeError(
    `Cannot use a shared key of ${bytes.length} bytes: at least ${MIN_KEY_BYTES} random bytes were expected`,
  );
}

/** Random bytes that are used once. */
export function randomNonce(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
}

/** What is wrong when the other end says that it is this one: somebody sends our own words back. */
export function reflectedFlaw(
  { system }: { system: string },
): { reason: string; found: string; wanted: string } {
  return {
    reason: "self",
    found: `the other end says that it is the own node "${system}"`,
    wanted: "another node was expected",
  };
}
