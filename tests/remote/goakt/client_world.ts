/**
 * A client of GoAkt peers and a scripted peer, in memory.
 * @module
 */

import { ActorSystem, type DeadLetter } from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { Pid } from "../../../actor/reference/pid.ts";
import { PROTOCOL } from "../../../actor/protocol/protocol.ts";
import type { BaseRef } from "../../../actor/reference/ref.ts";
import { parseFrame } from "../../../remote/frame.ts";
import { compressed } from "../../../remote/goakt/compression/compressed_connection.ts";
import { GoaktClient } from "../../../remote/goakt/client/goakt_client.ts";
import type { GoaktClientOptions } from "../../../remote/goakt/client/options.ts";
import type { ReachLog } from "../../../remote/goakt/client/reachability.ts";
import { FrameReader } from "../../../remote/goakt/frame_reader.ts";
import { MemoryNetwork } from "../../../remote/transport/memory_transport.ts";
import { RemoteMeters } from "../../../remote/metrics/meter.ts";
import type { RemoteMetrics } from "../../../remote/metrics/metrics.ts";
import type {
  Connection,
  Listener,
} from "../../../remote/transport/transport.ts";
import { ManualClock } from "../../../testing/manual_clock.ts";
import { Echo } from "./fixtures.ts";

/** One request that a scripted peer got. */
export interface Asked {
  readonly connection: number;
  readonly name: string;
  readonly body: Uint8Array;
  /** The metadata block, if there is one. */
  readonly metadata: Uint8Array | undefined;
  /** Writes a frame. */
  answer(frame: Uint8Array): Promise<void>;
  /** Closes the connection. */
  hangUp(): void;
}

/** A client on "here", whose peer on "there" does what `onRequest` says. */
export class ClientWorld implements AsyncDisposable {
  readonly clock: ManualClock = new ManualClock();
  readonly network: MemoryNetwork = new MemoryNetwork({ clock: this.clock });
  readonly system: ActorSystem;
  readonly client: GoaktClient;
  readonly deadLetters: DeadLetter[] = [];
  readonly requests: Asked[] = [];
  /** What the peer does with a request, besides remembering it. */
  onRequest: (asked: Asked) => void = () => {};
  /** How many connections it has taken. */
  accepted = 0;
  readonly #options: GoaktClientOptions;
  #listener: Listener | undefined = undefined;
  readonly #connections: Set<Connection> = new Set();

  constructor(
    options: GoaktClientOptions = {},
    metrics?: RemoteMetrics,
    reachLog?: ReachLog,
  ) {
    this.#options = { compression: "none", ...options };
    this.system = new ActorSystem("here", { clock: this.clock, logger: null });
    const { runtime } = internalsOf(this.system);
    runtime.events.tap(["dead_letter"], (event) => {
      if (event.type === "dead_letter") this.deadLetters.push(event);
    });
    this.client = new GoaktClient({
      runtime,
      transport: this.network.transport("here"),
      options: this.#options,
      meters: metrics && new RemoteMeters(metrics, runtime.events, this.clock),
      reachLog,
    });
  }

  /** Starts the peer. */
  async listen(): Promise<void> {
    this.#listener = await this.network.transport("there").listen({
      hostname: "there",
      port: 9000,
    });
    void this.#accept(this.#listener);
  }

  /** Takes no further connections. */
  async refuse(): Promise<void> {
    await this.#listener?.close();
  }

  /** Ends the peer and its connections. */
  async unlisten(): Promise<void> {
    await this.#listener?.close();
    for (const connection of this.#connections) connection.close();
  }

  ref(name = "a"): BaseRef<typeof Echo> {
    const pid = new Pid({
      system: "go",
      host: "there",
      port: 9000,
      path: name,
    });
    return this.client.ref(Echo[PROTOCOL], pid) as BaseRef<typeof Echo>;
  }

  /** Lets everything come to rest. */
  settle(): Promise<void> {
    return this.clock.settle();
  }

  get reasons(): string[] {
    return this.deadLetters.map(({ reason }) => reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.unlisten();
    await this.settle();
    const drained = this.system.drain({ timeout: 100 });
    await this.clock.advance(200);
    await drained;
    if (this.client.connections !== 0) throw new Error("connections are left");
    if (this.clock.pending !== 0) throw new Error("timers are left");
  }

  async #accept(listener: Listener): Promise<void> {
    for (;;) {
      const raw = await listener.accept();
      if (raw === undefined) return;
      const number = ++this.accepted;
      void this.#serve(
        compressed(raw, this.#options.compression ?? "none"),
        number,
      );
    }
  }

  async #serve(connection: Connection, number: number): Promise<void> {
    this.#connections.add(connection);
    const reader = new FrameReader();
    try {
      for (;;) {
        const bytes = await connection.read();
        if (bytes === undefined) break;
        reader.push(bytes);
        for (
          let frame = reader.next();
          frame !== undefined;
          frame = reader.next()
        ) {
          const asked: Asked = {
            connection: number,
            name: frame.name,
            body: frame.body,
            metadata: frame.metadata,
            answer: async (bytes) => {
              parseFrame(bytes);
              await connection.write(bytes);
            },
            hangUp: () => connection.close(),
          };
          this.requests.push(asked);
          this.onRequest(asked);
        }
      }
    } catch {
      // The client has gone.
    } finally {
      connection.close();
      this.#connections.delete(connection);
    }
  }
}
