/**
 * The other process of a remote figure.
 * @module
 */

import { spawnDeno } from "../child.ts";

/** A process that waits for connections. Disposing ends it and waits for its end. */
export interface Peer extends AsyncDisposable {
  /** The port that it listens on, on the loopback interface. */
  readonly port: number;
  /** Stops it where it is: it neither reads nor answers any more, and its connections stay open. */
  freeze(): void;
}

/**
 * Starts `peer.ts` in a process of its own.
 *
 * @param role What it does; a name in `roles.ts`.
 * @throws {Error} When it ends before it listens.
 */
export async function startPeer(role: string): Promise<Peer> {
  const child = spawnDeno({
    script: "remote/peer.ts",
    args: [role],
    permissions: ["--allow-net=127.0.0.1"],
    stdin: "piped",
  });
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await lines.read();
    if (done) throw new Error(`Cannot start peer "${role}": it has ended`);
    text += value;
  }
  return {
    port: Number(text),
    freeze: () => child.kill("SIGSTOP"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await lines.cancel();
      await child.stdin.close().catch(() => {}); // it may be gone already
      await child.status;
    },
  };
}
