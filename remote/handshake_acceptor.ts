/**
 * The end of a handshake that listens.
 * @module
 */

import { create, toBinary } from "@bufbuild/protobuf";
import {
  decodeBody,
  type FirstMessage,
  FirstMessageReader,
  type Flaw,
  identityOf,
  introductionFlaw,
  printable,
} from "./first_message.ts";
import { encodePlain, MAX_FRAME_BYTES } from "./frame.ts";
import {
  type Hello,
  HelloSchema,
  RefusalSchema,
  WelcomeSchema,
} from "./gen/troupe/remote/v1/handshake_pb.ts";
import {
  formatVersions,
  type Handshake,
  type HandshakeEffect,
  type HandshakeEvent,
  type HandshakeOptions,
  type Lane,
  LANES,
  type NodeIdentity,
  type Session,
  VERSIONS,
} from "./handshake.ts";
import { HTTP_ANSWER } from "./sniff.ts";
import { formatAddress } from "./transport.ts";

/** What the end that listens knows. */
export interface AcceptorOptions extends HandshakeOptions {
  /** The peer as `host:port`, for messages. */
  remote: string;
  /**
   * What the connection is called, as nobody could guess.
   * @default {nothing, so that it cannot be replaced}
   */
  token?: Uint8Array<ArrayBuffer>;
  /** Asked last, before the welcome. What it returns is sent as the refusal. */
  admit?: (peer: NodeIdentity, lane: Lane) => RefusalReason | undefined;
}

/** Why a node does not accept a peer. */
export interface RefusalReason {
  /**
   * One word that programs compare, at most 100 characters. After `"full"` and `"draining"` the
   * dialler may try again.
   */
  readonly code: string;
  /** What was found, without a full stop, for example `the node is draining`. */
  readonly found: string;
  /** What was wanted, for example `a running node was expected`. */
  readonly wanted: string;
}

const NO_TOKEN: Uint8Array<ArrayBuffer> = new Uint8Array();

/** The end that listens: checks who says Hello, and welcomes or refuses it. */
export class Acceptor implements Handshake {
  readonly #options: AcceptorOptions;
  readonly #reader: FirstMessageReader;
  /** Set while the welcome is under way. */
  #session: Session | undefined = undefined;

  /** Waits for the Hello. */
  constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#reader = new FirstMessageReader(options.remote, HelloSchema.typeName);
  }

  /** Returns what to do about `event`; nothing once the handshake is over. */
  step(event: HandshakeEvent): HandshakeEffect[] {
    if (event.kind === "opened") return [];
    if (event.kind === "sent" || this.#session !== undefined) {
      return this.#welcomed(event);
    }
    return this.#reader.step(event, {
      onMessage: (message) => this.#greeted(message),
      // A refusal says something to who speaks clear frames; others get an answer of their own.
      onGarbage: (flaw, sniffed) => {
        if (sniffed === "clear") return this.#refuse(flaw);
        const failed = this.#reader.fail(flaw);
        return sniffed === "http"
          ? [{ kind: "send", bytes: HTTP_ANSWER }, failed]
          : [failed];
      },
    });
  }

  #greeted({ name, body, rest }: FirstMessage): HandshakeEffect[] {
    if (name !== HelloSchema.typeName) {
      return this.#refuse(this.#reader.wrongMessage(name));
    }
    const decoded = decodeBody(HelloSchema, body);
    if ("reason" in decoded) return this.#refuse(decoded);
    const hello = decoded.message;
    const flaw = this.#flaw(hello, rest);
    if (flaw !== undefined) return this.#refuse(flaw);
    const lane = LANES[hello.lane] as Lane; // one that is not known is a flaw
    const refusal = this.#options.admit?.(identityOf(hello), lane);
    if (refusal !== undefined) {
      return this.#refuse({ ...refusal, reason: refusal.code });
    }
    return this.#welcome(hello, lane);
  }

  #welcome(hello: Hello, lane: Lane): HandshakeEffect[] {
    const { self, software = "troupe", token = NO_TOKEN } = this.#options;
    const { maxFrameBytes = MAX_FRAME_BYTES, versions = VERSIONS } =
      this.#options;
    const version = Math.min(versions.max, hello.maxVersion);
    const welcome = create(WelcomeSchema, {
      ...identityOf(self),
      version,
      software,
      maxFrameBytes: BigInt(maxFrameBytes),
      token,
    });
    const body = toBinary(WelcomeSchema, welcome);
    this.#session = {
      peer: identityOf(hello),
      lane,
      dialled: formatAddress(hello.dialledHost, hello.dialledPort),
      version,
      maxFrameBytes: Math.min(maxFrameBytes, Number(hello.maxFrameBytes)),
      software: printable(hello.software),
      token,
      replaces: hello.replaces,
      rest: new Uint8Array(),
    };
    return [{ kind: "send", bytes: encodePlain(WelcomeSchema.typeName, body) }];
  }

  /** Ends the handshake once the welcome has gone, or cannot go. */
  #welcomed(event: HandshakeEvent): HandshakeEffect[] {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return [];
    if (event.kind === "sent") return [{ kind: "established", session }];
    return [
      this.#reader.fail({
        reason: event.kind === "timeout" ? "timeout" : "closed",
        found: "the Welcome could not be sent",
        wanted: "an open connection was expected",
        ...("cause" in event && { cause: event.cause }),
      }, { retryable: true }),
    ];
  }

  #flaw(hello: Hello, rest: Uint8Array): Flaw | undefined {
    const { versions = VERSIONS, self } = this.#options;
    const { minVersion: min, maxVersion: max } = hello;
    if (min > max || min > versions.max || max < versions.min) {
      return {
        reason: "version",
        found: `the dialler speaks ${formatVersions({ min, max })}`,
        wanted: `${formatVersions(versions)} was expected`,
      };
    }
    if (LANES[hello.lane] === undefined) {
      return {
        reason: "lane",
        found: `lane ${hello.lane} was found`,
        wanted: "0 for control or 1 for data was expected",
      };
    }
    if (rest.length > 0) {
      return {
        reason: "malformed",
        found: `${rest.length} bytes came behind the Hello`,
        wanted: "silence until the Welcome was expected",
      };
    }
    return introductionFlaw(hello, self);
  }

  #refuse(flaw: Flaw): HandshakeEffect[] {
    const { reason, found, wanted } = flaw;
    return [
      { kind: "send", bytes: encodeRefusal({ code: reason, found, wanted }) },
      this.#reader.fail(flaw),
    ];
  }
}

/**
 * Returns the frame that refuses a dialler, for who refuses before a handshake begins, for example
 * because too many are under way.
 */
export function encodeRefusal(reason: RefusalReason): Uint8Array<ArrayBuffer> {
  const { code, found, wanted } = reason;
  // A peer's own words may be in the text; cut, the whole fits what the other end reads.
  const refusal = create(RefusalSchema, {
    code: code.slice(0, 100),
    text: `${found}, ${wanted}`.slice(0, 1_000),
  });
  const body = toBinary(RefusalSchema, refusal);
  return encodePlain(RefusalSchema.typeName, body);
}
