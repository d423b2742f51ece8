/**
 * Peers that open connections and say what a test wants them to say.
 * @module
 */

import { create } from "@bufbuild/protobuf";
import { RemoteLookupRequestSchema } from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { encodeMessage } from "../../../remote/goakt/messages.ts";
import type { Connection } from "../../../remote/transport/transport.ts";
import type { Node, World } from "../world.ts";

/** A request as a GoAkt peer may make it. */
export const LOOKUP: Uint8Array<ArrayBuffer> = encodeMessage(
  RemoteLookupRequestSchema,
  create(RemoteLookupRequestSchema, { host: "shop", port: 1, name: "a" }),
);

/** Connections to a node, which end before it does. */
export class Strangers implements Disposable {
  readonly all: Connection[] = [];
  readonly #world: World;
  readonly #node: Node;

  constructor(world: World, node: Node) {
    this.#world = world;
    this.#node = node;
  }

  /** Dials from a place and says something. */
  async come(from: string, bytes: Uint8Array): Promise<Connection> {
    const { name: hostname, remote: { port } } = this.#node;
    const connection = await this.#world.transport(from).connect({
      hostname,
      port,
    });
    this.all.push(connection);
    await connection.write(bytes);
    await this.#world.settle();
    return connection;
  }

  [Symbol.dispose](): void {
    for (const connection of this.all) connection.close();
  }
}
