/**
 * What two nodes have set differently.
 * @module
 */

import { canRead, type MessageCompression } from "../codec/compression.ts";
import {
  formatVersions,
  type PeerSettings,
  type Session,
  type VersionRange,
} from "./handshake.ts";
import { formatAddress } from "../transport/transport.ts";

/** The own settings. */
export interface OwnSettings {
  /** Bytes of the largest message that the own node takes. */
  readonly maxFrameBytes: number;
  /** The versions that it speaks. */
  readonly versions: VersionRange;
  /**
   * How messages are to be compressed.
   * @default none
   */
  readonly compression?: MessageCompression;
}

/** How many peers are remembered of which was said that they differ. */
const MOST_PEERS = 1_024;

/** Says once for each run of a peer what it has set in a way that limits what can pass. */
export class SettingsComparison {
  readonly #own: OwnSettings;
  readonly #warn: (text: string) => void;
  /** By address, the runs that were spoken of; the oldest goes when there are too many. */
  readonly #told: Map<string, string> = new Map();

  constructor(own: OwnSettings, warn: (text: string) => void) {
    this.#own = own;
    this.#warn = warn;
  }

  /** Compares the settings of the peer of a new connection. */
  compare({ peer, settings, compressions }: Session): void {
    const found = differences(this.#own, settings, compressions);
    if (found.length === 0) return;
    const address = formatAddress(peer.host, peer.port);
    if (this.#told.get(address) === peer.incarnation) return;
    this.#told.delete(address);
    this.#told.set(address, peer.incarnation);
    for (const [oldest] of this.#told) {
      if (this.#told.size <= MOST_PEERS) break;
      this.#told.delete(oldest);
    }
    this.#warn(
      `node "${address}" and this one have different settings: ${
        found.join("; ")
      }`,
    );
  }
}

/** What differs, in words that name both values. */
function differences(
  { maxFrameBytes, versions, compression = "none" }: OwnSettings,
  peer: PeerSettings,
  compressions: readonly number[],
): string[] {
  const found: string[] = [];
  if (peer.maxFrameBytes !== maxFrameBytes) {
    found.push(
      `it takes messages up to ${peer.maxFrameBytes} bytes, this one up to ${maxFrameBytes} bytes, so that none above ${
        Math.min(peer.maxFrameBytes, maxFrameBytes)
      } bytes passes between them`,
    );
  }
  if (peer.maxVersion < versions.max) {
    found.push(
      `it speaks the protocol up to version ${peer.maxVersion}, this one ${
        formatVersions(versions)
      }`,
    );
  }
  if (!canRead(compressions, compression)) {
    found.push(
      `it reads no ${compression}, so that messages to it are sent as they are`,
    );
  }
  return found;
}
