import { assertEquals, assertThrows } from "@std/assert";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { FrameError } from "../../../remote/errors.ts";
import {
  GetKindsRequestSchema,
  GetKindsResponseSchema,
  GetNodeMetricRequestSchema,
  GetNodeMetricResponseSchema,
  PersistPeerStateRequestSchema,
} from "../../../remote/goakt/gen/internalpb/cluster_pb.ts";
import { Code } from "../../../remote/goakt/gen/internalpb/error_pb.ts";
import {
  RemoteLookupRequestSchema,
  RemoteLookupResponseSchema,
  RemoteReinstateRequestSchema,
  RemoteReSpawnRequestSchema,
  RemoteSpawnRequestSchema,
  RemoteStopRequestSchema,
  RemoteTellRequestSchema,
} from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import type { GrainTarget } from "../../../remote/goakt/server/host.ts";
import { carryOut } from "../../../remote/goakt/server/services.ts";
import {
  answerOf,
  Echo,
  echoHandlers,
  type GoaktNode,
  goaktNode,
  messageIn,
  STRANGER,
  toDuration,
} from "./fixtures.ts";
import { HERE, outcomeOf, request } from "./requests.ts";
import { at, message } from "./message_requests.ts";

Deno.test("lookUp() answers with the address of a living actor", async () => {
  await using node = goaktNode();
  node.echo("a");
  const found = await request(node, RemoteLookupRequestSchema, {
    ...HERE,
    name: "a",
  });
  assertEquals(messageIn(RemoteLookupResponseSchema, found).address, at("a"));
  const cases: [{ host: string; port: number; name: string }, unknown][] = [
    [
      { ...HERE, name: "b" },
      [Code.NOT_FOUND, `(actor address=${at("b")}) address not found`],
    ],
    [
      { ...HERE, host: "localhost", name: "a" },
      [Code.INVALID_ARGUMENT, "invalid host"],
    ],
    [
      { ...HERE, port: 9001, name: "a" },
      [Code.INVALID_ARGUMENT, "invalid host"],
    ],
    [
      { ...HERE, name: "" },
      [Code.NOT_FOUND, `(actor address=${at("")}) address not found`],
    ],
  ];
  for (const [init, outcome] of cases) {
    const frame = await request(node, RemoteLookupRequestSchema, init);
    assertEquals(outcomeOf(frame) as unknown, outcome);
  }
});

Deno.test("spawn() creates from a kind by name or alias, and keeps an actor that is there", async () => {
  await using node = goaktNode();
  for (const actorType of ["test.echo", " MAIN.echo "]) {
    const frame = await request(node, RemoteSpawnRequestSchema, {
      ...HERE,
      actorName: "a",
      actorType,
    });
    assertEquals(outcomeOf(frame), ["internalpb.RemoteSpawnResponse"]);
  }
  assertEquals(node.host.find("a")?.protocol.name, "echo");
});

Deno.test("spawn() passivates an actor as the request says, and else not", async () => {
  await using node = goaktNode();
  const timeBased = { passivateAfter: toDuration(500) };
  const messagesCountBased = { maxMessages: 1n };
  const strategies = {
    idle: { case: "timeBased", value: timeBased },
    counted: { case: "messagesCountBased", value: messagesCountBased },
    kept: { case: "longLived", value: {} },
    plain: { case: undefined },
  } as const;
  for (const [actorName, strategy] of Object.entries(strategies)) {
    const spawned = await request(node, RemoteSpawnRequestSchema, {
      ...HERE,
      actorName,
      actorType: "test.echo",
      passivationStrategy: { strategy },
    });
    assertEquals(outcomeOf(spawned), ["internalpb.RemoteSpawnResponse"]);
    const to = `goakt://shop@10.0.0.7:9000/${actorName}`;
    const remoteMessages = [message(to, "x")];
    await request(node, RemoteTellRequestSchema, { remoteMessages });
  }
  const living = () =>
    Object.keys(strategies).filter((name) =>
      node.system.find(Echo, name) !== undefined
    );
  await node.clock.settle();
  assertEquals(living(), ["idle", "kept", "plain"]);
  await node.clock.advance(1_100);
  assertEquals(living(), ["kept", "plain"]);
});

Deno.test("spawn() refuses as GoAkt does", async () => {
  await using node = goaktNode();
  const init = { ...HERE, actorName: "a", actorType: "test.echo" };
  const cases: [
    MessageInitShape<typeof RemoteSpawnRequestSchema>,
    number,
    string,
  ][] = [
    [{ ...init, port: 1 }, Code.INVALID_ARGUMENT, "invalid host"],
    [
      { ...init, actorName: "GoAktX" },
      Code.FAILED_PRECONDITION,
      "(actor=GoAktX) actor not found",
    ],
    [
      { ...init, actorType: "nobody" },
      Code.FAILED_PRECONDITION,
      "actor type is not registered",
    ],
    [
      { ...init, singleton: {} },
      Code.INTERNAL_ERROR,
      "cluster is not enabled",
    ],
    [
      { ...init, dependencies: [{ id: "d1", typeName: "x.y" }] },
      Code.INTERNAL_ERROR,
      "dependency type is not registered",
    ],
  ];
  for (const [request_, ...outcome] of cases) {
    const frame = await request(node, RemoteSpawnRequestSchema, request_);
    assertEquals(outcomeOf(frame), outcome);
  }
  const named = await request(node, RemoteSpawnRequestSchema, {
    ...init,
    actorName: "-a",
  });
  assertEquals(answerOf(named).code, Code.INTERNAL_ERROR);
  assertEquals(node.host.find("a"), undefined);
});

Deno.test("respawn() restarts and stop() ends an actor", async () => {
  await using node = goaktNode();
  let made = 0;
  node.system.spawn(Echo, () => {
    made++;
    return echoHandlers({ texts: [], senders: [], foreign: [] });
  }, { name: "a" });
  await node.clock.settle();
  const named = { ...HERE, name: "a" };
  assertEquals(
    outcomeOf(await request(node, RemoteReSpawnRequestSchema, named)),
    ["internalpb.RemoteReSpawnResponse"],
  );
  assertEquals(made, 2);
  assertEquals(outcomeOf(await request(node, RemoteStopRequestSchema, named)), [
    "internalpb.RemoteStopResponse",
  ]);
  assertEquals(node.host.find("a"), undefined);
});

Deno.test("respawn(), stop() and reinstate() refuse as GoAkt does", async () => {
  await using node = goaktNode();
  const schemas = [
    RemoteReSpawnRequestSchema,
    RemoteStopRequestSchema,
    RemoteReinstateRequestSchema,
  ];
  for (const schema of schemas) {
    assertEquals(
      outcomeOf(await request(node, schema, { ...HERE, name: "a" })),
      [Code.NOT_FOUND, `(actor address=${at("a")}) address not found`],
    );
    assertEquals(
      outcomeOf(await request(node, schema, { ...HERE, name: "GoAktX" })),
      [Code.FAILED_PRECONDITION, "(actor=GoAktX) actor not found"],
    );
    assertEquals(
      outcomeOf(
        await request(node, schema, { ...HERE, host: "x", name: "GoAktX" }),
      ),
      [Code.INVALID_ARGUMENT, "invalid host"],
    );
  }
});

/** The address and the load that a node says of itself. */
async function metricOf(
  node: GoaktNode,
  nodeAddress: string,
): Promise<[string, bigint]> {
  const init = { nodeAddress };
  const frame = await request(node, GetNodeMetricRequestSchema, init);
  const metric = messageIn(GetNodeMetricResponseSchema, frame);
  return [metric.nodeAddress, metric.load];
}

Deno.test("nodeMetric() counts the living actors, children too, and grains", async () => {
  await using node = goaktNode();
  const address = "10.0.0.7:9000";
  assertEquals(await metricOf(node, address), [address, 0n]);
  const none = echoHandlers({ texts: [], senders: [], foreign: [] });
  node.system.spawn(Echo, () => ({
    ...none,
    onStart: (ctx) => void ctx.spawn(Echo, () => none, { name: "child" }),
  }), { name: "parent" });
  node.echo("a");
  await node.clock.settle();
  assertEquals(await metricOf(node, address), [address, 3n]);
  const named = { ...HERE, name: "a" };
  await request(node, RemoteStopRequestSchema, named);
  assertEquals(await metricOf(node, address), [address, 2n]);
  node.host.grains = { count: () => 40 } as unknown as GrainTarget;
  const alias = "orders.example:9000";
  assertEquals(await metricOf(node, alias), [alias, 42n]);
});

Deno.test("kinds() lists all names that spawn() takes, in lower case", async () => {
  await using node = goaktNode();
  const nodeAddress = "10.0.0.7:9000";
  const frame = await request(node, GetKindsRequestSchema, { nodeAddress });
  const { kinds } = messageIn(GetKindsResponseSchema, frame);
  assertEquals(kinds, ["main.echo", "test.echo"]);
  for (const [index, actorType] of kinds.entries()) {
    const init = { ...HERE, actorName: `a${index}`, actorType };
    const spawned = await request(node, RemoteSpawnRequestSchema, init);
    assertEquals(outcomeOf(spawned), ["internalpb.RemoteSpawnResponse"]);
  }
});

Deno.test("nodeMetric() and kinds() check the host, and persistPeerState() is for members of a cluster", async () => {
  await using node = goaktNode();
  const wrong = [
    "10.0.0.8:9000",
    "10.0.0.7:9001",
    "10.0.0.7:",
    "10.0.0.7",
    ":9000",
    "10.0.0.7:9000x",
    "",
  ];
  for (const schema of [GetNodeMetricRequestSchema, GetKindsRequestSchema]) {
    for (const nodeAddress of wrong) {
      const frame = await request(node, schema, { nodeAddress });
      const refused = [Code.INVALID_ARGUMENT, "invalid host"];
      assertEquals(outcomeOf(frame) as unknown, refused, nodeAddress);
    }
  }
  const kept = await request(node, PersistPeerStateRequestSchema, {});
  assertEquals(outcomeOf(kept), [
    Code.FAILED_PRECONDITION,
    "cluster is not enabled",
  ]);
});

Deno.test("carryOut() throws for what is no request, and for a body that is not protobuf", async () => {
  await using node = goaktNode();
  const metadata = { headers: new Map(), deadline: 0n };
  assertThrows(
    () =>
      carryOut(node.host, {
        name: "internalpb.RemoteTellResponse",
        metadata,
        body: new Uint8Array(),
      }, STRANGER),
    FrameError,
    "a request of GoAkt v3.14 was expected",
  );
  assertThrows(
    () =>
      carryOut(node.host, {
        name: RemoteTellRequestSchema.typeName,
        metadata,
        body: Uint8Array.of(0x0a, 0xff),
      }, STRANGER),
    FrameError,
    "its body is not protobuf",
  );
});
