import { assertEquals } from "@std/assert";
import { create, toBinary } from "@bufbuild/protobuf";
import { oneForOne, traceContext } from "../../../actor/mod.ts";
import { Code } from "../../../remote/goakt/gen/internalpb/error_pb.ts";
import {
  AsyncRequestSchema,
  AsyncResponseSchema,
  RemoteAskRequestSchema,
  RemoteAskResponseSchema,
  RemoteReinstateRequestSchema,
  RemoteTellRequestSchema,
} from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { decodeMessage } from "../../../remote/goakt/messages.ts";
import { fromAny, type Payload, toAny } from "../../../remote/goakt/payload.ts";
import {
  answerOf,
  Echo,
  echoHandlers,
  type EchoLog,
  goaktNode,
  messageIn,
  stringPayload,
  toDuration,
} from "./fixtures.ts";
import { HERE, outcomeOf, request } from "./requests.ts";
import { at, message, PEER, textsOf } from "./message_requests.ts";

Deno.test("tell() delivers all messages in order, with their senders", async () => {
  await using node = goaktNode();
  const log = node.echo("a");
  const frame = await request(node, RemoteTellRequestSchema, {
    remoteMessages: [message(at("a"), "1", PEER), message(at("a"), "2")],
  });
  assertEquals(outcomeOf(frame), ["internalpb.RemoteTellResponse"]);
  await node.clock.settle();
  assertEquals(log.texts, ["1", "2"]);
  assertEquals(log.senders, [PEER, ""]);
});

Deno.test("tell() and ask() bring the headers that the propagator of the system knows", async () => {
  for (const propagator of [traceContext(), undefined]) {
    await using node = goaktNode(propagator);
    const seen: string[][] = [];
    node.system.spawn(Echo, () => ({
      ...echoHandlers({ texts: [], senders: [], foreign: [] }),
      say: (message, ctx) => {
        seen.push([...ctx.headers].flat());
        return message;
      },
    }), { name: "a" });
    const remoteMessages = [message("goakt://shop@10.0.0.7:9000/a", "x")];
    const parent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const headers = new Map([["Traceparent", parent], ["X-Other", "1"]]);
    const tellRequest = { remoteMessages };
    await request(node, RemoteTellRequestSchema, tellRequest, 0n, headers);
    await request(node, RemoteAskRequestSchema, tellRequest, 0n, headers);
    await request(node, RemoteTellRequestSchema, tellRequest);
    await node.clock.settle();
    const brought = propagator === undefined ? [] : ["traceparent", parent];
    assertEquals(seen, [brought, brought, []]);
  }
});

Deno.test("tell() answers an empty list with success", async () => {
  await using node = goaktNode();
  const frame = await request(node, RemoteTellRequestSchema, {});
  assertEquals(outcomeOf(frame), ["internalpb.RemoteTellResponse"]);
});

Deno.test("tell() ends at the first message that it cannot deliver", async () => {
  await using node = goaktNode();
  const log = node.echo("a");
  const frame = await request(node, RemoteTellRequestSchema, {
    remoteMessages: [
      message(at("a"), "1"),
      message(at("missing"), "2"),
      message(at("a"), "3"),
    ],
  });
  assertEquals(outcomeOf(frame), [
    Code.NOT_FOUND,
    `(actor address=${at("missing")}) address not found`,
  ]);
  await node.clock.settle();
  assertEquals(log.texts, ["1"]);
});

Deno.test("tell() refuses other systems, other hosts, malformed addresses and deep paths", async () => {
  await using node = goaktNode();
  node.echo("a");
  const cases: [string, number, string][] = [
    ["", Code.INVALID_ARGUMENT, "address is required"],
    ["a", Code.INVALID_ARGUMENT, "address format is invalid"],
    [
      "http://shop@10.0.0.7:9000/a",
      Code.INVALID_ARGUMENT,
      "address protocol is not supported",
    ],
    [
      "goakt://shop@10.0.0.7:9000/a/b/c",
      Code.INVALID_ARGUMENT,
      "address format is invalid",
    ],
    ...["goakt://mall@10.0.0.7:9000/a", "goakt://shop@10.0.0.9:9000/a"].map((
      address,
    ): [string, number, string] => [
      address,
      Code.NOT_FOUND,
      `(actor address=${address}) address not found`,
    ]),
  ];
  for (const [receiver, ...outcome] of cases) {
    const frame = await request(node, RemoteTellRequestSchema, {
      remoteMessages: [message(receiver, "x")],
    });
    assertEquals(outcomeOf(frame), outcome);
  }
  const leadingZero = await request(node, RemoteTellRequestSchema, {
    remoteMessages: [message("goakt://shop@10.0.0.7:09000/a", "x")],
  });
  assertEquals(outcomeOf(leadingZero), ["internalpb.RemoteTellResponse"]);
});

Deno.test("tell() refuses a sender without an address, and bytes that are not what they say", async () => {
  await using node = goaktNode();
  node.echo("a");
  const unsent = await request(node, RemoteTellRequestSchema, {
    remoteMessages: [message(at("a"), "x", "")],
  });
  assertEquals(outcomeOf(unsent), [
    Code.INTERNAL_ERROR,
    "invalid remote message\naddress is required",
  ]);
  const bytes = Uint8Array.of(0xff);
  const broken = await request(node, RemoteTellRequestSchema, {
    remoteMessages: [{
      ...message(at("a"), ""),
      message: toAny({ typeName: "google.protobuf.StringValue", bytes }),
    }],
  });
  const { code, text } = answerOf(broken);
  assertEquals(code, Code.INTERNAL_ERROR);
  assertEquals(text?.split("\n")[0], "invalid remote message");
});

Deno.test("tell() gives a payload without a schema to receive() as name and bytes", async () => {
  await using node = goaktNode();
  const log = node.echo("a");
  const payload: Payload = {
    typeName: "shop.v1.Unknown",
    bytes: Uint8Array.of(1, 2, 3),
  };
  const any = toAny(payload);
  for (const prefix of ["type.googleapis.com/", "x.example/y/", ""]) {
    await request(node, RemoteTellRequestSchema, {
      remoteMessages: [{
        ...message(at("a"), ""),
        message: { ...any, typeUrl: prefix + payload.typeName },
      }],
    });
  }
  await node.clock.settle();
  assertEquals(log.foreign, [payload, payload, payload]);
});

Deno.test("tell() lets no peer write lines of a log: of names of types and of senders", async () => {
  await using node = goaktNode();
  const log = node.echo("a");
  const tellOf = async (typeName: string, sender = "") => {
    const any = toAny({ typeName, bytes: new Uint8Array() });
    const [first, text = ""] = outcomeOf(
      await request(node, RemoteTellRequestSchema, {
        remoteMessages: [{ ...message(at("a"), "", sender), message: any }],
      }),
    );
    return [first, text.split("\n")[1]];
  };
  const none = "goakt://@:0/";
  assertEquals(await tellOf("a\ntroupe: all is well", none), [
    Code.INVALID_ARGUMENT,
    "its type name has a control character",
  ]);
  assertEquals(await tellOf("a".repeat(1_025), none), [
    Code.INVALID_ARGUMENT,
    "its type name has 1025 characters",
  ]);
  assertEquals(log.foreign, []);
  const senders = [
    "goakt://go@10.0.0.8:9001/\u001b[2J",
    `goakt://go@10.0.0.8:9001/${"x".repeat(1_024)}`,
    PEER,
  ];
  for (const sender of senders) {
    await request(node, RemoteTellRequestSchema, {
      remoteMessages: [message(at("a"), "1", sender)],
    });
  }
  await node.clock.settle();
  assertEquals(log.senders, ["", "", PEER]);
});

Deno.test("tell() of a PoisonPill stops the actor behind its messages", async () => {
  await using node = goaktNode();
  const log = node.echo("a");
  const pill = toAny({
    typeName: "goaktpb.PoisonPill",
    bytes: new Uint8Array(),
  });
  await request(node, RemoteTellRequestSchema, {
    remoteMessages: [
      message(at("a"), "1"),
      { ...message(at("a"), ""), message: pill },
    ],
  });
  await node.clock.settle();
  assertEquals(log.texts, ["1"]);
  assertEquals(node.host.find("a"), undefined);
});

Deno.test("tell() and ask() refuse a suspended actor, which reinstate() lets go on", async () => {
  await using node = goaktNode();
  const log: EchoLog = { texts: [], senders: [], foreign: [] };
  node.system.spawn(Echo, () => echoHandlers(log), {
    name: "a",
    supervisor: oneForOne({ decide: () => "suspend" }),
  });
  await request(node, RemoteTellRequestSchema, {
    remoteMessages: [message(at("a"), "fail")],
  });
  await node.clock.settle();
  const dead = [Code.INTERNAL_ERROR, "remote send failed\nactor is not alive"];
  const remoteMessages = [message(at("a"), "1")];
  assertEquals(
    outcomeOf(await request(node, RemoteTellRequestSchema, { remoteMessages })),
    dead as [number, string],
  );
  assertEquals(
    outcomeOf(await request(node, RemoteAskRequestSchema, { remoteMessages })),
    dead as [number, string],
  );
  const named = { ...HERE, name: "a" };
  assertEquals(
    outcomeOf(await request(node, RemoteReinstateRequestSchema, named)),
    ["internalpb.RemoteReinstateResponse"],
  );
  await request(node, RemoteTellRequestSchema, { remoteMessages });
  await node.clock.settle();
  assertEquals(log.texts, ["fail", "1"]);
});

Deno.test("ask() returns the replies to a batch in order", async () => {
  await using node = goaktNode();
  node.echo("a");
  node.echo("b");
  const frame = await request(node, RemoteAskRequestSchema, {
    remoteMessages: ["a", "b", "a"].map((name) => message(at(name), name)),
    timeout: toDuration(1_000),
  });
  assertEquals(textsOf(frame), ["a", "b", "a"]);
});

Deno.test("ask() is one error when one of its messages fails", async () => {
  await using node = goaktNode();
  const log = node.echo("a");
  const frame = await request(node, RemoteAskRequestSchema, {
    remoteMessages: ["1", "fail", "3"].map((text) => message(at("a"), text)),
  });
  assertEquals(outcomeOf(frame), [
    Code.INTERNAL_ERROR,
    "remote send failed\nRangeError: it failed",
  ]);
  await node.clock.settle();
  assertEquals(log.texts, ["1", "fail"]);
});

Deno.test("ask() says which of its limits is over", async () => {
  await using node = goaktNode();
  const cases: [number | undefined, bigint, number, string][] = [
    [undefined, 0n, 5_000, "remote send failed\nrequest timed out"],
    [300, 0n, 300, "remote send failed\nrequest timed out"],
    [
      300,
      1_800_000_000_200n * 1_000_000n,
      200,
      "remote send failed\ncontext deadline exceeded\nrequest timed out",
    ],
    [
      300,
      50_000_000n, // what remains, as v4 says it
      50,
      "remote send failed\ncontext deadline exceeded\nrequest timed out",
    ],
  ];
  for (const [index, [timeout, deadline, after, text]] of cases.entries()) {
    node.echo(`late${index}`); // it waits for ever
    const answer = request(node, RemoteAskRequestSchema, {
      remoteMessages: [message(at(`late${index}`), "never")],
      ...(timeout !== undefined && { timeout: toDuration(timeout) }),
    }, deadline);
    let answered = false;
    answer.then(() => answered = true);
    await node.clock.advance(after - 1);
    assertEquals(answered, false);
    await node.clock.advance(20);
    assertEquals(outcomeOf(await answer), [Code.DEADLINE_EXCEEDED, text]);
  }
});

Deno.test("ask() with a timeout of zero fails now, and the message is not handled", async () => {
  await using node = goaktNode();
  const log = node.echo("a");
  const frame = await request(node, RemoteAskRequestSchema, {
    remoteMessages: [message(at("a"), "1")],
    timeout: toDuration(0),
  });
  assertEquals(outcomeOf(frame), [
    Code.DEADLINE_EXCEEDED,
    "remote send failed\nrequest timed out",
  ]);
  await node.clock.settle();
  assertEquals(log.texts, []);
});

Deno.test("ask() checks the host, by all its names", async () => {
  await using node = goaktNode();
  node.echo("a");
  const other = await request(node, RemoteAskRequestSchema, {
    remoteMessages: [message("goakt://shop@10.0.0.9:9000/a", "1")],
  });
  assertEquals(outcomeOf(other), [Code.INVALID_ARGUMENT, "invalid host"]);
  const alias = await request(node, RemoteAskRequestSchema, {
    remoteMessages: [message("goakt://shop@orders.example:9000/a", "1")],
  });
  assertEquals(textsOf(alias), ["1"]);
});

Deno.test("ask() answers for a handler without a reply, and refuses a reply that is not protobuf", async () => {
  await using node = goaktNode();
  node.echo("a");
  const waited = await request(node, RemoteAskRequestSchema, {
    remoteMessages: [{
      ...message(at("a"), ""),
      message: toAny({
        typeName: "google.protobuf.Duration",
        bytes: new Uint8Array(),
      }),
    }],
  });
  const [reply] = messageIn(RemoteAskResponseSchema, waited).messages;
  assertEquals(fromAny(reply).typeName, "goaktpb.NoMessage");
  const foreign = await request(node, RemoteAskRequestSchema, {
    remoteMessages: [{
      ...message(at("a"), ""),
      message: toAny({ typeName: "x.Y", bytes: Uint8Array.of(7) }),
    }],
  });
  const [echoed] = messageIn(RemoteAskResponseSchema, foreign).messages;
  assertEquals(fromAny(echoed), { typeName: "x.Y", bytes: Uint8Array.of(7) });
  const listed = await request(node, RemoteAskRequestSchema, {
    remoteMessages: [{
      ...message(at("a"), ""),
      message: toAny({
        typeName: "google.protobuf.Timestamp",
        bytes: new Uint8Array(),
      }),
    }],
  });
  assertEquals(outcomeOf(listed), [
    Code.INTERNAL_ERROR,
    'remote send failed\nCannot send the reply to "google.protobuf.Timestamp": its format is json, protobuf was expected',
  ]);
});

Deno.test("tell() of an AsyncRequest is answered by a tell to the asker", async () => {
  await using node = goaktNode();
  node.echo("a");
  const asked = (text: string, correlationId: string) => ({
    ...message(at("a"), ""),
    message: toAny({
      typeName: AsyncRequestSchema.typeName,
      bytes: toBinary(
        AsyncRequestSchema,
        create(AsyncRequestSchema, {
          correlationId,
          replyTo: PEER,
          message: toAny(stringPayload(text)),
        }),
      ),
    }),
  });
  const frame = await request(node, RemoteTellRequestSchema, {
    remoteMessages: [asked("hello", "c1"), asked("fail", "c2")],
  });
  assertEquals(outcomeOf(frame), ["internalpb.RemoteTellResponse"]);
  await node.clock.settle();
  const responses = node.replies.map(({ to, message }) => {
    assertEquals(message.typeName, AsyncResponseSchema.typeName);
    const { correlationId, error, message: any } = decodeMessage(
      AsyncResponseSchema,
      message.bytes,
    );
    return { to, correlationId, error, type: fromAny(any).typeName };
  });
  assertEquals(responses, [
    {
      to: PEER,
      correlationId: "c1",
      error: "",
      type: "google.protobuf.StringValue",
    },
    { to: PEER, correlationId: "c2", error: "RangeError: it failed", type: "" },
  ]);
  const incomplete = await request(node, RemoteTellRequestSchema, {
    remoteMessages: [asked("hello", "")],
  });
  assertEquals(outcomeOf(incomplete)[0], Code.INTERNAL_ERROR);
});
