/**
 * Reading the other end's first message, and what both ends look for in it.
 * @module
 */

import {
  type DescMessage,
  fromBinary,
  type MessageShape,
} from "@bufbuild/protobuf";
import { checkSystemName } from "../../actor/reference/name.ts";
import { concatBytes, readUint32 } from "../../internal/bytes.ts";
import { FrameError, HandshakeError } from "../errors.ts";
import { RefusalSchema } from "../gen/troupe/remote/v1/handshake_pb.ts";
import { MAX_FRAME_BYTES, type ParsedFrame, parseFrame } from "../frame.ts";
import {
  HANDSHAKE_BYTES,
  type HandshakeEffect,
  type HandshakeEvent,
  MIN_FRAME_LIMIT,
  type NodeIdentity,
} from "./handshake.ts";
import {
  type CertifiedIdentity,
  claimedRole,
  claimFlaw,
  isDialled,
  ROLES,
} from "./identity.ts";
import { sniff, type Sniffed } from "./sniff.ts";

/** What is wrong, as the parts of a {@linkcode HandshakeError}. */
export interface Flaw {
  /** One word that programs compare. */
  readonly reason: string;
  /** What was found. */
  readonly found: string;
  /** What was wanted. */
  readonly wanted: string;
  /** The error behind it. */
  readonly cause?: unknown;
}

/** A message that came whole. */
export interface FirstMessage {
  /** Its full protobuf name. */
  readonly name: string;
  /** Its protobuf bytes. */
  readonly body: Uint8Array;
  /** What came behind it. */
  readonly rest: Uint8Array<ArrayBuffer>;
}

/** What to do once it is known what the peer began with. */
export interface FirstMessageHandler {
  /** A whole message came. */
  onMessage(message: FirstMessage): HandshakeEffect[];
  /** What came can never become a message. */
  onGarbage(flaw: Flaw, sniffed: Sniffed): HandshakeEffect[];
}

/** Collects bytes until the peer's first message is there, or can no longer come. */
export class FirstMessageReader {
  readonly #node: string;
  readonly #wanted: string;
  readonly #goakt: string;
  #received: Uint8Array<ArrayBuffer> = new Uint8Array();
  #state: "waiting" | "over" = "waiting";

  /**
   * Waits for a message called `name` from the peer at `node`, which is `host:port`; `goakt` is why GoAkt peers
   * are not let in.
   */
  constructor(
    node: string,
    name: string,
    goakt: string = "GoAkt peers are not enabled",
  ) {
    this.#node = node;
    this.#goakt = goakt;
    this.#wanted = `a "${name}" was expected`;
  }

  /** Takes what happened; asks `handler` once in the life of this object. */
  step(
    event: Exclude<HandshakeEvent, { kind: "opened" | "sent" }>,
    handler: FirstMessageHandler,
  ): HandshakeEffect[] {
    if (this.#state === "over") return [];
    if (event.kind !== "received") return [this.#missing(event)];
    this.#received = concatBytes([this.#received, event.bytes]);
    const sniffed = sniff(this.#received);
    if (sniffed === "more") return [];
    if (sniffed !== "clear") {
      this.#state = "over";
      return handler.onGarbage(this.#foreign(sniffed), sniffed);
    }
    const message = this.#readFrame();
    if (message === undefined) return [];
    this.#state = "over";
    return "reason" in message
      ? handler.onGarbage(message, sniffed)
      : handler.onMessage(message);
  }

  /** Ends the handshake. */
  fail(
    flaw: Flaw,
    options: { retryable?: boolean } = {},
  ): HandshakeEffect {
    this.#state = "over";
    const { reason, found, wanted, ...cause } = flaw;
    const error = new HandshakeError(this.#node, reason, found, wanted, {
      ...options,
      ...cause,
    });
    return { kind: "failed", error };
  }

  /** The flaw of a message that is not the one waited for. */
  wrongMessage(name: string): Flaw {
    const go = name.startsWith("internalpb.") ? `, ${this.#goakt}` : "";
    return {
      reason: "type",
      found: `a "${printable(name)}" was found`,
      wanted: `${this.#wanted}${go}`,
    };
  }

  #readFrame(): FirstMessage | Flaw | undefined {
    const bytes = this.#received;
    if (bytes.length < 4) return undefined;
    const length = readUint32(bytes, 0);
    if (length > HANDSHAKE_BYTES) {
      return {
        reason: "frame",
        found: `a frame of ${length} bytes was found`,
        wanted: `${this.#wanted}, with at most ${HANDSHAKE_BYTES} bytes`,
      };
    }
    if (bytes.length < length) return undefined;
    let frame: ParsedFrame;
    try {
      frame = parseFrame(bytes.subarray(0, length), HANDSHAKE_BYTES);
    } catch (cause) {
      if (!(cause instanceof FrameError)) throw cause;
      return {
        reason: "frame",
        found: "a broken frame was found",
        wanted: this.#wanted,
        cause,
      };
    }
    return { name: frame.name, body: frame.body, rest: bytes.slice(length) };
  }

  #missing(
    event: Extract<HandshakeEvent, { kind: "ended" | "timeout" }>,
  ): HandshakeEffect {
    const count = this.#received.length;
    const cause = "cause" in event ? { cause: event.cause } : {};
    if (event.kind === "timeout") {
      const found =
        `${count} bytes and no whole message came within ${event.after} ms`;
      return this.fail(
        { reason: "timeout", found, wanted: this.#wanted, ...cause },
        { retryable: true },
      );
    }
    const found = count === 0
      ? "the connection ended without a message (nodes that want TLS, speak GoAkt's protocol or are dialled too often refuse like this)"
      : `the connection ended after ${count} bytes`;
    return this.fail(
      { reason: "closed", found, wanted: this.#wanted, ...cause },
      { retryable: true },
    );
  }

  #foreign(sniffed: Exclude<Sniffed, "more" | "clear">): Flaw {
    switch (sniffed) {
      case "zstd":
      case "gzip":
      case "brotli":
        return {
          reason: "compression",
          found: `a stream compressed with ${sniffed} was found`,
          wanted: `${this.#wanted}, compressed ${this.#goakt}`,
        };
      case "tls":
        return {
          reason: "tls",
          found: "a TLS record was found",
          wanted: `${this.#wanted}, TLS is not enabled`,
        };
      case "http":
        return {
          reason: "http",
          found: "an HTTP request was found",
          wanted: this.#wanted,
        };
      case "unknown":
        return startsWith(this.#received, "HTTP/")
          ? {
            reason: "http",
            found: "an HTTP answer was found",
            wanted: this.#wanted,
          }
          : {
            reason: "garbage",
            found: `${preview(this.#received)} was found`,
            wanted: this.#wanted,
          };
    }
  }
}

/** Decodes a body, or says that it cannot be. */
export function decodeBody<Schema extends DescMessage>(
  schema: Schema,
  body: Uint8Array,
): { message: MessageShape<Schema> } | Flaw {
  try {
    return { message: fromBinary(schema, body) };
  } catch (cause) {
    return malformed(
      schema,
      "its body is not protobuf",
      "the fields of its definition were expected",
      cause,
    );
  }
}

/** What a refusal of the peer says. */
export function refusalFlaw(body: Uint8Array, who: string): Flaw {
  const decoded = decodeBody(RefusalSchema, body);
  if ("reason" in decoded) return decoded;
  const { code, text } = decoded.message;
  return {
    reason: printable(code),
    found: `${who} refused with "${printable(code)}"`,
    wanted: printable(text),
  };
}

/** What a Hello and a Welcome say alike. */
interface Introduction extends NodeIdentity {
  readonly maxFrameBytes: bigint;
  readonly role: string;
}

/** What is wrong with how a node introduces itself, if anything. */
export function introductionFlaw(
  peer: Introduction,
  self: NodeIdentity,
  certified?: CertifiedIdentity,
): Flaw | undefined {
  if (!isWellFormed(peer)) {
    const { system, incarnation, host, port } = peer;
    const found = JSON.stringify({ system, incarnation, host, port });
    return {
      reason: "malformed",
      found: `${printable(found)} was found`,
      wanted:
        "a system, an incarnation, and a port up to 65535 with its host were expected",
    };
  }
  if (peer.incarnation === self.incarnation) {
    return {
      reason: "self",
      found: `the address leads back to the own node "${self.system}"`,
      wanted: "another node was expected",
    };
  }
  if (claimedRole(peer) === undefined) {
    return {
      reason: "role",
      found: `a peer of role "${printable(peer.role)}" was found`,
      wanted: `one of ${ROLES.join(", ")} was expected`,
    };
  }
  if (peer.port !== 0 && !isDialled(claimedRole(peer))) {
    return {
      reason: "role",
      found: `a ${peer.role} that others can reach was found`,
      wanted: "port 0 was expected, only nodes are dialled",
    };
  }
  const claim = certified && claimFlaw(peer, certified);
  if (claim !== undefined) {
    const { found, wanted } = claim;
    return { reason: "identity", found: printable(found), wanted };
  }
  const limit = peer.maxFrameBytes;
  if (limit < BigInt(MIN_FRAME_LIMIT) || limit > BigInt(MAX_FRAME_BYTES)) {
    return {
      reason: "limit",
      found: `a frame limit of ${limit} bytes was found`,
      wanted:
        `one from ${MIN_FRAME_LIMIT} to ${MAX_FRAME_BYTES} bytes was expected`,
    };
  }
  return undefined;
}

/** Host and incarnation become parts of addresses, which have marks of their own. */
function isWellFormed(peer: NodeIdentity): boolean {
  return isSystemName(peer.system) && peer.port <= 65535 &&
    (peer.port === 0 || peer.host !== "") &&
    /^[^\s/@#\p{Cc}\p{Cf}]{0,255}$/u.test(peer.host) &&
    /^[\x21-\x7e]{1,128}$/.test(peer.incarnation);
}

function isSystemName(name: string): boolean {
  try {
    checkSystemName(name);
    return true;
  } catch {
    return false; // whatever is wrong with it
  }
}

/** The identity in an introduction, without what else it has. */
export function identityOf(peer: NodeIdentity): NodeIdentity {
  const { system, host, port, incarnation } = peer;
  return { system, host, port, incarnation };
}

/** A peer's text, made safe to print: no control characters, at most 1,000 characters. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\u{fffd}").slice(
    0,
    1_000,
  );
}

function malformed(
  schema: DescMessage,
  found: string,
  wanted: string,
  cause: unknown,
): Flaw {
  return {
    reason: "malformed",
    found: `a "${schema.typeName}" was found but ${found}`,
    wanted,
    cause,
  };
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return new TextDecoder().decode(bytes.subarray(0, text.length)) === text;
}

/** The first bytes for a message: as text when they are, otherwise as numbers. */
function preview(bytes: Uint8Array): string {
  const first = bytes.subarray(0, 16);
  return first.every((byte) => byte >= 0x20 && byte < 0x7f)
    ? `"${new TextDecoder().decode(first)}"`
    : `"${first.toHex().replace(/(..)(?=.)/g, "$1 ")}"`;
}
