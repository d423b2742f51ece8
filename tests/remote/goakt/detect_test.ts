import { create } from "@bufbuild/protobuf";
import { type StringValue, StringValueSchema } from "@bufbuild/protobuf/wkt";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PoisonPill } from "../../../actor/mod.ts";
import {
  ConnectError,
  HandshakeError,
  RemoteError,
} from "../../../remote/errors.ts";
import { type GoaktOptions, Remote } from "../../../remote/mod.ts";
import { Box, spawnBox, upTo } from "../actors.ts";
import { type Node, reasons, warned, World } from "../world.ts";
import { Echo } from "./fixtures.ts";
import { GoLike, type GoLikeOptions } from "./go_like.ts";

const text = (value: string): StringValue =>
  create(StringValueSchema, { value });

/** A node of ours and a GoAkt node. */
interface Meeting extends AsyncDisposable {
  readonly world: World;
  readonly here: Node;
  readonly go: GoLike;
}

async function meeting(
  go: GoLikeOptions = { compression: "none" },
  goakt: GoaktOptions | null = { compression: "none" },
): Promise<Meeting> {
  const world = new World();
  const here = await world.node("here", {
    remote: { goakt },
  });
  const there = await new GoLike(world, go).listen();
  return {
    world,
    here,
    go: there,
    [Symbol.asyncDispose]: async () => {
      await world.drain(here);
      await there[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

for (const compression of ["none", "zstd", "gzip", "brotli"] as const) {
  Deno.test(`A reference finds out that its node is a GoAkt node (${compression})`, async () => {
    await using it = await meeting({ compression }, { compression });
    const log = it.go.echo("a");
    const ref = it.here.remote.ref(Echo, it.go.address("a"));
    const asked = ref.ask(Echo.say(text("hello")));
    assertEquals((await asked).value, "hello");
    assertEquals(log.texts, ["hello"]);
    assertEquals((await ref.ask(Echo.say(text("again")))).value, "again");
    assertEquals(it.here.warnings, []);
  });
}

Deno.test("What is told before a GoAkt node is found out arrives in order, whatever its room is", async () => {
  const compression = "none";
  await using it = await meeting({ compression }, { compression, budget: 500 });
  const log = it.go.echo("a");
  const ref = it.here.remote.ref(Echo, it.go.address("a"));
  const words = upTo(200).map((n) => `${n}`);
  for (const word of words) assert(ref.tell(Echo.say(text(word))));
  await it.world.settle();
  assertEquals(log.texts, words);
  // Now that it is known, its room is what counts.
  const taken = words.filter((word) => ref.tell(Echo.say(text(word)))).length;
  assert(taken < 10, `${taken} were taken`);
  await ref.ready();
  assert(ref.tell(Echo.say(text("more"))));
  await it.world.settle();
  assertEquals(log.texts.length, 200 + taken + 1);
  assertEquals(reasons(it.here.deadLetters), { overloaded: 200 - taken });
});

Deno.test("A PoisonPill that waits while a GoAkt node is found out stops the actor behind its messages", async () => {
  await using it = await meeting();
  const log = it.go.echo("a");
  const ref = it.here.remote.ref(Echo, it.go.address("a"));
  ref.tell(Echo.say(text("first")));
  ref.tell(PoisonPill);
  await it.world.settle();
  assertEquals(log.texts, ["first"]);
  assertEquals(it.go.system.find(Echo, "a"), undefined);
  // And once that is known.
  it.go.echo("b");
  it.here.remote.ref(Echo, it.go.address("b")).tell(PoisonPill);
  await it.world.settle();
  assertEquals(it.go.system.find(Echo, "b"), undefined);
});

Deno.test("An ask whose asker gives up while a GoAkt node is found out is not sent", async () => {
  await using it = await meeting();
  const log = it.go.echo("a");
  const ref = it.here.remote.ref(Echo, it.go.address("a"));
  const abort = new AbortController();
  const { signal } = abort;
  const given = ref.ask(Echo.say(text("given up")), { signal });
  const kept = ref.ask(Echo.say(text("kept")));
  abort.abort(new Error("no more"));
  await assertRejects(() => given, Error, "no more");
  assertEquals((await kept).value, "kept");
  await it.world.settle();
  assertEquals(log.texts, ["kept"]);
});

Deno.test("Remote.lookup(), spawn() and stop() find out that a node is a GoAkt node", async () => {
  await using it = await meeting();
  const { remote } = it.here;
  assertEquals(await remote.lookup(Echo, it.go.address("a")), undefined);
  const kind = "Test.Echo";
  const ref = await remote.spawn("there:9000", Echo, { kind, name: "a" });
  assertEquals(ref.pid.toJSON(), it.go.address("a"));
  assertEquals((await ref.ask(Echo.say(text("hello")))).value, "hello");
  const found = await remote.lookup(Echo, it.go.address("a"));
  assertEquals(found?.pid.toJSON(), it.go.address("a"));
  const taken = await assertRejects(
    () => remote.spawn("there:9000", Echo, { kind, name: "a" }),
    RemoteError,
  );
  assertEquals(taken.remoteCode, "name_taken_error");
  const unknown = await assertRejects(
    () => remote.spawn("there:9000", Echo, { kind: "test.nobody" }),
    RemoteError,
  );
  assertEquals(unknown.remoteCode, "unknown_kind_error");
  await remote.stop(ref);
  assertEquals(it.go.system.find(Echo, "a"), undefined);
  const stopped = await assertRejects(() => remote.stop(ref), RemoteError);
  assertEquals(stopped.remoteCode, "stopped_error");
  await ref.started().then(
    () => assert(false),
    (error) => assertEquals(error.remoteCode, "stopped_error"),
  );
  const anonymous = await remote.spawn("go@there:9000", Echo, { kind });
  assertEquals((await anonymous.ask(Echo.say(text("me")))).value, "me");
});

Deno.test("A node that is said to be a GoAkt node is not asked whether it is one", async () => {
  await using it = await meeting();
  const { remote } = it.here;
  const known = { peer: "goakt", name: "a", kind: "test.echo" } as const;
  const spawned = await remote.spawn("go@there:9000", Echo, known);
  const found = await remote.lookup(Echo, it.go.address("a"), known);
  const ref = remote.ref(Echo, it.go.address("a"), known);
  for (const each of [spawned, found, ref]) {
    assertEquals((await each?.ask(Echo.say(text("hi"))))?.value, "hi");
  }
  await remote.stop(ref);
  assertEquals([it.go.accepted, it.here.remote.connections], [1, 1]);
  assertEquals(it.go.requests.map((name) => name.slice(6, -7)), [
    "Lookup",
    "Spawn",
    "Lookup",
    "Lookup",
    "Ask",
    "Ask",
    "Ask",
    "Stop",
  ]);
});

Deno.test("A program without a port opens as many connections to a GoAkt node as it was told, under any load", async () => {
  await using it = await meeting();
  const log = it.go.echo("a");
  const client = await Remote.connect({
    system: { clock: it.world.clock },
    transport: it.world.transport("client"),
    goakt: { compression: "none", maxConnections: 16, maxIdle: 16 },
  });
  const ref = client.ref(Echo, it.go.address("a"), { peer: "goakt" });
  const words = upTo(500).map((n) => `${n}`);
  const asked = ref.askAll(words.map((word) => Echo.say(text(word))));
  const most = { connections: 0 };
  const watched = Promise.all(words.map(async (_, n) => {
    for (let turn = 0; turn < n; turn++) await Promise.resolve();
    most.connections = Math.max(most.connections, client.connections);
  }));
  const answers = await asked;
  await watched;
  assertEquals(
    answers.map((it) => it.status === "fulfilled" && it.value.value),
    words,
  );
  assertEquals(log.texts.length, 500);
  assertEquals([most.connections, it.go.accepted], [16, 16]);
  await client.drain();
  assertEquals(client.connections, 0);
});

Deno.test("A GoAkt node is refused where GoAkt peers are not enabled, with the option to set", async () => {
  await using it = await meeting({}, null);
  const { remote } = it.here;
  const text =
    'Cannot use the GoAkt node "there:9000": GoAkt peers are not enabled, the option "goakt" of Remote.start() was expected';
  const peer = "goakt";
  assertThrows(
    () => remote.ref(Echo, it.go.address("a"), { peer }),
    TypeError,
    text,
  );
  await assertRejects(
    () => remote.spawn("there:9000", Echo, { peer }),
    TypeError,
    text,
  );
});

Deno.test("What is known of a GoAkt node is forgotten with its connections", async () => {
  await using it = await meeting();
  it.go.echo("a");
  const ref = it.here.remote.ref(Echo, it.go.address("a"));
  await ref.ask(Echo.say(text("1")));
  await ref.ask(Echo.say(text("2")));
  assertEquals([it.go.accepted, it.here.remote.connections], [2, 1]);
  const address = "goakt://there@there:9000/box";
  assertEquals(await it.here.remote.lookup(Box, address), undefined);
  await it.world.clock.advance(30_000);
  assertEquals(it.here.remote.connections, 0);
  await it.go.unlisten();
  // Whoever answers there now is asked anew.
  const troupe = await it.world.node("there", { remote: { port: 9000 } });
  spawnBox(troupe.system, "box");
  const box = it.here.remote.ref(Box, address);
  assertEquals(await box.ask(Box.echo(1)), 1);
  await it.world.drain(troupe);
  const error = await assertRejects(
    () => ref.ask(Echo.say(text("3"))),
    ConnectError,
  );
  assertEquals(error.outcome, "not_delivered");
});

Deno.test("A node of another compression is named as what it is not", async () => {
  await using it = await meeting({ compression: "none" }, {
    compression: "gzip",
  });
  const log = it.go.echo("a");
  const ref = it.here.remote.ref(Echo, it.go.address("a"));
  const error = await assertRejects(
    () => ref.ask(Echo.say(text("hello"))),
    HandshakeError,
  );
  assertEquals([error.reason, error.outcome], ["closed", "not_delivered"]);
  assertEquals(
    error.message,
    `Cannot shake hands with "there:9000": the connection ended without a message (nodes that want TLS, speak GoAkt's protocol or are dialled too often refuse like this), and a lookup (gzip) was not answered either, as by a GoAkt node whose compression is not "gzip", a "troupe.remote.v1.Welcome" or the answer of a GoAkt node was expected`,
  );
  assert(warned(it.here).includes(error.message), warned(it.here));
  assertEquals(log.texts, []);
});

Deno.test("A node that ends in the middle of the handshake is not one that refused it", async () => {
  const world = new World();
  const here = await world.node("here", { remote: { goakt: {} } });
  const listener = await world.transport("there").listen({
    hostname: "there",
    port: 9000,
  });
  const ref = here.remote.ref(Echo, "goakt://go@there:9000/a");
  const asked = ref.ask(Echo.say(text("no")));
  const connection = await listener.accept();
  await listener.close();
  await connection?.close();
  const error = await assertRejects(() => asked, ConnectError);
  assertEquals(
    error.message,
    'Cannot connect to "there:9000": the connection was refused, a listening node was expected',
  );
  await world[Symbol.asyncDispose]();
});

Deno.test("A node of ours that has ended a handshake is not taken for a GoAkt node", async () => {
  await using it = await meeting({ compression: "none", nature: "troupe" });
  const log = it.go.echo("a");
  const ref = it.here.remote.ref(Echo, it.go.address("a"));
  await assertRejects(() => ref.ask(Echo.say(text("no"))), HandshakeError);
  assertEquals(log.texts, []);
  assertEquals(it.go.requests, ["RemoteLookupRequest"]);
});

Deno.test("A node that wants no GoAkt peers asks nobody whether it is one", async () => {
  await using it = await meeting({ compression: "none" }, null);
  it.go.echo("a");
  const ref = it.here.remote.ref(Echo, it.go.address("a"));
  await assertRejects(() => ref.ask(Echo.say(text("no"))), HandshakeError);
  assertEquals([it.go.accepted, it.go.requests], [1, []]);
});

Deno.test("A node with a shared key asks nobody whether it is a GoAkt node, since that proves nothing", async () => {
  const world = new World();
  await using go = await new GoLike(world, { compression: "none" }).listen();
  const here = await world.node("here", {
    remote: { goakt: { compression: "none" }, key: "k".repeat(32) },
  });
  const log = go.echo("a");
  const ref = here.remote.ref(Echo, go.address("a"));
  await assertRejects(() => ref.ask(Echo.say(text("no"))), HandshakeError);
  assertEquals([go.requests, log.texts], [[], []]);
  // Who says that it is one knows what that means.
  const known = here.remote.ref(Echo, go.address("a"), { peer: "goakt" });
  assertEquals((await known.ask(Echo.say(text("yes")))).value, "yes");
  await world.drain(here);
  await go[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

Deno.test("A node that drains at once still tells a GoAkt node what was sent before", async () => {
  await using it = await meeting();
  const log = it.go.echo("a");
  const ref = it.here.remote.ref(Echo, it.go.address("a"));
  for (const n of upTo(5)) ref.tell(Echo.say(text(`${n}`)));
  const asked = ref.ask(Echo.say(text("asked")));
  await it.world.drain(it.here);
  assertEquals((await asked).value, "asked");
  assertEquals(log.texts.toSorted(), [..."01234", "asked"]);
  assertEquals(it.here.deadLetters, []);
});
