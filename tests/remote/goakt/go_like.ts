/**
 * A node that speaks GoAkt's vocabulary alone, as GoAkt nodes do.
 * @module
 */

import { MissingRef } from "../../../actor/reference/local_ref.ts";
import { ActorSystem } from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { compressed } from "../../../remote/goakt/compression/compressed_connection.ts";
import type { Compression } from "../../../remote/goakt/compression/compression.ts";
import { RemoteLookupRequestSchema } from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { ErrorSchema } from "../../../remote/goakt/gen/internalpb/error_pb.ts";
import {
  decodeMessage,
  encodeMessage,
} from "../../../remote/goakt/messages.ts";
import {
  addressNotFound,
  PROBE_NAME,
  toErrorMessage,
} from "../../../remote/goakt/refusal.ts";
import { LocalHost } from "../../../remote/goakt/server/local_host.ts";
import { ServedConnection } from "../../../remote/goakt/server/served_connection.ts";
import { carryOut, isRequest } from "../../../remote/goakt/server/services.ts";
import type { ServerRequest } from "../../../remote/goakt/server/server_core.ts";
import { UNKNOWN_PROTOCOL } from "../../../remote/remote_ref.ts";
import type {
  Connection,
  Listener,
} from "../../../remote/transport/transport.ts";
import type { World } from "../world.ts";
import {
  Echo,
  echoHandlers,
  EchoKind,
  type EchoLog,
  STRANGER,
} from "./fixtures.ts";

const PORT = 9000;
/** How the streams end that GoAkt nodes write when they close a connection, whatever came before. */
const ENDINGS: Record<Compression, readonly number[]> = {
  none: [],
  zstd: [0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x48, 0x01, 0x00, 0x00],
  gzip: [0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00],
  brotli: [0x0b, 0x00, 0x80],
};

/** A connection that is closed with last words. */
class Ending implements Connection {
  readonly #connection: Connection;
  readonly #last: Uint8Array;

  constructor(connection: Connection, last: readonly number[]) {
    this.#connection = connection;
    this.#last = Uint8Array.from(last);
  }

  get remote(): string {
    return this.#connection.remote;
  }

  get local(): string {
    return this.#connection.local;
  }

  read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#connection.read();
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#connection.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#connection.closeWrite();
  }

  close(): void {
    const close = () => this.#connection.close();
    this.write(this.#last).then(close, close);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** How such a node behaves. */
export interface GoLikeOptions {
  /** How its connections are compressed. */
  compression?: Compression;
  /** Whether it owns up to being one of ours, which refuses the lookup that GoAkt nodes are found out by. */
  nature?: "go" | "troupe";
}

/** The node "there". Disposing ends it. */
export class GoLike implements AsyncDisposable {
  readonly system: ActorSystem;
  readonly #options: GoLikeOptions;
  readonly #world: World;
  readonly #served: Set<ServedConnection> = new Set();
  #listener: Listener | undefined = undefined;
  /** How many connections were made, and the names of the requests on them. */
  accepted = 0;
  readonly requests: string[] = [];

  constructor(world: World, options: GoLikeOptions = {}) {
    this.#world = world;
    this.#options = options;
    const { clock } = world;
    const kinds = [EchoKind];
    this.system = new ActorSystem("go", { clock, logger: null, kinds });
  }

  /** `goakt://go@there:9000/name`. */
  address(name: string): string {
    return `goakt://go@there:${PORT}/${name}`;
  }

  echo(name: string): EchoLog {
    const log: EchoLog = { texts: [], senders: [], foreign: [] };
    this.system.spawn(Echo, () => echoHandlers(log), { name });
    return log;
  }

  async listen(): Promise<this> {
    this.#listener = await this.#world.transport("there").listen({
      hostname: "there",
      port: PORT,
    });
    void this.#accept(this.#listener);
    return this;
  }

  async unlisten(): Promise<void> {
    await this.#listener?.close();
    for (const served of this.#served) served.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unlisten();
    const drained = this.system.drain({ timeout: 100 });
    await this.#world.clock.advance(200);
    await drained;
  }

  async #accept(listener: Listener): Promise<void> {
    const { compression = "zstd" } = this.#options;
    const internals = internalsOf(this.system);
    const { runtime } = internals;
    const host = new LocalHost(internals, {
      place: { host: "there", port: PORT },
      sender: (pid) => new MissingRef(runtime, pid, UNKNOWN_PROTOCOL),
      reply: () => {},
    });
    for (;;) {
      const connection = await listener.accept();
      if (connection === undefined) return;
      this.accepted++;
      const ending = new Ending(connection, ENDINGS[compression]);
      const served = new ServedConnection(compressed(ending, compression), {
        clock: runtime.clock,
        knows: isRequest,
        handle: (request) => this.#handle(host, request),
      });
      this.#served.add(served);
      served.run().catch(() => {}).finally(() => this.#served.delete(served));
    }
  }

  #handle(
    host: LocalHost,
    request: ServerRequest,
  ): Uint8Array | Promise<Uint8Array> {
    const { name, body } = request;
    this.requests.push(name.slice(name.indexOf(".") + 1));
    const isLookup = name === RemoteLookupRequestSchema.typeName;
    if (isLookup && this.#options.nature !== "troupe") {
      const wanted = decodeMessage(RemoteLookupRequestSchema, body).name;
      if (wanted === PROBE_NAME) {
        const refusal = addressNotFound(this.address(wanted));
        return encodeMessage(ErrorSchema, toErrorMessage(refusal));
      }
    }
    return carryOut(host, request, STRANGER);
  }
}
