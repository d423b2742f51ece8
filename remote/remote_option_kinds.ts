/**
 * What the options of nodes and clients must be.
 * @module
 */

import type { RemoteConnectOptions } from "./client.ts";
import { GOAKT_KINDS } from "./goakt/goakt_option_kinds.ts";
import type { ConnectionRate } from "./node/gate.ts";
import type { ClientLimits } from "./node/access.ts";
import type { RedialDelay } from "./node/redials.ts";
import {
  checkOptions,
  FLAG,
  FUNCTION,
  group,
  groupOrNull,
  having,
  listOf,
  NUMBER,
  OBJECT,
  oneOf,
  type OptionKind,
  type OptionKinds,
  TEXT,
  WORD,
} from "./option_kinds.ts";
import type { RemoteOptions } from "./remote_options.ts";
import { TRANSPORT } from "./transport/transport_kind.ts";

const KEY: OptionKind = {
  wanted: "a Uint8Array or a text",
  accepts: (value) => typeof value === "string" || value instanceof Uint8Array,
};
const ADVERTISED: OptionKinds<NonNullable<RemoteOptions["advertise"]>> = {
  hostname: TEXT,
  port: NUMBER,
};
const RATE: OptionKinds<ConnectionRate> = { perSecond: NUMBER, burst: NUMBER };
const REDIALS: OptionKinds<RedialDelay> = { min: NUMBER, max: NUMBER };
const LIMITS: OptionKinds<ClientLimits> = {
  messages: NUMBER,
  bytes: NUMBER,
  connections: NUMBER,
};

/** What nodes and clients have in common. */
const COMMON = {
  authorize: FUNCTION,
  clientLimits: group(LIMITS),
  compression: oneOf("auto", "none", "zstd", "gzip", "brotli"),
  connectTimeout: NUMBER,
  drainTimeout: NUMBER,
  exposed: listOf(TEXT),
  goakt: groupOrNull(GOAKT_KINDS),
  handshakeTimeout: NUMBER,
  idleTimeout: NUMBER,
  key: KEY,
  maxLinks: NUMBER,
  maxMessageBytes: NUMBER,
  maxUnfinishedBytes: NUMBER,
  metrics: having("forPeer"),
  nodeDownTimeout: NUMBER,
  outboundBudget: NUMBER,
  redialDelay: group(REDIALS),
  role: TEXT,
  silenceTimeout: NUMBER,
  stallTimeout: NUMBER,
  transport: TRANSPORT,
  writeTimeout: NUMBER,
} satisfies Partial<OptionKinds<RemoteOptions>>;

const NODE: OptionKinds<RemoteOptions> = {
  ...COMMON,
  advertise: group(ADVERTISED),
  connectionRate: group(RATE),
  hostname: WORD,
  insecure: FLAG,
  interfaces: FUNCTION,
  maxHalfOpen: NUMBER,
  port: NUMBER,
};

const CLIENT: OptionKinds<RemoteConnectOptions> = {
  ...COMMON,
  name: TEXT,
  system: OBJECT,
};

/** Checks the names and types of the options of a node; the ranges of numbers and the rest are checked elsewhere. */
export function checkNodeKinds(options: RemoteOptions): void {
  checkOptions("start remoting", options, NODE);
}

/** Checks the names and types of the options of a client; the rest is checked as that of a node. */
export function checkClientKinds(options: RemoteConnectOptions): void {
  checkOptions("make a client", options, CLIENT);
}
