/**
 * Many small byte arrays out of few large ones.
 * @module
 */

/** An array of more than this share of the buffer gets a buffer of its own. */
const LARGEST_SHARE = 8;

/**
 * Hands out byte arrays. Small ones are parts of one buffer, because an array with a buffer of its own costs more
 * than filling it; whoever keeps one keeps the whole buffer.
 */
export class Slab {
  readonly #size: number;
  #buffer: ArrayBuffer | undefined = undefined;
  #used = 0;

  /** `size` is that of a buffer, in bytes; none is made before it is needed. */
  constructor(size: number) {
    this.#size = size;
  }

  /** An array of zeros that nobody else has a part of. */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (length * LARGEST_SHARE > this.#size) return new Uint8Array(length);
    let buffer = this.#buffer;
    if (buffer === undefined || this.#used + length > this.#size) {
      buffer = this.#buffer = new ArrayBuffer(this.#size);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used = start + length;
    return new Uint8Array(buffer, start, length);
  }
}
