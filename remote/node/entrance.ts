/**
 * Where the connections of other nodes come in.
 * @module
 */

import type { Clock } from "../../internal/clock.ts";
import { type Access, nameOf } from "./access.ts";
import { DisconnectedError, HandshakeError } from "../errors.ts";
import { lastFrames, sayFarewell } from "../link/farewell.ts";
import { Gate } from "./gate.ts";
import type { Goakt } from "../goakt/goakt.ts";
import { GreetingConnection } from "../goakt/server/greeting_connection.ts";
import type { HandshakeOptions, Session } from "../handshake/handshake.ts";
import type { PeerIdentity } from "../handshake/identity.ts";
import {
  Acceptor,
  encodeRefusal,
  type RefusalReason,
} from "../handshake/handshake_acceptor.ts";
import { shakeHands } from "../handshake/handshake_driver.ts";
import type { Link } from "../link/link.ts";
import { peerName } from "../metrics/meter.ts";
import { placeOf, Places } from "../transport/places.ts";
import type { Quarantine } from "./quarantine.ts";
import { Shares } from "./shares.ts";
import { ShortVisits } from "./short_visits.ts";
import { type SelfTest, STRANGER, testSelf } from "../tls/self_test.ts";
import type { SettingsComparison } from "../handshake/settings.ts";
import type {
  Connection,
  Listener,
  Transport,
} from "../transport/transport.ts";
import { WaitingRoom } from "./waiting_room.ts";

/** Milliseconds without accepting after the system could not hand out a connection. */
const ACCEPT_PAUSE = 100;

const UNPROVED: RefusalReason = {
  code: "certificate_missing",
  found: "the peer is not known",
  wanted: "a certificate was expected",
};

/** Why a peer is refused that speaks GoAkt's protocol without the certificate of a node. */
const NOT_FOR_GOAKT = "GoAkt peers need the certificate of a node";

/** What an entrance needs of its node. */
export interface EntranceHost {
  /** The source of time. */
  readonly clock: Clock;
  /** How nodes are reached. */
  readonly transport: Transport;
  /** What this node says of itself. */
  readonly handshake: HandshakeOptions;
  /** Milliseconds until a handshake is given up. */
  readonly handshakeTimeout: number;
  /** What peers may do. */
  readonly access: Access;
  /** Connections that other nodes may have open. */
  readonly maxLinks: number;
  /** Which runs of nodes are not welcome any more. */
  readonly quarantine: Quarantine;
  /** Says what peers have set differently. */
  readonly settings: SettingsComparison;
  /** Go nodes as peers; not there when they are not wanted. */
  readonly goakt: Goakt | undefined;
  /** Makes a link that waits for its connection. */
  createLink(node: string, role: "acceptor", peer: string): Link;
  /** Keeps what is under way until it is over; `stop` ends it. */
  linger(task: Promise<unknown>, stop: () => void): void;
  /** Tells of something that is nobody's error to catch. */
  warn(text: string, cause: unknown): void;
}

/** What an entrance knows itself of the test whether strangers are kept out. */
type Here = Pick<SelfTest, "clock" | "hostname" | "port" | "self">;

/** Takes connections, shakes hands, and makes links of those that are welcome. */
export class Entrance {
  /** Settles when no more is accepted. */
  readonly whenOver: Promise<void>;
  readonly #host: EntranceHost;
  readonly #listener: Listener;
  readonly #maxHalfOpen: number;
  /** The links of diallers by the tokens that they were given; an entry goes with its link. */
  readonly #accepted: Map<string, Link> = new Map();
  /** Who holds how many of the links. */
  readonly #shares: Shares;
  /** Programs that make a client for each call. */
  readonly #visits: ShortVisits;
  /** Connections whose handshake is under way. */
  readonly #halfOpen: Places<Connection> = new Places();
  /** Of those the ones that had to give way; an entry goes with the end of its handshake. */
  readonly #outdone: Set<Connection> = new Set();
  /** Connections whose handshake has not begun. */
  readonly #waitingRoom: WaitingRoom;
  /** Connections that are being turned away. */
  #turnedAway = 0;
  /** Whether a stranger that the node sends to itself is about to be refused. */
  #selfTest: "running" | "done" = "done";
  /** Ends the pause after a connection could not be taken. */
  #goOn: (() => void) | undefined = undefined;
  #state: "open" | "closed" = "open";

  /** Owns `listener` from now on; `maxHalfOpen` handshakes may be under way at the same time. */
  constructor(host: EntranceHost, listener: Listener, maxHalfOpen: number) {
    this.#host = host;
    this.#listener = listener;
    this.#maxHalfOpen = maxHalfOpen;
    this.#shares = new Shares(host.maxLinks);
    this.#visits = new ShortVisits(
      host.clock,
      (text) => host.warn(text, undefined),
    );
    this.#waitingRoom = new WaitingRoom(
      host.clock,
      host.handshakeTimeout / 2, // so that who is refused is still there to be told
      (connection) => this.#turnAway(connection),
    );
    this.whenOver = this.#accept();
  }

  /** How many connections that came in are open. */
  get size(): number {
    return this.#accepted.size;
  }

  /** Welcomes nobody any more. */
  stop(): void {
    this.#state = "closed";
    this.#goOn?.();
  }

  /** Gives the address free, and ends the handshakes that are under way. */
  async close(): Promise<void> {
    this.stop();
    await this.#listener.close();
    this.#waitingRoom.close();
    for (const connection of this.#halfOpen) connection.close();
  }

  /**
   * Finds out whether a stranger is kept out.
   *
   * @throws {HandshakeError} When one was welcomed.
   * @throws {ConnectError} When the node cannot be reached from here.
   */
  async test(options: Omit<SelfTest, keyof Here>): Promise<void> {
    const { hostname, port } = this.#listener;
    const { clock, handshake: { self } } = this.#host;
    this.#selfTest = "running";
    const visit = () => testSelf({ ...options, clock, hostname, port, self });
    const gate = this.#listener;
    await (gate instanceof Gate ? gate.ownVisit(visit) : visit());
  }

  /** Whether that is the one refusal that the node itself has brought about. */
  #isSelfTest(error: unknown): boolean {
    const isOwn = this.#selfTest === "running" &&
      error instanceof HandshakeError && STRANGER.includes(error.reason);
    if (isOwn) this.#selfTest = "done";
    return isOwn;
  }

  async #accept(): Promise<void> {
    while (this.#state === "open") {
      let connection: Connection | undefined;
      try {
        connection = await this.#listener.accept();
      } catch (error) {
        this.#host.warn("a connection could not be taken", error);
        await this.#pause();
        continue;
      }
      if (connection === undefined) return;
      this.#take(connection);
    }
  }

  /** What is scarce now, such as file descriptors, may be there a little later. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#host.clock.setTimer(
        ACCEPT_PAUSE,
        () => this.#goOn?.(),
      );
      this.#goOn = () => {
        this.#goOn = undefined;
        timer.cancel();
        resolve();
      };
    });
  }

  #take(connection: Connection): void {
    if (this.#halfOpen.size >= this.#maxHalfOpen) {
      const rival = this.#halfOpen.rivalOf(placeOf(connection.remote));
      if (rival === undefined) return this.#waitingRoom.enter(connection);
      this.#halfOpen.delete(rival);
      this.#outdone.add(rival);
      rival.close();
    }
    const welcome = this.#welcome(connection).catch((error) => {
      const isOutdone = this.#outdone.delete(connection);
      if (this.#state !== "open" || this.#isSelfTest(error)) return;
      const text = `a connection from "${connection.remote}" was refused`;
      if (!isOutdone) return this.#host.warn(text, error);
      const found = "most of the handshakes under way are from there";
      this.#host.warn(`${text}: ${found}, and others came`, undefined);
    });
    this.#host.linger(welcome, () => connection.close());
  }

  #turnAway(connection: Connection): void {
    const maxHalfOpen = this.#maxHalfOpen;
    const { remote } = connection;
    const found = `${maxHalfOpen} handshakes are under way`;
    this.#host.warn(
      `a connection from "${remote}" was refused: ${found}`,
      undefined,
    );
    if (this.#turnedAway >= maxHalfOpen) return connection.close();
    this.#turnedAway++;
    const wanted = "fewer were expected";
    const refusal = encodeRefusal({ code: "full", found, wanted });
    const { clock } = this.#host;
    const farewell = sayFarewell(connection, refusal, { clock }).finally(() =>
      this.#turnedAway--
    );
    this.#host.linger(farewell, () => connection.close());
  }

  async #welcome(connection: Connection): Promise<void> {
    const { remote } = connection;
    const { role = "node" } = connection.certified?.identity ?? {};
    const { goakt } = this.#host;
    const near = goakt === undefined || role !== "node"
      ? connection
      : new GreetingConnection(connection);
    this.#halfOpen.add(connection, placeOf(remote));
    try {
      await this.#checkProof(connection);
      const token = crypto.getRandomValues(new Uint8Array(16));
      const acceptor = new Acceptor({
        ...this.#host.handshake,
        remote,
        token,
        certified: connection.certified,
        ...(goakt !== undefined && { goakt: NOT_FOR_GOAKT }),
        admit: (peer, _lane, identity) =>
          this.#fullFor(remote, identity) ??
            this.#host.quarantine.refusal(peer) ??
            this.#host.access.admit(identity),
      });
      const session = await shakeHands(near, acceptor, {
        timeout: this.#host.handshakeTimeout,
        clock: this.#host.clock,
      });
      if (this.#state !== "open") return connection.close();
      const peer = peerName(session.peer);
      const link = this.#host.createLink(remote, "acceptor", peer);
      this.#replace(link, session, remote);
      await this.#open(link, connection, session);
    } catch (error) {
      const isTaken = near instanceof GreetingConnection &&
        goakt?.take(near);
      if (!isTaken) throw error;
    } finally {
      // The room of who had to give way is taken.
      if (this.#halfOpen.delete(connection)) {
        const next = this.#waitingRoom.leave();
        if (next !== undefined) this.#take(next);
      }
    }
  }

  /** Why no more connections of a peer are accepted, if so. */
  #fullFor(remote: string, identity: PeerIdentity): RefusalReason | undefined {
    const found = this.#shares.fullFor(holderOf(remote, identity));
    if (found === undefined) return undefined;
    return { code: "full", found, wanted: "fewer were expected" };
  }

  /** Ends a connection whose peer did not prove who it is over a transport that wants it to. */
  async #checkProof(connection: Connection): Promise<void> {
    const { certified } = connection;
    const isProved = this.#host.transport.security !== "mutual" ||
      certified?.identity !== undefined;
    const refusal = connection.refusal ?? (isProved ? undefined : UNPROVED);
    if (refusal === undefined) return;
    await sayFarewell(connection, encodeRefusal(refusal), this.#host);
    const { code, found, wanted } = refusal;
    throw new HandshakeError(connection.remote, code, found, wanted);
  }

  /** Begins to read, unless another run of the node answers at its address. */
  async #open(
    link: Link,
    connection: Connection,
    session: Session,
  ): Promise<void> {
    const admitted = this.#host.quarantine.admit(session.peer);
    if (admitted !== undefined) {
      try {
        await admitted;
      } catch (error) {
        link.close(error);
        const bytes = lastFrames(0, error);
        return await sayFarewell(connection, bytes, {
          clock: this.#host.clock,
        });
      }
    }
    this.#host.settings.compare(session);
    link.open(connection, session);
  }

  /**
   * Ends the link that `link` takes the place of. A node dials again only when it has given up on its link:
   * what that still holds must not be handled behind what is sent from now on. Only the node itself knows
   * what its link was called.
   */
  #replace(
    link: Link,
    { token, replaces, identity, peer }: Session,
    remote: string,
  ): void {
    const begun = this.#host.clock.now();
    const key = token.toHex();
    const holder = holderOf(remote, identity);
    this.#shares.take(holder);
    const before = this.#accepted.get(replaces.toHex());
    this.#accepted.set(key, link);
    link.whenClosed(() => {
      this.#accepted.delete(key);
      this.#shares.giveBack(holder);
      if (this.#state !== "open") return; // whoever is there leaves now
      this.#visits.ended(peer, placeOf(remote), begun);
    });
    const found = "the peer has dialled anew";
    before?.close(new DisconnectedError(before.node, "read from", found));
  }
}

/** Whose connections are counted together: those of one certificate, or of one place where nothing is proved. */
function holderOf(remote: string, identity: PeerIdentity): string {
  return identity.proof === "none" ? placeOf(remote) : nameOf(identity);
}
