/**
 * A peer that is driven frame by frame, to do what no honest node does.
 * @module
 */

import { assert } from "@std/assert";
import { Acceptor } from "../../../remote/handshake/handshake_acceptor.ts";
import { Dialler } from "../../../remote/handshake/handshake_dialler.ts";
import { shakeHands } from "../../../remote/handshake/handshake_driver.ts";
import type {
  Lane,
  VersionRange,
} from "../../../remote/handshake/handshake.ts";
import type { PeerRole } from "../../../remote/handshake/identity.ts";
import type {
  Connection,
  Listener,
} from "../../../remote/transport/transport.ts";
import { FrameDecoder } from "../../../remote/wire/decoder.ts";
import { FrameWriter } from "../../../remote/wire/encoder.ts";
import type { FrameFields } from "../../../remote/wire/fields.ts";
import { FrameReader } from "../../../remote/wire/reader.ts";
import type { Node, World } from "../world.ts";

/** A frame that was received, with what the tests look at. */
export interface Received {
  readonly kind: number;
  readonly receiver: number;
  readonly sender: number;
  readonly type: number;
  readonly correlation: number;
  readonly remaining: number;
  readonly ack: number;
  readonly definitions: readonly { number: number; value: string }[];
  readonly headers: readonly { key: string; value: string }[];
  readonly address: string;
  readonly failure:
    | { readonly code: string; readonly text: string }
    | undefined;
  readonly chunk: { readonly id: number; readonly last: boolean } | undefined;
  readonly payload: Uint8Array;
}

const SELF = { system: "wire", host: "wire", port: 7, incarnation: "wire1" };

/** One end of a connection after the handshake. */
export class WirePeer {
  readonly connection: Connection;
  /** What the acceptor has called the connection. */
  token: Uint8Array = new Uint8Array();
  /** What the connection was called that the dialler has given up. */
  replaces: Uint8Array = new Uint8Array();
  readonly #reader: FrameReader = new FrameReader();
  readonly #decoder: FrameDecoder = new FrameDecoder();
  #received: Received[] = [];

  constructor(connection: Connection, rest: Uint8Array = new Uint8Array()) {
    this.connection = connection;
    this.#push(rest);
  }

  /** Dials a node. */
  static async dial(
    world: World,
    { remote }: Node,
    lane: Lane = "data",
    versions?: VersionRange,
    maxFrameBytes?: number,
    more: {
      incarnation?: string;
      replaces?: Uint8Array;
      from?: string;
      role?: PeerRole;
    } = {},
  ): Promise<WirePeer> {
    const { host: hostname, port } = remote;
    const { incarnation = SELF.incarnation, replaces, from = "wire", role } =
      more;
    const connection = await world.transport(from).connect({
      hostname,
      port,
    });
    const dialler = new Dialler({
      // Only nodes are dialled.
      self: { ...SELF, incarnation, ...(role === "client" && { port: 0 }) },
      hostname,
      port,
      lane,
      ...(role && { role }),
      ...(replaces && { replaces }),
      ...(versions && { versions }),
      ...(maxFrameBytes && { maxFrameBytes }),
    });
    const { rest, token } = await shakeHands(connection, dialler, {
      clock: world.clock,
    });
    const peer = new WirePeer(connection, rest);
    peer.token = token;
    return peer;
  }

  /** Takes the next connection of a listener. */
  static async accept(
    world: World,
    listener: Listener,
    options: {
      system?: string;
      maxFrameBytes?: number;
      token?: Uint8Array<ArrayBuffer>;
    } = {},
  ): Promise<WirePeer> {
    const connection = await listener.accept();
    assert(connection !== undefined);
    const { system = "wire", maxFrameBytes, token } = options;
    const acceptor = new Acceptor({
      self: { ...SELF, system },
      remote: connection.remote,
      ...(maxFrameBytes && { maxFrameBytes }),
      ...(token && { token }),
    });
    const { rest, replaces } = await shakeHands(connection, acceptor, {
      clock: world.clock,
    });
    const peer = new WirePeer(connection, rest);
    peer.replaces = replaces;
    return peer;
  }

  /** Writes frames in one go. */
  send(...frames: FrameFields[]): Promise<void> {
    return this.connection.write(encode(...frames));
  }

  /** The next frame; `undefined` when the connection has ended. */
  async next(): Promise<Received | undefined> {
    while (this.#received.length === 0) {
      const chunk = await this.connection.read();
      if (chunk === undefined) return undefined;
      this.#push(chunk);
    }
    return this.#received.shift();
  }

  /** The next frame of a kind; others are skipped. */
  async expect(kind: number): Promise<Received> {
    for (;;) {
      const frame = await this.next();
      assert(frame !== undefined, `the connection ended before kind ${kind}`);
      if (frame.kind === kind) return frame;
    }
  }

  /** All frames up to the end of the connection, which is closed then. */
  async rest(): Promise<Received[]> {
    const frames: Received[] = [];
    for (;;) {
      const frame = await this.next();
      if (frame === undefined) break;
      frames.push(frame);
    }
    this.connection.close();
    return frames;
  }

  #push(chunk: Uint8Array): void {
    this.#reader.push(chunk);
    while (this.#reader.next()) {
      const { bytes, start, end } = this.#reader;
      this.#decoder.decode(bytes, start, end);
      const { frame } = this.#decoder;
      this.#received.push({ ...frame, payload: frame.payload() });
    }
  }
}

/** The bytes of frames. */
export function encode(...frames: FrameFields[]): Uint8Array {
  const writer = new FrameWriter({ blockBytes: 1_000_000 });
  for (const frame of frames) writer.frame(frame);
  const bytes = writer.take();
  assert(bytes !== undefined);
  return bytes;
}
