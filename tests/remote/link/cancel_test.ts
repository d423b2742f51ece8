import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ActorRef,
  ask,
  AskTimeoutError,
  type Protocol,
  protocol,
  type Spec,
} from "../../../actor/mod.ts";
import { bytes } from "../../../remote/codec/raw.ts";
import type { FrameFields } from "../../../remote/wire/fields.ts";
import { DefinitionKind, FrameKind } from "../../../remote/wire/kinds.ts";
import { addressOf, type Node, startNode, World } from "../world.ts";
import { WirePeer } from "../wire/wire_peer.ts";

type JobProtocol = Protocol<
  "job",
  {
    run: Spec<string, string>;
    load: Spec<Uint8Array, string>;
  }
>;

const Job: JobProtocol = protocol("job", {
  run: ask<string, string>(),
  load: ask(bytes()) as Spec<Uint8Array, string>,
});

/** What one run of a handler has seen; it goes on until `finish` is called. */
interface Run {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly begun: "wanted" | "unwanted";
  readonly finish: (reply: string) => void;
}

/** An actor that handles one message at a time, each until the test says so. */
function spawnWorker({ system }: Node): Run[] {
  const runs: Run[] = [];
  const handle = (name: string, signal: AbortSignal) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const begun = signal.aborted ? "unwanted" : "wanted";
    runs.push({ name, signal, begun, finish: resolve });
    return promise;
  };
  system.spawn(Job, () => ({
    run: (name, ctx) => handle(name, ctx.signal),
    load: (body, ctx) => handle(`${body.length} bytes`, ctx.signal),
  }), { name: "worker" });
  return runs;
}

interface Pair {
  readonly a: Node;
  readonly b: Node;
  readonly ref: ActorRef<JobProtocol>;
  readonly runs: Run[];
}

async function pair(world: World): Promise<Pair> {
  const [a, b] = [await world.node("a"), await world.node("b")];
  const runs = spawnWorker(b);
  return { a, b, runs, ref: a.remote.ref(Job, addressOf(b, "worker")) };
}

function reasonOf(run: Run | undefined): string {
  const reason: unknown = run?.signal.reason;
  assert(reason instanceof DOMException, String(reason));
  assertEquals(reason.name, "AbortError");
  return reason.message;
}

/** An ask for "job.run" with the numbers that it needs. */
function run(name: string, correlation: number): FrameFields {
  return {
    kind: FrameKind.ASK,
    receiver: 1,
    type: 1,
    correlation,
    definitions: [
      { number: 1, table: DefinitionKind.ADDRESS, value: "/worker" },
      { number: 1, table: DefinitionKind.TYPE_NAME, value: "job.run" },
    ],
    payload: new TextEncoder().encode(JSON.stringify(name)),
  };
}

const cancel = (correlation: number): FrameFields => ({
  kind: FrameKind.CANCEL,
  correlation,
});

Deno.test("An ask that is aborted aborts the signal of its far handler, which says why", async () => {
  await using world = new World();
  const { ref, runs, a, b } = await pair(world);
  const controller = new AbortController();
  const asked = ref.ask(Job.run("long"), { signal: controller.signal });
  await world.settle();
  assertEquals([runs.length, runs[0]?.signal.aborted], [1, false]);
  controller.abort(new Error("no longer"));
  await assertRejects(() => asked, Error, "no longer");
  await world.settle();
  assert(
    /^Cannot answer the ask of "job\.run" from "a:\d+": the asker gave up, an asker who waits was expected$/
      .test(reasonOf(runs[0])),
    reasonOf(runs[0]),
  );
  runs[0]?.finish("too late");
  await world.settle();
  assertEquals([a.warnings, b.warnings, b.deadLetters], [[], [], []]);
});

Deno.test("An ask that times out aborts the signal of its far handler", async () => {
  await using world = new World();
  const { ref, runs } = await pair(world);
  const asked = ref.ask(Job.run("long"), { timeout: 100 });
  asked.catch(() => {});
  await world.clock.advance(50);
  assertEquals(runs[0]?.signal.aborted, false);
  await world.clock.advance(100);
  await assertRejects(() => asked, AskTimeoutError);
  assert(reasonOf(runs[0]).includes("the asker gave up"));
  runs[0]?.finish("");
});

Deno.test("A handler that begins after its asker gave up finds its signal aborted", async () => {
  await using world = new World();
  const { ref, runs } = await pair(world);
  const first = ref.ask(Job.run("first"));
  const controller = new AbortController();
  const second = ref.ask(Job.run("second"), { signal: controller.signal });
  const third = ref.ask(Job.run("third"));
  await world.settle();
  controller.abort();
  await assertRejects(() => second, DOMException);
  await world.settle();
  assertEquals(runs.map(({ name }) => name), ["first"]);
  for (const at of [0, 1, 2]) {
    runs[at]?.finish(`reply ${at}`);
    await world.settle();
  }
  assertEquals(runs.map(({ begun }) => begun), [
    "wanted",
    "unwanted",
    "wanted",
  ]);
  assertEquals([await first, await third], ["reply 0", "reply 2"]);
});

Deno.test("A handler that obeys its signal, or sees that no time remains, has not failed", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const seen: unknown[] = [];
  let instances = 0;
  b.system.spawn(Job, () => {
    instances++;
    return {
      run: (name, ctx) => {
        seen.push(name, ctx.remaining);
        return new Promise((_, reject) => {
          const { signal } = ctx;
          const giveUp = () => reject(signal.reason);
          if (signal.aborted) giveUp();
          else signal.addEventListener("abort", giveUp);
        });
      },
      load: () => "still here",
    };
  }, { name: "worker" });
  const ref = a.remote.ref(Job, addressOf(b, "worker"));
  const controller = new AbortController();
  const options = { signal: controller.signal, timeout: 3_000 };
  const asked = [Job.run("first"), Job.run("second")].map((message) =>
    assertRejects(() => ref.ask(message, options), DOMException)
  );
  const last = ref.ask(Job.load(new Uint8Array()));
  await world.settle();
  controller.abort();
  await Promise.all(asked);
  assertEquals(await last, "still here");
  assertEquals(seen, ["first", 3_000, "second", 0]);
  assertEquals([instances, b.warnings], [1, []]);
});

Deno.test("A cancel that crosses the reply, or is for nothing, changes nothing", async () => {
  await using world = new World();
  const b = await world.node("b");
  const runs = spawnWorker(b);
  const peer = await WirePeer.dial(world, b);
  await peer.send(run("one", 1));
  await world.settle();
  runs[0]?.finish("done");
  const { payload } = await peer.expect(FrameKind.REPLY);
  assertEquals(new TextDecoder().decode(payload), '"done"');
  await peer.send(cancel(1), cancel(1), cancel(0), cancel(0xffff_ffff));
  await peer.send(run("two", 2));
  await world.settle();
  assertEquals(runs.map(({ signal }) => signal.aborted), [false, false]);
  runs[1]?.finish("done too");
  assertEquals((await peer.expect(FrameKind.REPLY)).correlation, 2);
  assertEquals([b.remote.connections, b.warnings], [1, []]);
  peer.connection.close();
});

Deno.test("Nothing answers an ask whose asker gave up", async () => {
  await using world = new World();
  const b = await world.node("b");
  const runs = spawnWorker(b);
  const peer = await WirePeer.dial(world, b);
  await peer.send(run("one", 1), cancel(1), run("two", 2));
  await world.settle();
  runs[0]?.finish("nobody hears it");
  await world.settle();
  runs[1]?.finish("done");
  const reply = await peer.expect(FrameKind.REPLY);
  assertEquals(reply.correlation, 2);
  peer.connection.close();
});

Deno.test("A number that is used again while its ask is open stands for the newer ask", async () => {
  await using world = new World();
  const b = await world.node("b");
  const runs = spawnWorker(b);
  const peer = await WirePeer.dial(world, b);
  await peer.send(run("old", 7), run("new", 7));
  await world.settle();
  assert(reasonOf(runs[0]).includes("the asker gave up"));
  runs[0]?.finish("old");
  await world.settle();
  runs[1]?.finish("new");
  const { payload } = await peer.expect(FrameKind.REPLY);
  assertEquals(new TextDecoder().decode(payload), '"new"');
  peer.connection.close();
});

Deno.test("The end of a link aborts the signals of handlers that would answer over it", async () => {
  await using world = new World();
  const { ref, runs, b } = await pair(world);
  const lost = assertRejects(() => ref.ask(Job.run("one")));
  const alsoLost = assertRejects(() => ref.ask(Job.run("waiting")));
  await world.settle();
  world.network.reset("a", "b");
  await world.settle();
  await Promise.all([lost, alsoLost]);
  assert(reasonOf(runs[0]).includes("the connection has ended"));
  runs[0]?.finish("");
  await world.settle();
  assertEquals(runs.map(({ begun }) => begun), ["wanted", "unwanted"]);
  runs[1]?.finish("");
  assertEquals(b.deadLetters, []);
});

Deno.test("A peer that is drained aborts what it waits for no longer", async () => {
  await using world = new World();
  const { ref, runs, a } = await pair(world);
  const asked = ref.ask(Job.run("stuck"), { timeout: 60_000 });
  asked.catch(() => {});
  await world.settle();
  await world.drain(a);
  await assertRejects(() => asked);
  assert(reasonOf(runs[0]).includes("the connection has ended"));
  runs[0]?.finish("");
});

Deno.test("The cancel of an ask that is sent in parts follows its last part", async () => {
  await using world = new World();
  const a = await world.node("a");
  await using listener = await world.transport("wire").listen({
    hostname: "wire",
    port: 7,
  });
  const ref = a.remote.ref(Job, "goakt://wire@wire:7/worker");
  const controller = new AbortController();
  const { signal } = controller;
  const asked = ref.ask(Job.load(new Uint8Array(200_000)), { signal });
  const behind = ref.ask(Job.run("behind"), { signal });
  const lost = Promise.all([asked, behind].map((it) => it.catch(() => "lost")));
  controller.abort();
  assertEquals(await lost, ["lost", "lost"]);
  const peer = await WirePeer.accept(world, listener);
  const order: [number, number][] = [];
  while (order.length < 7) {
    const frame = await peer.next();
    assert(frame !== undefined);
    order.push([frame.kind, frame.correlation]);
  }
  assertEquals(order, [
    [FrameKind.ASK, 1],
    [FrameKind.CHUNK, 0],
    [FrameKind.CHUNK, 0],
    [FrameKind.CHUNK, 0],
    [FrameKind.CANCEL, 1],
    [FrameKind.ASK, 2],
    [FrameKind.CANCEL, 2],
  ]);
  peer.connection.close();
});

Deno.test("An aborted large ask reaches the signal of its far handler", async () => {
  await using world = new World();
  const { ref, runs } = await pair(world);
  const controller = new AbortController();
  const { signal } = controller;
  const asked = ref.ask(Job.load(new Uint8Array(200_000)), { signal });
  controller.abort();
  await assertRejects(() => asked, DOMException);
  await world.settle();
  assertEquals(runs.map(({ name }) => name), ["200000 bytes"]);
  assertEquals(runs[0]?.signal.aborted, true);
  runs[0]?.finish("");
});

Deno.test("An aborted ask reaches the signal of its handler over TCP, and so does the end of the link", async () => {
  const options = { drainTimeout: 50 };
  const [a, b] = [
    await startNode("a", {}, options),
    await startNode("b", {}, options),
  ];
  const signals: AbortSignal[] = [];
  const aborted: PromiseWithResolvers<void>[] = [];
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  b.system.spawn(Job, () => ({
    run(_name, { signal }) {
      const at = signals.push(signal) - 1;
      const { promise } = aborted[at] = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => aborted[at]?.resolve());
      begun[at]?.resolve();
      return promise.then(() => "");
    },
    load: () => "",
  }), { name: "worker" });
  const ref = a.remote.ref(Job, addressOf(b, "worker"));
  const controller = new AbortController();
  const first = ref.ask(Job.run("one"), { signal: controller.signal });
  await begun[0]?.promise;
  controller.abort(new Error("no longer"));
  await assertRejects(() => first, Error, "no longer");
  await aborted[0]?.promise;
  const second = assertRejects(() => ref.ask(Job.run("two")));
  await begun[1]?.promise;
  await a.remote.drain(); // does not wait for ever for what is stuck
  await second;
  await aborted[1]?.promise;
  assertEquals(signals.map(({ reason }) => String(reason)), [
    `AbortError: Cannot answer the ask of "job.run" from "127.0.0.1:${
      portOf(signals[0])
    }": the asker gave up, an asker who waits was expected`,
    `AbortError: Cannot answer the ask of "job.run" from "127.0.0.1:${
      portOf(signals[1])
    }": the connection has ended, an asker who waits was expected`,
  ]);
  await b.remote.drain();
  for (const { system } of [a, b]) await system.drain({ timeout: 50 });
});

/** The port of the dialler, which the operating system has chosen. */
function portOf(signal: AbortSignal | undefined): string {
  return /127\.0\.0\.1:(\d+)/.exec(String(signal?.reason))?.[1] ?? "none";
}
