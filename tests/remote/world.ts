/**
 * Nodes on a network in memory, with time that only the test moves.
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  ActorSystem,
  type ActorSystemOptions,
  type AnyProtocol,
  type DeadLetter,
  type Warning,
} from "../../actor/mod.ts";
import { internalsOf } from "../../actor/system/system.ts";
import {
  MemoryNetwork,
  type MemoryNetworkOptions,
} from "../../remote/transport/memory_transport.ts";
import { Remote } from "../../remote/remote.ts";
import type { RemoteOptions } from "../../remote/remote_options.ts";
import type { Transport } from "../../remote/transport/transport.ts";
import { ManualClock } from "../../testing/manual_clock.ts";

/** A node with what it has reported. */
export interface Node {
  readonly name: string;
  readonly system: ActorSystem;
  readonly remote: Remote;
  readonly deadLetters: DeadLetter[];
  readonly warnings: Warning[];
}

export interface NodeSettings {
  system?: Omit<ActorSystemOptions, "clock" | "logger">;
  remote?: Omit<RemoteOptions, "hostname" | "insecure">;
}

/** Starts a node, whatever it is on, and collects what it reports. */
export async function startNode(
  name: string,
  system: ActorSystemOptions,
  remote: RemoteOptions,
): Promise<Node> {
  const actorSystem = new ActorSystem(name, { logger: null, ...system });
  const deadLetters: DeadLetter[] = [];
  const warnings: Warning[] = [];
  internalsOf(actorSystem).runtime.events.tap(
    ["dead_letter", "warning"],
    (event) => {
      if (event.type === "dead_letter") deadLetters.push(event);
      else if (event.type === "warning") warnings.push(event);
    },
  );
  return {
    name,
    system: actorSystem,
    remote: await Remote.start(actorSystem, remote),
    deadLetters,
    warnings,
  };
}

/** What a node warns of that others can reach in clear text. */
export const IN_CLEAR_TEXT: RegExp =
  /^this node listens on "[^"]+": others can reach it and (nothing is encrypted|read what is said), as the option "insecure" allows/;

/** A network with its clock. Disposing drains all nodes and fails when anything of them is left. */
export class World implements AsyncDisposable {
  readonly clock: ManualClock = new ManualClock();
  readonly network: MemoryNetwork;
  readonly #nodes: Node[] = [];

  constructor(options: Omit<MemoryNetworkOptions, "clock"> = {}) {
    this.network = new MemoryNetwork({ ...options, clock: this.clock });
  }

  transport(host: string): Transport {
    return this.network.transport(host);
  }

  /** Starts a node on the host of its name. */
  async node(
    name: string,
    { system, remote }: NodeSettings = {},
  ): Promise<Node> {
    const node = await startNode(name, { ...system, clock: this.clock }, {
      transport: this.transport(name),
      compression: "none", // what is counted in bytes stays as large as it is
      ...remote,
      hostname: name,
      insecure: true,
    });
    const [first] = node.warnings;
    // All nodes of this network are, on purpose.
    if (IN_CLEAR_TEXT.test(first?.text ?? "")) node.warnings.shift();
    this.#nodes.push(node);
    return node;
  }

  /** Lets everything come to rest; time does not move. */
  settle(): Promise<void> {
    return this.clock.settle();
  }

  /** Ends the remoting of a node, moving time on as far as that takes. */
  async drain({ remote }: Node): Promise<void> {
    let isOver = false;
    const done = remote.drain().finally(() => isOver = true);
    await this.settle();
    for (let step = 0; !isOver && step < 20; step++) {
      await this.clock.advance(1_000);
    }
    assertEquals(isOver, true, "draining takes more than 20 s");
    await done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.#nodes) await this.drain(node);
    for (const { system } of this.#nodes) {
      const done = system.drain({ timeout: 100 });
      await this.clock.advance(200);
      await done;
    }
    await this.settle();
    assertEquals(this.#nodes.map(({ remote }) => remote.connections), [
      ...this.#nodes.map(() => 0),
    ]);
    assertEquals(this.network.connections, 0, "connections are left");
    assertEquals(this.clock.pending, 0, "timers are left");
  }
}

/** `goakt://system@host:port/path` for an actor of a node. */
export function addressOf({ remote, name }: Node, path: string): string {
  return `goakt://${name}@${remote.host}:${remote.port}/${path}`;
}

/** The reasons of dead letters, counted. */
export function reasons(
  deadLetters: readonly DeadLetter[],
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of deadLetters) {
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

/** Everything the node warned of, in one text. */
export function warned({ warnings }: Node): string {
  return warnings.map(({ text }) => text).join("\n");
}

export type { AnyProtocol };
