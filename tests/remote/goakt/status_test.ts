import {
  create,
  type DescMessage,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { assertEquals } from "@std/assert";
import { NO_SENDER } from "../../../remote/goakt/address.ts";
import { FrameReader } from "../../../remote/goakt/frame_reader.ts";
import {
  GetKindsRequestSchema,
  GetKindsResponseSchema,
  GetNodeMetricRequestSchema,
  GetNodeMetricResponseSchema,
} from "../../../remote/goakt/gen/internalpb/cluster_pb.ts";
import {
  Code,
  ErrorSchema,
} from "../../../remote/goakt/gen/internalpb/error_pb.ts";
import {
  RemoteActivateGrainRequestSchema,
  RemoteAskGrainRequestSchema,
  RemoteAskRequestSchema,
  RemoteAskResponseSchema,
  RemoteLookupRequestSchema,
  RemoteLookupResponseSchema,
  RemoteReinstateRequestSchema,
  RemoteReSpawnRequestSchema,
  RemoteSpawnRequestSchema,
  RemoteStopRequestSchema,
  RemoteTellGrainRequestSchema,
  RemoteTellRequestSchema,
} from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import {
  decodeMessage,
  encodeMessage,
} from "../../../remote/goakt/messages.ts";
import { toAny } from "../../../remote/goakt/payload.ts";
import { PROBE_NAME } from "../../../remote/goakt/refusal.ts";
import { TcpTransport } from "../../../remote/mod.ts";
import type { Connection } from "../../../remote/transport/transport.ts";
import { addressOf, type Node, startNode } from "../world.ts";
import { Echo, echoHandlers, EchoKind, stringPayload } from "./fixtures.ts";

const END = { name: "", body: new Uint8Array() };

/** A Go client on a socket of its own. */
class Caller implements Disposable {
  readonly #connection: Connection;
  readonly #reader = new FrameReader();

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async dial(port: number): Promise<Caller> {
    const hostname = "127.0.0.1";
    return new Caller(await new TcpTransport().connect({ hostname, port }));
  }

  async send<Schema extends DescMessage>(
    schema: Schema,
    init: MessageInitShape<Schema>,
  ): Promise<void> {
    const message = create(schema, init);
    await this.#connection.write(encodeMessage(schema, message));
  }

  /** The next answer; one without a name is the end. */
  async next(): Promise<{ name: string; body: Uint8Array }> {
    for (;;) {
      const frame = this.#reader.next();
      if (frame !== undefined) return frame;
      const bytes = await this.#connection.read();
      if (bytes === undefined) return END;
      this.#reader.push(bytes);
    }
  }

  /** The code and the text of the error that a request is answered with, or the name of another answer. */
  async outcome<Schema extends DescMessage>(
    schema: Schema,
    init: MessageInitShape<Schema>,
  ): Promise<[number | string, string?]> {
    await this.send(schema, init);
    const { name, body } = await this.next();
    if (name !== ErrorSchema.typeName) return [name];
    const { code, message } = decodeMessage(ErrorSchema, body);
    return [code, message];
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

const startShop = (): Promise<Node> =>
  startNode("shop", { kinds: [EchoKind] }, {
    hostname: "127.0.0.1",
    transport: new TcpTransport(),
  });

Deno.test("A node says its load and its kinds to Go clients on its port, which must mean this node", async () => {
  const shop = await startShop();
  const none = () => echoHandlers({ texts: [], senders: [], foreign: [] });
  for (const name of ["a", "b"]) shop.system.spawn(Echo, none, { name });
  const { port } = shop.remote;
  {
    using caller = await Caller.dial(port);
    const nodeAddress = `127.0.0.1:${port}`;
    await caller.send(GetNodeMetricRequestSchema, { nodeAddress });
    await caller.send(GetKindsRequestSchema, { nodeAddress });
    const [first, second] = [await caller.next(), await caller.next()];
    assertEquals(first.name, "internalpb.GetNodeMetricResponse");
    const metric = decodeMessage(GetNodeMetricResponseSchema, first.body);
    assertEquals([metric.nodeAddress, metric.load], [nodeAddress, 2n]);
    assertEquals(second.name, "internalpb.GetKindsResponse");
    const { kinds } = decodeMessage(GetKindsResponseSchema, second.body);
    assertEquals(kinds, ["main.echo", "test.echo"]);
    for (const schema of [GetNodeMetricRequestSchema, GetKindsRequestSchema]) {
      const wrong = { nodeAddress: `localhost:${port}` };
      assertEquals(await caller.outcome(schema, wrong), [
        Code.INVALID_ARGUMENT,
        "invalid host",
      ]);
    }
  }
  await shop.remote.drain();
  await shop.system.drain();
});

Deno.test("A node that drains answers what is in work, and tells Go clients that remoting is not enabled", async () => {
  const shop = await startShop();
  const [asked, gate] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  const log = { texts: [] as string[], senders: [], foreign: [] };
  shop.system.spawn(Echo, () => ({
    ...echoHandlers(log),
    say: async (message) => {
      log.texts.push(message.value);
      asked.resolve();
      await gate.promise;
      return message;
    },
  }), { name: "a" });
  const { port } = shop.remote;
  const here = { host: "127.0.0.1", port };
  const named = { ...here, name: "a" };
  const remoteMessages = [{
    sender: NO_SENDER,
    receiver: addressOf(shop, "a"),
    message: toAny(stringPayload("1")),
  }];
  const grain = { ...here, grainId: { value: "main.account/a" } };
  using busy = await Caller.dial(port);
  using other = await Caller.dial(port);
  assertEquals(await other.outcome(RemoteLookupRequestSchema, named), [
    RemoteLookupResponseSchema.typeName,
  ]);
  await busy.send(RemoteAskRequestSchema, { remoteMessages });
  await busy.send(RemoteLookupRequestSchema, named); // behind the ask
  await asked.promise;
  const drained = shop.remote.drain();
  const requests: [DescMessage, object][] = [
    [RemoteTellRequestSchema, { remoteMessages }],
    [RemoteAskRequestSchema, { remoteMessages }],
    [RemoteLookupRequestSchema, named],
    [RemoteSpawnRequestSchema, {
      ...here,
      actorName: "b",
      actorType: "test.echo",
    }],
    [RemoteReSpawnRequestSchema, named],
    [RemoteReinstateRequestSchema, named],
    [RemoteStopRequestSchema, named],
    [RemoteTellGrainRequestSchema, { grain }],
    [RemoteAskGrainRequestSchema, { grain }],
    [RemoteActivateGrainRequestSchema, { grain }],
    // Also where another check would say something else.
    [RemoteLookupRequestSchema, { ...named, host: "elsewhere" }],
  ];
  const off: [number, string] = [
    Code.FAILED_PRECONDITION,
    "remoting is not enabled",
  ];
  for (const [schema, init] of requests) {
    const outcome = await other.outcome(schema, init as never);
    assertEquals(outcome, off, schema.typeName);
  }
  const nodeAddress = `127.0.0.1:${port}`;
  assertEquals(
    await other.outcome(GetNodeMetricRequestSchema, { nodeAddress }),
    [
      GetNodeMetricResponseSchema.typeName,
    ],
  );
  assertEquals(await other.outcome(GetKindsRequestSchema, { nodeAddress }), [
    GetKindsResponseSchema.typeName,
  ]);
  const probe = { ...here, name: PROBE_NAME };
  assertEquals(await other.outcome(RemoteLookupRequestSchema, probe), [
    Code.FAILED_PRECONDITION,
    "this node speaks troupe.remote.v1",
  ]);
  gate.resolve();
  assertEquals((await busy.next()).name, RemoteAskResponseSchema.typeName);
  const behind = await busy.next();
  assertEquals(decodeMessage(ErrorSchema, behind.body).message, off[1]);
  assertEquals([await busy.next(), await other.next()], [END, END]);
  await drained;
  assertEquals([log.texts, shop.system.find(Echo, "a") !== undefined], [
    ["1"],
    true,
  ]);
  await shop.system.drain();
});
