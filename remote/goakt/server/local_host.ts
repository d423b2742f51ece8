/**
 * The node that requests of GoAkt peers are carried out on.
 * @module
 */

import type { Cell } from "../../../actor/cell/cell.ts";
import type { KindRegistry } from "../../../actor/protocol/kind.ts";
import type { Pid } from "../../../actor/reference/pid.ts";
import type { BaseRef } from "../../../actor/reference/ref.ts";
import type { Runtime } from "../../../actor/system/runtime.ts";
import type { SystemInternals } from "../../../actor/system/system.ts";
import type { Payload } from "../payload.ts";
import type { GoaktHost, GrainTarget } from "./host.ts";

/** Where a node answers. */
export interface NodePlace {
  /** The advertised host. */
  readonly host: string;
  /** The advertised port. */
  readonly port: number;
  /** Other hosts that the node is dialled by, such as the one that it is bound to. */
  readonly aliases?: readonly string[];
  /** The port that the node is bound to, when that is another. */
  readonly boundPort?: number;
}

/** What a {@linkcode LocalHost} needs besides the system. */
export interface LocalHostOptions {
  /** Where the node answers. */
  place: NodePlace;
  /** A reference to whoever sent a message. */
  sender(pid: Pid): BaseRef;
  /** Tells a message of the protocol to an address. */
  reply(to: string, message: Payload): void;
  /**
   * Milliseconds since 1970.
   * @default {Date.now}
   */
  wallClock?: () => number;
}

/** An actor system as GoAkt peers see it. */
export class LocalHost implements GoaktHost {
  readonly runtime: Runtime;
  readonly kinds: KindRegistry;
  readonly host: string;
  readonly port: number;
  /** Set by the layer of grains while it runs. */
  grains: GrainTarget | undefined = undefined;
  /** Set to `"off"` when the node begins to leave. */
  remoting: "on" | "off" = "on";
  readonly #internals: SystemInternals;
  readonly #options: LocalHostOptions;
  readonly #names: ReadonlySet<string>;
  readonly #boundPort: number;

  constructor(internals: SystemInternals, options: LocalHostOptions) {
    const { host, port, aliases = [], boundPort = port } = options.place;
    this.runtime = internals.runtime;
    this.kinds = internals.kinds;
    this.host = host;
    this.port = port;
    this.#internals = internals;
    this.#options = options;
    this.#boundPort = boundPort;
    this.#names = new Set([host, ...aliases]);
  }

  answersTo(host: string, port: number): boolean {
    const isPort = port === this.port || port === this.#boundPort;
    return isPort && this.#names.has(host);
  }

  find(path: string): Cell | undefined {
    return this.#internals.find(path);
  }

  sender(pid: Pid): BaseRef {
    return this.#options.sender(pid);
  }

  load(): number {
    return this.#internals.count();
  }

  wallClock(): number {
    return (this.#options.wallClock ?? Date.now)();
  }

  reply(to: string, message: Payload): void {
    this.#options.reply(to, message);
  }
}
