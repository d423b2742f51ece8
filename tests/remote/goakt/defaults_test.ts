import { create } from "@bufbuild/protobuf";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AskTimeoutError } from "../../../actor/mod.ts";
import { ConnectError } from "../../../remote/errors.ts";
import { clientSettings } from "../../../remote/goakt/client/options.ts";
import {
  RemoteLookupRequestSchema,
  RemoteTellRequestSchema,
} from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { CodecBudget } from "../../../remote/goakt/compression/codec_budget.ts";
import type { GoaktOptions } from "../../../remote/goakt/goakt.ts";
import { encodeMessage } from "../../../remote/goakt/messages.ts";
import { UnfinishedRoom } from "../../../remote/link/unfinished_room.ts";
import { checkedOptions } from "../../../remote/remote_options.ts";
import type { Connection } from "../../../remote/transport/transport.ts";
import { upTo } from "../actors.ts";
import { type Node, warned, World } from "../world.ts";
import { ClientWorld } from "./client_world.ts";
import { Echo } from "./fixtures.ts";

const MIB = 1_024 * 1_024;
const text = create(StringValueSchema, { value: "1" });
const LOOKUP = encodeMessage(
  RemoteLookupRequestSchema,
  create(RemoteLookupRequestSchema, { host: "shop", port: 1, name: "a" }),
);
/** The beginning of a request, by which a connection is taken for that of a GoAkt peer. */
const BEGINNING = encodeMessage(
  RemoteTellRequestSchema,
  create(RemoteTellRequestSchema),
).subarray(0, 30);

Deno.test("The options of GoAkt peers have the defaults that are documented", () => {
  assertEquals(checkedOptions({}).goakt, {});
  assertEquals(clientSettings(), {
    compression: "zstd",
    maxIdle: 8,
    idleTimeout: 30_000,
    maxConnections: 256,
    maxWaiting: 10_000,
    connectTimeout: 5_000,
    answerTimeout: 5_000,
    budget: 4 * MIB,
    limit: 16 * MIB,
  });
  const room = new UnfinishedRoom();
  assertEquals(room.move(0, 256 * MIB), true);
  assertEquals(room.move(0, 1), false);
  const codecs = new CodecBudget();
  for (const place of upTo(16)) {
    assertEquals(codecs.take(`10.0.0.${place}`, 128 * MIB), undefined);
  }
  assert(codecs.take("10.0.1.0", 1) !== undefined);
});

/** An ask of a GoAkt node that swallows every attempt to connect to it; ends with when it was given up. */
async function blackHole(
  options: GoaktOptions & { ofAll?: number },
): Promise<[number, string]> {
  const { ofAll, ...goakt } = options;
  await using world = new World();
  const a = await world.node("a", {
    remote: { goakt, ...(ofAll && { connectTimeout: ofAll }) },
  });
  world.transport("b");
  world.network.cut("a", "b");
  const ref = a.remote.ref(Echo, "goakt://go@b:9000/a", { peer: "goakt" });
  let over = Infinity;
  const error = assertRejects(
    () => ref.ask(Echo.say(text), { timeout: 600_000 }),
    ConnectError,
  ).finally(() => over = world.clock.now());
  await world.clock.advance(100_000);
  assertEquals(a.remote.connections, 0);
  assert(over < Infinity);
  return [over, (await error).message];
}

Deno.test("A GoAkt peer that swallows attempts to connect is given up after 5 s, or as told", async () => {
  const given = (time: number): [number, string] => [
    time,
    `Cannot connect to "b:9000": there was no answer within ${time} ms, a listening node was expected`,
  ];
  assertEquals(await blackHole({}), given(5_000));
  assertEquals(await blackHole({ connectTimeout: 700 }), given(700));
  assertEquals(await blackHole({ ofAll: 20_000 }), given(20_000));
  const both = { connectTimeout: 8_000, ofAll: 20_000 };
  assertEquals(await blackHole(both), given(8_000));
});

Deno.test("GoaktClient.close() ends an attempt to connect that is swallowed", async () => {
  await using world = new ClientWorld();
  world.network.transport("there");
  world.network.cut("here", "there");
  const asked = assertRejects(() => world.ref().ask(Echo.say(text)));
  await world.settle();
  assertEquals(world.client.connections, 1);
  world.client.close();
  await world.settle();
  assertEquals(world.client.connections, 0);
  await asked;
});

Deno.test("The answer to a tell of a GoAkt peer is waited for 5 s, and that to an ask 5 s beyond its own time", async () => {
  for (const sent of ["tell", "ask"] as const) {
    await using world = new ClientWorld();
    await world.listen();
    const ref = world.ref();
    if (sent === "tell") ref.tell(Echo.say(text));
    else {
      const asked = assertRejects(
        () => ref.ask(Echo.say(text), { timeout: 1_000 }),
        AskTimeoutError,
      );
      await world.clock.advance(1_000);
      await asked;
    }
    await world.clock.advance(4_999);
    assertEquals(world.client.connections, 1, sent);
    await world.clock.advance(1);
    assertEquals(world.client.connections, 0, sent);
    assertEquals(world.reasons, sent === "tell" ? ["unknown"] : []);
  }
});

Deno.test("A GoAkt peer is sent 256 asks at the same time, 10,000 more wait, and others are refused", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const ref = world.ref();
  const codes: Record<string, number> = {};
  const ask = () =>
    ref.ask(Echo.say(text), { timeout: 1_000 }).catch(({ code }) => {
      codes[code] = (codes[code] ?? 0) + 1;
    });
  const asks: Promise<unknown>[] = [];
  for (const batch of [100, 100, 56, 10_000, 3]) {
    asks.push(...upTo(batch).map(ask));
    await world.settle(); // a listener keeps no more until they are accepted
  }
  assertEquals([world.accepted, world.requests.length], [256, 256]);
  assertEquals(codes, { overloaded_error: 3 });
  await world.clock.advance(1_050);
  await Promise.all(asks);
  assertEquals(codes, { overloaded_error: 3, ask_timeout_error: 10_256 });
});

/** A connection of a GoAkt peer to a node, which has sent `bytes`. */
async function peerOf(
  world: World,
  { name, remote }: Node,
  from: string,
  bytes: Uint8Array,
): Promise<Connection> {
  const connection = await world.transport(from).connect({
    hostname: name,
    port: remote.port,
  });
  await connection.write(bytes);
  await world.settle();
  return connection;
}

Deno.test("A silent connection of a GoAkt peer is kept for 20 min, or as told", async () => {
  for (const told of [undefined, 2_000]) {
    await using world = new World();
    const goakt = told === undefined ? {} : { serverIdleTimeout: told };
    const shop = await world.node("shop", { remote: { goakt } });
    const peer = await peerOf(world, shop, "peer", LOOKUP);
    assert(await peer.read() !== undefined);
    await world.clock.advance((told ?? 1_200_000) - 1);
    assertEquals(shop.remote.connections, 1);
    await world.clock.advance(1);
    assertEquals(shop.remote.connections, 0);
    assertEquals(await peer.read(), undefined);
    assertEquals(shop.warnings, []);
    peer.close();
  }
});

Deno.test("GoAkt peers may have 4,096 connections open, or as many as told", async () => {
  for (const told of [undefined, 70]) {
    await using world = new World();
    const goakt = told === undefined ? {} : { maxServed: told };
    const shop = await world.node("shop", { remote: { goakt } });
    const most = told ?? 4_096;
    const peers: Connection[] = [];
    for (const n of upTo(most)) {
      peers.push(await peerOf(world, shop, `peer${n % 100}`, BEGINNING));
    }
    assertEquals(shop.remote.connections, most);
    peers.push(await peerOf(world, shop, "late", BEGINNING));
    assertEquals(shop.remote.connections, most);
    assertEquals(await peers.at(-1)?.read(), undefined);
    assertEquals(shop.warnings.length, 1);
    assert(warned(shop).includes(`${most} connections are open`), warned(shop));
    for (const peer of peers) peer.close();
  }
});
