/**
 * Both directions of our lanes, as targets of the fuzzer: streams of frames whose order is wrong as often
 * as their bytes.
 *
 * @module
 */
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { Random } from "../../internal/random.ts";
import { CodecError, FrameError } from "../../remote/errors.ts";
import { errorOf } from "../../remote/failure.ts";
import { Inbound, type InboundHandler } from "../../remote/link/inbound.ts";
import { json } from "../../remote/codec/json.ts";
import { FrameWriter } from "../../remote/wire/encoder.ts";
import type { FrameFields } from "../../remote/wire/fields.ts";
import { DefinitionKind, FrameKind } from "../../remote/wire/kinds.ts";
import { below, pick, randomFields } from "../remote/wire/wire_random.ts";
import type { Steps, Target } from "./fuzz.ts";
import { pieces } from "./pieces.ts";

/** Bytes of the largest message; twice as much may wait for its parts. */
const MOST_BYTES = 65_536;
const PART = new Uint8Array(4_096).fill(0x31);
const encoder = new TextEncoder();
const bodies = json();

const TEXT = encoder.encode(JSON.stringify("again and again ".repeat(300)));
const ALGORITHMS = [zstdCompressSync, gzipSync, brotliCompressSync] as const;

/** A payload that is compressed, or that says so. */
function compressed(random: Random): FrameFields {
  const algorithm = below(random, ALGORITHMS.length + 1);
  const compress = ALGORITHMS[algorithm - 1];
  const totalBytes = pick(random, [
    TEXT.length,
    TEXT.length,
    TEXT.length,
    0,
    1,
    2 ** 31,
  ]);
  return {
    compression: { algorithm, totalBytes },
    payload: compress === undefined ? TEXT : compress(TEXT),
  };
}

/** One of the frames that streams are made of; several of them make sense one after the other. */
function someFrames(random: Random): FrameFields[] {
  const definitions = [
    { number: 1, table: DefinitionKind.ADDRESS, value: "/box" },
    { number: 1, table: DefinitionKind.TYPE_NAME, value: "box.put" },
  ];
  const id = below(random, 4);
  const correlation = 1 + below(random, 3);
  const payload = encoder.encode('{"by":2,"text":"é"}');
  const to = { receiver: 1, type: 1 };
  const parts = 1 + below(random, 3);
  const first = { id, last: false, totalBytes: (parts + 1) * PART.length };
  const rest = Array.from({ length: parts }, (_, at) => ({
    kind: FrameKind.CHUNK,
    chunk: { id, last: at === parts - 1, totalBytes: 0 },
    payload: PART,
  }));
  const failure = {
    code: "stopped_error",
    text: "there is\u0007 no such actor",
    outcome: below(random, 5),
    retryable: true,
    data: payload,
  };
  return pick<FrameFields[]>(random, [
    [{ kind: FrameKind.TELL, ...to, definitions, payload }],
    [{ kind: FrameKind.TELL, ...to, definitions, sender: 1, payload }],
    [{ kind: FrameKind.ASK, ...to, definitions, correlation, payload }],
    [
      { kind: FrameKind.TELL, ...to, definitions, chunk: first, payload: PART },
      ...rest,
    ],
    [
      { kind: FrameKind.REPLY, correlation, chunk: first, payload: PART },
      ...rest,
    ],
    [{ kind: FrameKind.REPLY, correlation, payload }],
    [{ kind: FrameKind.TELL, ...to, definitions, ...compressed(random) }],
    [{ kind: FrameKind.REPLY, correlation, ...compressed(random) }],
    [{
      kind: FrameKind.TELL,
      ...to,
      definitions,
      ...compressed(random),
      chunk: first,
      payload: PART,
    }, ...rest],
    [{ kind: FrameKind.FAILURE, correlation, failure }],
    [{ kind: FrameKind.ACK, ack: below(random, 9) }],
    [{ kind: FrameKind.LOOKUP, correlation, address: "goakt://a@b:1/c#d" }],
    [{ kind: FrameKind.LOOKUP_REPLY, correlation, address: "goakt://a@b:1/c" }],
    [{
      kind: FrameKind.SPAWN,
      correlation,
      spawn: { kind: "box", name: "b", input: payload, inputType: "box" },
    }],
    [{ kind: FrameKind.CANCEL, correlation }],
    [{ kind: FrameKind.PING, correlation }],
    [{ kind: FrameKind.GOODBYE, failure }],
    [randomFields(random)],
  ]);
}

/** Takes what is in order as a node would. */
class Taker implements InboundHandler {
  readonly #steps: Steps;
  /** Bytes of payloads in all. */
  bytes = 0;
  /** How many messages and replies there were. */
  messages = 0;

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  refuses(): boolean {
    return false;
  }

  message(
    { receiver, type, bytes, start, end }: Parameters<
      InboundHandler["message"]
    >[0],
  ): void {
    this.#steps.take();
    if (receiver === undefined || type === undefined) {
      throw new Error("a message without a receiver or a type");
    }
    if (start > end || end > bytes.length) {
      throw new Error(`a body from ${start} to ${end}`);
    }
    this.messages++;
    this.bytes += end - start;
    this.#decode(bytes.subarray(start, end));
  }

  answer({ failure }: Parameters<InboundHandler["answer"]>[0]): void {
    this.#steps.take();
    const { text } = errorOf("a:1", "ask", failure);
    if (text.includes("\u0007")) throw new Error("a bell in a text");
  }

  wholeReply(_correlation: number, payload: Uint8Array): void {
    this.#steps.take();
    this.messages++;
    this.bytes += payload.length;
    this.#decode(payload);
  }

  acknowledged(): void {
    this.#steps.take();
  }

  goodbye(failure: Parameters<InboundHandler["goodbye"]>[0]): void {
    this.#steps.take();
    errorOf("a:1", "keep the connection", failure);
  }

  command(): void {
    this.#steps.take();
  }

  ping(): void {
    this.#steps.take();
  }

  terminated(): void {
    this.#steps.take();
  }

  /** A body that cannot be decoded concerns its message only. */
  #decode(body: Uint8Array): void {
    try {
      bodies.decode(body);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
    }
  }
}

/** What the peer of a node with this role sends. */
export function lane(role: "acceptor" | "dialler"): Target {
  return {
    name: role === "acceptor" ? "requests" : "answers",
    seed: (random) => {
      const writer = new FrameWriter({ blockBytes: 1_000_000 });
      for (let left = 1 + below(random, 6); left > 0; left--) {
        for (const fields of someFrames(random)) writer.frame(fields);
      }
      return writer.take()?.slice() ?? new Uint8Array();
    },
    run: (bytes, random, steps) => {
      const taker = new Taker(steps);
      const takes = role === "acceptor" ? "requests" : "answers";
      const inbound = new Inbound(taker, MOST_BYTES, takes);
      for (const piece of pieces(bytes, random)) inbound.push(piece, 0);
      // What is compressed may be more than what came, each message up to its limit.
      if (taker.bytes > bytes.length + taker.messages * MOST_BYTES) {
        throw new Error(`${taker.bytes} bytes came of ${bytes.length}`);
      }
    },
    isRefusal: (error) => error instanceof FrameError,
  };
}
