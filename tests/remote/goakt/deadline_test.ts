import { assertEquals } from "@std/assert";
import type { DescMessage } from "@bufbuild/protobuf";
import { type ActorSystem, kind } from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { Code } from "../../../remote/goakt/gen/internalpb/error_pb.ts";
import {
  RemoteActivateGrainRequestSchema,
  RemoteAskGrainRequestSchema,
  RemoteLookupRequestSchema,
  RemoteReinstateRequestSchema,
  RemoteReSpawnRequestSchema,
  RemoteSpawnRequestSchema,
  RemoteStopRequestSchema,
  RemoteTellGrainRequestSchema,
} from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import type { GrainTarget } from "../../../remote/goakt/server/host.ts";
import {
  Echo,
  echoHandlers,
  type GoaktNode,
  goaktNode,
  toDuration,
} from "./fixtures.ts";
import { HERE, outcomeOf, request } from "./requests.ts";

const OVER = "context deadline exceeded\nrequest timed out";
const NAMED = { ...HERE, name: "a" };
const SPAWN = { ...HERE, actorName: "new", actorType: "test.echo" };
const GRAIN = { grain: { ...HERE, grainId: { value: "main.account/a" } } };

/** The deadline that is so many milliseconds away. */
const inMs = (node: GoaktNode, milliseconds: number): bigint =>
  BigInt(node.now + milliseconds) * 1_000_000n;

/** An outcome with what it says once the deadline has passed, and not a millisecond before. */
async function outcomeAfter(
  node: GoaktNode,
  milliseconds: number,
  schema: DescMessage,
  init: object,
): Promise<[number | string, string?]> {
  const deadline = inMs(node, milliseconds);
  const answer = request(node, schema, init as never, deadline);
  let state = "waiting";
  answer.then(() => state = "answered");
  await node.clock.advance(milliseconds - 1);
  assertEquals(state, "waiting");
  await node.clock.advance(1);
  return outcomeOf(await answer);
}

/** Spawns an actor whose start or end lasts until `gate` resolves. */
function slow(
  system: ActorSystem,
  gate: Promise<void>,
  hook: "onStart" | "onStop",
): void {
  const handlers = echoHandlers({ texts: [], senders: [], foreign: [] });
  system.spawn(Echo, () => ({ ...handlers, [hook]: () => gate }), {
    name: "a",
  });
}

Deno.test("requests whose deadline has passed are refused, and nothing is done", async () => {
  await using node = goaktNode();
  const calls: string[] = [];
  node.host.grains = {
    hasKind: () => true,
    activate: () => Promise.resolve(void calls.push("activate")),
    tell: () => Promise.resolve(void calls.push("tell")),
    ask: (_grain, payload) => {
      calls.push("ask");
      return Promise.resolve(payload);
    },
  } as Partial<GrainTarget> as GrainTarget;
  let made = 0;
  node.system.spawn(Echo, () => {
    made++;
    return echoHandlers({ texts: [], senders: [], foreign: [] });
  }, { name: "a" });
  await node.clock.settle();
  const requests: [DescMessage, object][] = [
    [RemoteLookupRequestSchema, NAMED],
    [RemoteSpawnRequestSchema, SPAWN],
    [RemoteReSpawnRequestSchema, NAMED],
    [RemoteReinstateRequestSchema, NAMED],
    [RemoteActivateGrainRequestSchema, GRAIN],
    [RemoteTellGrainRequestSchema, GRAIN],
    [RemoteAskGrainRequestSchema, {
      ...GRAIN,
      requestTimeout: toDuration(500),
    }],
    [RemoteStopRequestSchema, NAMED],
  ];
  for (const [schema, init] of requests) {
    const deadline = inMs(node, -1);
    const frame = await request(node, schema, init as never, deadline);
    const refused = [Code.INTERNAL_ERROR, OVER];
    assertEquals(outcomeOf(frame) as unknown, refused, schema.typeName);
    const wrong = { ...init, host: "x", grain: { ...GRAIN.grain, host: "x" } };
    const elsewhere = await request(node, schema, wrong as never, deadline);
    assertEquals(outcomeOf(elsewhere)[1], "invalid host", schema.typeName);
  }
  await node.clock.settle();
  assertEquals([made, calls, node.host.find("new")], [1, [], undefined]);
  // The same requests in time, so that it is the deadline that they were refused for.
  for (const [schema, init] of requests) {
    const frame = await request(node, schema, init as never, inMs(node, 1_000));
    assertEquals(typeof outcomeOf(frame)[0], "string", schema.typeName);
  }
  assertEquals(calls, ["activate", "tell", "ask"]);
});

Deno.test("spawn() waits for the start no longer than its caller, and stops what has not started", async () => {
  const gate = Promise.withResolvers<void>();
  const handlers = echoHandlers({ texts: [], senders: [], foreign: [] });
  const Slow = kind(
    Echo,
    () => ({ ...handlers, onStart: () => gate.promise }),
    { name: "slow" },
  );
  await using node = goaktNode(undefined, [Slow]);
  const init = { ...SPAWN, actorType: "slow" };
  const outcome = await outcomeAfter(
    node,
    300,
    RemoteSpawnRequestSchema,
    init,
  );
  assertEquals(outcome, [Code.INTERNAL_ERROR, `preStart failed: ${OVER}`]);
  gate.resolve();
  await node.clock.settle();
  assertEquals(internalsOf(node.system).count(), 0);
});

Deno.test("respawn() and stop() wait no longer than their caller, and go on", async () => {
  const [starting, stopping] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  await using node = goaktNode();
  slow(node.system, starting.promise, "onStart");
  const restarted = await outcomeAfter(
    node,
    200,
    RemoteReSpawnRequestSchema,
    NAMED,
  );
  const address = "goakt://shop@10.0.0.7:9000/a";
  assertEquals(restarted, [
    Code.INTERNAL_ERROR,
    `failed to restart actor=${address}: ${OVER}`,
  ]);
  starting.resolve();
  await node.clock.settle();
  await request(node, RemoteStopRequestSchema, NAMED);
  assertEquals(node.host.find("a"), undefined);
  slow(node.system, stopping.promise, "onStop");
  await node.clock.settle();
  const stopped = await outcomeAfter(node, 200, RemoteStopRequestSchema, NAMED);
  assertEquals(stopped, [
    Code.INTERNAL_ERROR,
    `failed to stop actor=${address}: ${OVER}`,
  ]);
  stopping.resolve();
  await node.clock.settle();
  assertEquals(node.host.find("a"), undefined);
});

Deno.test("activateGrain() says how long its caller waits, and waits no longer", async () => {
  await using node = goaktNode();
  const remaining: number[] = [];
  node.host.grains = {
    hasKind: () => true,
    activate: (_grain, options) => {
      remaining.push(options.remaining);
      return new Promise(() => {});
    },
  } as Partial<GrainTarget> as GrainTarget;
  const outcome = await outcomeAfter(
    node,
    700,
    RemoteActivateGrainRequestSchema,
    GRAIN,
  );
  assertEquals(outcome, [Code.INTERNAL_ERROR, OVER]);
  assertEquals(remaining, [700]);
});

Deno.test("a stop without a deadline waits for as long as it takes", async () => {
  await using node = goaktNode();
  const gate = Promise.withResolvers<void>();
  slow(node.system, gate.promise, "onStop");
  await node.clock.settle();
  const answer = request(node, RemoteStopRequestSchema, NAMED);
  let state = "waiting";
  answer.then(() => state = "answered");
  await node.clock.advance(3_600_000);
  assertEquals(state, "waiting");
  gate.resolve();
  assertEquals(outcomeOf(await answer), ["internalpb.RemoteStopResponse"]);
});
