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
  refusalFlaw,
} from "./first_message.ts";
import { encodePlain, MAX_FRAME_BYTES } from "../frame.ts";
import {
  ChallengeSchema,
  type Hello,
  HelloSchema,
  ProofSchema,
  RefusalSchema,
  WelcomeSchema,
} from "../gen/troupe/remote/v1/handshake_pb.ts";
import {
  formatVersions,
  type Handshake,
  type HandshakeConnection,
  type HandshakeEffect,
  type HandshakeEvent,
  type HandshakeOptions,
  type Lane,
  LANES,
  type NodeIdentity,
  type Session,
  VERSIONS,
} from "./handshake.ts";
import { identityOfPeer, type PeerIdentity } from "./identity.ts";
import { NONCE_BYTES, randomNonce, type Transcript } from "./shared_key.ts";
import { HTTP_ANSWER } from "./sniff.ts";
import { formatAddress } from "../transport/transport.ts";

/** What the end that listens knows. */
export interface AcceptorOptions extends HandshakeOptions, HandshakeConnection {
  /** The peer as `host:port`, for messages. */
  remote: string;
  /**
   * What the connection is called, as nobody could guess.
   * @default {nothing, so that it cannot be replaced}
   */
  token?: Uint8Array<ArrayBuffer>;
  /**
   * Why this GoAkt peer is not let in.
   * @default {none are}
   */
  goakt?: string;
  /** Asked last, before the welcome. What it returns is sent as the refusal. */
  admit?: (
    peer: NodeIdentity,
    lane: Lane,
    identity: PeerIdentity,
  ) => RefusalReason | undefined;
}

/** Why a node does not accept a peer. */
export interface RefusalReason {
  /**
   * One word that programs compare, at most 100 characters. After `"full"`, `"rate"` and `"draining"` the
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
  #reader: FirstMessageReader;
  /** The Hello whose sender has been asked for a proof. */
  #asked:
    | { readonly hello: Hello; readonly transcript: Transcript }
    | undefined = undefined;
  /** Set while the welcome is under way. */
  #session: Session | undefined = undefined;

  /** Waits for the Hello. */
  constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#reader = new FirstMessageReader(
      options.remote,
      HelloSchema.typeName,
      options.goakt,
    );
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
    if (this.#asked !== undefined) return this.#proved({ name, body, rest });
    if (name === RefusalSchema.typeName) {
      return [this.#reader.fail(refusalFlaw(body, "the dialler"))];
    }
    if (name !== HelloSchema.typeName) {
      return this.#refuse(this.#reader.wrongMessage(name));
    }
    const decoded = decodeBody(HelloSchema, body);
    if ("reason" in decoded) return this.#refuse(decoded);
    const hello = decoded.message;
    const flaw = this.#flaw(hello, rest);
    if (flaw !== undefined) return this.#refuse(flaw);
    return this.#options.key === undefined
      ? this.#admit(hello)
      : this.#challenge(hello, body.slice());
  }

  #challenge(hello: Hello, helloBody: Uint8Array): HandshakeEffect[] {
    const { self, certified, remote } = this.#options;
    if (hello.nonce.length !== NONCE_BYTES) {
      return this.#refuse({
        reason: "key",
        found: "the dialler offers no proof of the shared key",
        wanted: 'a node with the option "key" was expected',
      });
    }
    const nonce = randomNonce();
    const message = create(ChallengeSchema, { ...identityOf(self), nonce });
    const challenge = toBinary(ChallengeSchema, message);
    this.#asked = {
      hello,
      transcript: {
        hello: helloBody,
        challenge,
        listener: certified?.listener ?? "",
      },
    };
    this.#reader = new FirstMessageReader(remote, ProofSchema.typeName);
    const bytes = encodePlain(ChallengeSchema.typeName, challenge);
    return [{ kind: "send", bytes }];
  }

  #proved({ name, body, rest }: FirstMessage): HandshakeEffect[] {
    const asked = this.#asked;
    const { key } = this.#options;
    if (asked === undefined || key === undefined) return [];
    if (name === RefusalSchema.typeName) {
      return [this.#reader.fail(refusalFlaw(body, "the dialler"))];
    }
    if (name !== ProofSchema.typeName) {
      return this.#refuse(this.#reader.wrongMessage(name));
    }
    const decoded = decodeBody(ProofSchema, body);
    if ("reason" in decoded) return this.#refuse(decoded);
    const { hello, transcript } = asked;
    const { proof } = decoded.message;
    if (rest.length > 0 || !key.verify("dialler", transcript, proof)) {
      return this.#refuse({
        reason: "key",
        found: "the dialler does not know the shared key",
        wanted: "a node with the same key was expected",
      });
    }
    return this.#admit(hello, key.prove("acceptor", transcript));
  }

  #admit(hello: Hello, proof?: Uint8Array<ArrayBuffer>): HandshakeEffect[] {
    const { certified, key, admit } = this.#options;
    const lane = LANES[hello.lane] as Lane; // one that is not known is a flaw
    const identity = identityOfPeer(
      hello,
      certified?.identity,
      key !== undefined,
    );
    const refusal = admit?.(identityOf(hello), lane, identity);
    if (refusal !== undefined) {
      return this.#refuse({ ...refusal, reason: refusal.code });
    }
    return this.#welcome(hello, lane, identity, proof);
  }

  #welcome(
    hello: Hello,
    lane: Lane,
    identity: PeerIdentity,
    proof: Uint8Array<ArrayBuffer> = new Uint8Array(),
  ): HandshakeEffect[] {
    const { self, software = "troupe", token = NO_TOKEN } = this.#options;
    const { maxFrameBytes = MAX_FRAME_BYTES, versions = VERSIONS, role } =
      this.#options;
    const version = Math.min(versions.max, hello.maxVersion);
    const welcome = create(WelcomeSchema, {
      ...identityOf(self),
      version,
      software,
      maxFrameBytes: BigInt(maxFrameBytes),
      compressions: [...this.#options.compressions ?? []],
      token,
      ...(role !== undefined && role !== "node" && { role }),
      proof,
    });
    const body = toBinary(WelcomeSchema, welcome);
    this.#session = {
      peer: identityOf(hello),
      identity,
      lane,
      dialled: formatAddress(hello.dialledHost, hello.dialledPort),
      version,
      maxFrameBytes: Math.min(maxFrameBytes, Number(hello.maxFrameBytes)),
      compressions: hello.compressions,
      settings: {
        maxFrameBytes: Number(hello.maxFrameBytes),
        maxVersion: hello.maxVersion,
      },
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
    const { versions = VERSIONS, self, certified } = this.#options;
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
    return introductionFlaw(hello, self, certified?.identity);
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
