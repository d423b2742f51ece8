import { assert, assertEquals } from "@std/assert";
import { RateError } from "../../../remote/errors.ts";
import type { PeerIdentity } from "../../../remote/handshake/identity.ts";
import { MOST_ASKS, MOST_SIGNALS } from "../../../remote/link/caps.ts";
import { Signals } from "../../../remote/link/signals.ts";
import { FrameDecoder } from "../../../remote/wire/decoder.ts";
import type { FrameFields } from "../../../remote/wire/fields.ts";
import { DefinitionKind, FrameKind } from "../../../remote/wire/kinds.ts";
import { Box, spawnBox, upTo } from "../actors.ts";
import { addressOf, type Node, warned, World } from "../world.ts";
import { encode, WirePeer } from "../wire/wire_peer.ts";

const CLIENT: PeerIdentity = {
  proof: "none",
  role: "client",
  system: "tablet",
  node: "t7",
};
const PING: FrameFields = { kind: FrameKind.PING, correlation: 1 };
const CANCEL: FrameFields = { kind: FrameKind.CANCEL, correlation: 7 };
const TOO_MANY =
  "it has sent too many frames that are neither messages nor requests, at most 1000 a second were expected";

/** Counts frames of a client at a time; how many were taken before it was too many. */
function counting() {
  const signals = new Signals(CLIENT, 0);
  const decoder = new FrameDecoder();
  return (fields: FrameFields, times: number, now = 0): number => {
    const bytes = encode(fields);
    decoder.decode(bytes, 4, bytes.length);
    for (let taken = 0; taken < times; taken++) {
      try {
        signals.take(decoder.frame, now);
      } catch (error) {
        assert(error instanceof RateError);
        const text = `Cannot keep the connection of client "t7": ${TOO_MANY}`;
        assertEquals(error.message, text);
        return taken;
      }
    }
    return times;
  };
}

Deno.test("Signals takes a thousand signs of life a second, of whatever kind, and messages without end", () => {
  const take = counting();
  assertEquals(take({ kind: FrameKind.TELL, receiver: 1 }, 100_000), 100_000);
  const kinds = ["PING", "PONG", "ACK", "GOODBYE"] as const;
  for (const kind of kinds) {
    assertEquals(take({ kind: FrameKind[kind] }, 250), 250);
  }
  assertEquals(take(PING, 1), 0);
  assertEquals(take(PING, 1_000, 500), 500);
});

Deno.test("Signals lets each request be given up once, and counts what gives up nothing", () => {
  for (const kind of [FrameKind.CANCEL, FrameKind.UNWATCH]) {
    const take = counting();
    const given = { kind, correlation: 7 };
    assertEquals(take({ kind: FrameKind.ASK, correlation: 1 }, 30_000), 30_000);
    assertEquals(take({ kind: FrameKind.LOOKUP, correlation: 1 }, 5), 5);
    assertEquals(take(given, 40_000), 30_005 + MOST_SIGNALS);
    // Nobody waits for more than so many.
    assertEquals(
      take({ kind: FrameKind.ASK, correlation: 1 }, 200_000),
      200_000,
    );
    assertEquals(take(given, 200_000), MOST_ASKS);
  }
});

Deno.test("Signals counts a large one as many, and what comes with a part of a message", () => {
  const definitions = upTo(60).map((n) => ({
    number: n + 1,
    table: DefinitionKind.ADDRESS,
    value: `/${n}`.padEnd(1_024, "x"),
  }));
  const chunk = { id: 1, last: false, totalBytes: 0 };
  const part = {
    kind: FrameKind.CHUNK,
    chunk,
    payload: new Uint8Array(65_536),
  };
  assertEquals(counting()({ ...PING, definitions }, 10), 4);
  const take = counting();
  assertEquals(take({ kind: FrameKind.ASK, correlation: 1 }, 10), 10);
  assertEquals(take({ ...CANCEL, definitions }, 10), 4);
  assertEquals(counting()(part, 10_000), 10_000);
  assertEquals(counting()({ ...part, definitions }, 10), 4);
});

/** A node with an actor for clients. */
function exposing(world: World): Promise<Node> {
  return world.node("b", {
    remote: { exposed: ["box", "other"], clientLimits: { messages: 1e5 } },
    system: {},
  });
}

Deno.test("A client that sends signs of life without end is cut off, knows why, and nobody else is", async () => {
  for (const flood of [PING, CANCEL]) {
    await using world = new World();
    const b = await exposing(world);
    const box = spawnBox(b.system, "box");
    const c = await world.node("c", { remote: { role: "client" } });
    const honest = c.remote.ref(Box, addressOf(b, "box"));
    assertEquals(await honest.ask(Box.ids()), []);
    const more = { role: "client" } as const;
    const peer = await WirePeer.dial(
      world,
      b,
      "data",
      undefined,
      undefined,
      more,
    );
    await peer.send(...upTo(MOST_SIGNALS).map(() => flood));
    await world.settle();
    assertEquals([b.remote.connections, b.warnings], [2, []]);
    await world.clock.advance(100);
    await peer.send(...upTo(200).map(() => flood));
    const frames = await peer.rest();
    await world.settle();
    const goodbye = frames.at(-1);
    assertEquals([goodbye?.kind, goodbye?.failure?.code], [
      FrameKind.GOODBYE,
      "rate_error",
    ]);
    assert(goodbye?.failure?.text.includes(TOO_MANY), goodbye?.failure?.text);
    assert(warned(b).includes(TOO_MANY), warned(b));
    assertEquals(b.remote.connections, 1);
    honest.tell(Box.put({ id: 1 }));
    assertEquals(await honest.ask(Box.ids()), [1]);
    assertEquals([box.ids, c.warnings], [[1], []]);
  }
});

Deno.test("A node may send as many signs of life as it likes", async () => {
  await using world = new World();
  const b = await exposing(world);
  const peer = await WirePeer.dial(world, b);
  await peer.send(...upTo(20_000).map(() => PING));
  for (const _ of upTo(20_000)) await peer.expect(FrameKind.PONG);
  peer.connection.close();
  await world.settle();
});

Deno.test("A client that looks for signs of life as often as it may is not cut off", async () => {
  await using world = new World();
  const remote = { silenceTimeout: 20, idleTimeout: Infinity };
  const b = await world.node("b", { remote: { ...remote, exposed: ["box"] } });
  const c = await world.node("c", { remote: { ...remote, role: "client" } });
  spawnBox(b.system, "box");
  const ref = c.remote.ref(Box, addressOf(b, "box"));
  assertEquals(await ref.ask(Box.echo(1)), 1);
  assert(await c.remote.lookup(Box, addressOf(b, "box")) !== undefined);
  for (const _ of upTo(300)) await world.clock.advance(10);
  assertEquals(await ref.ask(Box.echo(2)), 2);
  assertEquals([b.warnings, c.warnings, b.remote.connections], [[], [], 2]);
});

Deno.test("A client that gives up thousands of asks at once is not cut off", async () => {
  await using world = new World();
  const b = await exposing(world);
  const c = await world.node("c", { remote: { role: "client" } });
  for (const name of ["box", "other"]) spawnBox(b.system, name);
  const ref = c.remote.ref(Box, addressOf(b, "box"));
  const controller = new AbortController();
  const { signal } = controller;
  const asked = upTo(5_000).map(() =>
    ref.ask(Box.never(), { signal }).catch((error) => error)
  );
  await world.settle();
  controller.abort(new Error("enough"));
  const reasons = new Set((await Promise.all(asked)).map(String));
  assertEquals(reasons, new Set(["Error: enough"]));
  // Behind what has given them up, over the same connection.
  const other = c.remote.ref(Box, addressOf(b, "other"));
  assertEquals(await other.ask(Box.echo(1)), 1);
  assertEquals([b.warnings, c.warnings, b.remote.connections], [[], [], 1]);
});
