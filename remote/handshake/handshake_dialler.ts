/**
 * The end of a handshake that dialled.
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
  HelloSchema,
  ProofSchema,
  RefusalSchema,
  type Welcome,
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
  VERSIONS,
} from "./handshake.ts";
import { claimedRole, identityOfPeer, isDialled } from "./identity.ts";
import {
  NONCE_BYTES,
  randomNonce,
  reflectedFlaw,
  type Transcript,
} from "./shared_key.ts";
import { formatAddress } from "../transport/transport.ts";

/** What the end that dialled knows. */
export interface DiallerOptions extends HandshakeOptions, HandshakeConnection {
  /** The host that was dialled. */
  hostname: string;
  /** The port that was dialled. */
  port: number;
  /** What the connection is for. */
  lane: Lane;
  /** What the connection was called that this one takes the place of. */
  replaces?: Uint8Array;
  /** The system that the peer must belong to; any when it is not given. */
  system?: string | undefined;
}

/** Refusals after which the same attempt may succeed later. */
const PASSING: readonly string[] = ["full", "rate", "draining"];

/** The end that dialled: says Hello, and checks who welcomes it. */
export class Dialler implements Handshake {
  readonly #options: DiallerOptions;
  #reader: FirstMessageReader;
  /** The body of the Hello. */
  #helloBody: Uint8Array = new Uint8Array();
  /** What was proved, once that is so. */
  #transcript: Transcript | undefined = undefined;
  #answer: "none" | "refusal" = "none";

  /** Says nothing yet. */
  constructor(options: DiallerOptions) {
    this.#options = options;
    this.#reader = this.#readerOfWelcome();
  }

  /** Whether the handshake failed because the other end refused it, and not by an own decision. */
  get wasRefused(): boolean {
    return this.#answer === "refusal";
  }

  /** Returns what to do about `event`; nothing once the handshake is over. */
  step(event: HandshakeEvent): HandshakeEffect[] {
    if (event.kind === "opened") return [this.#hello()];
    if (event.kind === "sent") return [];
    return this.#reader.step(event, {
      onMessage: (message) => this.#answered(message),
      onGarbage: (flaw) => [this.#reader.fail(flaw)],
    });
  }

  #readerOfWelcome(): FirstMessageReader {
    const { hostname, port } = this.#options;
    const node = formatAddress(hostname, port);
    return new FirstMessageReader(node, WelcomeSchema.typeName);
  }

  #hello(): HandshakeEffect {
    const { self, lane, hostname, port, replaces, key } = this.#options;
    const { maxFrameBytes = MAX_FRAME_BYTES, versions = VERSIONS, role } =
      this.#options;
    const hello = create(HelloSchema, {
      ...identityOf(self),
      software: this.#options.software ?? "troupe",
      minVersion: versions.min,
      maxVersion: versions.max,
      lane: LANES.indexOf(lane),
      maxFrameBytes: BigInt(maxFrameBytes),
      compressions: [...this.#options.compressions ?? []],
      dialledHost: hostname,
      dialledPort: port,
      ...(replaces && { replaces: replaces.slice() }),
      ...(role !== undefined && role !== "node" && { role }),
      ...(key !== undefined && { nonce: randomNonce() }),
    });
    const body = toBinary(HelloSchema, hello);
    this.#helloBody = body;
    return { kind: "send", bytes: encodePlain(HelloSchema.typeName, body) };
  }

  #answered({ name, body, rest }: FirstMessage): HandshakeEffect[] {
    if (name === RefusalSchema.typeName) return [this.#refused(body)];
    if (name === ChallengeSchema.typeName) return this.#challenged(body, rest);
    if (name !== WelcomeSchema.typeName) {
      return [this.#reader.fail(this.#reader.wrongMessage(name))];
    }
    const decoded = decodeBody(WelcomeSchema, body);
    if ("reason" in decoded) return [this.#reader.fail(decoded)];
    const welcome = decoded.message;
    const flaw = this.#flaw(welcome);
    if (flaw !== undefined) return [this.#reader.fail(flaw)];
    const { lane, hostname, port, maxFrameBytes = MAX_FRAME_BYTES, certified } =
      this.#options;
    const hasKey = this.#options.key !== undefined;
    return [{
      kind: "established",
      session: {
        peer: identityOf(welcome),
        identity: identityOfPeer(welcome, certified?.identity, hasKey),
        lane,
        dialled: formatAddress(hostname, port),
        version: welcome.version,
        maxFrameBytes: Math.min(maxFrameBytes, Number(welcome.maxFrameBytes)),
        compressions: welcome.compressions,
        settings: {
          maxFrameBytes: Number(welcome.maxFrameBytes),
          maxVersion: welcome.version,
        },
        software: printable(welcome.software),
        token: welcome.token,
        replaces: this.#options.replaces ?? new Uint8Array(),
        rest,
      },
    }];
  }

  /** Proves the key, to a node that does not claim to be this one. */
  #challenged(body: Uint8Array, rest: Uint8Array): HandshakeEffect[] {
    const { key, certified, self } = this.#options;
    if (key === undefined || this.#transcript !== undefined) {
      return [this.#reader.fail({
        reason: "key",
        found: "the node asks for a proof of a shared key",
        wanted: key === undefined
          ? 'the option "key" was expected'
          : "one question was expected",
      })];
    }
    const decoded = decodeBody(ChallengeSchema, body);
    if ("reason" in decoded) return [this.#reader.fail(decoded)];
    const { nonce, incarnation } = decoded.message;
    if (nonce.length !== NONCE_BYTES || rest.length > 0) {
      return [this.#reader.fail({
        reason: "malformed",
        found: `a Challenge with ${nonce.length} random bytes was found`,
        wanted: `${NONCE_BYTES} and nothing behind it were expected`,
      })];
    }
    if (incarnation === self.incarnation) {
      return [this.#reader.fail(reflectedFlaw(self))];
    }
    this.#transcript = {
      hello: this.#helloBody,
      challenge: body.slice(),
      listener: certified?.listener ?? "",
    };
    this.#reader = this.#readerOfWelcome();
    const proof = create(ProofSchema, {
      proof: key.prove("dialler", this.#transcript),
    });
    const bytes = encodePlain(
      ProofSchema.typeName,
      toBinary(ProofSchema, proof),
    );
    return [{ kind: "send", bytes }];
  }

  #refused(body: Uint8Array): HandshakeEffect {
    this.#answer = "refusal";
    const flaw = refusalFlaw(body, "the node");
    return this.#reader.fail(flaw, {
      retryable: PASSING.includes(flaw.reason),
    });
  }

  #keyFlaw({ proof }: Welcome): Flaw | undefined {
    const { key } = this.#options;
    if (key === undefined) return undefined;
    const transcript = this.#transcript;
    if (
      transcript !== undefined && key.verify("acceptor", transcript, proof)
    ) return undefined;
    return {
      reason: "key",
      found: transcript === undefined
        ? "the node does not ask for a proof of the shared key"
        : "the node does not know the shared key",
      wanted: "a node with the same key was expected",
    };
  }

  #flaw(welcome: Welcome): Flaw | undefined {
    const { self, system, versions = VERSIONS, certified } = this.#options;
    const keyFlaw = this.#keyFlaw(welcome);
    if (keyFlaw !== undefined) return keyFlaw;
    if (system !== undefined && welcome.system !== system) {
      return {
        reason: "system",
        found: `the node belongs to system "${printable(welcome.system)}"`,
        wanted: `system "${system}" was expected`,
      };
    }
    if (welcome.version < versions.min || welcome.version > versions.max) {
      return {
        reason: "version",
        found: `the node chose version ${welcome.version}`,
        wanted: `${formatVersions(versions)} was expected`,
      };
    }
    return introductionFlaw(welcome, self, certified?.identity) ??
      roleFlaw(welcome);
  }
}

/** Only nodes are dialled. */
function roleFlaw(welcome: Welcome): Flaw | undefined {
  if (isDialled(claimedRole(welcome))) return undefined;
  return {
    reason: "role",
    found: `who listens is a "${printable(welcome.role)}"`,
    wanted: "a node was expected",
  };
}
