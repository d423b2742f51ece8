import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ActorSystem,
  ask,
  type ForeignMessage,
  Pid,
  protocol,
  StoppedError,
  tell,
} from "../../actor/mod.ts";
import { CodecError, RemoteError } from "../../remote/errors.ts";
import { HeaderSchema } from "../../remote/gen/troupe/remote/v1/frame_pb.ts";
import { protobuf } from "../../remote/codec/protobuf.ts";
import { create } from "@bufbuild/protobuf";
import { Box, spawnBox } from "./actors.ts";
import { addressOf, reasons, World } from "./world.ts";

const Talk = protocol("talk", {
  hello: tell<string>(),
  back: tell<string>(),
  start: ask<string, void>(),
  wait: ask<void, number>(),
});

Deno.test("ctx.tell() over the network brings a sender that can be told back", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const heard: string[] = [];
  b.system.spawn(Talk, () => ({
    receive(message, ctx) {
      if (!("body" in message)) return;
      heard.push(`${message.body} from ${ctx.sender?.pid.toJSON()}`);
      if (ctx.sender !== undefined) {
        ctx.tell(ctx.sender, Talk.back(`you said ${message.body}`));
      }
    },
  }), { name: "listener" });
  const listener = a.remote.ref(Talk, addressOf(b, "listener"));
  const talker = a.system.spawn(Talk, () => ({
    start: (text, ctx) => void ctx.tell(listener, Talk.hello(text)),
    receive: (message, ctx) =>
      void heard.push(
        `${"body" in message && message.body} from ${ctx.sender?.pid}`,
      ),
  }), { name: "talker" });
  await talker.ask(Talk.start("hi"));
  await world.settle();
  assertEquals(heard, [
    `hi from ${talker.pid.toJSON()}`,
    `you said hi from ${addressOf(b, "listener")}`,
  ]);
  listener.tell(Talk.hello("nobody"));
  await world.settle();
  assertEquals(heard.slice(2), ["nobody from undefined"]);
});

Deno.test("A sender that has stopped gets no answer of another actor with its name", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const asked = Promise.withResolvers<void>();
  b.system.spawn(Talk, () => ({
    async receive(_message, ctx) {
      const { sender } = ctx;
      await asked.promise;
      if (sender !== undefined) ctx.tell(sender, Talk.back("late"));
    },
  }), { name: "listener" });
  const listener = a.remote.ref(Talk, addressOf(b, "listener"));
  const talker = a.system.spawn(Talk, () => ({
    receive: (_message, ctx) => void ctx.tell(listener, Talk.hello("x")),
  }), { name: "talker" });
  talker.tell(Talk.hello("go"));
  await world.settle();
  await a.system.stop(talker);
  const again: unknown[] = [];
  a.system.spawn(Talk, () => ({
    receive: (message) => void again.push(message),
  }), { name: "talker" });
  asked.resolve();
  await world.settle();
  assertEquals([again, reasons(a.deadLetters)], [[], { missing: 1 }]);
});

Deno.test("What is told back to a sender names the far actor as its sender", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const senders: unknown[] = [];
  // Forwards what it gets to where it came from, in the name of whoever sent it.
  b.system.spawn(Talk, () => ({
    receive: (_message, ctx) => {
      if (ctx.sender !== undefined) ctx.tell(ctx.sender, Talk.back("x"));
    },
  }), { name: "echo" });
  const echo = a.remote.ref(Talk, addressOf(b, "echo"));
  const talker = a.system.spawn(Talk, () => ({
    start: (_text, ctx) => void ctx.tell(echo, Talk.hello("x")),
    receive: (_message, ctx) => void senders.push(ctx.sender?.isLocal),
  }), { name: "talker" });
  await talker.ask(Talk.start(""));
  await world.settle();
  assertEquals(senders, [false]);
});

Deno.test("Bodies and replies of every JSON shape pass", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const values = [
    "text",
    "",
    "ä€😀",
    0,
    -1.5,
    2 ** 60,
    true,
    false,
    null,
    undefined,
    [],
    [1, "a", null, [{}]],
    {},
    { a: { b: [1] }, "": 0 },
  ];
  for (const value of values) {
    assertEquals(await ref.ask(Box.echo(value)), value);
  }
  assertEquals(
    await ref.ask(Box.echoRaw(new Uint8Array([0, 255]))),
    new Uint8Array([0, 255]),
  );
  assertEquals(await ref.ask(Box.put({ id: 1 })), undefined);
  assertEquals(await ref.ask(Box.fill(0)), new Uint8Array());
});

Deno.test("What JSON would change is refused with its path, ask and tell", async () => {
  class Point {
    x = 1;
  }
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const cases: [unknown, string, string][] = [
    [new Map([[1, 2]]), "$", "an instance of Map"],
    [{ list: [new Point()] }, "$.list[0]", "an instance of Point"],
    [{ when: new Date(0) }, "$.when", "an instance of Date"],
    [[1n], "$[0]", "a bigint"],
    [{ a: NaN }, "$.a", "NaN"],
    [JSON.parse('{"__proto__":1}'), "$", 'the key "__proto__"'],
    [new Uint8Array(1), "$", "an instance of Uint8Array"],
  ];
  for (const [value, path, found] of cases) {
    const error = await assertRejects(
      () => ref.ask(Box.echo(value)),
      CodecError,
    );
    assert(error.path.startsWith(path), error.message);
    assert(error.message.includes(found), error.message);
    assertEquals(error.outcome, "not_delivered");
  }
  assertEquals(reasons(a.deadLetters), { not_encodable: cases.length });
  a.deadLetters.length = 0;
  const odd = { id: 1, pad: new Point() as unknown as string };
  assertEquals(ref.tell(Box.put(odd)), false);
  assert(a.deadLetters[0]?.error instanceof CodecError);
  assertEquals(box.ids, []);
});

Deno.test("A reply that cannot be encoded rejects the asker with the reason", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  b.system.spawn(Box, () => ({ receive: () => new Map() }), { name: "box" });
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const error = await assertRejects(() => ref.ask(Box.echo(1)), RemoteError);
  assertEquals([error.remoteCode, error.outcome, error.retryable], [
    "codec_error",
    "done",
    false,
  ]);
  assert(error.text.includes("an instance of Map"), error.text);
});

Deno.test("Protobuf messages pass both ways under their full name", async () => {
  const Envoy = protocol("envoy", {
    flip: ask(protobuf(HeaderSchema), protobuf(HeaderSchema)),
  });
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  b.system.spawn(Envoy, () => ({
    flip: ({ key, value }) => create(HeaderSchema, { key: value, value: key }),
  }), { name: "envoy" });
  const ref = a.remote.ref(Envoy, addressOf(b, "envoy"));
  const message = Envoy.flip(create(HeaderSchema, { key: "k", value: "v" }));
  assertEquals(message.type, "troupe.remote.v1.Header");
  const { key, value } = await ref.ask(message);
  assertEquals([key, value], ["v", "k"]);
});

Deno.test("A message that the receiver has no codec for goes to receive() as its bytes", async () => {
  const Newer = protocol("box", { novel: ask<string, string>() });
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const seen: ForeignMessage[] = [];
  b.system.spawn(Box, () => ({
    receive: (message) => {
      if ("typeName" in message) seen.push(message);
      return "taken";
    },
  }), { name: "open" });
  spawnBox(b.system, "closed");
  const open = a.remote.ref(Newer, addressOf(b, "open"));
  assertEquals(await open.ask(Newer.novel("hi")), "taken");
  assertEquals(seen.map(({ typeName }) => typeName), ["box.novel"]);
  assertEquals(new TextDecoder().decode(seen[0]?.bytes), '"hi"');
  const closed = a.remote.ref(Newer, addressOf(b, "closed"));
  const error = await assertRejects(
    () => closed.ask(Newer.novel("hi")),
    RemoteError,
  );
  assertEquals([error.remoteCode, error.outcome], [
    "unhandled_error",
    "not_delivered",
  ]);
  assertEquals(reasons(b.deadLetters), { unhandled: 1 });
});

Deno.test("A body that the receiver's schema refuses rejects the asker, and the link goes on", async () => {
  const schema = {
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate: (value: unknown) =>
        typeof value === "number"
          ? { value }
          : { issues: [{ message: "no number" }] },
    },
  };
  const Strict = protocol("till", { add: ask<number, number>(schema) });
  const Lax = protocol("till", { add: ask<unknown, number>() });
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  b.system.spawn(Strict, () => ({ add: (n) => n + 1 }), { name: "till" });
  const ref = a.remote.ref(Lax, addressOf(b, "till"));
  assertEquals(await ref.ask(Lax.add(1)), 2);
  const error = await assertRejects(() => ref.ask(Lax.add("x")), RemoteError);
  assertEquals([error.remoteCode, error.outcome], [
    "codec_error",
    "not_delivered",
  ]);
  assert(error.text.includes("no number"), error.text);
  assertEquals(ref.tell(Lax.add("y")), true);
  assertEquals(await ref.ask(Lax.add(2)), 3);
  assertEquals(reasons(b.deadLetters), { not_decodable: 2 });
});

Deno.test("What a handler throws reaches the asker as code and text, without a stack", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const error = await assertRejects(
    () => ref.ask(Box.boom("too far")),
    RemoteError,
  );
  assertEquals(
    {
      code: error.code,
      remoteCode: error.remoteCode,
      text: error.text,
      node: error.node,
      outcome: error.outcome,
      retryable: error.retryable,
      message: error.message,
    },
    {
      code: "remote_error",
      remoteCode: "range_error",
      text: "RangeError: too far",
      node: `b:${b.remote.port}`,
      outcome: "done",
      retryable: false,
      message:
        `Cannot complete the ask of "box.boom" to "${ref.pid}": node "b:${b.remote.port}" reported range_error "RangeError: too far", success was expected`,
    },
  );
  assert(!error.stack?.includes("actors.ts"));
});

Deno.test("An error of a third node that a handler passes on does not claim that nothing was handled", async () => {
  await using world = new World();
  const [a, b, c] = [
    await world.node("a"),
    await world.node("b"),
    await world.node("c"),
  ];
  const gone = b.remote.ref(Box, addressOf(c, "gone"));
  b.system.spawn(Talk, () => ({
    receive: () => gone.ask(Box.ids()),
  }), { name: "between" });
  const between = a.remote.ref(Talk, addressOf(b, "between"));
  const error = await assertRejects(
    () => between.ask(Talk.wait()),
    RemoteError,
  );
  assertEquals([error.remoteCode, error.outcome, error.retryable], [
    "stopped_error",
    "done",
    false,
  ]);
});

Deno.test("Missing and dead targets fail an ask at once and a tell there", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const missing = a.remote.ref(Box, addressOf(b, "nobody"));
  const error = await assertRejects(() => missing.ask(Box.ids()), RemoteError);
  assertEquals([error.remoteCode, error.outcome], [
    "stopped_error",
    "not_delivered",
  ]);
  assert(error.text.includes(`"${addressOf(b, "nobody")}"`), error.text);
  assertEquals(missing.tell(Box.put({ id: 1 })), true);
  const { ref } = spawnBox(b.system, "box");
  const dead = a.remote.ref(Box, addressOf(b, "box"));
  await dead.ask(Box.ids());
  await b.system.stop(ref);
  await assertRejects(() => dead.ask(Box.ids()), RemoteError, "stopped_error");
  assertEquals(reasons(b.deadLetters), { missing: 3 });
  assertEquals([world.clock.now(), reasons(a.deadLetters)], [0, {}]);
});

Deno.test("A reference to one incarnation never reaches the next actor of that name", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const first = spawnBox(b.system, "box");
  const exact = await a.remote.lookup(Box, addressOf(b, "box"));
  assert(exact !== undefined);
  assertEquals(exact.pid.equals(first.ref.pid), true);
  const any = a.remote.ref(Box, addressOf(b, "box"));
  exact.tell(Box.put({ id: 1 }));
  await any.ask(Box.ids());
  await b.system.stop(first.ref);
  const second = spawnBox(b.system, "box");
  exact.tell(Box.put({ id: 2 }));
  any.tell(Box.put({ id: 3 }));
  await assertRejects(() => exact.ask(Box.ids()), RemoteError, "stopped_error");
  await world.settle();
  assertEquals([first.ids, second.ids], [[1], [3]]);
});

Deno.test("After a restart of the node an exact reference misses, a plain one is served anew", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "box");
  const exact = await a.remote.lookup(Box, addressOf(b, "box"));
  const any = a.remote.ref(Box, addressOf(b, "box"));
  assert(exact !== undefined);
  await exact.ask(Box.ids());
  const { port } = b.remote;
  await world.drain(b);
  await b.system.drain();
  const next = await world.node("b", { remote: { port } });
  const box = spawnBox(next.system, "box");
  any.tell(Box.put({ id: 1 }));
  await assertRejects(() => exact.ask(Box.ids()), RemoteError, "stopped_error");
  assertEquals([await any.ask(Box.ids()), box.ids], [[1], [1]]);
});

Deno.test("References to one path on two nodes differ", async () => {
  await using world = new World();
  const a = await world.node("a");
  const one = a.remote.ref(Box, "goakt://s@b:1/box");
  const other = a.remote.ref(Box, "goakt://s@c:1/box");
  assertEquals([one.pid.equals(other.pid), one.isLocal], [false, false]);
  assertEquals(String(one), "goakt://s@b:1/box");
});

Deno.test("A message of another protocol is refused before it is sent", async () => {
  await using world = new World();
  const a = await world.node("a");
  const ref = a.remote.ref(Talk, "goakt://s@b:1/box");
  assertThrows(
    // deno-lint-ignore no-explicit-any -- what the compiler refuses
    () => ref.tell(Box.put({ id: 1 }) as any),
    TypeError,
    'Cannot send "box.put" to "goakt://s@b:1/box": it is a message of protocol "box", a message of protocol "talk" was expected',
  );
});

Deno.test("started() of a remote reference waits for the start, or says why there is none", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const start = Promise.withResolvers<void>();
  b.system.spawn(Box, () => ({
    onStart: () => start.promise,
    receive: () => {},
  }), { name: "slow" });
  const order: string[] = [];
  const waiting = a.remote.ref(Box, addressOf(b, "slow")).started()
    .then(() => order.push("started"));
  await world.settle();
  order.push("released");
  start.resolve();
  await waiting;
  assertEquals(order, ["released", "started"]);
  await assertRejects(
    () => a.remote.ref(Box, addressOf(b, "nobody")).started(),
    RemoteError,
    "stopped_error",
  );
});

Deno.test("An address of the own node where nobody lives is missing here, nothing is dialled", async () => {
  await using world = new World();
  const a = await world.node("a");
  const ref = a.remote.ref(Box, addressOf(a, "nobody"));
  await assertRejects(() => ref.ask(Box.ids()), StoppedError);
  assertEquals([ref.isLocal, a.remote.connections], [true, 0]);
});

Deno.test("Systems of one process reach each other, and are told apart by their names", async () => {
  await using world = new World();
  const nodes = [];
  for (const name of ["a", "b", "c"]) nodes.push(await world.node(name));
  for (const to of nodes) spawnBox(to.system, "box");
  for (const from of nodes) {
    for (const to of nodes) {
      const ref = from.remote.ref(Box, addressOf(to, "box"));
      assertEquals(await ref.ask(Box.echo(to.name)), to.name);
    }
  }
});

Deno.test("A system without remoting says so when asked for a reference elsewhere", async () => {
  await using system = new ActorSystem("alone", { logger: null });
  assertThrows(
    () => system.ref(Box, Pid.parse("goakt://s@b:1/box")),
    TypeError,
    "which has no remoting; start it first",
  );
});
