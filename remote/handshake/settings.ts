/**
 * What two nodes have set differently.
 * @module
 */

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
  compare({ peer, settings }: Session): void {
    const found = differences(this.#own, settings);
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
export function differences(own: OwnSettings, peer: PeerSettings): string[] {
  const found: string[] = [];
  const { maxFrameBytes, versions } = own;
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
  return found;
}
