/**
 * This node on the network: its listener, its peers, its links.
 * @module
 */

import type { Cell } from "../../actor/cell/cell.ts";
import type { Addressee } from "../../actor/events/dead_letters.ts";
import { describe } from "../../actor/errors.ts";
import { MissingRef } from "../../actor/reference/local_ref.ts";
import type { Mail } from "../../actor/protocol/message.ts";
import type { Pid } from "../../actor/reference/pid.ts";
import type { ProtocolData } from "../../actor/protocol/protocol.ts";
import type { BaseRef } from "../../actor/reference/ref.ts";
import type { Runtime } from "../../actor/system/runtime.ts";
import type { SystemInternals } from "../../actor/system/system.ts";
import type { Clock } from "../../internal/clock.ts";
import { type ControlHost, controlNode } from "./control.ts";
import { Background } from "./background.ts";
import { Commands } from "./commands.ts";
import { readable } from "../codec/compression.ts";
import type { ControlRequest, RemoteWaitOptions } from "./control_request.ts";
import { Access } from "./access.ts";
import { Entrance, type EntranceHost } from "./entrance.ts";
import { DisconnectedError } from "../errors.ts";
import { Goakt } from "../goakt/goakt.ts";
import {
  type HandshakeOptions,
  type NodeIdentity,
  VERSIONS,
} from "../handshake/handshake.ts";
import { isDialled } from "../handshake/identity.ts";
import type { IncomingMessage } from "../link/incoming.ts";
import type { Link } from "../link/link.ts";
import type { LinkOwner } from "../link/link_options.ts";
import { CodecCache } from "../codec/message_codecs.ts";
import type { RemoteMeters } from "../metrics/meter.ts";
import type { OwnProofs } from "../handshake/own_proofs.ts";
import { type NodeAddress, type PeerHost, whoAnswers } from "./peer.ts";
import type { NodeOptions } from "./node_options.ts";
import { Outages } from "./outages.ts";
import { Peers } from "./peers.ts";
import { Quarantine } from "./quarantine.ts";
import { Receiver, type ReceiverHost } from "./receiver.ts";
import { Redials } from "./redials.ts";
import { SettingsComparison } from "../handshake/settings.ts";
import { type RefHost, RemoteRef, UNKNOWN_PROTOCOL } from "../remote_ref.ts";
import {
  formatAddress,
  type Listener,
  type Transport,
} from "../transport/transport.ts";
import { Watches } from "../watch/watches.ts";
import { Links } from "./links.ts";
import type { DecodedFrame } from "../wire/fields.ts";
import { FrameKind } from "../wire/kinds.ts";

const ENDED = "remoting of this node has ended";

/** What one node needs to talk to others. It owns all their connections. */
export class RemoteNode
  implements
    ControlHost,
    EntranceHost,
    LinkOwner,
    PeerHost,
    ReceiverHost,
    RefHost {
  readonly runtime: Runtime;
  readonly codecs: CodecCache = new CodecCache();
  readonly handshake: HandshakeOptions;
  /** What peers may do. */
  readonly access: Access;
  /** Go nodes as peers; not there when they are not wanted. */
  readonly goakt: Goakt | undefined;
  readonly #internals: SystemInternals;
  readonly #options: NodeOptions;
  readonly #receiver: Receiver;
  readonly #commands: Commands;
  readonly #peers: Peers = new Peers(this);
  readonly #links: Links;
  readonly watches: Watches = new Watches(this);
  readonly outages: Outages;
  readonly redials: Redials;
  readonly settings: SettingsComparison;
  readonly quarantine: Quarantine;
  readonly #entrance: Entrance;
  /** Handshakes and attempts to connect: what ends with the node at the latest. */
  readonly #background: Background = new Background();
  /** Connections whose links have ended, until their peers know. */
  readonly #farewells: Background = new Background();
  #state: "running" | "draining" | "stopped" = "running";
  #drained: Promise<void> | undefined = undefined;

  constructor(
    internals: SystemInternals,
    listener: Listener,
    self: HandshakeOptions["self"],
    options: NodeOptions,
    proofs: OwnProofs,
    meters: RemoteMeters | undefined,
  ) {
    this.runtime = internals.runtime;
    this.#internals = internals;
    this.#options = options;
    const { maxMessageBytes: maxFrameBytes, security } = options;
    const { role = "node" } = proofs;
    // Who is not dialled names no address; a certificate would not bear it out.
    const port = isDialled(role) ? self.port : 0;
    this.handshake = {
      self: { ...self, port },
      maxFrameBytes,
      compressions: readable(options.compression),
      ...proofs,
    };
    this.access = new Access(
      security,
      internals.runtime.clock,
      (text, cause) => this.warn(text, cause),
    );
    const { clock, random } = internals.runtime;
    this.outages = new Outages((text, cause) => this.warn(text, cause));
    const { outages } = this;
    this.goakt = Goakt.of(internals, listener, self, options, outages, meters);
    this.goakt?.client.onForgotten((place) => this.#peers.forgetGoakt(place));
    this.#links = new Links(this, internals.runtime, options, meters);
    this.settings = new SettingsComparison(
      {
        maxFrameBytes,
        versions: VERSIONS,
        compression: options.compression,
      },
      (text) => this.warn(text, undefined),
    );
    this.redials = new Redials(clock, random, options.redialDelay);
    this.quarantine = new Quarantine(
      this.#links.all,
      (address) => this.#whoAnswersAt(address),
    );
    this.#receiver = new Receiver(this);
    this.#commands = new Commands(internals, this.access, this);
    this.#entrance = new Entrance(this, listener, options.maxHalfOpen);
  }

  get transport(): Transport {
    return this.#options.transport;
  }

  get maxMessageBytes(): number {
    return this.#options.maxMessageBytes;
  }

  get connectTimeout(): number {
    return this.#options.connectTimeout;
  }

  get handshakeTimeout(): number {
    return this.#options.handshakeTimeout;
  }

  get nodeDownTimeout(): number {
    return this.#options.nodeDownTimeout;
  }

  get maxLinks(): number {
    return this.#options.maxLinks;
  }

  get crowd(): string | undefined {
    return this.#links.crowd(this.#entrance.size);
  }

  get clock(): Clock {
    return this.runtime.clock;
  }

  /** How many links are alive or being made. */
  get links(): number {
    return this.#links.size + (this.goakt?.connections ?? 0);
  }

  find(path: string): Cell | undefined {
    return this.#internals.find(path);
  }

  sender(pid: Pid): BaseRef {
    const { name, network } = this.runtime;
    if (
      pid.system === name && pid.host === network?.host &&
      pid.port === network.port
    ) {
      const cell = this.find(pid.path);
      if (cell !== undefined && pid.matches(cell.pid)) return cell.ref;
      return new MissingRef(this.runtime, pid, UNKNOWN_PROTOCOL);
    }
    return new RemoteRef(this, pid, UNKNOWN_PROTOCOL);
  }

  goaktRef(
    pid: Pid,
    protocol: ProtocolData,
    known: BaseRef | undefined,
  ): BaseRef | undefined {
    if (this.goakt === undefined || this.#state !== "running") return undefined;
    return this.isGoakt(pid)
      ? known ?? this.goakt.ref(protocol, pid)
      : undefined;
  }

  /**
   * The GoAkt vocabulary, for a node that is known to speak it.
   *
   * @throws {TypeError} When this node wants no GoAkt peers.
   */
  wantedGoakt({ host, port }: NodeAddress): Goakt {
    if (this.goakt !== undefined) return this.goakt;
    throw new TypeError(
      `Cannot use the GoAkt node "${
        formatAddress(host, port)
      }": GoAkt peers are not enabled, the option "goakt" of Remote.start() was expected`,
    );
  }

  dataLink(pid: Pid): Link | undefined {
    return this.#state === "running"
      ? this.#peers.of(pid).link("data")
      : undefined;
  }

  /**
   * The link for requests that must not wait behind messages.
   *
   * @throws {DisconnectedError} When this node sends no more.
   */
  controlLink(address: NodeAddress): Link {
    if (this.#state !== "running") throw this.ended(address, "wait for");
    return this.#peers.of(address).link("control");
  }

  /** The error for what is asked of this node when it sends no more. */
  ended({ host, port }: NodeAddress, action: string): DisconnectedError {
    return new DisconnectedError(formatAddress(host, port), action, ENDED, {
      outcome: "not_delivered",
    });
  }

  /**
   * Has a node do something itself, in the vocabulary that it speaks.
   *
   * @returns The address in its answer.
   */
  control(
    address: NodeAddress,
    request: ControlRequest,
    options: RemoteWaitOptions = {},
  ): Promise<string> {
    return controlNode(this, address, request, options);
  }

  /** Whether the node at an address is known to speak the GoAkt vocabulary only. */
  isGoakt(address: NodeAddress): boolean {
    return this.#peers.find(address)?.isGoakt === true;
  }

  async confirm(pid: Pid): Promise<void> {
    await this.control(pid, {
      kind: FrameKind.LOOKUP,
      action: `wait for the start of "${pid}"`,
      what: "lookup",
      target: pid,
      address: pid.toJSON(),
    });
  }

  createLink(
    node: string,
    role: "dialler" | "acceptor",
    peer: string = node,
  ): Link {
    return this.#links.create(node, role, peer);
  }

  message(link: Link, message: IncomingMessage): void {
    this.#receiver.take(link, message);
  }

  refuses(link: Link, message: IncomingMessage): boolean {
    return this.#receiver.refuses(link, message);
  }

  request(link: Link, frame: DecodedFrame): void {
    this.#commands.take(link, frame);
  }

  parting(link: Link): void {
    this.#peers.forget(link);
    void link.drain(); // ends with the link, and never fails
  }

  settled({ peer }: Link): Promise<void> | undefined {
    const known = peer && this.#peers.find(peer);
    return known?.known("data")?.outbound.settled();
  }

  async examine(
    address: NodeAddress,
    error: unknown,
    signal: AbortSignal,
  ): Promise<"goakt" | { readonly error: unknown }> {
    // Whoever can cut a connection could have us speak without the proof otherwise.
    if (this.#options.security.key !== undefined) return { error };
    return await this.goakt?.examine(address, error, signal) ?? { error };
  }

  inherit = (mail: Mail, target: Addressee): void =>
    this.goakt?.inherit(mail, target);

  linger(task: Promise<void>, stop: () => void): void {
    this.#background.add(task, stop);
  }

  farewell(task: Promise<void>, stop: () => void): void {
    this.#farewells.add(task, stop);
  }

  closed(link: Link, reason: unknown): void {
    this.#links.delete(link);
    this.#peers.forget(link);
    if (reason !== undefined && this.#state === "running") {
      this.outages.lost(link, reason);
    }
  }

  /**
   * Finds out whether strangers are kept out, where they are to be.
   *
   * @throws {HandshakeError} When one was welcomed.
   * @throws {ConnectError} When the node cannot be reached from here.
   */
  async testSelf(): Promise<void> {
    const { transport, security } = this.#options;
    if (transport.security !== "mutual" && security.key === undefined) return;
    await this.#entrance.test(this.#options);
  }

  /** Takes nothing new, lets both sides finish, then ends all links. */
  drain(): Promise<void> {
    return this.#drained ??= this.#finish();
  }

  async #finish(): Promise<void> {
    this.#state = "draining";
    this.#entrance.stop();
    this.outages.close();
    this.watches.close();
    const parting = [...this.#links.all].map((link) => link.drain());
    if (this.goakt !== undefined) {
      parting.push(this.goakt.drain(Promise.all(parting)));
    }
    await this.#entrance.close();
    const late = Promise.withResolvers<void>();
    const timer = this.clock.setTimer(this.#options.drainTimeout, late.resolve);
    // Closed while a peer still writes, a connection is reset, which looks like a failure to it.
    const parted = Promise.all(parting).then(() => this.#farewells.settled());
    await Promise.race([parted, late.promise]);
    timer.cancel();
    this.#state = "stopped";
    await this.goakt?.close();
    for (const link of [...this.#links.all]) {
      link.close(new DisconnectedError(link.node, "wait for", ENDED));
    }
    await this.#farewells.end();
    await this.#background.end();
    await this.#entrance.whenOver;
  }

  /** Dials an address and says which run of a node is there. */
  async #whoAnswersAt(address: NodeAddress): Promise<string> {
    const attempt = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#background.add(promise, () => attempt.abort(new Error(ENDED)));
    try {
      return await whoAnswers(this, address, attempt.signal);
    } finally {
      resolve();
    }
  }

  proved(peer: NodeIdentity): void {
    this.quarantine.proved(peer);
  }

  warn(text: string, cause: unknown): void {
    this.runtime.events.publish({
      type: "warning",
      text: cause === undefined ? text : `${text}: ${describe(cause)}`,
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
