/**
 * Messages to an actor of a GoAkt node, by us and by GoAkt's own client.
 * @module
 */

import { create } from "@bufbuild/protobuf";
import { type Int64Value, Int64ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  type ActorRef,
  ActorSystem,
  ask,
  type Protocol,
  protocol,
  type Spec,
} from "../../actor/mod.ts";
import { protobuf, Remote } from "../../remote/mod.ts";
import { prove } from "../measure.ts";

const SOURCES = new URL("../../tests/interop/goakt/node/", import.meta.url);
/** In milliseconds. */
const ASK_WARMUP = 600;
const ASK_DURATION = 700;
const TELL_WARMUP = 200;
const TELL_DURATION = 300;
/** Asks under way, as many as there are goroutines in GoAkt's client. */
const WIDTH = 64;
/** How long an answer is waited for, in milliseconds. */
const TIMEOUT = 250;
/** Tells between two waits for room. */
const BATCH = 1_000;

type Sum = Protocol<"sum", { add: Spec<Int64Value, Int64Value> }>;

/** Adds up, in Go. */
const Sum: Sum = protocol("sum", {
  add: ask(protobuf(Int64ValueSchema), protobuf(Int64ValueSchema)),
});

const number = (value: bigint): Int64Value =>
  create(Int64ValueSchema, { value });
const ONE = number(1n);

/** Messages that the GoAkt node has processed in a second, as measured for less than one. */
export async function goaktTell(): Promise<number> {
  return await withSum(async (sum) => {
    let sent = 0n;
    const round = async (duration: number) => {
      const before = sent;
      const begin = performance.now();
      do {
        await sum.ready();
        for (let n = 0; n < BATCH; n++) {
          if (!sum.tell(Sum.add(ONE))) throw new Error("Cannot send: refused");
          sent++;
        }
      } while (performance.now() - begin < duration);
      const { value } = await sum.ask(Sum.add(number(0n)));
      const elapsed = performance.now() - begin;
      prove("messages", Number(value), Number(sent));
      return Number(sent - before) / elapsed * 1000;
    };
    await round(TELL_WARMUP);
    return await round(TELL_DURATION);
  });
}

/**
 * Asks that the GoAkt node has answered in a second, 64 under way at any time. GoAkt loses an answer now and
 * then: such an ask does not count, and one in a hundred is too many; its own client is measured alike.
 */
export async function goaktAsk(): Promise<number> {
  return await withSum(async (sum) => {
    let [done, failed] = [0, 0];
    const round = async (duration: number) => {
      const before = done;
      const begin = performance.now();
      let state: "asking" | "over" = "asking";
      const loop = async () => {
        while (state === "asking") {
          await sum.ask(Sum.add(ONE), { timeout: TIMEOUT }).then(
            () => done++,
            () => failed++,
          );
        }
      };
      const loops = Promise.all(Array.from({ length: WIDTH }, loop));
      await new Promise((resolve) => setTimeout(resolve, duration));
      const value = (done - before) / (performance.now() - begin) * 1000;
      state = "over";
      await loops;
      prove("rounds with few failures", failed * 100 > done ? 0 : 1, 1);
      return value;
    };
    await round(ASK_WARMUP);
    const value = await round(ASK_DURATION);
    const total = await sum.ask(Sum.add(number(0n)));
    const lost = done - Number(total.value);
    prove("asks that were answered and not processed", Math.max(0, lost), 0);
    return value;
  });
}

/** Messages that GoAkt's client has had processed by the same node in a second, from 64 goroutines. */
export function goTell(): Promise<number> {
  return goRate("tell");
}

/** The same for asks. */
export function goAsk(): Promise<number> {
  return goRate("ask");
}

/** Whether Go builds the node; the build is kept for the processes that measure. */
export async function isGoaktThere(): Promise<boolean> {
  try {
    const build = new Deno.Command("go", {
      args: ["run", ".", "version"],
      cwd: SOURCES,
      env: { GOPROXY: "off" },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    return (await build.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function goRate(work: string): Promise<number> {
  const node = await startNode();
  const client = goakt(["-port", `${node.port}`, "-work", work, "bench"]);
  const { stdout } = await client.output();
  await node.stop();
  return JSON.parse(new TextDecoder().decode(stdout)).value;
}

async function withSum(
  run: (sum: ActorRef<Sum>) => Promise<number>,
): Promise<number> {
  const node = await startNode();
  await using system = new ActorSystem("bench", { logger: null });
  await using remote = await Remote.start(system, {
    goakt: { compression: "none" },
  });
  const address = `goakt://gopher@127.0.0.1:${node.port}/sum`;
  const value = await run(remote.ref(Sum, address));
  await remote.drain();
  await node.stop();
  return value;
}

/** Starts a GoAkt node with an actor "sum". */
async function startNode(): Promise<
  { port: number; stop(): Promise<void> }
> {
  const port = freePort();
  const node = goakt(["-port", `${port}`, "node"], "piped");
  const output = node.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const input = node.stdin.getWriter();
  await line(output);
  const command = { id: 1, op: "spawnHere", name: "sum" };
  await input.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
  await line(output);
  return {
    port,
    stop: async () => {
      await input.close();
      await output.cancel();
      await node.status;
    },
  };
}

async function line(
  output: ReadableStreamDefaultReader<string>,
): Promise<void> {
  const { done } = await output.read();
  if (done) throw new Error("Cannot start a GoAkt node: it has ended");
}

function goakt(
  args: readonly string[],
  stdin: "piped" | "null" = "null",
): Deno.ChildProcess {
  return new Deno.Command("go", {
    args: ["run", ".", ...args],
    cwd: SOURCES,
    stdin,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
