import { assert, assertEquals } from "@std/assert";
import { create } from "@bufbuild/protobuf";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import {
  Code,
  ErrorSchema,
} from "../../../remote/goakt/gen/internalpb/error_pb.ts";
import {
  RemoteAskRequestSchema,
  RemoteAskResponseSchema,
  RemoteTellResponseSchema,
} from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { encodeMessage } from "../../../remote/goakt/messages.ts";
import { toAny } from "../../../remote/goakt/payload.ts";
import {
  MemoryRemoteMetrics,
  type PeerSnapshot,
} from "../../../remote/metrics/metrics.ts";
import { type Asked, ClientWorld } from "./client_world.ts";
import { Echo, stringPayload } from "./fixtures.ts";

const TOLD = encodeMessage(
  RemoteTellResponseSchema,
  create(RemoteTellResponseSchema),
);
const REPLIED = encodeMessage(
  RemoteAskResponseSchema,
  create(RemoteAskResponseSchema, { messages: [toAny(stringPayload("yes"))] }),
);
const REFUSED = encodeMessage(
  ErrorSchema,
  create(ErrorSchema, { code: Code.UNAVAILABLE, message: "not now" }),
);
const QUESTION = Echo.say(create(StringValueSchema, { value: "well?" }));

function answer(asked: Asked): void {
  const isAsk = asked.name === RemoteAskRequestSchema.typeName;
  void asked.answer(isAsk ? REPLIED : TOLD);
}

/** What is counted of the one peer. */
function peer(metrics: MemoryRemoteMetrics): PeerSnapshot {
  const [[name, figures] = []] = metrics.snapshot();
  assert(name === "there:9000" && figures !== undefined);
  return figures;
}

Deno.test("RemoteMetrics counts requests to a GoAkt node, its connections, and times its replies", async () => {
  const metrics = new MemoryRemoteMetrics();
  await using world = new ClientWorld({}, metrics);
  await world.listen();
  const ref = world.ref();
  const asks = [ref.ask(QUESTION), ref.ask(QUESTION)];
  assertEquals(peer(metrics).links, { connecting: 2, open: 0, parting: 0 });
  await world.clock.advance(30);
  for (const asked of world.requests) answer(asked);
  await Promise.all(asks);
  world.onRequest = answer;
  ref.tell(QUESTION);
  assert(peer(metrics).waiting > 0);
  await world.settle();
  const { links, asks: times, sent, received, waiting, errors } = peer(metrics);
  assertEquals(links, { connecting: 0, open: 2, parting: 0 });
  const { count, min, max } = times.get("echo") ?? {};
  assertEquals([count, min, max], [2, 30, 30]);
  assertEquals([sent.messages, waiting, errors], [3, 0, {}]);
  assertEquals(received.bytes, 2 * REPLIED.length + TOLD.length);
  assert(sent.bytes > 300);
  await world.clock.advance(60_000);
  assertEquals(peer(metrics).links, { connecting: 0, open: 0, parting: 0 });
});

Deno.test("RemoteMetrics counts what fails at a GoAkt node by the code of the error", async () => {
  const metrics = new MemoryRemoteMetrics();
  await using world = new ClientWorld({}, metrics);
  const ref = world.ref();
  const ask = async () => {
    const failed = ref.ask(QUESTION).catch(({ code, remoteCode }) =>
      remoteCode ?? code
    );
    await world.settle();
    return await failed;
  };
  const codes: string[] = [await ask()];
  ref.tell(QUESTION);
  await world.settle();
  assertEquals(peer(metrics), {
    links: { connecting: 0, open: 0, parting: 0 },
    waiting: 0,
    sent: { messages: 0, bytes: 0 },
    received: { messages: 0, bytes: 0 },
    asks: new Map(),
    errors: { connect_error: 2 },
    lateReplies: 0,
  });
  await world.listen();
  world.onRequest = (asked) => void asked.answer(REFUSED);
  codes.push(await ask());
  world.onRequest = (asked) => asked.hangUp();
  codes.push(await ask());
  const abort = new AbortController();
  world.onRequest = () => abort.abort("enough");
  await ref.ask(QUESTION, { signal: abort.signal }).catch(() => {});
  const expected: Record<string, number> = {
    aborted: 1,
    "connect_error": 1,
  };
  for (const code of codes) expected[code] = (expected[code] ?? 0) + 1;
  assertEquals(peer(metrics).errors, expected);
  assertEquals(new Set(codes).size, 3);
});
