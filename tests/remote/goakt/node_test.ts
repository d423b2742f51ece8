import { create } from "@bufbuild/protobuf";
import {
  Int64ValueSchema,
  type StringValue,
  StringValueSchema,
} from "@bufbuild/protobuf/wkt";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ActorSystem,
  type Caller,
  Pid,
  protocol,
  tell,
} from "../../../actor/mod.ts";
import { PROTOCOL } from "../../../actor/protocol/protocol.ts";
import type { BaseRef } from "../../../actor/reference/ref.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { GoaktClient } from "../../../remote/goakt/client/goakt_client.ts";
import type { GoaktClientOptions } from "../../../remote/goakt/client/options.ts";
import { COMPRESSIONS } from "../../../remote/goakt/compression/compression.ts";
import { protobuf } from "../../../remote/codec/protobuf.ts";
import { FrameReader } from "../../../remote/goakt/frame_reader.ts";
import {
  RemoteLookupRequestSchema,
  RemoteLookupResponseSchema,
  RemoteTellRequestSchema,
} from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import {
  decodeMessage,
  encodeMessage,
} from "../../../remote/goakt/messages.ts";
import { toAny } from "../../../remote/goakt/payload.ts";
import { checkedOptions } from "../../../remote/remote_options.ts";
import type { Connection } from "../../../remote/transport/transport.ts";
import { Box, spawnBox } from "../actors.ts";
import { addressOf, type Node, warned, World } from "../world.ts";
import { Echo, echoHandlers, type EchoLog, stringPayload } from "./fixtures.ts";

/** A client of the vocabulary on the host "go". */
interface GoCaller extends AsyncDisposable {
  readonly client: GoaktClient;
  ref(node: Node, name: string): BaseRef<typeof Echo>;
}

function goCaller(
  world: World,
  options: GoaktClientOptions = {},
): GoCaller {
  const { clock } = world;
  const system = new ActorSystem("gopher", { clock, logger: null });
  const { runtime } = internalsOf(system);
  const transport = world.transport("go");
  const client = new GoaktClient({ runtime, transport, options });
  return {
    client,
    ref: (node, name) => {
      const pid = Pid.parse(addressOf(node, name));
      return client.ref(Echo[PROTOCOL], pid) as BaseRef<typeof Echo>;
    },
    [Symbol.asyncDispose]: async () => {
      client.close();
      const drained = system.drain({ timeout: 100 });
      await clock.advance(200);
      await drained;
    },
  };
}

/** The first port that a network in memory gives out. */
const BOUND = 49_152;

const text = (value: string): StringValue =>
  create(StringValueSchema, { value });

function spawnEcho({ system }: Node, name: string): EchoLog {
  const log: EchoLog = { texts: [], senders: [], foreign: [] };
  system.spawn(Echo, () => echoHandlers(log), { name });
  return log;
}

const lookup = (port: number): Uint8Array<ArrayBuffer> =>
  encodeMessage(
    RemoteLookupRequestSchema,
    create(RemoteLookupRequestSchema, { host: "shop", port, name: "a" }),
  );

/** The address in the next answer. */
async function answered(connection: Connection): Promise<string> {
  const reader = new FrameReader();
  for (;;) {
    const frame = reader.next();
    if (frame !== undefined) {
      assertEquals(frame.name, RemoteLookupResponseSchema.typeName);
      return decodeMessage(RemoteLookupResponseSchema, frame.body).address;
    }
    const bytes = await connection.read();
    if (bytes === undefined) throw new Error("the node has hung up");
    reader.push(bytes);
  }
}

for (const compression of COMPRESSIONS) {
  Deno.test(`A node answers GoAkt's requests (${compression}) on the port of its own lanes`, async () => {
    await using world = new World();
    const shop = await world.node("shop", { remote: { goakt: {} } });
    const other = await world.node("other");
    const log = spawnEcho(shop, "a");
    const box = spawnBox(shop.system, "box");
    await using go = goCaller(world, { compression });
    assertEquals(await go.ref(shop, "a").ask(Echo.say(text("hello"))), {
      ...text("hello"),
    });
    const near = other.remote.ref(Box, addressOf(shop, "box"));
    near.tell(Box.put({ id: 1 }));
    assertEquals(await near.ask(Box.ids()), [1]);
    assertEquals([log.texts, box.ids], [["hello"], [1]]);
    assertEquals([shop.warnings, shop.remote.connections], [[], 2]);
  });
}

Deno.test("Context.caller of what a GoAkt peer sends is its host, of which nothing is proved", async () => {
  await using world = new World();
  const shop = await world.node("shop", { remote: { goakt: {} } });
  const callers: (Caller | undefined)[] = [];
  const log: EchoLog = { texts: [], senders: [], foreign: [], callers };
  shop.system.spawn(Echo, () => echoHandlers(log), { name: "a" });
  await using go = goCaller(world);
  await go.ref(shop, "a").ask(Echo.say(text("asked")));
  go.ref(shop, "a").tell(Echo.say(text("told")));
  const other = create(Int64ValueSchema, { value: 7n });
  const Count = protocol("count", {
    add: tell(protobuf(Int64ValueSchema)),
  });
  go.client.ref(Count[PROTOCOL], Pid.parse(addressOf(shop, "a"))).tell(
    Count.add(other),
  );
  await world.settle();
  const there: Caller = {
    proof: "none",
    role: "node",
    system: "",
    node: "go",
  };
  assertEquals([log.texts, log.foreign.length], [["asked", "told"], 1]);
  assertEquals(callers, [there, there, there]);
});

Deno.test("A node tells a GoAkt peer from its own however their bytes are cut", async () => {
  await using world = new World();
  const shop = await world.node("shop", { remote: { goakt: {} } });
  spawnEcho(shop, "a");
  const { port } = shop.remote;
  using connection = await world.transport("go").connect({
    hostname: "shop",
    port,
  });
  for (const byte of lookup(port)) {
    await connection.write(Uint8Array.of(byte));
    await world.settle();
  }
  const address = `goakt://shop@shop:${port}/a`;
  assertEquals(await answered(connection), address);
  await connection.write(lookup(port));
  assertEquals(await answered(connection), address);
});

Deno.test("A node answers GoAkt peers on a loopback address, and elsewhere only when told to", () => {
  assertEquals(checkedOptions({}).goakt, {});
  const open = { hostname: "10.0.0.7", insecure: true };
  assertEquals(checkedOptions(open).goakt, null);
  assertEquals(checkedOptions({ ...open, goakt: {} }).goakt, {});
  assertEquals(checkedOptions({ goakt: null }).goakt, null);
});

Deno.test("A node without GoAkt refuses its requests, and says what to do", async () => {
  await using world = new World();
  const shop = await world.node("shop", { remote: { goakt: null } });
  spawnEcho(shop, "a");
  await using go = goCaller(world, { compression: "none" });
  await assertRejects(() => go.ref(shop, "a").ask(Echo.say(text("hello"))));
  await world.settle();
  assert(warned(shop).includes("GoAkt peers are not enabled"), warned(shop));
});

Deno.test("An actor answers the sender that a GoAkt peer names, here and on other nodes", async () => {
  await using world = new World();
  const shop = await world.node("shop", { remote: { goakt: {} } });
  const far = await world.node("far", { remote: { goakt: {} } });
  const [here, there] = [spawnEcho(shop, "here"), spawnEcho(far, "there")];
  const bouncer = echoHandlers({ texts: [], senders: [], foreign: [] });
  shop.system.spawn(Echo, () => ({
    ...bouncer,
    say: (message, ctx) => {
      ctx.sender?.tell(Echo.say(message));
      return message;
    },
  }), { name: "bouncer" });
  const { port } = shop.remote;
  using connection = await world.transport("go").connect({
    hostname: "shop",
    port,
  });
  const senders = [
    [far, "there"],
    [shop, "here"],
    [shop, "nobody"],
  ] as const;
  const remoteMessages = senders.map(([node, name]) => ({
    sender: addressOf(node, name),
    receiver: addressOf(shop, "bouncer"),
    message: toAny(stringPayload(name)),
  }));
  const request = create(RemoteTellRequestSchema, { remoteMessages });
  await connection.write(encodeMessage(RemoteTellRequestSchema, request));
  await world.settle();
  assertEquals([here.texts, there.texts], [["here"], ["there"]]);
  assertEquals(
    shop.deadLetters.map(({ reason, target }) => [reason, target.path]),
    [["missing", "nobody"]],
  );
});

Deno.test("A node that drains lets the request of a GoAkt peer be answered, and takes no other", async () => {
  await using world = new World();
  const shop = await world.node("shop", { remote: { goakt: {} } });
  const gate = Promise.withResolvers<StringValue>();
  shop.system.spawn(Echo, () => ({
    ...echoHandlers({ texts: [], senders: [], foreign: [] }),
    say: () => gate.promise,
  }), { name: "slow" });
  await using go = goCaller(world, { compression: "none" });
  const asked = go.ref(shop, "slow").ask(Echo.say(text("hello")));
  await world.settle();
  const drained = shop.remote.drain();
  await world.settle();
  gate.resolve(text("done"));
  assertEquals((await asked).value, "done");
  await drained;
  assertEquals(shop.remote.connections, 0);
});

Deno.test("A node that drains waits for no answer longer than drainTimeout", async () => {
  await using world = new World();
  const shop = await world.node("shop", {
    remote: { goakt: {}, drainTimeout: 1_000 },
  });
  spawnEcho(shop, "a");
  await using go = goCaller(world, { compression: "none" });
  const asked = assertRejects(() =>
    go.ref(shop, "a").ask(Echo.say(text("never")), { timeout: 3_600_000 })
  );
  await world.settle();
  let state = "draining";
  const drained = shop.remote.drain().then(() => state = "drained");
  await world.clock.advance(999);
  assertEquals(state, "draining");
  await world.clock.advance(1);
  assertEquals([state, shop.remote.connections], ["drained", 0]);
  await Promise.all([drained, asked]);
});

Deno.test("A node serves no more GoAkt peers than maxServed, and says so", async () => {
  await using world = new World();
  const shop = await world.node("shop", {
    remote: { goakt: { maxServed: 1 } },
  });
  spawnEcho(shop, "a");
  const { port } = shop.remote;
  const connect = () =>
    world.transport("go").connect({ hostname: "shop", port });
  using first = await connect();
  await first.write(lookup(port));
  const address = `goakt://shop@shop:${port}/a`;
  assertEquals(await answered(first), address);
  {
    using second = await connect();
    await second.write(lookup(port));
    assertEquals(await second.read(), undefined);
  }
  await world.settle();
  assert(
    warned(shop).includes(
      "Cannot serve a GoAkt peer: 1 connections are open, fewer were expected",
    ),
    warned(shop),
  );
  await first.write(lookup(port));
  assertEquals(await answered(first), address);
  first.close();
  await world.settle();
  using third = await connect();
  await third.write(lookup(port));
  assertEquals(await answered(third), address);
});

Deno.test("A node that is reached through another address answers at both", async () => {
  await using world = new World();
  const shop = await world.node("shop", {
    remote: {
      goakt: { aliases: ["shop.example"] },
      advertise: { hostname: "public.example", port: 443 },
    },
  });
  spawnEcho(shop, "a");
  using connection = await world.transport("go").connect({
    hostname: "shop",
    port: BOUND,
  });
  for (
    const [host, port] of [
      ["shop", BOUND],
      ["public.example", 443],
      ["shop.example", BOUND],
    ] as const
  ) {
    const request = { host, port, name: "a" };
    await connection.write(
      encodeMessage(
        RemoteLookupRequestSchema,
        create(RemoteLookupRequestSchema, request),
      ),
    );
    assertEquals(await answered(connection), `goakt://shop@${host}:${port}/a`);
  }
});
