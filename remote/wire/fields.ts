/**
 * The content of one frame as an object, for writing the rare kinds and for reading all of them.
 * @module
 */

/** Gives a number a meaning in one of the sender's tables. */
export interface Definition {
  /** From 1 to the size of the table. */
  readonly number: number;
  /** 1 address, 2 type name. */
  readonly table: number;
  /** What the number stands for. */
  readonly value: string;
}

/** A name and a value, for example of the trace context. */
export interface Header {
  /** The name. */
  readonly key: string;
  /** The value. */
  readonly value: string;
}

/** Says that a payload is a part of a larger one. */
export interface Chunk {
  /** Tells apart the payloads that are under way. */
  readonly id: number;
  /** Whether this is the last part. */
  readonly last: boolean;
  /** Size of the whole in bytes; 0 in all parts but the first. */
  readonly totalBytes: number;
}

/** Says that a payload, all its parts together, is compressed. */
export interface Compressed {
  /** 1 zstd, 2 gzip, 3 brotli. */
  readonly algorithm: number;
  /** Size of the payload before, in bytes. */
  readonly totalBytes: number;
}

/** Why something was not done. */
export interface Failure {
  /** A word in snake_case. */
  readonly code: string;
  /** What was found and wanted. */
  readonly text: string;
  /** An index into `OUTCOMES`, or `REJECTED`. */
  readonly outcome: number;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** What a declared error carries. */
  readonly data: Uint8Array;
}

/** What to create. */
export interface Spawn {
  /** The name of the kind. */
  readonly kind: string;
  /** The name of the actor; empty for one that the far node chooses. */
  readonly name: string;
  /** What the kind is created from. */
  readonly input: Uint8Array;
  /** The name of the input's type. */
  readonly inputType: string;
}

/** All fields of a frame. What is left out is zero, empty or absent on the wire. */
export interface FrameFields {
  /** One of `FrameKind`. */
  kind?: number;
  /** The receiver's number in the sender's table of addresses. */
  receiver?: number;
  /** The sender's number in the same table. */
  sender?: number;
  /** The type name's number in the sender's table of type names. */
  type?: number;
  /** Pairs requests and answers. */
  correlation?: number;
  /** Milliseconds that the requester will still wait. */
  remaining?: number;
  /** How many counted frames were processed, up to 2^53 - 1. */
  ack?: number;
  /** Entries for the tables; at most 64. */
  definitions?: readonly Definition[];
  /** Trace context and the like; at most 64. */
  headers?: readonly Header[];
  /** What a lookup, spawn or stop is about. */
  address?: string;
  /** Present on a part of a payload. */
  chunk?: Chunk | undefined;
  /** Present on a failure. */
  failure?: Failure | undefined;
  /** Present on a spawn request. */
  spawn?: Spawn | undefined;
  /** Present on a payload that is compressed. */
  compression?: Compressed | undefined;
  /** The encoded body or reply. */
  payload?: Uint8Array;
}

/** How many definitions, and how many headers, one frame may have. */
export const MAX_REPEATED = 64;

const NO_BYTES: Uint8Array = new Uint8Array();
const NO_DEFINITIONS: readonly Definition[] = [];
const NO_HEADERS: readonly Header[] = [];

/**
 * One frame as it was read. A reader reuses one of these: what it holds is valid until the next frame is
 * decoded. Strings, definitions, headers and sub-messages may be kept; `buffer` is never overwritten, so
 * views of it may be kept too.
 */
export class DecodedFrame {
  /** One of `FrameKind`, or a number that this version does not know. */
  kind = 0;
  /** The receiver's number in the peer's table of addresses, 0 for none. */
  receiver = 0;
  /** The sender's number in the same table, 0 for none. */
  sender = 0;
  /** The type name's number in the peer's table of type names, 0 for none. */
  type = 0;
  /** Pairs requests and answers, 0 for none. */
  correlation = 0;
  /** Milliseconds that the requester will still wait, 0 for no limit. */
  remaining = 0;
  /** How many counted frames the peer has processed, 0 for nothing said. */
  ack = 0;
  /** Entries for the tables. */
  definitions: readonly Definition[] = NO_DEFINITIONS;
  /** Trace context and the like. */
  headers: readonly Header[] = NO_HEADERS;
  /** What a lookup, spawn or stop is about, or the empty string. */
  address = "";
  /** Present on a part of a payload. */
  chunk: Chunk | undefined = undefined;
  /** Present on a failure. */
  failure: Failure | undefined = undefined;
  /** Present on a spawn request. */
  spawn: Spawn | undefined = undefined;
  /** Present on a payload that is compressed. */
  compression: Compressed | undefined = undefined;
  /** The bytes that the payload lies in. */
  buffer: Uint8Array = NO_BYTES;
  /** Where the payload begins in `buffer`. */
  payloadStart = 0;
  /** Where it ends; equal to `payloadStart` when there is none. */
  payloadEnd = 0;
  /** Bytes of the whole frame, its length field aside. */
  size = 0;

  /** A view of the payload. */
  payload(): Uint8Array {
    return this.buffer.subarray(this.payloadStart, this.payloadEnd);
  }

  /** Makes all fields zero, empty or absent, and sets how large the next frame is and where its payload lies. */
  reset(buffer: Uint8Array, size = 0): void {
    this.kind = 0;
    this.receiver = 0;
    this.sender = 0;
    this.type = 0;
    this.correlation = 0;
    this.remaining = 0;
    this.ack = 0;
    this.definitions = NO_DEFINITIONS;
    this.headers = NO_HEADERS;
    this.address = "";
    this.chunk = undefined;
    this.failure = undefined;
    this.spawn = undefined;
    this.compression = undefined;
    this.buffer = buffer;
    this.payloadStart = 0;
    this.payloadEnd = 0;
    this.size = size;
  }
}
