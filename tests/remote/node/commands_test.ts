import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ask,
  AskTimeoutError,
  input,
  kind,
  Pid,
  protocol,
} from "../../../actor/mod.ts";
import {
  ConnectError,
  DisconnectedError,
  FrameError,
  HandshakeError,
  RemoteError,
} from "../../../remote/errors.ts";
import { Box, BoxKind, spawnBox } from "../actors.ts";
import { addressOf, World } from "../world.ts";

const schema = {
  "~standard": {
    version: 1 as const,
    vendor: "test",
    validate: (value: unknown) =>
      typeof value === "number" && value >= 0
        ? { value }
        : { issues: [{ message: "no number of at least 0" }] },
  },
};
const Meter = protocol("meter", { read: ask<void, number>() }, {
  input: input<number>(schema),
});
const MeterKind = kind(Meter, (start) => {
  if (start === 13) throw new RangeError("unlucky");
  return { read: () => start };
});
const SpareKind = kind(Box, () => ({ receive: () => {} }), {
  name: "spare",
  aliases: ["reserve"],
});

Deno.test("Remote.spawn() creates an actor by kind and resolves with an exact reference", async () => {
  await using world = new World();
  const [a, b] = [
    await world.node("a"),
    await world.node("b", { system: { kinds: [MeterKind] } }),
  ];
  const ref = await a.remote.spawn(b.remote.address, Meter, {
    name: "gas",
    input: 7,
  });
  assertEquals(String(ref.pid), addressOf(b, "gas"));
  assert(ref.pid.incarnation !== "");
  assertEquals(await ref.ask(Meter.read()), 7);
  const unnamed = await a.remote.spawn(`b:${b.remote.port}`, Meter, {
    input: 8,
  });
  assertEquals(await unnamed.ask(Meter.read()), 8);
});

Deno.test("Remote.spawn() reports what the far node refused, by code and with names", async () => {
  await using world = new World();
  const [a, b] = [
    await world.node("a"),
    await world.node("b", {
      system: { kinds: [BoxKind, SpareKind, MeterKind] },
    }),
  ];
  const node = b.remote.address;
  spawnBox(b.system, "taken");
  const Unknown = protocol("unknown", { x: ask<void, void>() });
  const cases: [() => Promise<unknown>, string, string][] = [
    [
      () => a.remote.spawn(node, Unknown),
      "unknown_kind_error",
      'Cannot create an actor of kind "unknown": it is not registered, registered are "box", "meter", "reserve", "spare"',
    ],
    [
      () => a.remote.spawn(node, Box, { kind: "crate" }),
      "unknown_kind_error",
      'registered are "box", "meter", "reserve", "spare"',
    ],
    [
      () => a.remote.spawn(node, Box),
      "type_error",
      'Cannot choose a kind for protocol "box": found "box", "spare", wanted one of them by name',
    ],
    [
      () => a.remote.spawn(node, Box, { kind: "spare", name: "taken" }),
      "name_taken_error",
      `Cannot spawn "${addressOf(b, "taken")}": the name is in use`,
    ],
    [
      () => a.remote.spawn(node, Box, { kind: "spare", name: "no/slash" }),
      "type_error",
      '"no/slash"',
    ],
    [
      () => a.remote.spawn(node, Meter, { name: "m", input: 13 }),
      "start_error",
      `Cannot start "${addressOf(b, "m")}": RangeError: unlucky`,
    ],
    [
      () => a.remote.spawn(node, Meter, { input: -1 }),
      "codec_error",
      "no number of at least 0",
    ],
    [
      () => a.remote.spawn(node, Meter, { kind: "box", input: 1 }),
      "type_error",
      'Cannot spawn kind "box": it is of protocol "box", one of protocol "meter" was expected',
    ],
  ];
  for (const [spawn, code, text] of cases) {
    const error = await assertRejects(spawn, RemoteError);
    assertEquals([error.remoteCode, error.outcome], [code, "not_delivered"]);
    assert(error.text.includes(text), error.text);
    assertEquals(error.node, `b:${b.remote.port}`);
  }
  const spare = await a.remote.spawn(node, Box, { kind: "Reserve" });
  assertEquals(await spare.ask(Box.echo(1)), undefined);
  assertEquals(a.remote.connections, 2);
});

Deno.test("Remote.spawn() refuses what cannot be sent before anything is sent", async () => {
  const Any = protocol("any", { x: ask<void, void>() }, {
    input: input<unknown>(),
  });
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const node = b.remote.address;
  await assertRejects(
    () => a.remote.spawn(node, Any, { input: new Map() }),
    Error,
    "an instance of Map",
  );
  await assertRejects(
    () => a.remote.spawn(node, Any, { input: "x".repeat(17 * 1024 * 1024) }),
    FrameError,
    "at most 16777216 bytes",
  );
  await assertRejects(
    () => a.remote.spawn("b", Any),
    TypeError,
    'Cannot read the node "b": wanted "system@host:port" or "host:port" with a port from 1 to 65535',
  );
  // Nothing is left that the end of remoting would wait for.
  await world.settle();
  const start = world.clock.now();
  await a.remote.drain();
  assertEquals(world.clock.now(), start);
});

Deno.test("Remote.lookup() finds the living, waits for those that start, and misses the rest", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const { ref } = spawnBox(b.system, "box");
  const found = await a.remote.lookup(Box, addressOf(b, "box"));
  assertEquals(found?.pid.toJSON(), ref.pid.toJSON());
  assertEquals(await a.remote.lookup(Box, addressOf(b, "nobody")), undefined);
  await b.system.stop(ref);
  assert(found !== undefined);
  assertEquals(await a.remote.lookup(Box, found.pid), undefined);
  const start = Promise.withResolvers<void>();
  b.system.spawn(Box, () => ({
    onStart: () => start.promise,
    receive: () => {},
  }), { name: "slow" });
  let isFound = false;
  const slow = a.remote.lookup(Box, addressOf(b, "slow"))
    .finally(() => isFound = true);
  await world.settle();
  assertEquals(isFound, false);
  start.resolve();
  assertEquals(String((await slow)?.pid), addressOf(b, "slow"));
  const failure = Promise.withResolvers<void>();
  b.system.spawn(Box, () => ({
    onStart: () => failure.promise,
    receive: () => {},
  }), { name: "broken" });
  const broken = assertRejects(
    () => a.remote.lookup(Box, addressOf(b, "broken")),
    RemoteError,
    "start_error",
  );
  await world.settle();
  failure.reject(new Error("no"));
  await broken;
});

Deno.test("Remote.lookup() of an own actor asks nobody", async () => {
  await using world = new World();
  const a = await world.node("a");
  const { ref } = spawnBox(a.system, "box");
  const found = await a.remote.lookup(Box, ref.pid);
  assertEquals([found?.isLocal, a.remote.connections], [true, 0]);
  assertEquals(
    await a.remote.lookup(
      Box,
      new Pid({ ...ref.pid, incarnation: "another" }),
    ),
    undefined,
  );
});

Deno.test("Remote.stop() ends an actor anywhere, and names one that is not there", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const far = spawnBox(b.system, "box").ref;
  const near = spawnBox(a.system, "box").ref;
  await a.remote.stop(a.remote.ref(Box, far.pid));
  assertEquals(b.system.find(Box, "box"), undefined);
  await a.remote.stop(near);
  assertEquals(a.system.find(Box, "box"), undefined);
  const error = await assertRejects(
    () => a.remote.stop(a.remote.ref(Box, far.pid)),
    RemoteError,
  );
  assertEquals([error.remoteCode, error.text], [
    "stopped_error",
    `Cannot stop "${
      addressOf(b, "box")
    }": there is no such actor, a running actor was expected`,
  ]);
});

Deno.test("Requests to a node that does not answer end by timeout or signal and leave nothing", async () => {
  await using world = new World();
  const [a, b] = [
    await world.node("a", { system: { askTimeout: 700 } }),
    await world.node("b", { system: { kinds: [BoxKind] } }),
  ];
  b.system.spawn(Box, () => ({
    onStart: () => new Promise<void>(() => {}),
    receive: () => {},
  }), { name: "stuck" });
  const address = addressOf(b, "stuck");
  const controller = new AbortController();
  const { signal } = controller;
  const byDefault = assertRejects(
    () => a.remote.lookup(Box, address),
    AskTimeoutError,
    `Cannot complete the ask of "lookup" to "${address}": no reply within 700 ms`,
  );
  const byOption = assertRejects(
    () => a.remote.lookup(Box, address, { timeout: 50 }),
    AskTimeoutError,
    "within 50 ms",
  );
  const bySignal = assertRejects(
    () => a.remote.lookup(Box, address, { signal }),
    Error,
    "enough",
  );
  await world.settle();
  controller.abort(new Error("enough"));
  await bySignal;
  await assertRejects(
    () => a.remote.spawn(b.remote.address, Box, { signal }),
    Error,
    "enough",
  );
  await world.clock.advance(60);
  await byOption;
  await world.clock.advance(700);
  await byDefault;
  const start = world.clock.now();
  await a.remote.drain();
  assertEquals(world.clock.now(), start);
});

Deno.test("Requests to nodes that are not there, another system's, or the own fail with the cause", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const refused = await assertRejects(
    () => a.remote.spawn("b@b:9", Box),
    ConnectError,
  );
  assertEquals(refused.node, "b:9");
  await assertRejects(
    () => a.remote.spawn("b@nowhere:9", Box),
    ConnectError,
    'Cannot connect to "nowhere:9": there is no such host',
  );
  const other = await assertRejects(
    () => a.remote.lookup(Box, `goakt://shop@b:${b.remote.port}/box`),
    HandshakeError,
  );
  assertEquals([other.reason, other.node], ["system", `b:${b.remote.port}`]);
  assert(other.message.includes('the node belongs to system "b"'));
  const self = await assertRejects(
    () => a.remote.spawn(a.remote.address, Box),
    HandshakeError,
  );
  assertEquals(self.reason, "self");
  assert(self.message.includes("the address leads back to the own node"));
  world.network.cut("a", "b");
  const silent = assertRejects(
    () => a.remote.spawn(b.remote.address, Box, { timeout: 60_000 }),
    ConnectError,
    "there was no answer within 5000 ms",
  );
  await world.clock.advance(5_000);
  await silent;
  await world.settle();
  assertEquals([a.remote.connections, b.remote.connections], [0, 0]);
});

Deno.test("Requests of a node whose remoting has ended are refused at once", async () => {
  await using world = new World();
  const a = await world.node("a");
  const ref = a.remote.ref(Box, "goakt://b@b:1/box");
  await a.remote.drain();
  for (
    const request of [
      () => a.remote.spawn("b@b:1", Box),
      () => a.remote.lookup(Box, "goakt://b@b:1/box"),
      () => a.remote.stop(ref),
      () => ref.started(),
    ]
  ) {
    const error = await assertRejects(request, DisconnectedError);
    assertEquals([error.outcome, error.found], [
      "not_delivered",
      "remoting of this node has ended",
    ]);
  }
  assertThrows(() => a.remote.ref(Box, "goakt://b@b:1/box"), TypeError);
});
