/**
 * A node of ours in a process of its own, which is killed and started again: its first line of input says how
 * it is set, it ends with its input. It asks a GoAkt node, says so and where it is, and then what its actor
 * hears.
 * @module
 */

import { ActorSystem } from "../../../actor/mod.ts";
import {
  type Compression,
  Remote,
  TcpTransport,
  TlsTransport,
  type TlsTransportOptions,
} from "../../../remote/mod.ts";
import { Talk, talker, type TalkLog, text } from "./talk.ts";

/** How it is set. */
export interface ReplacedNodeOptions {
  /** Where it listens; 0 for a free port. */
  readonly port: number;
  readonly compression: Compression;
  /** Not there for clear connections. */
  readonly tls?: TlsTransportOptions;
  /** The address of an actor of the GoAkt node. */
  readonly friend: string;
  /** What that is asked. */
  readonly greeting: string;
}

/** What it says, a line each. */
export type Report =
  | { readonly port: number; readonly reply: string }
  | { readonly heard: string };

/** Tells of each text when it comes. */
class Heard extends Array<string> {
  override push(...texts: string[]): number {
    for (const heard of texts) say({ heard });
    return super.push(...texts);
  }
}

function say(report: Report): void {
  const line = `${JSON.stringify(report)}\n`;
  // Before anything else happens: the process may be killed.
  Deno.stdout.writeSync(new TextEncoder().encode(line));
}

async function main(): Promise<void> {
  const input = Deno.stdin.readable.pipeThrough(new TextDecoderStream())
    .getReader();
  let line = "";
  while (!line.endsWith("\n")) line += (await input.read()).value ?? "\n";
  const { port, compression, tls, friend, greeting }: ReplacedNodeOptions = JSON
    .parse(line);
  const system = new ActorSystem("shop", { logger: null });
  const remote = await Remote.start(system, {
    port,
    transport: tls === undefined ? new TcpTransport() : new TlsTransport(tls),
    goakt: { compression },
  });
  const log: TalkLog = { texts: new Heard(), senders: [] };
  system.spawn(Talk, () => talker(log), { name: "a" });
  const { value } = await remote.ref(Talk, friend).ask(
    Talk.say(text(greeting)),
  );
  say({ port: remote.port, reply: value });
  while (!(await input.read()).done);
  await remote.drain();
  await system.drain();
}

if (import.meta.main) await main();
