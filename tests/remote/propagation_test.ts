import { assert, assertEquals } from "@std/assert";
import {
  type ActorRef,
  ActorSystem,
  ask,
  broadcast,
  type Context,
  type Handlers,
  type Propagator,
  type Protocol,
  protocol,
  scatterGatherFirst,
  type Spec,
  tell,
  traceContext,
  withHeaders,
} from "../../actor/mod.ts";
import { FrameKind } from "../../remote/wire/kinds.ts";
import { simulateRemote } from "../../testing/mod.ts";
import { addressOf, reasons, warned, World } from "./world.ts";
import { encode, WirePeer } from "./wire/wire_peer.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OTHER = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

type HopProtocol = Protocol<"hop", {
  ask: Spec<{ pad?: string }, string[]>;
  tell: Spec<void, void>;
  hand: Spec<void, string[]>;
  carry: Spec<string, string[]>;
}>;

const Hop: HopProtocol = protocol("hop", {
  ask: ask<{ pad?: string }, string[]>(),
  tell: tell(),
  hand: ask<void, string[]>(),
  carry: ask<string, string[]>(),
});

const seenBy = ({ headers }: Context): string =>
  [...headers].map(([key, value]) => `${key}=${value}`).join();

/** Says what it saw, and what the next one did. */
function hop(
  next?: () => ActorRef<HopProtocol>,
  told: string[] = [],
): Handlers<HopProtocol> {
  const go = async (ctx: Context, pad = "") =>
    next === undefined ? [] : await ctx.ask(next(), Hop.ask({ pad }));
  return {
    ask: async ({ pad }: { pad?: string }, ctx: Context): Promise<string[]> => [
      seenBy(ctx),
      ...await go(ctx, pad),
    ],
    tell: (_: void, ctx: Context): void => {
      told.push(seenBy(ctx));
      if (next !== undefined) ctx.tell(next(), Hop.tell());
    },
    hand: (_: void, ctx: Context): string[] => {
      if (next === undefined) return [seenBy(ctx)];
      ctx.forward(next());
      return [];
    },
    carry: async (traceparent: string, ctx: Context): Promise<string[]> => {
      const before = await go(ctx);
      ctx.carry({ traceparent });
      const after = await go(ctx);
      ctx.carry({});
      return [...before, ...after, ...await go(ctx)];
    },
  };
}

interface Chain {
  readonly world: World;
  /** The first of three actors, on two nodes: a, a, b. */
  readonly first: ActorRef<HopProtocol>;
  readonly told: string[];
}

async function withChain(
  run: (chain: Chain) => Promise<void>,
  propagator: Propagator | undefined = traceContext(),
): Promise<void> {
  await using world = new World();
  const system = propagator && { propagator };
  const settings = system === undefined ? {} : { system };
  const a = await world.node("a", settings);
  const b = await world.node("b", settings);
  const told: string[] = [];
  b.system.spawn(Hop, () => hop(undefined, told), { name: "last" });
  const last = a.remote.ref(Hop, addressOf(b, "last"));
  const second = a.system.spawn(Hop, () => hop(() => last, told));
  const first = a.system.spawn(Hop, () => hop(() => second, told));
  await run({ world, first, told });
}

Deno.test("A trace context goes from actor to actor, within a node and to another, by ask, tell and forward", async () => {
  await withChain(async ({ world, first, told }) => {
    const traced = withHeaders(first, { traceparent: TRACEPARENT });
    const header = `traceparent=${TRACEPARENT}`;
    assertEquals(await traced.ask(Hop.ask({})), [header, header, header]);
    assert(traced.tell(Hop.tell()));
    await world.settle();
    assertEquals(told, [header, header, header]);
    assertEquals(await traced.ask(Hop.hand()), [header]);
    // It belongs to the message: what came without one has none.
    assertEquals(await first.ask(Hop.ask({})), ["", "", ""]);
  });
});

Deno.test("A trace context goes with messages that are sent in parts", async () => {
  await withChain(async ({ first }) => {
    const traced = withHeaders(first, { traceparent: TRACEPARENT });
    const seen = await traced.ask(Hop.ask({ pad: "x".repeat(300_000) }));
    assertEquals(seen.at(-1), `traceparent=${TRACEPARENT}`);
  });
});

Deno.test("Context.carry() says what goes with later messages, for this message only", async () => {
  await withChain(async ({ first }) => {
    const traced = withHeaders(first, { traceparent: TRACEPARENT });
    const [before, after] = [
      `traceparent=${TRACEPARENT}`,
      `traceparent=${OTHER}`,
    ];
    assertEquals(await traced.ask(Hop.carry(OTHER)), [
      before,
      before,
      after,
      after,
      "",
      "",
    ]);
    assertEquals(await traced.ask(Hop.ask({})), [before, before, before]);
  });
});

Deno.test("Headers that the propagator does not know stay behind, and without one all do", async () => {
  const headers = { traceparent: TRACEPARENT, cookie: "secret" };
  const all = `traceparent=${TRACEPARENT},cookie=secret`;
  const some = `traceparent=${TRACEPARENT}`;
  await withChain(async ({ first }) => {
    const seen = await withHeaders(first, headers).ask(Hop.ask({}));
    assertEquals(seen, [all, some, some]);
  });
  await using world = new World();
  const a = await world.node("a");
  const b = await world.node("b");
  b.system.spawn(Hop, () => hop(), { name: "last" });
  const last = a.remote.ref(Hop, addressOf(b, "last"));
  const first = a.system.spawn(Hop, () => hop(() => last));
  assertEquals(await withHeaders(first, headers).ask(Hop.ask({})), [all, ""]);
  assertEquals(await withHeaders(last, headers).ask(Hop.ask({})), [""]);
});

Deno.test("A propagator of one's own carries what it likes; one that throws costs no message", async () => {
  const upper: Propagator = {
    inject: (headers) =>
      new Map([["hops", String(Number(headers?.get("hops") ?? 0) + 1)]]),
    extract: (headers) => {
      if (headers.get("hops") === "9") throw new Error("too far");
      return headers;
    },
  };
  await withChain(async ({ first }) => {
    assertEquals(await first.ask(Hop.ask({})), ["", "hops=1", "hops=2"]);
  }, upper);
  await using world = new World();
  const a = await world.node("a");
  const b = await world.node("b", { system: { propagator: upper } });
  b.system.spawn(Hop, () => hop(), { name: "last" });
  const last = a.remote.ref(Hop, addressOf(b, "last"));
  assertEquals(
    await withHeaders(last, { hops: "9" }).ask(Hop.ask({})),
    [""],
  );
  assertEquals(warned(b), "the headers of a message could not be extracted");
});

Deno.test("Headers that are too many or too long are refused, and the link goes on", async () => {
  await using world = new World();
  const a = await world.node("a");
  const b = await world.node("b", { system: { propagator: traceContext() } });
  b.system.spawn(Hop, () => hop(), { name: "last" });
  const last = a.remote.ref(Hop, addressOf(b, "last"));
  const many = Object.fromEntries(
    Array.from({ length: 65 }, (_, at) => [`key${at}`, "1"]),
  );
  for (const headers of [many, { key: "x".repeat(16_382) }]) {
    const error = await withHeaders(last, headers).ask(Hop.ask({}))
      .catch((error) => error);
    assertEquals(error.code, "frame_error");
    assert(error.message.startsWith('Cannot send "hop.ask": it has '));
    const pad = "x".repeat(100_000);
    const large = withHeaders(last, headers).ask(Hop.ask({ pad }))
      .catch((error) => error);
    assertEquals((await large).code, "frame_error");
  }
  assertEquals(reasons(a.deadLetters), { "not_encodable": 4 });
  const most = withHeaders(last, { key: "x".repeat(16_381) });
  assertEquals(await most.ask(Hop.ask({})), [""]);
});

Deno.test("Headers of a peer are taken by name, whatever their case", async () => {
  await using world = new World();
  const b = await world.node("b", { system: { propagator: traceContext() } });
  const told: string[] = [];
  b.system.spawn(Hop, () => hop(undefined, told), { name: "last" });
  const peer = await WirePeer.dial(world, b);
  await peer.connection.write(
    encode({
      kind: FrameKind.TELL,
      receiver: 1,
      type: 1,
      definitions: [
        { number: 1, table: 1, value: "/last" },
        { number: 1, table: 2, value: "hop.tell" },
      ],
      headers: [
        { key: "Traceparent", value: TRACEPARENT },
        { key: "__proto__", value: "x" },
      ],
    }),
  );
  await world.settle();
  assertEquals(told, [`traceparent=${TRACEPARENT}`]);
  peer.connection.close();
});

Deno.test("A message without headers has none on the wire, with a propagator too", async () => {
  await using world = new World();
  const a = await world.node("a", { system: { propagator: traceContext() } });
  const listener = await world.transport("wire").listen({
    hostname: "wire",
    port: 7,
  });
  const last = a.remote.ref(Hop, "goakt://wire@wire:7/last");
  const first = a.system.spawn(Hop, () => hop(() => last));
  assert(first.tell(Hop.tell()));
  const peer = await WirePeer.accept(world, listener);
  const plain = await peer.expect(FrameKind.TELL);
  assertEquals(plain.headers, []);
  withHeaders(first, { traceparent: TRACEPARENT }).tell(Hop.tell());
  const traced = await peer.expect(FrameKind.TELL);
  assertEquals(traced.headers, [{ key: "traceparent", value: TRACEPARENT }]);
  peer.connection.close();
  await listener.close();
});

Deno.test("A trace context passes routers and a simulated wire", async () => {
  await using system = new ActorSystem("demo", {
    propagator: traceContext(),
    simulateRemote,
  });
  const header = `traceparent=${TRACEPARENT}`;
  for (const strategy of [undefined, broadcast(), scatterGatherFirst()]) {
    const pool = system.spawnPool(Hop, () => hop(), {
      size: 2,
      ...(strategy && { strategy }),
    });
    const traced = withHeaders(pool, { traceparent: TRACEPARENT });
    assertEquals(await traced.ask(Hop.ask({})), [header]);
  }
});
