import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ConnectError,
  DisconnectedError,
  Remote,
} from "../../../remote/mod.ts";
import { GO_PROGRAM, GoNode } from "./go_node.ts";
import {
  certificateFlags,
  meet,
  ownTls,
  type Setting,
  SETTINGS,
} from "./meeting.ts";
import type { ReplacedNodeOptions, Report } from "./replaced_node.ts";
import { Talk, text } from "./talk.ts";

const ignore = GO_PROGRAM === undefined; // Go is not installed

/** A node of ours that is a process. Disposing ends it in peace. */
class ReplacedNode implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #rest = "";
  #state: "running" | "killed" = "running";

  constructor(options: ReplacedNodeOptions) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--allow-net=127.0.0.1",
        new URL("replaced_node.ts", import.meta.url).href,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#output = this.#process.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
    const line = `${JSON.stringify(options)}\n`;
    void this.#input.write(new TextEncoder().encode(line));
  }

  /** The next that it says. */
  async next(): Promise<Report> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return JSON.parse(line);
      }
      const { done, value } = await this.#output.read();
      if (done) throw new Error("our node has ended");
      this.#rest += value;
    }
  }

  /** Ends the process without any chance to say goodbye. */
  async kill(): Promise<void> {
    this.#state = "killed";
    this.#process.kill("SIGKILL");
    await this.#process.status;
    await this.#input.abort().catch(() => {}); // nobody reads it any more
    await this.#output.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "killed") return;
    await this.#input.close();
    const { code } = await this.#process.status;
    await this.#output.cancel();
    assertEquals(code, 0);
  }
}

for (const setting of SETTINGS) {
  const { wire, compression } = setting;
  const test = (
    name: string,
    fn: (setting: Setting) => Promise<void>,
  ): void =>
    Deno.test({
      name: `${name} (${wire}, ${compression})`,
      ignore,
      fn: () => fn(setting),
    });

  test("A GoAkt node that dies and comes back is used again by the same reference", async () => {
    await using it = await meet(setting);
    const { here, go, args } = it;
    await go.run({ op: "spawnHere", name: "a" });
    const ref = here.remote.ref(Talk, go.address("a"));
    // Two connections: one is in use when the node dies, one is idle.
    const both = await Promise.all(
      ["0", "1"].map((word) => ref.ask(Talk.say(text(word)))),
    );
    assertEquals(both.map(({ value }) => value), ["go:0", "go:1"]);
    const lost = ref.ask(Talk.say(text("silent")), { timeout: 20_000 });
    const rejected = assertRejects(() => lost, DisconnectedError);
    while (!(await go.seen("a")).includes("silent"));
    await go.kill();
    assertEquals((await rejected).outcome, "unknown");
    const ask = () => assertRejects(() => ref.ask(Talk.say(text("2"))), Error);
    let refused: Error = await ask();
    // The end of the idle connection may not have been read yet.
    if (refused instanceof DisconnectedError) refused = await ask();
    assert(refused instanceof ConnectError, String(refused));
    assertEquals(refused.outcome, "not_delivered");
    const { port } = go;
    await using again = await GoNode.start({ compression, port, args });
    await again.run({ op: "spawnHere", name: "a" });
    assertEquals((await ref.ask(Talk.say(text("3")))).value, "go:3");
    ref.tell(Talk.say(text("4")));
    assertEquals((await ref.ask(Talk.say(text("5")))).value, "go:5");
    assertEquals(await again.seen("a"), ["3", "4", "5"]);
  });

  test("A node of ours that is replaced on its port is used again by GoAkt", async () => {
    await using it = await meet(setting);
    const { here, go, talker, transport } = it;
    const { texts } = talker("a");
    const { port } = here.remote;
    const to = { system: "shop", port, name: "a" };
    const before = await go.run({ op: "ask", ...to, texts: ["1"] });
    assertEquals(before.texts, ["1"]);
    await here.remote.drain();
    const options = { port, transport, goakt: { compression } };
    await using again = await Remote.start(here.system, options);
    // GoAkt tries a connection that was closed while it kept it, and does not try another.
    const first = await go.attempt({ op: "ask", ...to, texts: ["2"] });
    assert(first.error !== undefined, `answered ${first.texts}`);
    const second = await go.run({ op: "ask", ...to, texts: ["3"] });
    assertEquals([second.texts, again.port], [["3"], port]);
    assertEquals(texts, ["1", "3"]);
  });

  test("A node of ours that is killed and comes back talks to the same GoAkt node, both ways", async () => {
    const isSecure = wire === "mutual TLS";
    const args = isSecure ? await certificateFlags() : [];
    const tls = isSecure ? { tls: await ownTls() } : {};
    await using go = await GoNode.start({ compression, args });
    await go.run({ op: "spawnHere", name: "friend" });
    const friend = go.address("friend");
    const options = { compression, friend, ...tls };
    await using ours = new ReplacedNode({ port: 0, greeting: "1", ...options });
    const first = await ours.next();
    assert("port" in first, JSON.stringify(first));
    assertEquals(first.reply, "go:1");
    const { port } = first;
    const to = { system: "shop", port, name: "a" };
    const asked = await go.run({ op: "ask", ...to, texts: ["2"] });
    assertEquals([asked.texts, await ours.next()], [["2"], { heard: "2" }]);
    // One is under way when the process ends: GoAkt is not left waiting for it.
    const timeout = 120_000;
    const lost = go.attempt({ op: "ask", ...to, timeout, texts: ["silent"] });
    assertEquals(await ours.next(), { heard: "silent" });
    await ours.kill();
    const { error = "none" } = await lost;
    assert(/EOF|reset by peer/.test(error), error);
    const nobody = await go.attempt({ op: "ask", ...to, texts: ["3"] });
    assert(nobody.error?.includes("refused"), nobody.error);
    await using again = new ReplacedNode({ port, greeting: "4", ...options });
    assertEquals(await again.next(), { port, reply: "go:4" });
    const answer = await go.run({ op: "ask", ...to, texts: ["5"] });
    await go.run({ op: "tell", ...to, texts: ["6"] });
    assertEquals(answer.texts, ["5"]);
    assertEquals([await again.next(), await again.next()], [
      { heard: "5" },
      { heard: "6" },
    ]);
    assertEquals(await go.seen("friend"), ["1", "4"]);
  });
}
