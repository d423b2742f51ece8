import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertRejects,
} from "@std/assert";
import {
  ActorSystem,
  ask,
  AskCycleError,
  type Context,
  data,
  protocol,
  type StandardSchema,
  tell,
} from "../../actor/mod.ts";
import { bytes, CodecError, RemoteError } from "../../remote/mod.ts";
import {
  captureDeadLetters,
  ManualClock,
  settle,
  simulateRemote,
} from "../../testing/mod.ts";

/** Accepts what is a text on its way in, but nothing that has travelled. */
const OnlyOnce: StandardSchema<string> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      value instanceof Object || String(value).startsWith("seen:")
        ? { issues: [{ message: "seen before" }] }
        : { value: `seen:${value}` },
  },
};

const Shop = protocol("shop", {
  echo: ask<unknown, unknown>(),
  note: tell<unknown>(),
  raw: ask<Uint8Array, Uint8Array>(bytes(), bytes()),
  fussy: tell<string>(OnlyOnce),
  fail: ask<string, void>(),
  withdraw: ask({
    input: data<{ amount: number }>(),
    output: data<number>(),
    errors: {
      Missing: data<{ missing: number }>(),
      Odd: data<Map<string, number>>(),
    },
  }),
  run: ask<void, unknown>(),
});

function shop() {
  const system = new ActorSystem("test", {
    simulateRemote,
    logger: null,
    clock: new ManualClock(),
  });
  const seen: unknown[] = [];
  let reply = (body: unknown): unknown => body;
  let job = (_: Context<typeof Shop>): unknown => undefined;
  const ref = system.spawn(Shop, () => ({
    echo: (body) => reply(body),
    note: (body) => void seen.push(body),
    raw: (body) => body,
    fussy: (body) => void seen.push(body),
    fail: (text) => {
      throw new RangeError(text);
    },
    withdraw: ({ amount }) => {
      throw amount > 0
        ? Shop.withdraw.errors.Missing({ missing: amount })
        : Shop.withdraw.errors.Odd(new Map([["a", 1]]));
    },
    run: (_, ctx) => job(ctx),
  }));
  return {
    system,
    ref,
    seen,
    replyWith: (value: unknown) => reply = () => value,
    run: (todo: (ctx: Context<typeof Shop>) => unknown) => {
      job = todo;
      return ref.ask(Shop.run());
    },
  };
}

Deno.test("simulateRemote has messages and replies arrive as equal copies", async () => {
  const { system, ref, seen } = shop();
  const body = { items: [1, { name: "x" }] };
  const reply = await ref.ask(Shop.echo(body));
  assertEquals(reply, body);
  assertNotStrictEquals(reply, body);
  ref.tell(Shop.note(body));
  const raw = new Uint8Array([1, 2]);
  assertEquals(await ref.ask(Shop.raw(raw)), raw);
  await settle(system);
  assertEquals(seen, [body]);
  assertNotStrictEquals(seen[0], body);
  await system.drain();
});

Deno.test("simulateRemote refuses a body that cannot be encoded, as the way to another node does", async () => {
  const { system, ref, seen } = shop();
  using lost = captureDeadLetters(system);
  const message = Shop.note({ at: new Date(0) });
  assertEquals(ref.tell(message), false);
  const error = await assertRejects(
    () => ref.ask(Shop.echo(new Map())),
    CodecError,
    'Cannot encode "$" as json: found an instance of Map',
  );
  assertEquals(error.outcome, "not_delivered");
  assertEquals(
    lost.all.map(({ reason, error }) => [reason, error instanceof CodecError]),
    [["not_encodable", true], ["not_encodable", true]],
  );
  assertEquals(seen, []);
  await system.drain();
});

Deno.test("simulateRemote refuses a body that the receiver's schema refuses, without telling the sender of a tell", async () => {
  const { system, ref, seen } = shop();
  using lost = captureDeadLetters(system);
  assertEquals(ref.tell(Shop.fussy("x")), true);
  const error = await assertRejects(
    () => ref.ask(Shop.fussy("y")),
    RemoteError,
  );
  assertEquals([error.remoteCode, error.outcome], [
    "codec_error",
    "not_delivered",
  ]);
  assertEquals(lost.all.map(({ reason }) => reason), [
    "not_decodable",
    "not_decodable",
  ]);
  assertEquals(seen, []);
  await system.drain();
});

Deno.test("simulateRemote tells the asker of a reply that cannot be encoded", async () => {
  const { system, ref, replyWith } = shop();
  replyWith(() => {});
  const error = await assertRejects(() => ref.ask(Shop.echo(1)), RemoteError);
  assertEquals([error.remoteCode, error.outcome], ["codec_error", "done"]);
  await system.drain();
});

Deno.test("simulateRemote gives the asker a RemoteError for what a handler throws and for a dead actor", async () => {
  const { system, ref } = shop();
  const thrown = await assertRejects(
    () => ref.ask(Shop.fail("no")),
    RemoteError,
  );
  assertEquals([thrown.remoteCode, thrown.outcome], ["range_error", "done"]);
  await system.stop(ref);
  const dead = await assertRejects(() => ref.ask(Shop.echo(1)), RemoteError);
  assertEquals([dead.remoteCode, dead.outcome], [
    "stopped_error",
    "not_delivered",
  ]);
  await system.drain();
});

Deno.test("simulateRemote gives the asker a declared error with a copy of its data, if that can travel", async () => {
  const { system, ref } = shop();
  const missing = await ref.ask(Shop.withdraw({ amount: 5 })).catch((e) => e);
  assert(Shop.withdraw.errors.Missing.is(missing));
  assertEquals(missing.data, { missing: 5 });
  const odd = await assertRejects(
    () => ref.ask(Shop.withdraw({ amount: 0 })),
    RemoteError,
  );
  assertEquals([odd.remoteCode, odd.outcome], ["codec_error", "done"]);
  await system.drain();
});

Deno.test("simulateRemote keeps senders, cycles of asks and cancellation as they are", async () => {
  const { system, ref, run } = shop();
  const other = system.spawn(Shop, () => ({
    receive: (_message, ctx: Context<typeof Shop>) =>
      ctx.ask(ctx.sender as typeof ref, Shop.echo(1)),
  }));
  const failure = await run((ctx) => ctx.ask(other, Shop.echo(1)))
    .catch((error: unknown) => error);
  assert(failure instanceof RemoteError);
  assertEquals(failure.remoteCode, new AskCycleError("x", []).code);
  const controller = new AbortController();
  let reason: unknown;
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow = system.spawn(Shop, () => ({
    receive: (_message, ctx: Context<typeof Shop>) => {
      ctx.signal.addEventListener("abort", () => {
        reason = ctx.signal.reason;
        resolve();
      });
      return promise;
    },
  }));
  const asked = slow.ask(Shop.echo(1), { signal: controller.signal });
  await settle(system);
  controller.abort("enough");
  assertEquals(await asked.catch((error: unknown) => error), "enough");
  await settle(system);
  assertEquals(reason, "enough");
  await system.drain();
});

Deno.test("simulateRemote leaves the end of watched actors and the stop of actors alone", async () => {
  const { system, ref, run } = shop();
  const ends: string[] = [];
  const watcher = system.spawn(Shop, () => ({
    receive: (_message, ctx: Context<typeof Shop>) => ctx.watch(ref),
    onTerminated: ({ reason }) => void ends.push(reason),
  }));
  await watcher.ask(Shop.note(1));
  await run((ctx) => void ctx.stop());
  await settle(system);
  assertEquals(ends, ["stopped"]);
  await system.drain();
});

Deno.test("a system without simulateRemote passes messages as they are", async () => {
  await using system = new ActorSystem("test", { logger: null });
  const body = new Map();
  const Echo = protocol("echo", { echo: ask<unknown, unknown>() });
  const ref = system.spawn(Echo, () => ({ echo: (it) => it }));
  assertEquals(await ref.ask(Echo.echo(body)) === body, true);
});
