import { assertEquals } from "@std/assert";
import { Code } from "../../../remote/goakt/gen/internalpb/error_pb.ts";
import {
  RemoteActivateGrainRequestSchema,
  RemoteAskGrainRequestSchema,
  RemoteAskGrainResponseSchema,
  RemoteTellGrainRequestSchema,
} from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { fromAny, type Payload, toAny } from "../../../remote/goakt/payload.ts";
import type {
  GrainAddress,
  GrainTarget,
} from "../../../remote/goakt/server/host.ts";
import {
  answerOf,
  goaktNode,
  messageIn,
  stringPayload,
  toDuration,
} from "./fixtures.ts";
import { HERE, outcomeOf, request } from "./requests.ts";

function grain(value: string) {
  return { ...HERE, grainId: { value } };
}

Deno.test("requests to grains are refused as GoAkt does while there are none", async () => {
  await using node = goaktNode();
  const cases: [string, number, string][] = [
    ["nothing", Code.INVALID_ARGUMENT, "invalid graind identity"],
    [
      "main.account/GoAktX",
      Code.FAILED_PRECONDITION,
      "name=(main.account/GoAktX) actor name is reserved",
    ],
    ["main.account/a", Code.INTERNAL_ERROR, "grain type is not registered"],
  ];
  for (const [value, ...outcome] of cases) {
    for (
      const schema of [
        RemoteTellGrainRequestSchema,
        RemoteAskGrainRequestSchema,
      ]
    ) {
      const frame = await request(node, schema, { grain: grain(value) });
      assertEquals(outcomeOf(frame), outcome);
    }
  }
  const badName = await request(node, RemoteTellGrainRequestSchema, {
    grain: grain("main.account/a b"),
  });
  assertEquals(answerOf(badName).code, Code.INVALID_ARGUMENT);
  const elsewhere = await request(node, RemoteTellGrainRequestSchema, {
    grain: { ...grain("main.account/a"), port: 1 },
  });
  assertEquals(outcomeOf(elsewhere), [Code.INVALID_ARGUMENT, "invalid host"]);
  for (const value of ["main.account/a", "nothing", "GoAktX"]) {
    const frame = await request(node, RemoteActivateGrainRequestSchema, {
      grain: grain(value),
    });
    assertEquals(answerOf(frame).code, Code.INTERNAL_ERROR);
  }
});

class Accounts implements GrainTarget {
  readonly calls: string[] = [];
  hasKind(kind: string): boolean {
    return kind === "main.account";
  }
  count(): number {
    return 2;
  }
  activate({ key }: GrainAddress, options: unknown): Promise<void> {
    this.calls.push(`activate ${key} ${JSON.stringify(options)}`);
    return Promise.resolve();
  }
  tell({ key }: GrainAddress, { typeName }: Payload): Promise<void> {
    this.calls.push(`tell ${key} ${typeName}`);
    return key === "never" ? new Promise(() => {}) : Promise.resolve();
  }
  ask(
    { key }: GrainAddress,
    payload: Payload,
    timeout: number,
  ): Promise<Payload> {
    this.calls.push(`ask ${key} ${timeout}`);
    if (key === "poor") return Promise.reject(new RangeError("no money"));
    return key === "never" ? new Promise(() => {}) : Promise.resolve(payload);
  }
}

Deno.test("requests to grains reach whoever has plugged itself in", async () => {
  await using node = goaktNode();
  const accounts = new Accounts();
  node.host.grains = accounts;
  const any = toAny(stringPayload("x"));
  const told = await request(node, RemoteTellGrainRequestSchema, {
    grain: grain("main.account/alice"),
    message: any,
  });
  assertEquals(outcomeOf(told), ["internalpb.RemoteTellGrainResponse"]);
  const asked = await request(node, RemoteAskGrainRequestSchema, {
    grain: grain("main.account/alice"),
    message: any,
    requestTimeout: toDuration(250),
  });
  assertEquals(
    fromAny(messageIn(RemoteAskGrainResponseSchema, asked).message),
    stringPayload("x"),
  );
  const active = await request(node, RemoteActivateGrainRequestSchema, {
    grain: {
      ...grain("main.account/bob"),
      activationTimeout: toDuration(1_000),
      activationRetries: 5,
      mailboxCapacity: 7n,
    },
  });
  assertEquals(outcomeOf(active), ["internalpb.RemoteActivateGrainResponse"]);
  assertEquals(accounts.calls, [
    "tell alice google.protobuf.StringValue",
    "ask alice 250",
    // JSON has no Infinity.
    'activate bob {"timeout":1000,"retries":5,"mailboxCapacity":7,"remaining":null}',
  ]);
});

Deno.test("requests to grains end with the error, or when their time is over", async () => {
  await using node = goaktNode();
  node.host.grains = new Accounts();
  const poor = await request(node, RemoteAskGrainRequestSchema, {
    grain: grain("main.account/poor"),
    requestTimeout: toDuration(250),
  });
  assertEquals(outcomeOf(poor), [Code.INTERNAL_ERROR, "RangeError: no money"]);
  const late: [number, string] = [Code.INTERNAL_ERROR, "request timed out"];
  const none = await request(node, RemoteAskGrainRequestSchema, {
    grain: grain("main.account/alice"),
  });
  assertEquals(outcomeOf(none), late);
  const asked = request(node, RemoteAskGrainRequestSchema, {
    grain: grain("main.account/never"),
    requestTimeout: toDuration(250),
  });
  await node.clock.advance(250);
  assertEquals(outcomeOf(await asked), late);
  const told = request(node, RemoteTellGrainRequestSchema, {
    grain: grain("main.account/never"),
  });
  await node.clock.advance(5_000);
  assertEquals(outcomeOf(await told), late);
});
