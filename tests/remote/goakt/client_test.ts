import { assert, assertEquals, assertRejects } from "@std/assert";
import { create } from "@bufbuild/protobuf";
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { AskTimeoutError } from "../../../actor/mod.ts";
import type { Mail } from "../../../actor/protocol/message.ts";
import type { BaseRef } from "../../../actor/reference/ref.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import {
  CodecError,
  ConnectError,
  DisconnectedError,
  OverloadedError,
  RemoteError,
} from "../../../remote/errors.ts";
import { encodePlain } from "../../../remote/frame.ts";
import { Code } from "../../../remote/goakt/gen/internalpb/error_pb.ts";
import {
  RemoteAskRequestSchema,
  RemoteAskResponseSchema,
  RemoteLookupResponseSchema,
  RemoteSpawnRequestSchema,
  RemoteSpawnResponseSchema,
} from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import {
  decodeMessage,
  encodeMessage,
} from "../../../remote/goakt/messages.ts";
import { toAny } from "../../../remote/goakt/payload.ts";
import { ClientWorld } from "./client_world.ts";
import { Echo } from "./fixtures.ts";
import { echo, failed, PLACE, said, TOLD } from "./scripted_answers.ts";

for (const compression of ["none", "zstd", "gzip", "brotli"] as const) {
  Deno.test(`GoaktRef.ask() gets its reply over a ${compression} connection`, async () => {
    await using world = new ClientWorld({ compression });
    await world.listen();
    world.onRequest = echo;
    const reply = await world.ref().ask(Echo.say(said("hello")));
    assertEquals(reply.value, "hello");
    const request = decodeMessage(
      RemoteAskRequestSchema,
      world.requests[0]?.body ?? new Uint8Array(),
    );
    assertEquals(request.timeout?.seconds, 5n);
    assertEquals(request.remoteMessages[0]?.sender, "goakt://@:0/");
    assertEquals(
      request.remoteMessages[0]?.receiver,
      "goakt://go@there:9000/a",
    );
  });
}

Deno.test("GoaktRef.ask() has a connection for itself, which the next ask takes over", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const ref = world.ref();
  const asks = ["1", "2", "3"].map((text) => ref.ask(Echo.say(said(text))));
  await world.settle();
  assertEquals(world.requests.map(({ connection }) => connection), [1, 2, 3]);
  for (const asked of world.requests) echo(asked);
  assertEquals((await Promise.all(asks)).map(({ value }) => value), [
    "1",
    "2",
    "3",
  ]);
  world.onRequest = echo;
  await ref.ask(Echo.say(said("4")));
  assertEquals(world.accepted, 3);
});

Deno.test("GoaktRef.ask() waits for one of the connections when there are as many as allowed", async () => {
  await using world = new ClientWorld({ maxConnections: 2, maxWaiting: 3 });
  await world.listen();
  world.onRequest = echo;
  const ref = world.ref();
  const asks = ["1", "2", "3", "4"].map((text) =>
    ref.ask(Echo.say(said(text))).then(
      ({ value }) => value,
      (error) => error,
    )
  );
  const values = await Promise.all(asks);
  assertEquals(values.slice(0, 3), ["1", "2", "3"]);
  assert(values[3] instanceof OverloadedError);
  assertEquals(values[3].outcome, "not_delivered");
  assertEquals(world.accepted, 2);
});

Deno.test("GoaktRef.ask() waits for a connection that is open when no other can be made, until none is", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const ref = world.ref();
  const first = ref.ask(Echo.say(said("1")));
  await world.settle();
  await world.refuse();
  const others = ["2", "3", "4"].map((text) => ref.ask(Echo.say(said(text))));
  const outcomes = Promise.allSettled(others);
  await world.settle();
  assertEquals(world.requests.length, 1);
  for (const text of ["1", "2", "3"]) {
    const asked = world.requests.at(-1);
    assert(asked !== undefined);
    if (text === "3") asked.hangUp();
    else echo(asked);
    await world.settle();
  }
  assertEquals((await first).value, "1");
  const [second, third, fourth] = await outcomes;
  assert(second?.status === "fulfilled" && second.value.value === "2");
  assert(third?.status === "rejected" && fourth?.status === "rejected");
  assert(third.reason instanceof DisconnectedError);
  assert(fourth.reason instanceof ConnectError);
  assertEquals(world.accepted, 1);
});

Deno.test("GoaktClient keeps eight idle connections, for thirty seconds", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const ref = world.ref();
  const asks = Array.from(
    { length: 12 },
    (_, i) => ref.ask(Echo.say(said(`${i}`)), { timeout: 60_000 }),
  );
  await world.settle();
  assertEquals(world.client.connections, 12);
  for (const asked of world.requests) echo(asked);
  await Promise.all(asks);
  await world.settle();
  assertEquals(world.client.connections, 12);
  await world.clock.advance(99);
  assertEquals(world.client.connections, 12);
  await world.clock.advance(1);
  assertEquals(world.client.connections, 8);
  await world.clock.advance(29_899);
  assertEquals(world.client.connections, 8);
  await world.clock.advance(1);
  assertEquals(world.client.connections, 0);
});

Deno.test("GoaktClient does not use a connection that the peer has closed while it was idle", async () => {
  await using world = new ClientWorld();
  await world.listen();
  world.onRequest = echo;
  const ref = world.ref();
  await ref.ask(Echo.say(said("1")));
  world.requests[0]?.hangUp();
  await world.settle();
  assertEquals(world.client.connections, 0);
  assertEquals((await ref.ask(Echo.say(said("2")))).value, "2");
});

Deno.test("GoaktRef.ask() rejects with what the peer reports, and what is known of the message", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const ref = world.ref();
  const cases: [Code, string, string, string][] = [
    [Code.NOT_FOUND, "x", "stopped_error", "not_delivered"],
    [
      Code.INTERNAL_ERROR,
      "remote send failed\nactor is not alive",
      "stopped_error",
      "not_delivered",
    ],
    [
      Code.INTERNAL_ERROR,
      "invalid remote message\nproto: bad",
      "codec_error",
      "not_delivered",
    ],
    [Code.INTERNAL_ERROR, "boom", "internal_error", "unknown"],
    [
      Code.INVALID_ARGUMENT,
      "invalid host",
      "invalid_argument",
      "not_delivered",
    ],
    [
      Code.FAILED_PRECONDITION,
      "remoting is not enabled",
      "failed_precondition",
      "not_delivered",
    ],
  ];
  for (const [code, message, remoteCode, outcome] of cases) {
    world.onRequest = (asked) => void asked.answer(failed({ code, message }));
    const error = await assertRejects(
      () => ref.ask(Echo.say(said("1"))),
      RemoteError,
    );
    assertEquals([error.remoteCode, error.outcome, error.text], [
      remoteCode,
      outcome,
      message,
    ]);
  }
  world.onRequest = (asked) =>
    void asked.answer(failed({ code: Code.DEADLINE_EXCEEDED }));
  await assertRejects(() => ref.ask(Echo.say(said("1"))), AskTimeoutError);
  assertEquals(world.accepted, 1);
});

Deno.test("GoaktRef.ask() gives up in time, and its connection when the answer stays away", async () => {
  await using world = new ClientWorld({ answerTimeout: 1_000 });
  await world.listen();
  const ref = world.ref();
  const asked = assertRejects(
    () => ref.ask(Echo.say(said("1")), { timeout: 300 }),
    AskTimeoutError,
  );
  await world.clock.advance(320);
  await asked;
  assertEquals(world.client.connections, 1);
  await world.clock.advance(1_000);
  assertEquals(world.client.connections, 0);
});

Deno.test("GoaktRef gives the peer the rest of the time of an ask that has waited on its way", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const { asks } = internalsOf(world.system).runtime;
  const mails: Mail[] = [];
  // What a router is to an ask: it may hold it for a while.
  const router = {
    isLocal: true,
    deliver: (mail: Mail) => !!mails.push(mail),
  } as BaseRef;
  const asked = asks.ask(router, Echo.say(said("1")), undefined, {
    timeout: 1_000,
  });
  await world.clock.advance(400);
  const [mail] = mails;
  assert(mail !== undefined && world.ref().deliver(mail));
  await world.settle();
  const [request] = world.requests;
  assert(request !== undefined);
  echo(request);
  await asked;
  const { timeout } = decodeMessage(RemoteAskRequestSchema, request.body);
  assertEquals([timeout?.seconds, timeout?.nanos], [0n, 600_000_000]);
});

Deno.test("GoaktRef.ask() uses a connection again whose answer came late", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const ref = world.ref();
  const late = assertRejects(
    () => ref.ask(Echo.say(said("late")), { timeout: 300 }),
    AskTimeoutError,
  );
  await world.clock.advance(320);
  await late;
  world.requests.forEach(echo);
  await world.settle();
  world.onRequest = echo;
  assertEquals((await ref.ask(Echo.say(said("2")))).value, "2");
  assertEquals(world.accepted, 1);
});

Deno.test("GoaktRef.ask() is not sent when its asker has given up before", async () => {
  await using world = new ClientWorld({ maxConnections: 1 });
  await world.listen();
  const ref = world.ref();
  const first = ref.ask(Echo.say(said("1")), { timeout: 10_000 });
  const abort = new AbortController();
  const second = ref.ask(Echo.say(said("2")), { signal: abort.signal });
  const rejected = assertRejects(() => second, Error, "enough");
  await world.settle();
  abort.abort(new Error("enough"));
  await rejected;
  world.onRequest = echo;
  world.requests.forEach(echo);
  await first;
  await world.settle();
  assertEquals(world.requests.length, 1);
});

Deno.test("a request that is never answered fails naming the silence, and ends its connection", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const lookedUp = assertRejects(
    () => world.client.lookup(PLACE, "a", { timeout: 1_000 }),
    DisconnectedError,
    'Cannot get an answer to "internalpb.RemoteLookupRequest" from "there:9000": none came within 1000 ms, which is also how GoAkt nodes treat a request that they have no handler for',
  );
  await world.clock.advance(1_000);
  assertEquals((await lookedUp).outcome, "unknown");
  assertEquals(world.client.connections, 0);
});

Deno.test("a peer that hangs up at once is told apart from one that answered before", async () => {
  await using world = new ClientWorld({ compression: "zstd" });
  await world.listen();
  world.onRequest = (asked) => asked.hangUp();
  const ref = world.ref();
  await assertRejects(
    () => ref.ask(Echo.say(said("1"))),
    DisconnectedError,
    'it has closed the connection instead of answering "internalpb.RemoteAskRequest", most likely because its compression is not "zstd"',
  );
  world.onRequest = echo;
  await ref.ask(Echo.say(said("2")));
  world.onRequest = (asked) => asked.hangUp();
  const error = await assertRejects(
    () => ref.ask(Echo.say(said("3"))),
    DisconnectedError,
  );
  assert(!error.message.includes("compression"), error.message);
});

Deno.test("a peer whose answers make no sense is left, and the outcome is unknown", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const ref = world.ref();
  const answers = [
    Uint8Array.of(0, 0, 0, 12, 0, 0, 0, 4, 0x61, 0x2e, 0x62, 0x63),
    TOLD,
    encodePlain(RemoteAskResponseSchema.typeName, Uint8Array.of(0x0a, 0xff)),
  ];
  for (const answer of answers) {
    world.onRequest = (asked) => void asked.answer(answer);
    const error = await assertRejects(
      () => ref.ask(Echo.say(said("1"))),
      DisconnectedError,
      "Cannot understand the answers of",
    );
    assertEquals(error.outcome, "unknown");
    assertEquals(world.client.connections, 0);
  }
});

Deno.test("GoaktRef.ask() refuses a reply of another type", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const other = create(RemoteAskResponseSchema, {
    messages: [toAny({ typeName: "x.Y", bytes: new Uint8Array() })],
  });
  world.onRequest = (asked) =>
    void asked.answer(encodeMessage(RemoteAskResponseSchema, other));
  const error = await assertRejects(
    () => world.ref().ask(Echo.say(said("1"))),
    CodecError,
    'found a "x.Y", a "google.protobuf.StringValue" was expected',
  );
  assertEquals(error.outcome, "done");
});

Deno.test("GoaktRef refuses what is not protobuf, and sends nothing", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const ref = world.ref();
  const error = await assertRejects(
    () => ref.ask(Echo.list(create(TimestampSchema))),
    CodecError,
    'the reply to "google.protobuf.Timestamp" for a GoAkt node, a protobuf format was expected',
  );
  assertEquals(error.outcome, "not_delivered");
  assertEquals(ref.tell(Echo.say("no message" as never)), false);
  assertEquals(world.reasons, ["not_encodable", "not_encodable"]);
  await world.settle();
  assertEquals(world.accepted, 0);
});

Deno.test("GoaktClient.lookup() and spawn() send what GoAkt reads", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const address = "goakt://go@there:9000/a";
  world.onRequest = (asked) =>
    void asked.answer(
      asked.name === RemoteSpawnRequestSchema.typeName
        ? encodeMessage(
          RemoteSpawnResponseSchema,
          create(RemoteSpawnResponseSchema),
        )
        : encodeMessage(
          RemoteLookupResponseSchema,
          create(RemoteLookupResponseSchema, { address }),
        ),
    );
  const options = { timeout: 1_000 };
  assertEquals(await world.client.lookup(PLACE, "a", options), address);
  await world.client.spawn(PLACE, " Main.Echo", "b", options);
  const { body } = world.requests[1] ?? { body: new Uint8Array() };
  const request = decodeMessage(RemoteSpawnRequestSchema, body);
  assertEquals([request.actorName, request.actorType, request.host], [
    "b",
    "main.echo",
    "there",
  ]);
  world.onRequest = (asked) =>
    void asked.answer(failed({ code: Code.NOT_FOUND, message: "nobody" }));
  assertEquals(await world.client.lookup(PLACE, "c", options), undefined);
});

Deno.test("GoaktClient.close() fails what waits and refuses what comes", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const ref = world.ref();
  const asked = assertRejects(
    () => ref.ask(Echo.say(said("1"))),
    DisconnectedError,
    "remoting of this node has ended",
  );
  ref.tell(Echo.wait(create(DurationSchema)));
  await world.settle();
  world.client.close();
  assertEquals((await asked).outcome, "unknown");
  assertEquals(world.reasons, ["unknown", "unknown"]);
  assertEquals(ref.tell(Echo.say(said("2"))), false);
  assertEquals(world.reasons, ["unknown", "unknown", "disconnected"]);
});
