/**
 * Remoting: actors of other nodes, behind the same references.
 * @module
 */

import { Pid } from "../actor/pid.ts";
import { type AnyProtocol, type InputOf, PROTOCOL } from "../actor/protocol.ts";
import { type ActorRef, protocolData } from "../actor/ref.ts";
import { type ActorSystem, internalsOf } from "../actor/system.ts";
import type { Runtime } from "../actor/runtime.ts";
import { RemoteError } from "./errors.ts";
import { MAX_FRAME_BYTES } from "./frame.ts";
import { HANDSHAKE_TIMEOUT, MIN_FRAME_LIMIT } from "./handshake.ts";
import type { Link } from "./link.ts";
import { codecOf } from "./message_codecs.ts";
import { RemoteNode } from "./node.ts";
import { OUTBOUND_BUDGET } from "./outbound.ts";
import type { NodeAddress } from "./peer.ts";
import { RemoteRef } from "./remote_ref.ts";
import { TcpTransport } from "./tcp_transport.ts";
import { CONNECT_TIMEOUT, type Transport } from "./transport.ts";
import { FrameKind } from "./wire/kinds.ts";
import { parseNode } from "./node_address.ts";

/** Options of {@linkcode Remote.start}. */
export interface RemoteOptions {
  /**
   * The address to listen on. Other than a loopback address needs {@linkcode RemoteOptions.insecure}.
   * @default "127.0.0.1"
   */
  hostname?: string;
  /**
   * The port to listen on; 0 for a free one.
   * @default 0
   */
  port?: number;
  /**
   * Where other nodes reach this one, when that is not where it listens.
   * @default the address and port it listens on
   */
  advertise?: { hostname: string; port?: number };
  /**
   * Whether clear text on an address that others can reach is wanted.
   * @default false
   */
  insecure?: boolean;
  /**
   * How nodes are reached.
   * @default TCP
   */
  transport?: Transport;
  /**
   * Bytes of messages that wait for a peer or are not acknowledged by it, at most; further messages are
   * refused. A message larger than what is free is taken only when nothing waits.
   * @default 4194304 (4 MiB)
   */
  outboundBudget?: number;
  /**
   * Bytes of the largest message, in either direction, 16 KiB to 16 MiB.
   * @default 16777216 (16 MiB)
   */
  maxMessageBytes?: number;
  /**
   * How long an attempt to connect may take, in milliseconds.
   * @default 5000
   */
  connectTimeout?: number;
  /**
   * How long a handshake may take, in milliseconds.
   * @default 5000
   */
  handshakeTimeout?: number;
  /**
   * How long a part of a frame may wait for the rest, in milliseconds, before the link is ended.
   * @default 10000
   */
  stallTimeout?: number;
  /**
   * How long the end of remoting waits for peers, in milliseconds.
   * @default 5000
   */
  drainTimeout?: number;
  /**
   * Connections whose handshake is under way, at most; more are refused.
   * @default 256
   */
  maxHalfOpen?: number;
}

/** Options of {@linkcode Remote.spawn}. */
export interface RemoteSpawnOptions<Input> {
  /**
   * The name of the kind; needed when the far node has several of the protocol.
   * @default the only kind of the protocol
   */
  kind?: string;
  /**
   * The name of the actor.
   * @default a name that nobody else can have
   */
  name?: string;
  /** What the kind is created from. */
  input?: Input;
}

/**
 * The network side of an actor system. While it runs, references of the system reach actors of other
 * nodes, and other nodes reach the actors of the system, over one port.
 *
 * Messages of one sender to one actor arrive in the order of sending, at most once. What is lost with
 * a link is a dead letter: `disconnected` when it was not sent, `unknown` when it was and nobody
 * knows. Disposing ends it: what was sent is acknowledged first, or 5 s pass.
 *
 * @example
 * ```ts
 * import { ActorSystem, ask, kind, protocol } from "@troupe/troupe/actor";
 * import { Remote } from "@troupe/troupe/remote";
 *
 * const Echo = protocol("echo", { say: ask<string, string>() });
 * const EchoKind = kind(Echo, () => ({ say: (text) => text }));
 *
 * await using there = new ActorSystem("there", { kinds: [EchoKind] });
 * await using thereRemote = await Remote.start(there);
 * await using here = new ActorSystem("here");
 * await using remote = await Remote.start(here);
 *
 * const echo = await remote.spawn(thereRemote.address, Echo, { name: "echo" });
 * console.assert(await echo.ask(Echo.say("hello")) === "hello");
 * ```
 */
export class Remote implements AsyncDisposable {
  /** The advertised host. */
  readonly host: string;
  /** The advertised port. */
  readonly port: number;
  readonly #system: ActorSystem;
  readonly #node: RemoteNode;
  readonly #runtime: Runtime;

  private constructor(
    system: ActorSystem,
    node: RemoteNode,
    host: string,
    port: number,
  ) {
    this.host = host;
    this.port = port;
    this.#system = system;
    this.#node = node;
    this.#runtime = node.runtime;
    this.#runtime.network = {
      host,
      port,
      resolve: (protocol, pid) => new RemoteRef(node, pid, protocol[PROTOCOL]),
    };
  }

  /**
   * Listens, and lets the system reach others.
   *
   * @param system The system; it has at most one `Remote` at a time.
   * @param options Where to listen, and limits.
   * @returns The network side of the system, which belongs to the caller.
   * @throws {ListenError} When the address cannot be bound.
   * @throws {TypeError} When the system has remoting already, or clear text on a routable address was
   * not asked for.
   * @throws {RangeError} When a limit is out of its range; the message names the range.
   */
  static async start(
    system: ActorSystem,
    options: RemoteOptions = {},
  ): Promise<Remote> {
    const {
      hostname = "127.0.0.1",
      port = 0,
      advertise,
      insecure = false,
      transport = new TcpTransport(),
      outboundBudget = OUTBOUND_BUDGET,
      maxMessageBytes = MAX_FRAME_BYTES,
      connectTimeout = CONNECT_TIMEOUT,
      handshakeTimeout = HANDSHAKE_TIMEOUT,
      stallTimeout = 10_000,
      drainTimeout = 5_000,
      maxHalfOpen = 256,
    } = options;
    const internals = internalsOf(system);
    if (internals.runtime.network !== undefined) {
      throw new TypeError(
        `Cannot start remoting of system "${system.name}": it is running, a system without it was expected`,
      );
    }
    checkRange(
      "maxMessageBytes",
      maxMessageBytes,
      MIN_FRAME_LIMIT,
      MAX_FRAME_BYTES,
    );
    checkRange("outboundBudget", outboundBudget, 1, Number.MAX_SAFE_INTEGER);
    for (
      const [name, value] of Object.entries({
        connectTimeout,
        handshakeTimeout,
        stallTimeout,
        drainTimeout,
        maxHalfOpen,
      })
    ) {
      checkRange(name, value, 1, Number.MAX_SAFE_INTEGER);
    }
    checkBind(hostname, insecure, advertise !== undefined);
    const listener = await transport.listen({ hostname, port });
    const host = advertise?.hostname ?? listener.hostname;
    const ownPort = advertise?.port ?? listener.port;
    const { name, incarnation } = internals.runtime;
    const node = new RemoteNode(internals, listener, {
      system: name,
      host,
      port: ownPort,
      incarnation,
    }, {
      transport,
      budget: outboundBudget,
      maxMessageBytes,
      connectTimeout,
      handshakeTimeout,
      stallTimeout,
      drainTimeout,
      maxHalfOpen,
    });
    return new Remote(system, node, host, ownPort);
  }

  /** The advertised `host:port`, as other nodes give it to {@linkcode Remote.spawn}. */
  get address(): string {
    return `${this.#system.name}@${this.host}:${this.port}`;
  }

  /** How many connections to other nodes are open or being opened. */
  get connections(): number {
    return this.#node.links;
  }

  /**
   * A reference to an actor anywhere. Nothing is sent; whether it exists shows when it is used.
   *
   * @param protocol What it speaks.
   * @param address `goakt://system@host:port/path`, or the same as data.
   * @throws {TypeError} When the address has another form; the message shows the right one.
   */
  ref<P extends AnyProtocol>(protocol: P, address: Pid | string): ActorRef<P> {
    return this.#system.ref(protocol, address);
  }

  /**
   * Asks the node of an address whether the actor lives.
   *
   * @param protocol What it speaks.
   * @param address `goakt://system@host:port/path`, or the same as data.
   * @returns A reference to exactly that actor, or `undefined` when there is none.
   * @throws {ConnectError} When the node cannot be reached.
   * @throws {HandshakeError} When it is another node than the address says, or no such node at all.
   */
  async lookup<P extends AnyProtocol>(
    protocol: P,
    address: Pid | string,
  ): Promise<ActorRef<P> | undefined> {
    const pid = typeof address === "string" ? Pid.parse(address) : address;
    if (this.#isOwn(pid)) return this.#system.find(protocol, pid.path);
    try {
      const found = await this.#control(pid).request({
        kind: FrameKind.LOOKUP,
        action: `look up "${pid}"`,
        address: pid.toJSON(),
      });
      return this.#foundAt(protocol, pid, found);
    } catch (error) {
      if (
        error instanceof RemoteError && error.remoteCode === "stopped_error"
      ) return undefined;
      throw error;
    }
  }

  /**
   * Creates an actor on another node, from a kind that is registered there, and waits for its start.
   *
   * @param node `system@host:port`, or `host:port`.
   * @param protocol What the actor speaks.
   * @param options Which kind, which name, and what it is created from.
   * @returns A reference to the actor.
   * @throws {RemoteError} When the node refused; `remoteCode` is `unknown_kind_error`, `name_taken_error`,
   * `start_error` or what else it found.
   * @throws {ConnectError} When the node cannot be reached.
   * @throws {CodecError} When the input cannot be encoded.
   */
  async spawn<P extends AnyProtocol>(
    node: string,
    protocol: P,
    options: RemoteSpawnOptions<InputOf<P>> = {},
  ): Promise<ActorRef<P>> {
    const { kind = "", name = "", input } = options;
    const data = protocolData(protocol);
    const address = parseNode(node);
    const found = await this.#control(address).request({
      kind: FrameKind.SPAWN,
      action: `spawn an actor of protocol "${data.name}"`,
      spawn: {
        kind,
        name,
        input: codecOf(data.input).encode(input),
        inputType: data.name,
      },
    });
    return this.#foundAt(protocol, address, found);
  }

  /**
   * Ends an actor anywhere, after the message that it is handling.
   *
   * @param ref Which actor.
   * @returns Resolves once it has stopped.
   * @throws {RemoteError} When there is no such actor; `remoteCode` is `stopped_error`.
   * @throws {ConnectError} When its node cannot be reached.
   */
  async stop(ref: ActorRef<AnyProtocol>): Promise<void> {
    if (ref.isLocal) return await this.#system.stop(ref);
    await this.#control(ref.pid).request({
      kind: FrameKind.STOP,
      action: `stop "${ref.pid}"`,
      address: ref.pid.toJSON(),
    });
  }

  /**
   * Ends the remoting of the system: no new connections; what was sent is acknowledged and what was
   * asked is answered, or the time for that is over; then all connections are closed. Idempotent.
   */
  async drain(): Promise<void> {
    await this.#node.drain();
    this.#runtime.network = undefined;
  }

  /** Drains. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  #isOwn({ system, host, port }: NodeAddress): boolean {
    return system === this.#system.name && host === this.host &&
      port === this.port;
  }

  #control(address: NodeAddress): Link {
    const link = this.#node.controlLink(address);
    if (link !== undefined) return link;
    throw new TypeError(
      `Cannot reach "${address.host}:${address.port}": remoting of this node has ended`,
    );
  }

  /** The reference to what a node says it has, at the address by which the node was reached. */
  #foundAt<P extends AnyProtocol>(
    protocol: P,
    { host, port }: NodeAddress,
    found: string,
  ): ActorRef<P> {
    const { system, path, incarnation } = Pid.parse(found);
    return this.#system.ref(
      protocol,
      new Pid({ system, host, port, path, incarnation }),
    );
  }
}

function checkRange(
  name: string,
  value: number,
  lowest: number,
  highest: number,
): void {
  if (value >= lowest && value <= highest) return;
  throw new RangeError(
    `Cannot start remoting: ${name} is ${value}, a number from ${lowest} to ${highest} was expected`,
  );
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|::1|\[::1\])$/;
const WILDCARD = /^(0\.0\.0\.0|::|\[::\])$/;

function checkBind(
  hostname: string,
  insecure: boolean,
  advertised: boolean,
): void {
  if (!LOOPBACK.test(hostname) && !insecure) {
    throw new TypeError(
      `Cannot start remoting on "${hostname}": others can reach it and nothing is encrypted, a loopback address or the option "insecure: true" was expected`,
    );
  }
  if (WILDCARD.test(hostname) && !advertised) {
    throw new TypeError(
      `Cannot start remoting on "${hostname}": it is no address that others can use, the option "advertise" was expected`,
    );
  }
}
