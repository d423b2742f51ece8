/**
 * What a node is made with.
 * @module
 */

import type { MessageCompression } from "../codec/compression.ts";
import type { GoaktOptions } from "../goakt/goakt.ts";
import type { RemoteMetrics } from "../metrics/metrics.ts";
import type { RedialDelay } from "./redials.ts";
import type { SecuritySettings } from "./security_options.ts";
import type { Transport } from "../transport/transport.ts";

/** Settings of a node, complete and checked; see `RemoteOptions`. */
export interface NodeOptions {
  transport: Transport;
  budget: number;
  maxMessageBytes: number;
  connectTimeout: number;
  handshakeTimeout: number;
  silenceTimeout: number;
  writeTimeout: number;
  stallTimeout: number;
  idleTimeout: number;
  drainTimeout: number;
  maxHalfOpen: number;
  maxLinks: number;
  maxUnfinishedBytes: number;
  security: SecuritySettings;
  redialDelay: Required<RedialDelay>;
  nodeDownTimeout: number;
  metrics: RemoteMetrics | undefined;
  goakt: GoaktOptions | null;
  compression: MessageCompression;
}
