/**
 * A link of the network that can be disturbed, between two real sockets.
 * @module
 */

/** Forwards what comes to its port to another one, until it is told otherwise. */
export class Proxy implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #target: number;
  readonly #conns: Set<Deno.TcpConn> = new Set();
  readonly #pumps: Set<Promise<void>> = new Set();
  readonly #accepting: Promise<void>;
  #held: PromiseWithResolvers<void> | undefined = undefined;
  #state: "open" | "closed" = "open";

  /** Forwards to `target`, a port of this machine. */
  constructor(target: number) {
    this.#target = target;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accepting = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** How many connections it has taken that are not over. */
  get connections(): number {
    return this.#conns.size / 2;
  }

  /** Forwards nothing more, in either direction, without a word to either end. */
  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  /** Forwards again, beginning with what was held. */
  release(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  /** Ends all connections at both ends. */
  reset(): void {
    for (const conn of [...this.#conns]) this.#close(conn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = "closed";
    this.#listener.close();
    this.reset();
    this.release();
    await this.#accepting;
    await Promise.all(this.#pumps);
  }

  async #accept(): Promise<void> {
    while (this.#state === "open") {
      let near: Deno.TcpConn;
      try {
        near = await this.#listener.accept();
      } catch {
        return; // closed
      }
      this.#conns.add(near);
      const far = await Deno.connect({ port: this.#target }).catch(() =>
        undefined
      );
      if (far === undefined) {
        this.#close(near);
        continue;
      }
      this.#conns.add(far);
      this.#start(near, far);
      this.#start(far, near);
    }
  }

  #start(from: Deno.TcpConn, to: Deno.TcpConn): void {
    const pump = this.#pump(from, to).finally(() => {
      this.#pumps.delete(pump);
      this.#close(from);
      this.#close(to);
    });
    this.#pumps.add(pump);
  }

  async #pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (;;) {
        const count = await from.read(buffer);
        await this.#held?.promise;
        if (count === null) return;
        for (let sent = 0; sent < count;) {
          sent += await to.write(buffer.subarray(sent, count));
        }
      }
    } catch {
      // An end is gone, and so is the other soon.
    }
  }

  #close(conn: Deno.TcpConn): void {
    if (this.#conns.delete(conn)) conn.close();
  }
}
