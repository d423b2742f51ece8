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
} from "./first_message.ts";
import { encodePlain, MAX_FRAME_BYTES } from "./frame.ts";
import {
  HelloSchema,
  RefusalSchema,
  type Welcome,
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
  VERSIONS,
} from "./handshake.ts";
import { formatAddress } from "./transport.ts";

/** What the end that dialled knows. */
export interface DiallerOptions extends HandshakeOptions {
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
const PASSING: readonly string[] = ["full", "draining"];

/** The end that dialled: says Hello, and checks who welcomes it. */
export class Dialler implements Handshake {
  readonly #options: DiallerOptions;
  readonly #reader: FirstMessageReader;

  /** Says nothing yet. */
  constructor(options: DiallerOptions) {
    this.#options = options;
    const node = formatAddress(options.hostname, options.port);
    this.#reader = new FirstMessageReader(node, WelcomeSchema.typeName);
  }

  /** Returns what to do about `event`; nothing once the handshake is over. */
  step(event: HandshakeEvent): HandshakeEffect[] {
    if (event.kind === "opened") return [this.#hello()];
    if (event.kind === "sent") return [];
    return this.#reader.step(event, {
      onMessage: (message) => [this.#answered(message)],
      onGarbage: (flaw) => [this.#reader.fail(flaw)],
    });
  }

  #hello(): HandshakeEffect {
    const { self, lane, hostname, port, replaces } = this.#options;
    const { maxFrameBytes = MAX_FRAME_BYTES, versions = VERSIONS } =
      this.#options;
    const hello = create(HelloSchema, {
      ...identityOf(self),
      software: this.#options.software ?? "troupe",
      minVersion: versions.min,
      maxVersion: versions.max,
      lane: LANES.indexOf(lane),
      maxFrameBytes: BigInt(maxFrameBytes),
      dialledHost: hostname,
      dialledPort: port,
      ...(replaces && { replaces: replaces.slice() }),
    });
    const body = toBinary(HelloSchema, hello);
    return { kind: "send", bytes: encodePlain(HelloSchema.typeName, body) };
  }

  #answered({ name, body, rest }: FirstMessage): HandshakeEffect {
    if (name === RefusalSchema.typeName) return this.#refused(body);
    if (name !== WelcomeSchema.typeName) {
      return this.#reader.fail(this.#reader.wrongMessage(name));
    }
    const decoded = decodeBody(WelcomeSchema, body);
    if ("reason" in decoded) return this.#reader.fail(decoded);
    const welcome = decoded.message;
    const flaw = this.#flaw(welcome);
    if (flaw !== undefined) return this.#reader.fail(flaw);
    const { lane, hostname, port, replaces = new Uint8Array() } =
      this.#options;
    const { maxFrameBytes = MAX_FRAME_BYTES } = this.#options;
    return {
      kind: "established",
      session: {
        peer: identityOf(welcome),
        lane,
        dialled: formatAddress(hostname, port),
        version: welcome.version,
        maxFrameBytes: Math.min(maxFrameBytes, Number(welcome.maxFrameBytes)),
        software: printable(welcome.software),
        token: welcome.token,
        replaces,
        rest,
      },
    };
  }

  #refused(body: Uint8Array): HandshakeEffect {
    const decoded = decodeBody(RefusalSchema, body);
    if ("reason" in decoded) return this.#reader.fail(decoded);
    const { code, text } = decoded.message;
    return this.#reader.fail({
      reason: printable(code),
      found: `the node refused with "${printable(code)}"`,
      wanted: printable(text),
    }, { retryable: PASSING.includes(code) });
  }

  #flaw(welcome: Welcome): Flaw | undefined {
    const { self, system, versions = VERSIONS } = this.#options;
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
    return introductionFlaw(welcome, self);
  }
}
