/**
 * A node, seen from outside: a process that is started, and stopped.
 *
 * @module
 */

import { DemoError } from "./demo_error.ts";

/** How long a node may take to end by itself, in milliseconds. */
const PATIENCE = 3_000;

/** The program that a node runs: this one, with another argument. */
const PROGRAM = new URL("../word_count.ts", import.meta.url).href;

/** Says that a node ended although it was still needed. */
export class NodeLost extends DemoError {
  /** Which node. */
  readonly node: NodeProcess;

  /** Names the node, and what ended it. */
  constructor(node: NodeProcess, how: string) {
    super(`Lost node ${node}: ${how}`);
    this.node = node;
  }
}

/** A running node. Disposing ends it. */
export class NodeProcess implements AsyncDisposable {
  /** The name of its actor system. */
  readonly name: string;
  /** Where other nodes reach it: `system@host:port`. */
  readonly address: string;
  /** Resolves when the process is gone, with what ended it. */
  readonly ended: Promise<string>;
  #child: Deno.ChildProcess;

  private constructor(name: string, address: string, child: Deno.ChildProcess) {
    this.name = name;
    this.address = address;
    this.ended = child.status.then(({ signal, code }) =>
      signal === null ? `it ended with code ${code}` : `${signal} ended it`
    );
    this.#child = child;
  }

  /**
   * Starts a node on a free port of this machine.
   *
   * @throws {DemoError} When it ends before it listens.
   */
  static async start(name: string): Promise<NodeProcess> {
    const own = ["--node", name];
    const child = new Deno.Command(Deno.execPath(), {
      args: Deno.build.standalone
        ? own
        : ["run", "--quiet", "--allow-net=127.0.0.1", PROGRAM, ...own],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const address = await firstLine(child.stdout);
    if (address !== undefined) return new NodeProcess(name, address, child);
    const { code } = await child.status;
    throw new DemoError(
      `Cannot start node "${name}": it ended with code ${code}`,
    );
  }

  /** The process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Name, address and process, for people. */
  toString(): string {
    return `"${this.name}" at ${this.address}, process ${this.pid}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE);
    // To a process that is gone already the pipe is broken; it has ended all the same.
    await this.#child.stdin.close().catch(() => {});
    await this.#child.status;
    clearTimeout(timer);
  }
}

async function firstLine(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<string | undefined> {
  let text = "";
  for await (const part of bytes.pipeThrough(new TextDecoderStream())) {
    text += part;
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  return undefined;
}
