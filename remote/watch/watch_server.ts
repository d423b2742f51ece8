/**
 * Watches and links that peers ask for.
 * @module
 */

import type { Cell } from "../../actor/cell/cell.ts";
import { acceptLink, endAcceptedLink } from "../../actor/supervision/links.ts";
import { Pid } from "../../actor/reference/pid.ts";
import type { BaseRef } from "../../actor/reference/ref.ts";
import { FrameError, OverloadedError } from "../errors.ts";
import type { Link } from "../link/link.ts";
import { nodeKey } from "../node/peer.ts";
import type { DecodedFrame } from "../wire/fields.ts";
import {
  MOST_WATCHES,
  ServedWatches,
  type ServedWatchesHost,
} from "./served_watches.ts";

/** What serving watches needs of the node. */
export interface WatchServerHost extends ServedWatchesHost {
  /** A reference to an actor of a peer. */
  sender(pid: Pid): BaseRef;
}

interface Served {
  readonly watches: ServedWatches;
  /** Links that were made over this connection and have not ended. */
  links: number;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Has actors of this node watched by peers, and linked with actors of theirs. */
export class WatchServer {
  readonly #host: WatchServerHost;
  readonly #mostLinks: number;
  readonly #served: WeakMap<Link, Served> = new WeakMap();

  /** Takes how many links there may be over one connection. */
  constructor(host: WatchServerHost, mostLinks: number = MOST_WATCHES) {
    this.#host = host;
    this.#mostLinks = mostLinks;
  }

  /**
   * Has `cell` watched over `link`.
   *
   * @throws {OverloadedError} When the peer watches too much.
   */
  watch(link: Link, number: number, cell: Cell): void {
    this.#of(link).watches.begin(number, cell);
  }

  /** Ends a watch. */
  unwatch(link: Link, number: number): void {
    this.#served.get(link)?.watches.end(number);
  }

  /**
   * Has `cell` feel the end of the actor that the frame names.
   *
   * @throws {FrameError} When that is not an actor of the peer.
   * @throws {OverloadedError} When the peer has linked too much.
   */
  link(link: Link, cell: Cell, frame: DecodedFrame): void {
    const ref = this.#linked(link, frame);
    const served = this.#of(link);
    if (served.links >= this.#mostLinks) {
      throw new OverloadedError(link.node, `link "${ref.pid}" with`);
    }
    if (acceptLink(cell, ref, () => served.links--)) served.links++;
  }

  /** Ends that. */
  unlink(link: Link, cell: Cell | undefined, frame: DecodedFrame): void {
    const ref = this.#linked(link, frame);
    if (cell !== undefined) endAcceptedLink(cell, ref);
  }

  #of(link: Link): Served {
    let served = this.#served.get(link);
    if (served === undefined) {
      served = { watches: new ServedWatches(this.#host, link), links: 0 };
      this.#served.set(link, served);
    }
    return served;
  }

  /** Only an actor of the peer itself: who could name others would have them dialled. */
  #linked(link: Link, frame: DecodedFrame): BaseRef {
    const { peer } = link;
    const pid = Pid.parse(decoder.decode(frame.payload().subarray(0, 2_048)));
    if (peer !== undefined && nodeKey(pid) === nodeKey(peer)) {
      return this.#host.sender(pid);
    }
    throw new FrameError(
      "link two actors",
      `one of them is "${pid}"`,
      "an actor of the node that asks was expected",
    );
  }
}
