/**
 * A network in memory, for tests: hosts by name, connections that arrive in the order of calls,
 * and faults that a test switches on and off.
 * @module
 */

import { type Clock, systemClock, type Timer } from "../../internal/clock.ts";
import { ConnectError } from "../errors.ts";
import { gated } from "./gated_listener.ts";
import {
  BACKLOG,
  MemoryConnection,
  MemoryListener,
} from "./memory_endpoint.ts";
import { MemoryPipe, type MemoryPipeOptions } from "./memory_pipe.ts";
import {
  checkPort,
  CONNECT_TIMEOUT,
  type Connection,
  type ConnectOptions,
  formatAddress,
  type Listener,
  ListenError,
  type ListenOptions,
  type Transport,
} from "./transport.ts";

/** How a {@linkcode MemoryNetwork} behaves. */
export interface MemoryNetworkOptions {
  /**
   * How many bytes each direction of a connection holds before the writer waits.
   * @default {262144}
   */
  capacity?: number;
  /**
   * How many bytes one read returns at most. Small values show who relies on whole messages.
   * @default {65536}
   */
  readSize?: number;
  /**
   * The time that delays and connect timeouts are counted in.
   * @default {systemClock}
   */
  clock?: Clock;
}

/** What is wrong with one direction between two hosts. */
export interface LinkFaults {
  /**
   * Nothing passes, not even the news that a connection ended; connects wait for it to end.
   * @default {false}
   */
  cut?: boolean;
  /**
   * Connections can be made, but what is written does not arrive, as if the reader stood still.
   * @default {false}
   */
  stalled?: boolean;
  /**
   * Milliseconds from a write to its arrival. Order is kept.
   * @default {0}
   */
  delay?: number;
}

/** The first port given out for port 0 and for the own end of a connection. */
const FIRST_FREE_PORT = 49_152;
const LOOPBACK: readonly string[] = ["127.0.0.1", "::1", "localhost"];
const ANY: readonly string[] = ["0.0.0.0", "::"];

/** One connection with both its ends; `forward` goes from the host that dialled. */
interface Link {
  readonly from: string;
  readonly to: string;
  readonly forward: MemoryPipe;
  readonly backward: MemoryPipe;
}

/** What the listeners, transports and connections of a network see of it. */
interface Wiring {
  /** By host and port, see {@linkcode key}; entries go when the listener closes. */
  readonly listeners: Map<string, MemoryListener>;
  connect(from: string, options: ConnectOptions): Promise<Connection>;
  freePort(): number;
}

/**
 * Hosts that reach each other in memory. Everything happens on microtasks, in the order of calls;
 * only a delay and a connect timeout involve the clock. A link that is cut keeps what was written
 * to it, up to its capacity, and delivers it when it is healed, as TCP would.
 *
 * @example
 * ```ts
 * import { MemoryNetwork } from "./memory_transport.ts";
 *
 * const network = new MemoryNetwork();
 * const [a, b] = [network.transport("a"), network.transport("b")];
 * await using listener = await b.listen({ hostname: "b", port: 0 });
 * using dialled = await a.connect({ hostname: "b", port: listener.port });
 * using accepted = await listener.accept();
 * await dialled.write(new Uint8Array([1, 2]));
 * console.log(await accepted?.read()); // Uint8Array [ 1, 2 ]
 * ```
 */
export class MemoryNetwork {
  readonly #capacity: number;
  readonly #readSize: number;
  readonly #clock: Clock;
  readonly #hosts: Set<string> = new Set();
  readonly #faults: Map<string, LinkFaults> = new Map();
  /** Finished ones are swept out whenever another is added. */
  #links: Link[] = [];
  /** Connects that wait for a cut to end; each removes itself. */
  readonly #waiting: Set<() => void> = new Set();
  readonly #wiring: Wiring;
  #nextPort = FIRST_FREE_PORT;

  /** Makes a network without hosts. */
  constructor(options: MemoryNetworkOptions = {}) {
    const { capacity = 256 * 1024, readSize = 64 * 1024, clock = systemClock } =
      options;
    if (!(capacity >= 1)) {
      throw new RangeError(
        `Cannot use a capacity of ${capacity}: at least 1 byte was expected`,
      );
    }
    if (!(readSize >= 1)) {
      throw new RangeError(
        `Cannot use a read size of ${readSize}: at least 1 byte was expected`,
      );
    }
    this.#capacity = capacity;
    this.#readSize = readSize;
    this.#clock = clock;
    this.#wiring = {
      listeners: new Map(),
      connect: (from, options) => this.#connect(from, options),
      freePort: () => this.#nextPort++,
    };
  }

  /** How many connections are not closed at both ends. */
  get connections(): number {
    this.#sweep();
    return this.#links.length;
  }

  /**
   * The transport of the host of that name, which exists from the first call on. A host reaches
   * others by their names and itself also by the loopback names.
   */
  transport(host: string): Transport {
    this.#hosts.add(host);
    return new MemoryTransport(host, this.#wiring);
  }

  /** Sets what is wrong from one host to another, replacing what was set before. */
  degrade(from: string, to: string, faults: LinkFaults = {}): void {
    this.#known(from);
    this.#known(to);
    const { cut = false, stalled = false, delay = 0 } = faults;
    if (cut || stalled || delay > 0) {
      this.#faults.set(key(from, to), { cut, stalled, delay });
    } else this.#faults.delete(key(from, to));
    for (const link of this.#links) {
      if (link.from === from && link.to === to) {
        disturb(link.forward, this.#state(from, to));
      }
      if (link.to === from && link.from === to) {
        disturb(link.backward, this.#state(from, to));
      }
    }
    if (!cut) { for (const retry of [...this.#waiting]) retry(); }
  }

  /** Cuts both directions between two hosts: see {@linkcode LinkFaults.cut}. */
  cut(a: string, b: string): void {
    this.degrade(a, b, { cut: true });
    this.degrade(b, a, { cut: true });
  }

  /** Ends all faults between two hosts. What waited arrives. */
  heal(a: string, b: string): void {
    this.degrade(a, b);
    this.degrade(b, a);
  }

  /** Ends all connections between two hosts; both ends meet a `DisconnectedError` at once. */
  reset(a: string, b: string): void {
    this.#known(a);
    this.#known(b);
    for (const link of this.#links) {
      const between = (link.from === a && link.to === b) ||
        (link.from === b && link.to === a);
      if (!between) continue;
      link.forward.fail();
      link.backward.fail();
    }
  }

  /** Ends the direction of all connections from one host to another, as its `closeWrite` would. */
  halfClose(from: string, to: string): void {
    this.#known(from);
    this.#known(to);
    for (const link of this.#links) {
      if (link.from === from && link.to === to) link.forward.end();
      if (link.to === from && link.from === to) link.backward.end();
    }
  }

  async #connect(from: string, options: ConnectOptions): Promise<Connection> {
    const { hostname, port, timeout = CONNECT_TIMEOUT, signal } = options;
    checkPort(port, 1);
    signal?.throwIfAborted();
    const to = LOOPBACK.includes(hostname) ? from : hostname;
    if (!this.#hosts.has(to)) {
      throw new ConnectError(
        formatAddress(hostname, port),
        "there is no such host",
      );
    }
    await this.#reachable(from, to, { hostname, port, timeout, signal });
    signal?.throwIfAborted();
    const listener = this.#wiring.listeners.get(key(to, String(port)));
    if (listener === undefined) {
      throw new ConnectError(
        formatAddress(hostname, port),
        "the connection was refused",
      );
    }
    const near = formatAddress(from, this.#wiring.freePort());
    const far = formatAddress(to, port);
    const shared = {
      capacity: this.#capacity,
      readSize: this.#readSize,
      clock: this.#clock,
    };
    const forward = this.#pipe(from, to, { from: near, to: far, ...shared });
    const backward = this.#pipe(to, from, { from: far, to: near, ...shared });
    if (!listener.offer(new MemoryConnection(far, near, forward, backward))) {
      throw new ConnectError(
        formatAddress(hostname, port),
        `${BACKLOG} connections wait to be accepted`,
      );
    }
    this.#sweep();
    this.#links.push({ from, to, forward, backward });
    return new MemoryConnection(near, far, backward, forward);
  }

  /** Resolves once nothing is cut between the hosts. */
  async #reachable(
    from: string,
    to: string,
    options: {
      hostname: string;
      port: number;
      timeout: number;
      signal: AbortSignal | undefined;
    },
  ): Promise<void> {
    const { hostname, port, timeout, signal } = options;
    const cut = () =>
      this.#faults.get(key(from, to))?.cut ||
      this.#faults.get(key(to, from))?.cut;
    if (!cut()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const retry = () => {
      if (!cut()) resolve();
    };
    const abort = () => reject(signal?.reason);
    const timer: Timer = this.#clock.setTimer(timeout, () => {
      reject(
        new ConnectError(
          formatAddress(hostname, port),
          `there was no answer within ${timeout} ms`,
        ),
      );
    });
    this.#waiting.add(retry);
    signal?.addEventListener("abort", abort);
    try {
      await promise;
    } finally {
      timer.cancel();
      this.#waiting.delete(retry);
      signal?.removeEventListener("abort", abort);
    }
  }

  #pipe(from: string, to: string, options: MemoryPipeOptions): MemoryPipe {
    const pipe = new MemoryPipe(options);
    disturb(pipe, this.#state(from, to));
    return pipe;
  }

  #state(from: string, to: string): LinkFaults {
    return this.#faults.get(key(from, to)) ?? {};
  }

  #sweep(): void {
    this.#links = this.#links.filter((link) =>
      !link.forward.finished || !link.backward.finished
    );
  }

  #known(host: string): void {
    if (this.#hosts.has(host)) return;
    const hosts = [...this.#hosts].map((name) => `"${name}"`).join(", ");
    throw new RangeError(
      `Cannot use host "${host}": the network has ${hosts || "no hosts"}`,
    );
  }
}

class MemoryTransport implements Transport {
  readonly scheme = "memory";
  readonly #host: string;
  readonly #wiring: Wiring;

  constructor(host: string, wiring: Wiring) {
    this.#host = host;
    this.#wiring = wiring;
  }

  // deno-lint-ignore require-await -- what it throws must reject
  async listen(options: ListenOptions): Promise<Listener> {
    const { hostname } = options;
    checkPort(options.port, 0);
    const port = options.port === 0 ? this.#wiring.freePort() : options.port;
    if (
      hostname !== this.#host && !LOOPBACK.includes(hostname) &&
      !ANY.includes(hostname)
    ) {
      throw new ListenError(
        formatAddress(hostname, port),
        "listen on",
        `it is not an address of host "${this.#host}"`,
      );
    }
    const place = key(this.#host, String(port));
    const { listeners } = this.#wiring;
    if (listeners.has(place)) {
      throw new ListenError(
        formatAddress(hostname, port),
        "listen on",
        "it is in use",
        { retryable: true },
      );
    }
    const listener = new MemoryListener(
      hostname,
      port,
      () => listeners.delete(place),
    );
    listeners.set(place, listener);
    return gated(listener, options.admits);
  }

  connect(options: ConnectOptions): Promise<Connection> {
    return this.#wiring.connect(this.#host, options);
  }
}

/** Neither a host nor a port contains the separator. */
function key(first: string, second: string): string {
  return `${first}>${second}`;
}

function disturb(pipe: MemoryPipe, faults: LinkFaults): void {
  pipe.disturb(
    faults.cut === true || faults.stalled === true,
    faults.delay ?? 0,
  );
}
