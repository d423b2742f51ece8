/**
 * A program in a process of its own, seen through what it prints.
 *
 * @module
 */
import { resolve } from "node:path";

/** The folder of the project. */
export const ROOT: string = resolve(import.meta.dirname ?? ".", "../..");

/** How long a program may take for what a test waits for, in milliseconds. */
const PATIENCE = 60_000;

/** What a program has left behind. */
export interface Ending {
  /** Its exit code. */
  readonly code: number;
  /** What it printed. */
  readonly stdout: string;
  /** What it and the processes that it started printed on standard error. */
  readonly stderr: string;
}

/** A running program. Disposing kills it. */
export class Program implements AsyncDisposable {
  #child: Deno.ChildProcess;
  #stdout: Printed;
  #stderr: Printed;

  /** Starts Deno with these arguments; in the folder of the project, unless another one is among them. */
  constructor(...args: (string | { readonly cwd: string })[]) {
    const place = args.find((arg) => typeof arg !== "string");
    this.#child = new Deno.Command(Deno.execPath(), {
      args: args.filter((arg) => typeof arg === "string"),
      cwd: place?.cwd ?? ROOT,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#stdout = new Printed(this.#child.stdout);
    this.#stderr = new Printed(this.#child.stderr);
  }

  /** The process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Waits until standard output has a match. */
  printed(pattern: RegExp): Promise<RegExpMatchArray> {
    return this.#before(`a match of ${pattern}`, this.#stdout.match(pattern));
  }

  /** Sends a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /**
   * Waits for the end. Processes that it started share its standard error, so they have ended too.
   *
   * @param patience For how long, in milliseconds.
   */
  end(patience: number = PATIENCE): Promise<Ending> {
    const ending = Promise.all([
      this.#child.status,
      this.#stdout.end,
      this.#stderr.end,
    ]);
    return this.#before(
      "the end",
      ending.then(([{ code }, stdout, stderr]) => ({ code, stdout, stderr })),
      patience,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended
    }
    await this.end();
  }

  async #before<T>(
    what: string,
    work: Promise<T>,
    patience = PATIENCE,
  ): Promise<T> {
    let timer;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const found = `${this.#stdout.text}${this.#stderr.text}`;
        reject(
          new Error(
            `Process ${this.pid} did not come to ${what} within ${patience} ms, it printed:\n${found}`,
          ),
        );
      }, patience);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Whether a process runs; one that has ended and was waited for does not. */
export function isRunning(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT"); // does nothing to a process that runs
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What comes out of one stream. */
class Printed {
  text = "";
  readonly end: Promise<string>;
  #waiting: { pattern: RegExp; resolve: (match: RegExpMatchArray) => void }[] =
    [];

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.end = this.#read(stream);
  }

  async match(pattern: RegExp): Promise<RegExpMatchArray> {
    const { promise, resolve } = Promise.withResolvers<RegExpMatchArray>();
    this.#waiting.push({ pattern, resolve });
    this.#check();
    return await Promise.race([
      promise,
      this.end.then((text) => {
        throw new Error(`There was no match of ${pattern} in:\n${text}`);
      }),
    ]);
  }

  async #read(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<string> {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      this.text += part;
      this.#check();
    }
    return this.text;
  }

  #check(): void {
    this.#waiting = this.#waiting.filter(({ pattern, resolve }) => {
      const match = this.text.match(pattern);
      if (match !== null) resolve(match);
      return match === null;
    });
  }
}
