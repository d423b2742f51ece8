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
import { type ActorRef, protocolData } from "../actor/reference/ref.ts";
import { type ActorSystem, internalsOf } from "../actor/system/system.ts";
import type { ActorState } from "../actor/cell/snapshot.ts";
import type { Runtime } from "../actor/system/runtime.ts";
import type { NetworkPort } from "../actor/system/ports.ts";
import { makeClient, type RemoteConnectOptions } from "./client.ts";
import type { RemoteWaitOptions } from "./node/control_request.ts";
import { RemoteError } from "./errors.ts";
import { codecOf } from "./codec/message_codecs.ts";
import { GoaktRef } from "./goakt/client/goakt_ref.ts";
import { RemoteNode } from "./node/node.ts";
import { parseNode } from "./node/node_address.ts";
import { checkProofs, readProofs } from "./handshake/own_proofs.ts";
import type { NodeAddress } from "./node/peer.ts";
import {
  answered,
  checkFree,
  type RemoteRefOptions,
  type RemoteSpawnOptions,
} from "./remote_calls.ts";
import { checkedOptions, type RemoteOptions } from "./remote_options.ts";
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
  readonly #runtime: Runtime;
  readonly #port: NetworkPort;
  /** Whether the system came into being for this, and ends with it. */
  readonly #ownsSystem: boolean;

  private constructor(
    system: ActorSystem,
    node: RemoteNode,
    { host, port }: Pick<NodeAddress, "host" | "port">,
    ownsSystem = false,
  ) {
    this.#ownsSystem = ownsSystem;
    this.host = host;
    this.port = port;
    this.#system = system;
    this.#node = node;
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
   * @throws {TypeError} When the system has remoting already or has ended, clear text on a routable
   * address was not asked for, or a certificate is no good or for another system or host.
   * @throws {RangeError} When a limit is out of its range; the message names the range.
   * @throws {HandshakeError} When the node, which is to keep strangers out, has welcomed one for a test.
   */
  static async start(
    system: ActorSystem,
    options: RemoteOptions = {},
  ): Promise<Remote> {
    const settings = checkedOptions(options);
    const { hostname, port, advertise, alternatives, ...nodeOptions } =
      settings;
    const internals = internalsOf(system);
    checkFree(system, internals.runtime);
    const proofs = await readProofs(nodeOptions);
    checkFree(system, internals.runtime);
    const listener = await nodeOptions.transport.listen({ hostname, port });
    const host = advertise?.hostname ?? listener.hostname;
    const ownPort = advertise?.port ?? listener.port;
    const { name, incarnation } = internals.runtime;
    const self = { system: name, host, port: ownPort, incarnation };
    try {
      checkFree(system, internals.runtime); // another start may have been under way
      checkProofs(proofs, self);
    } catch (error) {
      await listener.close();
      throw error;
    }
    const node = new RemoteNode(
      internals,
      listener,
      self,
      nodeOptions,
      proofs,
    );
    if (alternatives.length > 0) {
      const found = `"${alternatives.join('", "')}"`;
      const text =
        `this node says that it can be reached at "${host}", one of several addresses of this machine; if ${found} is meant, use the option "advertise"`;
      internals.runtime.events.publish({ type: "warning", text });
    }
    const remote = new Remote(system, node, self);
    try {
      await node.testSelf();
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
   * @throws {TypeError} When the name is not allowed, or a certificate is no good or for somebody else.
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
    const { system, node, self } = await makeClient(options);
    return new Remote(system, node, self, true);
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
    const goakt = this.#node.wantedGoakt(pid);
    return goakt.ref(protocolData(protocol), pid) as ActorRef<P>; // it speaks what it was given
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
    try {
      const found = await this.#node.control(pid, {
        kind: FrameKind.LOOKUP,
        action: `look up "${pid}"`,
        what: "lookup",
        target: pid,
        address: pid.toJSON(),
      }, options);
      return this.#foundAt(protocol, pid, found, options);
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
    const { kind = "", name = "", input } = options;
    const data = protocolData(protocol);
    const address = parseNode(node);
    const found = await this.#node.control(address, {
      kind: FrameKind.SPAWN,
      action: `spawn an actor of protocol "${data.name}"`,
      what: "spawn",
      target: new Pid({ ...address, path: name }),
      spawn: {
        kind,
        name,
        input: codecOf(data.input).encode(input),
        inputType: data.name,
      },
    }, options);
    return this.#foundAt(protocol, address, found, options);
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
    await this.#have(ref, FrameKind.STOP, "stop", options);
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
    return this.#sameAt(
      ref,
      await this.#have(ref, FrameKind.RESPAWN, "respawn", options),
    );
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
    await this.#have(ref, FrameKind.REINSTATE, "reinstate", options);
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
    return await this.#have(ref, FrameKind.STATE, what, options) as ActorState;
  }

  /**
   * Ends the remoting of the system: no new connections; what was sent is acknowledged and what was
   * asked is answered, or the time for that is over; then all connections are closed. The system of a client
   * ends with it. Idempotent.
   */
  async drain(): Promise<void> {
    await this.#part();
    if (this.#ownsSystem) await this.#system.drain();
  }

  async #part(): Promise<void> {
    await this.#node.drain();
    if (this.#runtime.network === this.#port) this.#runtime.network = undefined;
  }

  /** Drains. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  /** Has the node of an actor do something to it. */
  #have(
    ref: ActorRef<AnyProtocol>,
    kind: number,
    what: string,
    options: RemoteWaitOptions | undefined,
  ): Promise<string> {
    const { pid } = ref;
    const action = `${what} "${pid}"`;
    return this.#node.control(
      pid,
      { kind, action, what, target: pid, address: pid.toJSON() },
      { ...options, ...(ref instanceof GoaktRef && { peer: "goakt" }) },
    );
  }

  /** The reference to the actor that has taken the place of another one. */
  #sameAt<P extends AnyProtocol>(ref: ActorRef<P>, found: string): ActorRef<P> {
    const { system, host, port } = ref.pid;
    const { path, incarnation } = answered(found);
    const pid = new Pid({ system, host, port, path, incarnation });
    const fresh = ref instanceof GoaktRef
      ? this.#node.wantedGoakt(pid).ref(ref.protocol, pid)
      : new RemoteRef(this.#node, pid, ref.protocol);
    return fresh as ActorRef<P>; // it speaks what the old one did
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

  /** The reference to what a node says it has, at the address by which the node was reached. */
  #foundAt<P extends AnyProtocol>(
    protocol: P,
    { host, port }: NodeAddress,
    found: string,
    { peer }: RemoteWaitOptions = {},
  ): ActorRef<P> {
    const { system, path, incarnation } = answered(found);
    const pid = new Pid({ system, host, port, path, incarnation });
    return this.ref(protocol, pid, peer && { peer });
  }
}
