/**
 * Starts and ends nodes that are processes of their own.
 * @module
 */

/** A process with a node in it. */
export interface ChildNode extends AsyncDisposable {
  /** `child@host:port`. */
  readonly address: string;
  /** The port alone. */
  readonly port: number;
  /** Has it stand still, for ever, with its sockets open. */
  freeze(): void;
  /** Ends it without any chance to say goodbye; resolves once it is gone. */
  kill(): Promise<void>;
  /** Ends it in peace; resolves with its exit code. */
  end(): Promise<number>;
}

/** Starts a node on a port, or on a free one. */
export async function startChild(port = 0): Promise<ChildNode> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      new URL("remote_node.ts", import.meta.url).href,
      String(port),
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let line = "";
  while (!line.endsWith("\n")) {
    const { done, value } = await lines.read();
    if (done) throw new Error(`The node ended before it said where: "${line}"`);
    line += value;
  }
  const address = line.trim();
  let ended: Promise<number> | undefined;
  const end = () =>
    ended ??= (async () => {
      await child.stdin.close();
      const { code } = await child.status;
      await lines.cancel();
      return code;
    })();
  const kill = async () => {
    child.kill("SIGKILL");
    await (ended ??= child.status.then(async ({ code }) => {
      await child.stdin.abort().catch(() => {});
      await lines.cancel();
      return code;
    }));
  };
  return {
    address,
    port: Number(address.slice(address.lastIndexOf(":") + 1)),
    freeze: () => child.kill("SIGSTOP"),
    kill,
    end,
    [Symbol.asyncDispose]: async () => void (await end()),
  };
}
