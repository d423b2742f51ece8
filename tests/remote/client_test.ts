import { assert, assertEquals, assertRejects } from "@std/assert";
import { ask, protocol, tell } from "../../actor/mod.ts";
import {
  ConnectError,
  HandshakeError,
  Inbox,
  MemoryRemoteMetrics,
  Outbox,
  Remote,
  type RemoteConnectOptions,
  RemoteError,
  spawnInbox,
} from "../../remote/mod.ts";
import { Box, BoxKind, spawnBox, upTo } from "./actors.ts";
import { CountingTransport } from "./transport/counting_transport.ts";
import { addressOf, startNode, World } from "./world.ts";

const Shy = protocol("shy", {
  greet: tell(),
  greeted: ask<void, string>(),
});

/** A client in a world, drained with its time. */
async function withClient(
  run: (world: World, client: Remote) => Promise<void>,
  options: RemoteConnectOptions = {},
): Promise<void> {
  await using world = new World();
  const client = await Remote.connect({
    transport: world.transport("laptop"),
    ...options,
    system: { clock: world.clock, ...options.system },
  });
  await run(world, client);
  let isOver = false;
  const drained = client.drain().finally(() => isOver = true);
  for (let step = 0; !isOver && step < 20; step++) {
    await world.clock.advance(1_000);
  }
  await drained;
  assertEquals(client.connections, 0);
}

Deno.test("RemoteMetrics counts clients together, and a client counts nodes", async () => {
  const ofClient = new MemoryRemoteMetrics();
  await withClient(async (world, client) => {
    const metrics = new MemoryRemoteMetrics();
    const b = await world.node("b", { remote: { metrics } });
    spawnBox(b.system, "box");
    const ref = client.ref(Box, addressOf(b, "box"));
    assertEquals(await ref.ask(Box.ids()), []);
    await world.settle();
    const [[name, figures] = []] = metrics.snapshot();
    assertEquals([name, figures?.received.messages, figures?.links.open], [
      "clients",
      1,
      1,
    ]);
    const [[node, own] = []] = ofClient.snapshot();
    assertEquals([node, own?.asks.get("box")?.count], [
      `b:${b.remote.port}`,
      1,
    ]);
  }, { metrics: ofClient });
});

Deno.test("Remote.connect() tells, asks, looks up, spawns and stops without listening", async () => {
  await withClient(async (world, client) => {
    const b = await world.node("b", { system: { kinds: [BoxKind] } });
    const box = spawnBox(b.system, "box");
    const ref = client.ref(Box, addressOf(b, "box"));
    for (const id of upTo(100)) assert(ref.tell(Box.put({ id })));
    assertEquals(await ref.ask(Box.ids()), upTo(100));
    assertEquals(box.ids.length, 100);
    const large = new Uint8Array(300_000).fill(7);
    assertEquals((await ref.ask(Box.echoRaw(large))).length, 300_000);
    const found = await client.lookup(Box, addressOf(b, "box"));
    assertEquals(found?.pid.equals(box.ref.pid), true);
    assertEquals(await client.lookup(Box, addressOf(b, "none")), undefined);
    const made = await client.spawn(b.remote.address, Box, { name: "made" });
    assertEquals(await made.ask(Box.ids()), []);
    await client.stop(made);
    const error = await assertRejects(() => made.ask(Box.ids()), RemoteError);
    assertEquals(error.remoteCode, "stopped_error");
    // One connection for messages, one for the rest, and none the other way.
    assertEquals([client.connections, b.remote.connections], [2, 2]);
    assertEquals([client.host, client.port], ["", 0]);
    assertEquals(world.network.connections, 2);
    assertEquals(b.warnings, []);
  });
});

Deno.test("Remote.connect() serves many clients of one node at a time, each with its own replies", async () => {
  await using world = new World();
  const b = await world.node("b");
  spawnBox(b.system, "box");
  const clients = await Promise.all(
    upTo(20).map(() =>
      Remote.connect({
        transport: world.transport("laptop"),
        system: { clock: world.clock },
      })
    ),
  );
  const refs = clients.map((it) => it.ref(Box, addressOf(b, "box")));
  const echoes = await Promise.all(refs.map((it, at) => it.ask(Box.echo(at))));
  assertEquals(echoes, upTo(20));
  assertEquals(b.remote.connections, 20);
  for (const client of clients) await client.drain();
  await world.settle();
  assertEquals([b.remote.connections, world.network.connections], [0, 0]);
});

Deno.test("A client that goes ends what it asked, and its handlers are told", async () => {
  await using world = new World();
  const b = await world.node("b");
  spawnBox(b.system, "box");
  const client = await Remote.connect({
    transport: world.transport("laptop"),
    drainTimeout: 100,
    system: { clock: world.clock },
  });
  const ref = client.ref(Box, addressOf(b, "box"));
  const asked = ref.ask(Box.never(), { timeout: 60_000 });
  asked.catch(() => {});
  await world.settle();
  const drained = client.drain();
  await world.clock.advance(200);
  await drained;
  const error = await asked.catch((error) => error);
  assertEquals([error.code, error.outcome], ["disconnected_error", "unknown"]);
  assertEquals(world.network.connections, 0);
  await client.drain();
});

Deno.test("A node cannot reach a client by itself, and says so", async () => {
  await withClient(async (world, client) => {
    const b = await world.node("b");
    let greeting: boolean | undefined;
    b.system.spawn(Shy, () => ({
      greet: (_, ctx) => {
        if (ctx.sender !== undefined) {
          greeting = ctx.tell(ctx.sender as never, Shy.greet());
        }
      },
      greeted: () => "yes",
    }), { name: "shy" });
    const shy = client.ref(Shy, addressOf(b, "shy"));
    client.system.spawn(Shy, () => ({
      greet: (_, ctx) => void ctx.tell(shy, Shy.greet()),
      greeted: () => "no",
    }), { name: "caller" }).tell(Shy.greet());
    await world.clock.advance(1_000);
    assertEquals(greeting, true);
    const [lost] = b.deadLetters;
    assertEquals(lost?.reason, "disconnected");
    assert(lost?.error instanceof Error);
    assert(
      lost.error.message.includes("it is a client and does not listen"),
      lost.error.message,
    );
  });
});

Deno.test("Remote.connect() reports nodes that are not there, and that are others", async () => {
  await withClient(async (world, client) => {
    const b = await world.node("b");
    const nobody = client.ref(Box, "goakt://c@c:1/box");
    await assertRejects(() => nobody.ask(Box.ids()), ConnectError);
    const other = client.ref(Box, addressOf(b, "box").replace("b@", "x@"));
    await assertRejects(() => other.ask(Box.ids()), HandshakeError);
  });
});

Deno.test("Remote.connect() has its limits from its options, and a name", async () => {
  await withClient(async (world, client) => {
    const b = await world.node("b");
    spawnBox(b.system, "box");
    const ref = client.ref(Box, addressOf(b, "box"));
    const error = await ref.ask(Box.echoRaw(new Uint8Array(20_000)))
      .catch((error) => error);
    assertEquals(error.code, "frame_error");
    assertEquals(await ref.ask(Box.echo(1)), 1);
    assertEquals(client.address, "till@:0");
  }, { maxMessageBytes: 16_384, name: "till" });
  await assertRejects(
    () => Remote.connect({ maxMessageBytes: 1 }),
    RangeError,
  );
  await assertRejects(() => Remote.connect({ name: "a b" }), TypeError);
});

Deno.test("Remote.connect() compresses as it is told", async () => {
  await using world = new World();
  const b = await world.node("b", { remote: { compression: "auto" } });
  const box = spawnBox(b.system, "box");
  const used: number[] = [];
  for (const compression of ["none", "gzip"] as const) {
    const transport = new CountingTransport(world.transport("laptop"));
    const client = await Remote.connect({
      transport,
      compression,
      system: { clock: world.clock },
    });
    const ref = client.ref(Box, addressOf(b, "box"));
    await ref.ask(Box.ids());
    const { written } = transport;
    await ref.ask(Box.echoRaw(new Uint8Array(50_000)));
    used.push(transport.written - written);
    await client.drain();
  }
  const [plain = 0, compressed = 0] = used;
  assert(plain > 50_000 && compressed < 1_000, used.join());
  assertEquals(box.ids, []);
});

Deno.test("An outbox of a client delivers though the client cannot be dialled", async () => {
  await withClient(async (world, client) => {
    const b = await world.node("b");
    const box = spawnBox(b.system, "box");
    spawnInbox(b.system, box.ref, { name: "inbox" });
    const inbox = client.ref(Inbox, addressOf(b, "inbox"));
    const outbox = new Outbox(client.system, Box, inbox);
    for (const id of upTo(50)) outbox.tell(Box.put({ id }));
    await world.settle();
    world.network.reset("laptop", "b");
    for (const id of upTo(50)) outbox.tell(Box.put({ id: 50 + id }));
    await world.clock.advance(5_000);
    assertEquals([box.ids, outbox.size], [upTo(100), 0]);
    await outbox.drain();
  });
});

Deno.test("Remote.connect() on TCP asks a node, and lets the program end", async () => {
  const b = await startNode("b", {}, {});
  {
    spawnBox(b.system, "box");
    await using client = await Remote.connect();
    const ref = client.ref(Box, addressOf(b, "box"));
    assertEquals(await ref.ask(Box.echo("hello")), "hello");
  }
  await b.remote.drain();
  await b.system.drain({ timeout: 50 });
});
