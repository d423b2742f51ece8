import { assert, assertEquals, assertRejects } from "@std/assert";
import { AskTimeoutError, type Terminated } from "../../../actor/mod.ts";
import { HandshakeError, Remote, RemoteError } from "../../../remote/mod.ts";
import { upTo } from "../../remote/actors.ts";
import { reasons } from "../../remote/world.ts";
import { GO_PROGRAM, type GoCommand, GoNode } from "./go_node.ts";
import { meet, type Meeting, PATIENCE, SETTINGS } from "./meeting.ts";
import { hear, Talk, text } from "./talk.ts";

const ignore = GO_PROGRAM === undefined; // Go is not installed

/** Asks at the same time, in each direction. */
const MANY = 1_000;

/** Texts that are numbers, sorted. */
function inOrder(texts: readonly string[]): readonly number[] {
  return texts.map(Number).toSorted((a, b) => a - b);
}

for (const { wire, compression } of SETTINGS) {
  /** Both nodes, set alike. */
  const test = (
    name: string,
    run: (it: Meeting) => Promise<void>,
  ): void =>
    Deno.test({
      name: `${name} (${wire}, ${compression})`,
      ignore,
      fn: async () => {
        await using it = await meet({ wire, compression });
        await run(it);
        assertEquals(it.here.warnings, []);
      },
    });

  test("A reference tells a GoAkt node in order, and asks behind that", async ({ here, go }) => {
    await go.run({ op: "spawnHere", name: "a" });
    const ref = here.remote.ref(Talk, go.address("a"));
    const words = upTo(500).map((n) => `${n}`);
    assertEquals(ref.tellAll(words.map((n) => Talk.say(text(n)))), 500);
    assertEquals((await ref.ask(Talk.say(text("last")))).value, "go:last");
    assertEquals(await go.seen("a"), [...words, "last"]);
    const asked = ["x", "y", "z"].map((word) => Talk.say(text(word)));
    assertEquals((await ref.askAll(asked)).map(hear), ["go:x", "go:y", "go:z"]);
    const large = "large".repeat(100_000);
    const reply = await ref.ask(Talk.say(text(large)));
    assertEquals(reply.value.length, large.length + 3);
    assertEquals(here.deadLetters, []);
  });

  test("A GoAkt node tells and asks an actor here, one and several", async ({ here, go, talker }) => {
    const log = talker("a");
    await go.run({ op: "spawnHere", name: "caller" });
    const to = { system: "shop", port: here.remote.port, name: "a" };
    await go.run({ op: "tell", ...to, texts: ["1"] });
    await go.run({ op: "tell", ...to, from: "caller", texts: ["2"] });
    const words = upTo(300).map((n) => `${n}`);
    await go.run({ op: "tellAll", ...to, texts: words });
    const one = await go.run({ op: "ask", ...to, texts: ["3"] });
    const all = await go.run({ op: "askAll", ...to, texts: words });
    assertEquals([one.texts, all.texts], [["3"], words]);
    const large = "large".repeat(100_000);
    const { texts } = await go.run({ op: "ask", ...to, texts: [large] });
    assertEquals(texts?.[0]?.length, large.length);
    assertEquals(log.texts, ["1", "2", ...words, "3", ...words, large]);
    assertEquals(log.senders.slice(0, 3), [
      undefined,
      go.address("caller"),
      undefined,
    ]);
  });

  test(`${MANY} asks at once are answered, in both directions at the same time`, async ({ here, go, crowd }) => {
    const log = crowd("a", MANY);
    await go.run({ op: "spawnHere", name: "a" });
    const ref = here.remote.ref(Talk, go.address("a"));
    const words = upTo(MANY).map((n) => Talk.say(text(`${n}`)));
    const asked = ref.askAll(words, { timeout: PATIENCE });
    const port = here.remote.port;
    const to = { system: "shop", port, name: "a", count: MANY };
    const { count } = await go.run({ op: "asks", ...to, timeout: PATIENCE });
    assertEquals(count, MANY);
    const outcomes = (await asked).map(hear);
    const wrong = outcomes.filter((outcome, n) => outcome !== `go:${n}`);
    assertEquals(wrong, []);
    assertEquals(inOrder(await go.seen("a")), upTo(MANY));
    assertEquals(inOrder(log.texts), upTo(MANY));
    assertEquals(here.deadLetters, []);
  });

  test("GoAkt's package client finds out the kinds and the load of a node here, and uses it", async ({ here, go, talker }) => {
    talker("a");
    const { port } = here.remote;
    const far = { port, name: "fresh", kind: "billing.talkactor" };
    const { texts, count } = await go.run({ op: "useClient", ...far });
    assertEquals(texts, [
      "billing.talkactor",
      "talk",
      `goakt://shop@127.0.0.1:${port}/fresh`,
      "hello",
    ]);
    assertEquals(count, 2);
  });

  test("Each node spawns, looks up, restarts and stops actors of the other", async ({ here, go }) => {
    const { remote, system } = here;
    const kind = "main.Echo";
    const node = `gopher@127.0.0.1:${go.port}`;
    const far = await remote.spawn(node, Talk, { kind, name: "b" });
    assertEquals((await far.ask(Talk.say(text("hi")))).value, "go:hi");
    const found = await remote.lookup(Talk, go.address("b"));
    assertEquals(found?.pid.toJSON(), go.address("b"));
    const fresh = await remote.respawn(far);
    await go.run({ op: "awaitRunning", name: "b" });
    assertEquals((await fresh.ask(Talk.say(text("again")))).value, "go:again");
    await remote.stop(far);
    await go.run({ op: "awaitGone", name: "b" });
    assertEquals(await remote.lookup(Talk, go.address("b")), undefined);

    const { port } = remote;
    await go.run({ op: "spawn", port, name: "c", kind: "billing.talkactor" });
    const near = system.find(Talk, "c");
    const { address } = await go.run({ op: "lookup", port, name: "c" });
    assertEquals(address, `goakt://shop@127.0.0.1:${port}/c`);
    await go.run({ op: "respawn", port, name: "c" });
    const to = { system: "shop", port, name: "c" };
    const { texts } = await go.run({ op: "ask", ...to, texts: ["hi"] });
    assertEquals(texts, ["hi"]);
    await go.run({ op: "stop", port, name: "c" });
    assertEquals([near?.isLocal, system.find(Talk, "c")], [true, undefined]);
  });

  test("Each node reinstates an actor of the other that was suspended", async ({ here, go, suspended }) => {
    await go.run({ op: "spawnHere", name: "a" });
    const ref = here.remote.ref(Talk, go.address("a"));
    const { port } = here.remote;
    ref.tell(Talk.say(text("fail"))); // GoAkt suspends what returns an error
    await go.run({ op: "awaitSuspended", name: "a" });
    await assertRejects(() => ref.ask(Talk.say(text("1"))), RemoteError);
    await here.remote.reinstate(ref);
    await go.run({ op: "awaitRunning", name: "a" });
    assertEquals((await ref.ask(Talk.say(text("2")))).value, "go:2");

    await suspended("b");
    const to = { system: "shop", port, name: "b", texts: ["3"] };
    const { error } = await go.attempt({ op: "ask", ...to });
    assertEquals(error, "remote send failed\nactor is not alive");
    await go.run({ op: "reinstate", port, name: "b" });
    assertEquals((await go.run({ op: "ask", ...to })).texts, ["3"]);
  });
}

Deno.test({
  name:
    "GoAkt's client makes the same of our refusals as of those of a GoAkt node",
  ignore,
  async fn() {
    await using it = await meet();
    await using other = await GoNode.start({ args: ["-system", "shop"] });
    it.talker("a");
    await other.run({ op: "spawnHere", name: "a" });
    const texts = ["silent"];
    const commands: readonly GoCommand[] = [
      { op: "tell", name: "nobody", texts },
      { op: "tell", name: "a", system: "other", texts },
      { op: "tellAll", name: "nobody", texts },
      { op: "ask", name: "nobody", texts },
      { op: "ask", name: "a", texts, timeout: 50 },
      { op: "askAll", name: "a", texts: ["1", "silent", "2"], timeout: 50 },
      { op: "lookup", name: "a" },
      { op: "lookup", name: "nobody" },
      { op: "spawn", name: "b", kind: "test.nobody" },
      { op: "spawn", name: "GoAktX", kind: "main.echo" },
      { op: "respawn", name: "nobody" },
      { op: "respawn", name: "GoAktX" },
      { op: "reinstate", name: "a" },
      { op: "reinstate", name: "nobody" },
      { op: "reinstate", name: "GoAktX" },
      { op: "stop", name: "nobody" },
      { op: "stop", name: "GoAktX" },
      { op: "askGrain", name: "x", kind: "test.nobody", texts },
      { op: "tellGrain", name: "x", kind: "test.nobody", texts },
      { op: "activateGrain", name: "x", kind: "test.nobody" },
    ];
    for (const command of commands) {
      const outcome = async (port: number): Promise<string> => {
        const answer = await it.go.attempt({
          system: "shop",
          ...command,
          port,
        });
        return JSON.stringify(answer).replaceAll(`${port}`, "PORT");
      };
      const [ours, theirs] = [
        await outcome(it.here.remote.port),
        await outcome(other.port),
      ];
      assertEquals(ours, theirs, JSON.stringify(command));
    }
  },
});

Deno.test({
  name: "Our client makes errors of the refusals of a GoAkt node",
  ignore,
  async fn() {
    await using it = await meet();
    const { here: { remote, deadLetters }, go } = it;
    await go.run({ op: "spawnHere", name: "a" });
    const nobody = remote.ref(Talk, go.address("nobody"));
    const a = remote.ref(Talk, go.address("a"));
    const missing = await assertRejects(
      () => nobody.ask(Talk.say(text("1"))),
      RemoteError,
    );
    assertEquals([missing.remoteCode, missing.outcome], [
      "stopped_error",
      "not_delivered",
    ]);
    const timeout = 100;
    await assertRejects(
      () => a.ask(Talk.say(text("silent")), { timeout }),
      AskTimeoutError,
    );
    nobody.tell(Talk.say(text("1")));
    // Asks go behind tells to the same actor, so this comes after the loss.
    await assertRejects(() => nobody.ask(Talk.say(text("2"))), RemoteError);
    assertEquals(reasons(deadLetters), { missing: 1 });
    const node = `127.0.0.1:${go.port}`;
    const unknown = await assertRejects(
      () => remote.spawn(node, Talk, { kind: "test.nobody" }),
      RemoteError,
    );
    assertEquals(unknown.remoteCode, "unknown_kind_error");
    const taken = await assertRejects(
      () => remote.spawn(node, Talk, { kind: "main.echo", name: "a" }),
      RemoteError,
    );
    assertEquals(taken.remoteCode, "name_taken_error");
  },
});

Deno.test({
  name: "A program without a port of its own talks to a GoAkt node",
  ignore,
  async fn() {
    await using go = await GoNode.start({ compression: "zstd" });
    await go.run({ op: "spawnHere", name: "a" });
    await using client = await Remote.connect();
    const ref = client.ref(Talk, go.address("a"));
    assertEquals((await ref.ask(Talk.say(text("1")))).value, "go:1");
    const found = await client.lookup(Talk, go.address("a"));
    assertEquals(found?.pid.toJSON(), go.address("a"));
    ref.tell(Talk.say(text("2")));
    await client.drain();
    assertEquals(await go.seen("a"), ["1", "2"]);
    const { texts } = await go.run({ op: "senders", name: "a" });
    assertEquals(texts, ["goakt://@:0/", "goakt://@:0/"]);
  },
});

Deno.test({
  name: "An actor of a GoAkt node cannot be watched, which its watcher is told",
  ignore,
  async fn() {
    await using it = await meet();
    const { here, go } = it;
    await go.run({ op: "spawnHere", name: "a" });
    const ref = here.remote.ref(Talk, go.address("a"));
    const told = Promise.withResolvers<Terminated>();
    here.system.spawn(Talk, () => ({
      say: (message) => message,
      onStart: (ctx) => void ctx.watch(ref),
      onTerminated: (terminated) => told.resolve(terminated),
    }));
    const { reason, error, pid } = await told.promise;
    assertEquals([reason, pid.toJSON()], ["node_down", go.address("a")]);
    assert(String(error).includes("it is on a GoAkt node"), String(error));
    assertEquals((await ref.ask(Talk.say(text("1")))).value, "go:1");
  },
});

Deno.test({
  name: "A node whose compression is another's is told so, by either end",
  ignore,
  async fn() {
    await using it = await meet({
      compression: "gzip",
      go: { compression: "zstd" },
    });
    const { here, go, talker } = it;
    const log = talker("a");
    await go.run({ op: "spawnHere", name: "a" });
    const ref = here.remote.ref(Talk, go.address("a"));
    const error = await assertRejects(
      () => ref.ask(Talk.say(text("hi"))),
      HandshakeError,
    );
    assert(error.message.includes("a stream compressed with zstd was found"));
    assert(error.message.includes("a lookup (gzip) was not answered either"));
    // What Go sends is answered in the way that it chose.
    const { port } = here.remote;
    const to = { system: "shop", port, name: "a", texts: ["hi"] };
    assertEquals((await go.run({ op: "ask", ...to })).texts, ["hi"]);
    assertEquals(log.texts, ["hi"]);
  },
});
