/**
 * A node that somebody attacks over real sockets, and what attackers need.
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { ActorSystemOptions } from "../../actor/mod.ts";
import { DisconnectedError } from "../../remote/errors.ts";
import type { RemoteOptions } from "../../remote/remote_options.ts";
import { TcpTransport } from "../../remote/transport/tcp_transport.ts";
import type {
  Connection,
  Transport,
} from "../../remote/transport/transport.ts";
import { Box, type BoxLog, spawnBox } from "./actors.ts";
import { addressOf, type Node, startNode } from "./world.ts";

/** What an attack is made on. */
export interface Attacked {
  /** The node. */
  readonly b: Node;
  /** What its actor has seen. */
  readonly box: BoxLog;
  /** Its next warning, from now on. */
  warning(): Promise<string>;
}

/** What the nodes are made with, besides the options of the one that is attacked. */
export interface AttackedOptions {
  /** What each node is reached by. */
  transport?: () => Promise<Transport>;
  /** The system of the node that is attacked. */
  system?: ActorSystemOptions;
}

/** A node of "shop" with an actor, which serves an honest peer before and after; nothing is left of it at the end. */
export async function attacked(
  options: RemoteOptions,
  run: (it: Attacked) => Promise<void>,
  {
    transport = () => Promise.resolve(new TcpTransport()),
    system = {},
  }: AttackedOptions = {},
): Promise<void> {
  const { key } = options;
  const a = await startNode("shop", {}, {
    transport: await transport(),
    ...(key !== undefined && { key }),
  });
  const b = await startNode("shop", system, {
    transport: await transport(),
    ...options,
  });
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  assertEquals(await ref.ask(Box.echo(1)), 1);
  await run({ b, box, warning: () => nextWarning(b) });
  ref.tell(Box.put({ id: 2 }));
  assertEquals(await ref.ask(Box.ids()), [2]);
  assertEquals([box.ids, a.warnings], [[2], []]);
  for (const { remote } of [a, b]) await remote.drain();
  for (const { system } of [a, b]) await system.drain();
  assertEquals([a.remote.connections, b.remote.connections], [0, 0]);
}

/** The next warning of a node, from now on. */
export function nextWarning({ system }: Node): Promise<string> {
  const warnings = system.events.subscribe({ types: ["warning"] });
  return warnings.next().then(({ value }) => {
    warnings.unsubscribe();
    return value?.text ?? "the system has ended";
  });
}

/** What comes until the other end closes, one way or the other. */
export async function readAll(connection: Connection): Promise<string> {
  let text = "";
  try {
    for (;;) {
      const bytes = await connection.read();
      if (bytes === undefined) return text;
      text += new TextDecoder().decode(bytes);
    }
  } catch (error) {
    assert(error instanceof DisconnectedError, Deno.inspect(error));
    return text;
  } finally {
    connection.close();
  }
}

/** Passes on what comes, and the end of it; keeps a copy in `heard`. */
export async function pipe(
  from: Connection,
  to: Connection,
  heard: Uint8Array[] = [],
): Promise<void> {
  try {
    for (;;) {
      const bytes = await from.read();
      if (bytes === undefined) return await to.closeWrite();
      heard.push(bytes.slice());
      await to.write(bytes);
    }
  } catch (error) {
    assert(error instanceof DisconnectedError, Deno.inspect(error));
  }
}
