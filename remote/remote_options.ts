/**
 * Where a node listens, and its limits.
 * @module
 */

import { checkInteger, checkRange } from "./checks.ts";
import { MAX_LINKS } from "./link/caps.ts";
import type { MessageCompression } from "./codec/compression.ts";
import { MAX_FRAME_BYTES } from "./frame.ts";
import type { GoaktOptions } from "./goakt/goakt.ts";
import { UNFINISHED_BYTES } from "./link/unfinished_room.ts";
import { HANDSHAKE_TIMEOUT, MIN_FRAME_LIMIT } from "./handshake/handshake.ts";
import type { RemoteMetrics } from "./metrics/metrics.ts";
import type { ConnectionRate } from "./node/gate.ts";
import type { NodeOptions } from "./node/node_options.ts";
import { OUTBOUND_BUDGET } from "./link/outbound_options.ts";
import type { RedialDelay } from "./node/redials.ts";
import { checkNodeKinds } from "./remote_option_kinds.ts";
import {
  type NetworkInterface,
  ownAddress,
  systemInterfaces,
} from "./node/own_address.ts";
import {
  checkAdvertised,
  checkBind,
  isTrusted,
  isWildcard,
} from "./node/reach.ts";
import {
  checkedSecurity,
  type SecurityOptions,
} from "./node/security_options.ts";
import { TcpTransport } from "./transport/tcp_transport.ts";
import {
  checkPort,
  CONNECT_TIMEOUT,
  type Transport,
} from "./transport/transport.ts";

/** What a peer may have to show that it lives, in milliseconds: shorter is taken for dead by chance, longer never. */
const SHORTEST_DEADLINE = 20;
const LONGEST_DEADLINE: number = 60 * 60 * 1_000;

/** How long links are kept that nobody uses, unless told otherwise, in milliseconds. */
const IDLE_TIMEOUT = 30_000;
/** What the options are for, in errors. */
const ACTION = "start remoting";

/** Options of {@linkcode Remote.start}. */
export interface RemoteOptions extends SecurityOptions {
  /**
   * The address to listen on. What others can reach needs mutual TLS, TLS with a shared key, or
   * {@linkcode RemoteOptions.insecure}.
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
   * @default the address and port it listens on; when that is `0.0.0.0` or `::`, an address of this machine:
   * private before public, IPv4 before IPv6, none that leads to containers inside it
   */
  advertise?: { hostname: string; port?: number };
  /**
   * Lists the addresses of this machine, from which one is chosen when the node listens on all of them.
   * @default `Deno.networkInterfaces()`, which needs `--allow-sys=networkInterfaces`
   */
  interfaces?: () => readonly NetworkInterface[];
  /**
   * Whether clear text on an address that others can reach is wanted. A warning tells of it.
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
   * How long a handshake may take, in milliseconds; over TLS also the one of who connects, before that.
   * @default 5000
   */
  handshakeTimeout?: number;
  /**
   * How long nothing may come from a peer before the link to it is ended as cut, in milliseconds, 20 ms to an
   * hour. A silent peer is asked for a sign of life after a quarter of it.
   * @default 10000
   */
  silenceTimeout?: number;
  /**
   * How long a peer may take nothing of what is written to it before the link is ended, in milliseconds, 20 ms
   * to an hour.
   * @default 10000
   */
  writeTimeout?: number;
  /**
   * How long a node may be out of reach before those who watch its actors are told that it is down, in
   * milliseconds, 20 ms to an hour.
   * @default 10000
   */
  nodeDownTimeout?: number;
  /**
   * How long a part of a frame may wait for the rest, in milliseconds, before the link is ended; bytes that
   * trickle in do not extend it, but every 64 KiB of a larger frame, and every part of a large message, do.
   * @default 10000
   */
  stallTimeout?: number;
  /**
   * How long a link may carry neither messages nor requests before the node that dialled closes it, in
   * milliseconds; the next message dials again. `Infinity` keeps links.
   * @default 30000
   */
  idleTimeout?: number;
  /**
   * How long the end of remoting waits for peers, in milliseconds.
   * @default 5000
   */
  drainTimeout?: number;
  /**
   * How often one address may connect, before it is known who does: an IPv4 address, or the network (`/64`) of an
   * IPv6 address. More are closed at once, unread; who dials gets an error that says so, and may try again. A
   * GoAkt node opens a connection for each ask that it waits for, so that a thousand at once are honest. Does not
   * concern Unix sockets, which only programs of the own user reach.
   * @default { perSecond: 1000, burst: 4096 }
   */
  connectionRate?: ConnectionRate;
  /**
   * Connections whose handshake is under way, at most. Of more, those of an address that holds fewer than
   * another take the place of one of the other; the rest waits a moment and is refused. Given, it is also the
   * limit for TLS handshakes, 1280 otherwise, unless the transport has one of its own.
   * @default 256
   */
  maxHalfOpen?: number;
  /**
   * Connections that other nodes have opened, at most; more are refused. The last quarter is for peers that hold
   * few. As many may be dialled, or being so.
   * @default 4096
   */
  maxLinks?: number;
  /**
   * Bytes of large messages of all peers together, GoAkt peers aside, of which a part has come and the rest has
   * not, at most; at least `maxMessageBytes`. The connection whose next part would be too much is ended.
   * @default 268435456 (256 MiB)
   */
  maxUnfinishedBytes?: number;
  /**
   * Where figures about peers and links go.
   * @default none are taken
   */
  metrics?: RemoteMetrics;
  /**
   * How long to wait before a node is dialled again that could not be reached, or has said nothing: from `min`,
   * twice as long after each failure, up to `max`, by chance up to half shorter.
   * @default { min: 50, max: 2000 }
   */
  redialDelay?: RedialDelay;
  /**
   * How messages from 4 KiB on are compressed on the way to other nodes that read it; `"auto"` is zstd, and
   * not on the way to nodes of this machine.
   * @default "auto"
   */
  compression?: MessageCompression;
  /**
   * Go nodes of GoAkt v3.14 as peers, on the same port; `null` for none. Their protocol knows no
   * authentication: whoever reaches the port may talk to all actors. Over mutual TLS, who shows the certificate
   * of a node. Not together with {@linkcode SecurityOptions.authorize}.
   * @default with the defaults of its options where only programs of this machine or holders of a certificate
   * can connect, elsewhere null
   */
  goakt?: GoaktOptions | null;
}

/** Complete and checked options. */
export interface RemoteSettings extends NodeOptions {
  /** The address to listen on. */
  hostname: string;
  /** The port to listen on. */
  port: number;
  /** Where other nodes reach this one, when it is not where it listens. */
  advertise: { hostname: string; port?: number } | undefined;
  /** Addresses that might be right instead of the one that was chosen to be advertised. */
  alternatives: readonly string[];
  /** How often one address may connect. */
  connectionRate: Required<ConnectionRate>;
}

/**
 * Completes options with defaults.
 *
 * @throws {TypeError} When there is no option of a name, or it is of another type; when clear text on a routable
 * address was not asked for, or nobody could use the address, or an address for others was not found.
 * @throws {RangeError} When a limit is out of its range; the message names the range.
 */
export function checkedOptions(options: RemoteOptions): RemoteSettings {
  checkNodeKinds(options);
  const {
    hostname = "127.0.0.1",
    port = 0,
    interfaces = systemInterfaces,
    insecure = false,
    transport = new TcpTransport(),
    outboundBudget = OUTBOUND_BUDGET,
    maxMessageBytes = MAX_FRAME_BYTES,
    connectTimeout = CONNECT_TIMEOUT,
    handshakeTimeout = HANDSHAKE_TIMEOUT,
    silenceTimeout = 10_000,
    writeTimeout = 10_000,
    nodeDownTimeout = 10_000,
    stallTimeout = 10_000,
    idleTimeout = IDLE_TIMEOUT,
    drainTimeout = 5_000,
    connectionRate: { perSecond = 1_000, burst = MAX_LINKS } = {},
    maxHalfOpen = 256,
    maxLinks = MAX_LINKS,
    maxUnfinishedBytes = UNFINISHED_BYTES,
    redialDelay: { min = 50, max = 2_000 } = {},
    metrics,
    compression = "auto",
  } = options;
  const { security = "open" }: Transport = transport;
  const hasKey = options.key !== undefined;
  const reach = { hostname, security, hasKey };
  const isAsked = options.authorize !== undefined;
  const { goakt = isTrusted(reach) && !isAsked ? {} : null } = options;
  if (goakt !== null && isAsked) {
    throw new TypeError(
      'Cannot start remoting: "authorize" cannot be asked about GoAkt peers, whose protocol does not say who they are, the option "goakt" as null was expected',
    );
  }
  checkInteger(
    ACTION,
    "maxMessageBytes",
    maxMessageBytes,
    MIN_FRAME_LIMIT,
    MAX_FRAME_BYTES,
  );
  const highest = Number.MAX_SAFE_INTEGER;
  checkInteger(ACTION, "outboundBudget", outboundBudget, 1, highest);
  checkRange(ACTION, "connectionRate.perSecond", perSecond, 1, Infinity);
  checkRange(ACTION, "connectionRate.burst", burst, 1, Infinity);
  checkInteger(ACTION, "maxHalfOpen", maxHalfOpen, 1, highest);
  checkInteger(ACTION, "maxLinks", maxLinks, 1, highest);
  checkInteger(
    ACTION,
    "maxUnfinishedBytes",
    maxUnfinishedBytes,
    maxMessageBytes,
    highest,
  );
  const times = {
    connectTimeout,
    handshakeTimeout,
    stallTimeout,
    drainTimeout,
  };
  for (const [name, value] of Object.entries(times)) {
    checkRange(ACTION, name, value, 1, highest);
  }
  checkRange(ACTION, "idleTimeout", idleTimeout, 1, Infinity);
  const deadlines = { silenceTimeout, writeTimeout, nodeDownTimeout };
  for (const [name, value] of Object.entries(deadlines)) {
    checkRange(ACTION, name, value, SHORTEST_DEADLINE, LONGEST_DEADLINE);
  }
  checkRange(ACTION, "redialDelay.min", min, 1, LONGEST_DEADLINE);
  checkRange(ACTION, "redialDelay.max", max, min, LONGEST_DEADLINE);
  checkPort(port, 0);
  checkBind(reach, { insecure });
  let { advertise } = options;
  let alternatives: readonly string[] = [];
  if (advertise !== undefined) checkAdvertised(advertise);
  else if (isWildcard(hostname) && security !== "private") {
    const { others, ...own } = ownAddress(hostname, interfaces);
    [advertise, alternatives] = [own, others];
  }
  return {
    hostname,
    port,
    advertise,
    alternatives,
    connectionRate: { perSecond, burst },
    transport,
    budget: outboundBudget,
    maxMessageBytes,
    connectTimeout,
    handshakeTimeout,
    ...deadlines,
    stallTimeout,
    idleTimeout,
    drainTimeout,
    maxHalfOpen,
    maxLinks,
    maxUnfinishedBytes,
    security: checkedSecurity(options),
    redialDelay: { min, max },
    metrics,
    goakt,
    compression,
  };
}
