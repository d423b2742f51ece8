/**
 * A GoAkt node in a process of its own, steered line by line. Its program is built by the run of the tests.
 * @module
 */

import { programOf } from "../program.ts";

/** The built program, or `undefined` when Go is not installed. */
export const GO_PROGRAM: string | undefined = programOf(
  "TROUPE_GOAKT_NODE",
);

/** How a node is started. */
export interface GoNodeOptions {
  /**
   * How its connections are compressed.
   * @default "none"
   */
  compression?: string;
  /**
   * Its port.
   * @default a free one
   */
  port?: number;
  /** More arguments. */
  args?: readonly string[];
}

/** What the node is to do; see `command` in `node/node.go`. */
export interface GoCommand {
  op: string;
  system?: string;
  port?: number;
  name?: string;
  kind?: string;
  from?: string;
  texts?: readonly string[];
  timeout?: number;
  count?: number;
}

/** What came of it. */
export interface GoAnswer {
  readonly error?: string;
  readonly texts?: readonly string[];
  readonly address?: string;
  readonly count?: number;
}

/** One process. Disposing stops it. */
export class GoNode implements AsyncDisposable {
  readonly port: number;
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting: Map<number, (answer: GoAnswer) => void> = new Map();
  readonly #started: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #reading: Promise<void>;
  #last = 0;

  private constructor(process: Deno.ChildProcess, port: number) {
    this.port = port;
    this.#process = process;
    this.#input = process.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Starts a node called "gopher" and waits until it listens. */
  static async start(
    { compression = "none", port = freePort(), args = [] }: GoNodeOptions = {},
  ): Promise<GoNode> {
    const process = new Deno.Command(GO_PROGRAM ?? "", {
      args: [
        "-port",
        `${port}`,
        "-compression",
        compression,
        ...args,
        "node",
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const node = new GoNode(process, port);
    await node.#started.promise;
    return node;
  }

  /** The address of an actor of the node. */
  address(name: string): string {
    return `goakt://gopher@127.0.0.1:${this.port}/${name}`;
  }

  /** Has the node do something; what went wrong is in the answer. */
  async attempt(command: GoCommand): Promise<GoAnswer> {
    const id = ++this.#last;
    const answer = new Promise<GoAnswer>((resolve) =>
      this.#waiting.set(id, resolve)
    );
    const line = `${JSON.stringify({ id, ...command })}\n`;
    await this.#input.write(new TextEncoder().encode(line));
    return await answer;
  }

  /** Has the node do something that must succeed. */
  async run(command: GoCommand): Promise<GoAnswer> {
    const answer = await this.attempt(command);
    if (answer.error === undefined) return answer;
    throw new Error(`Cannot ${command.op} from Go: ${answer.error}`);
  }

  /** What an actor of the node was told and asked, in order. */
  async seen(name: string): Promise<readonly string[]> {
    return (await this.run({ op: "seen", name })).texts ?? [];
  }

  /** Ends the process at once, as a crash does. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#end();
  }

  /** Stops the node in peace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {}); // it may have been killed
    await this.#end();
  }

  async #end(): Promise<void> {
    await this.#process.status;
    await this.#reading;
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of this.#process.stdout) {
      rest += decoder.decode(chunk, { stream: true });
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(JSON.parse(line));
    }
    this.#started.reject(new Error("the GoAkt node has ended"));
    for (const resolve of this.#waiting.values()) {
      resolve({ error: "the GoAkt node has ended" });
    }
  }

  #take({ id, ...answer }: GoAnswer & { readonly id: number }): void {
    if (id === 0) return this.#started.resolve();
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(answer);
  }
}

/** A port of the loopback address that nobody listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
