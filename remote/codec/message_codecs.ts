/**
 * The codecs of a protocol, ready to write into frames.
 * @module
 */

import type { Codec } from "../../actor/protocol/codec.ts";
import { describe } from "../../actor/errors.ts";
import { formatOf, isCodec } from "../../actor/logging/format.ts";
import type {
  MessageType,
  ProtocolData,
} from "../../actor/protocol/protocol.ts";
import type { Format } from "../../actor/protocol/specs.ts";
import { CodecError } from "../errors.ts";
import { json } from "./json.ts";
import { type DirectCodec, directCodec } from "../wire/payload.ts";

/** How the body and the reply of one message are encoded. */
export interface MessageCodecs {
  /** The body. */
  readonly input: DirectCodec<unknown>;
  /** The reply. */
  readonly output: DirectCodec<unknown>;
  /** The data of each error that the message declares. */
  readonly errors: ReadonlyMap<string, DirectCodec<unknown>>;
}

/** The codecs of all protocols that a node has met; an entry goes with its protocol. */
export class CodecCache {
  #byProtocol: WeakMap<ProtocolData, readonly MessageCodecs[]> = new WeakMap();

  /** The codecs of a protocol's messages, by their position. */
  of(protocol: ProtocolData): readonly MessageCodecs[] {
    let codecs = this.#byProtocol.get(protocol);
    if (codecs === undefined) {
      codecs = protocol.messages.map(codecsOf);
      this.#byProtocol.set(protocol, codecs);
    }
    return codecs;
  }
}

/** The codec that a format stands for: itself, or JSON with the check that the schema makes. */
export function codecOf(format: Format<unknown> | undefined): Codec<unknown> {
  return isCodec(format) ? format : json(format);
}

/**
 * Decodes what a handler has answered.
 *
 * @throws {CodecError} When that is not possible; it says that the message was handled.
 */
export function decodeReply<T>(
  codec: DirectCodec<T>,
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): T {
  try {
    return codec.read(bytes, start, end);
  } catch (error) {
    const { format, path, found, wanted, cause } = error instanceof CodecError
      ? error
      : {
        format: codec.format,
        path: "$",
        found: describe(error),
        wanted: "what its codec can decode was expected",
        cause: error,
      };
    throw new CodecError("decode", format, path, found, wanted, {
      outcome: "done",
      cause,
    });
  }
}

function codecsOf({ input, output, errors }: MessageType): MessageCodecs {
  return {
    input: directCodec(codecOf(input)),
    output: directCodec(codecOf(output)),
    errors: new Map(
      Object.entries(errors).map((
        [code, data],
      ) => [code, directCodec(codecOf(formatOf(data)))]),
    ),
  };
}
