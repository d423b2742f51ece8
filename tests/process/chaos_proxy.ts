/**
 * A link of the network that delays, stalls, half-closes and cuts at random.
 *
 * @module
 */
import type { Random } from "../../internal/random.ts";

/** What can happen to a link. */
export const FAULTS = ["delay", "stall", "half_close", "cut"] as const;

/** One of them. */
export type Fault = typeof FAULTS[number];

/** One direction of a connection. */
interface Way {
  readonly from: Deno.TcpConn;
  readonly to: Deno.TcpConn;
  /** Until when nothing is passed on. */
  stalledUntil: number;
  /** How much later than it came each piece is passed on, in milliseconds. */
  delay: number;
}

/** The longest time for which nothing is passed on, in milliseconds. */
const LONGEST_STALL = 2_500;
const LONGEST_DELAY = 40;

/** Passes on what comes to its port to another one, with a fault now and then. */
export class ChaosProxy implements AsyncDisposable {
  /** How often each fault has happened. */
  readonly faults: Record<Fault, number> = {
    delay: 0,
    stall: 0,
    "half_close": 0,
    cut: 0,
  };
  /** How many connections it has taken. */
  taken = 0;
  readonly #random: Random;
  readonly #listener: Deno.TcpListener;
  readonly #target: number;
  readonly #conns: Set<Deno.TcpConn> = new Set();
  readonly #ways: Set<Way> = new Set();
  readonly #pumps: Set<Promise<void>> = new Set();
  readonly #accepting: Promise<void>;
  #isCalm = false;

  /** Passes on to `target`, a port of this machine. */
  constructor(target: number, random: Random) {
    this.#target = target;
    this.#random = random;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accepting = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** How many connections are open, counted at both ends. */
  get connections(): number {
    return this.#conns.size;
  }

  /** Has one thing happen to one of the connections, if there is one. */
  disturb(): void {
    const ways = [...this.#ways];
    const way = ways[Math.floor(this.#random.next() * ways.length)];
    if (way === undefined || this.#isCalm) return;
    const choice = this.#random.next();
    const fault: Fault = choice < 0.4
      ? "delay"
      : choice < 0.65
      ? "stall"
      : choice < 0.8
      ? "half_close"
      : "cut";
    this.faults[fault]++;
    if (fault === "delay") way.delay = this.#random.next() * LONGEST_DELAY;
    else if (fault === "stall") {
      const { next } = this.#random;
      way.stalledUntil = performance.now() + next() ** 2 * LONGEST_STALL;
    } else if (fault === "half_close") {
      this.#ways.delete(way);
      way.to.closeWrite().catch(() => {}); // it is closed already
    } else {
      this.#close(way.from);
      this.#close(way.to);
    }
  }

  /** Lets everything pass from now on. */
  calm(): void {
    this.#isCalm = true;
    for (const way of this.#ways) {
      way.delay = 0;
      way.stalledUntil = 0;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.calm();
    this.#listener.close();
    for (const conn of [...this.#conns]) this.#close(conn);
    await this.#accepting;
    await Promise.all(this.#pumps);
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) {
      this.taken++;
      this.#conns.add(near);
      const far = await Deno.connect({ port: this.#target }).catch(() =>
        undefined
      );
      if (far === undefined || !this.#conns.has(near)) {
        this.#close(near);
        far?.close();
        continue;
      }
      this.#conns.add(far);
      let open = 2;
      for (const [from, to] of [[near, far], [far, near]] as const) {
        const pump = this.#pump({ from, to, stalledUntil: 0, delay: 0 })
          .finally(() => {
            this.#pumps.delete(pump);
            if (--open > 0) return;
            this.#close(near);
            this.#close(far);
          });
        this.#pumps.add(pump);
      }
    }
  }

  async #pump(way: Way): Promise<void> {
    const { from, to } = way;
    const buffer = new Uint8Array(65_536);
    this.#ways.add(way);
    try {
      for (;;) {
        const count = await from.read(buffer);
        await this.#hold(way);
        if (count === null) return await to.closeWrite();
        for (let sent = 0; sent < count;) {
          // Frames are torn apart wherever they are.
          const piece = 1 + Math.floor(this.#random.next() * (count - sent));
          sent += await to.write(buffer.subarray(sent, sent + piece));
        }
      }
    } catch {
      // An end is gone, and so is the other: half a connection is nobody's.
      this.#close(from);
      this.#close(to);
    } finally {
      this.#ways.delete(way);
    }
  }

  /** Waits as long as the direction is delayed or stalled. */
  async #hold(way: Way): Promise<void> {
    if (way.delay > 0) await pause(way.delay);
    while (performance.now() < way.stalledUntil) await pause(10);
  }

  #close(conn: Deno.TcpConn): void {
    if (this.#conns.delete(conn)) conn.close();
  }
}

/** Resolves after that many milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
