/**
 * Remoting: actors of other nodes, behind the same references.
 * @module
 */

import { StoppedError } from "../actor/errors.ts";
import { Pid } from "../actor/reference/pid.ts";
import {
  type AnyProtocol,
  type InputOf,
  PROTOCOL,
} from "../actor/protocol/protocol.ts";
import type { ActorRef } from "../actor/reference/ref.ts";
import type { ActorSystem } from "../actor/system/system.ts";
import type { ActorState } from "../actor/cell/snapshot.ts";
import type { Runtime } from "../actor/system/runtime.ts";
import type { NetworkPort } from "../actor/system/ports.ts";
import { makeClient, type RemoteConnectOptions } from "./client.ts";
import { FarActors } from "./far_actors.ts";
import { makeNode } from "./listening.ts";
import type { RemoteWaitOptions } from "./node/control_request.ts";
import type { RemoteNode } from "./node/node.ts";
import type { NodeAddress } from "./node/peer.ts";
import type { RemoteRefOptions, RemoteSpawnOptions } from "./remote_calls.ts";
import type { RemoteOptions } from "./remote_options.ts";
import { RemoteRef } from "./remote_ref.ts";
import { formatAddress } from "./transport/transport.ts";
import { FrameKind } from "./wire/kinds.ts";

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
  /** The advertised host; empty for a client. */
  readonly host: string;
  /** The advertised port; 0 for a client. */
  readonly port: number;
  readonly #system: ActorSystem;
  readonly #node: RemoteNode;
  readonly #far: FarActors;
  readonly #runtime: Runtime;
  readonly #port: NetworkPort;
  /** How long the outboxes of a client have at its end; its system came into being for this, and ends with it. */
  readonly #clientTimeout: number | undefined;

  private constructor(
    system: ActorSystem,
    node: RemoteNode,
    { host, port }: Pick<NodeAddress, "host" | "port">,
    clientTimeout?: number,
  ) {
    this.#clientTimeout = clientTimeout;
    this.host = host;
    this.port = port;
    this.#system = system;
    this.#node = node;
    this.#far = new FarActors(node);
    this.#runtime = node.runtime;
    this.#port = {
      host,
      port,
      resolve: (protocol, pid) => new RemoteRef(node, pid, protocol[PROTOCOL]),
      drain: () => this.#part(),
    };
    this.#runtime.network = this.#port;
  }

  /**
   * Listens, and lets the system reach others.
   *
   * @param system The system; it has at most one `Remote` at a time.
   * @param options Where to listen, and limits.
   * @returns The network side of the system, which belongs to the caller.
   * @throws {ListenError} When the address cannot be bound.
   * @throws {TypeError} When there is no option of a name, or it is of another type; when the system has remoting
   * already or has ended, clear text on a routable address was not asked for, or a certificate is no good, for
   * another system or host, or for a client although `role` does not say so.
   * @throws {RangeError} When a limit is out of its range; the message names the range.
   * @throws {HandshakeError} When the node, which is to keep strangers out, has welcomed one for a test.
   */
  static async start(
    system: ActorSystem,
    options: RemoteOptions = {},
  ): Promise<Remote> {
    const remote = await makeNode(
      system,
      options,
      (node, self) => new Remote(system, node, self),
    );
    try {
      await remote.#node.testSelf();
      return remote;
    } catch (error) {
      await remote.drain();
      throw error;
    }
  }

  /**
   * Makes a client: it talks to nodes as a node does, but listens nowhere and brings its own actor system.
   * Replies come back over the connections that it has dialled. Nodes cannot send it anything else: what they
   * tell to one of its actors is a dead letter there. Nothing is dialled yet.
   *
   * Keep it for as long as the program talks to nodes. Disposing ends its connections and its system.
   *
   * @param options Limits, times and proofs.
   * @returns The client, which belongs to the caller.
   * @throws {TypeError} When there is no option of a name, or it is of another type; when the name is not allowed,
   * or a certificate is no good or for somebody else.
   * @throws {RangeError} When a limit is out of its range; the message names the range.
   *
   * @example
   * ```ts
   * import { ActorSystem, ask, protocol } from "@troupe/troupe/actor";
   * import { Remote } from "@troupe/troupe/remote";
   *
   * const Echo = protocol("echo", { say: ask<string, string>() });
   * await using there = new ActorSystem("there");
   * await using thereRemote = await Remote.start(there);
   * there.spawn(Echo, () => ({ say: (text) => text }), { name: "echo" });
   *
   * await using client = await Remote.connect();
   * const echo = client.ref(Echo, `goakt://${thereRemote.address}/echo`);
   * console.assert(await echo.ask(Echo.say("hello")) === "hello");
   * ```
   */
  static async connect(options: RemoteConnectOptions = {}): Promise<Remote> {
    const { system, node, self, drainTimeout } = await makeClient(options);
    return new Remote(system, node, self, drainTimeout);
  }

  /** The actor system; that of a client is its own, and ends with it. */
  get system(): ActorSystem {
    return this.#system;
  }

  /** The advertised `host:port`, as other nodes give it to {@linkcode Remote.spawn}. */
  get address(): string {
    return `${this.#system.name}@${formatAddress(this.host, this.port)}`;
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
   * @param options What is known of its node.
   * @throws {TypeError} When the address has another form; the message shows the right one. Or when GoAkt peers
   * are not enabled and the node is one.
   */
  ref<P extends AnyProtocol>(
    protocol: P,
    address: Pid | string,
    { peer }: RemoteRefOptions = {},
  ): ActorRef<P> {
    if (peer === undefined) return this.#system.ref(protocol, address);
    const pid = typeof address === "string" ? Pid.parse(address) : address;
    return this.#far.goaktRef(protocol, pid);
  }

  /**
   * Asks the node of an address whether the actor lives. Waits for the start of one that is starting.
   *
   * @param protocol What it speaks.
   * @param address `goakt://system@host:port/path`, or the same as data.
   * @param options How long to wait.
   * @returns A reference to exactly that actor, or `undefined` when there is none.
   * @throws {ConnectError} When the node cannot be reached.
   * @throws {HandshakeError} When it is another node than the address says, or no such node at all.
   * @throws {RemoteError} When the actor could not start; `remoteCode` is `start_error`.
   * @throws {AskTimeoutError} When there was no answer in time.
   */
  async lookup<P extends AnyProtocol>(
    protocol: P,
    address: Pid | string,
    options?: RemoteWaitOptions,
  ): Promise<ActorRef<P> | undefined> {
    const pid = typeof address === "string" ? Pid.parse(address) : address;
    if (this.#isOwn(pid)) return await this.#lookupOwn(protocol, pid);
    return await this.#far.lookup(protocol, pid, options);
  }

  /**
   * Creates an actor on another node, from a kind that is registered there, and waits for its start.
   *
   * @param node `system@host:port`, or `host:port`.
   * @param protocol What the actor speaks.
   * @param options Which kind, which name, what it is created from, and how long to wait.
   * @returns A reference to the actor.
   * @throws {RemoteError} When the node refused; `remoteCode` is `unknown_kind_error`, `name_taken_error`,
   * `start_error` or what else it found.
   * @throws {ConnectError} When the node cannot be reached.
   * @throws {CodecError} When the input cannot be encoded.
   * @throws {AskTimeoutError} When there was no answer in time; the actor may start all the same.
   */
  async spawn<P extends AnyProtocol>(
    node: string,
    protocol: P,
    options: RemoteSpawnOptions<InputOf<P>> = {},
  ): Promise<ActorRef<P>> {
    return await this.#far.spawn(node, protocol, options);
  }

  /**
   * Ends an actor anywhere, after the message that it is handling.
   *
   * @param ref Which actor.
   * @param options How long to wait for an actor of another node.
   * @returns Resolves once it has stopped.
   * @throws {RemoteError} When there is no such actor; `remoteCode` is `stopped_error`.
   * @throws {ConnectError} When its node cannot be reached.
   * @throws {AskTimeoutError} When it did not stop in time; it will once its handler returns.
   */
  async stop(
    ref: ActorRef<AnyProtocol>,
    options?: RemoteWaitOptions,
  ): Promise<void> {
    if (ref.isLocal) return await this.#system.stop(ref);
    await this.#far.have(ref, FrameKind.STOP, "stop", options);
  }

  /**
   * Stops an actor anywhere and creates one in its place; see {@linkcode ActorSystem.respawn}.
   *
   * @param ref Which actor.
   * @param options How long to wait for an actor of another node.
   * @returns A reference to the new actor, once that has started.
   * @throws {RemoteError} When there is no such actor, `remoteCode` is `stopped_error`, or the new one could
   * not start.
   * @throws {ConnectError} When its node cannot be reached.
   * @throws {AskTimeoutError} When there was no answer in time; it may be respawned all the same.
   */
  async respawn<P extends AnyProtocol>(
    ref: ActorRef<P>,
    options?: RemoteWaitOptions,
  ): Promise<ActorRef<P>> {
    if (ref.isLocal) {
      const fresh = await this.#system.respawn(ref);
      await fresh.started();
      return fresh;
    }
    return await this.#far.respawn(ref, options);
  }

  /**
   * Lets a suspended actor anywhere go on with its state; does nothing to one that is not suspended.
   *
   * @param ref Which actor.
   * @param options How long to wait for an actor of another node.
   * @throws {RemoteError} When there is no such actor; `remoteCode` is `stopped_error`.
   * @throws {ConnectError} When its node cannot be reached.
   * @throws {AskTimeoutError} When there was no answer in time.
   */
  async reinstate(
    ref: ActorRef<AnyProtocol>,
    options?: RemoteWaitOptions,
  ): Promise<void> {
    if (ref.isLocal) return this.#system.reinstate(ref);
    await this.#far.have(ref, FrameKind.REINSTATE, "reinstate", options);
  }

  /**
   * Asks where an actor anywhere is in its life.
   *
   * @param ref Which actor.
   * @param options How long to wait for an actor of another node.
   * @returns For example `"running"` or `"suspended"`.
   * @throws {RemoteError} When there is no such actor; `remoteCode` is `stopped_error`.
   * @throws {ConnectError} When its node cannot be reached.
   * @throws {AskTimeoutError} When there was no answer in time.
   */
  async state(
    ref: ActorRef<AnyProtocol>,
    options?: RemoteWaitOptions,
  ): Promise<ActorState> {
    if (ref.isLocal) return this.#system.inspect(ref).state;
    const what = "ask for the state of";
    // A node of a later version may have more of them.
    return await this.#far.have(
      ref,
      FrameKind.STATE,
      what,
      options,
    ) as ActorState;
  }

  /**
   * Ends the remoting of the system: no new connections; what was sent is acknowledged and what was
   * asked is answered, or the time for that is over; then all connections are closed. The system of a client
   * ends with it, and its outboxes have the same time before that. Idempotent.
   */
  async drain(): Promise<void> {
    const timeout = this.#clientTimeout;
    if (timeout !== undefined) await this.#runtime.outlets.end(timeout);
    await this.#part();
    if (timeout !== undefined) await this.#system.drain();
  }

  async #part(): Promise<void> {
    await this.#node.drain();
    if (this.#runtime.network === this.#port) this.#runtime.network = undefined;
  }

  /** Drains. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  #isOwn({ system, host, port }: NodeAddress): boolean {
    return system === this.#system.name && host === this.host &&
      port === this.port;
  }

  async #lookupOwn<P extends AnyProtocol>(
    protocol: P,
    pid: Pid,
  ): Promise<ActorRef<P> | undefined> {
    const found = this.#system.find(protocol, pid.path);
    if (found === undefined || !pid.matches(found.pid)) return undefined;
    try {
      await found.started();
      return found;
    } catch (error) {
      if (error instanceof StoppedError) return undefined;
      throw error;
    }
  }
}
