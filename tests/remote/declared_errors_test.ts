import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ActorRef,
  type AnyProtocol,
  ask,
  data,
  protocol,
  Reject,
} from "../../actor/mod.ts";
import { create } from "@bufbuild/protobuf";
import { CodecError, RemoteError } from "../../remote/errors.ts";
import { HeaderSchema } from "../../remote/gen/troupe/remote/v1/frame_pb.ts";
import { protobuf } from "../../remote/codec/protobuf.ts";
import { bytes } from "../../remote/codec/raw.ts";
import type { Failure } from "../../remote/wire/fields.ts";
import { FrameKind, REJECTED } from "../../remote/wire/kinds.ts";
import { addressOf, type Node, startNode, World } from "./world.ts";
import { WirePeer } from "./wire/wire_peer.ts";

const Shop = protocol("shop", {
  buy: ask({
    input: data<string>(),
    output: data<string>(),
    errors: {
      SoldOut: data<{ left: number }>(),
      Closed: data<void>(),
      BadLabel: protobuf(HeaderSchema),
      Receipt: bytes(),
      Odd: data<unknown>(),
    },
  }),
  peek: ask({
    input: data<void>(),
    output: data<string>(),
    errors: { SoldOut: data<{ shelf: string }>() },
  }),
});

const { SoldOut, Closed, BadLabel, Receipt, Odd } = Shop.buy.errors;

/** The same shop in an older build, which knows one error only. */
const OldShop = protocol("shop", {
  buy: ask({
    input: data<string>(),
    output: data<string>(),
    errors: { Closed: data<void>() },
  }),
});

function spawnShop({ system }: Node, thrown: (what: string) => unknown): void {
  system.spawn(Shop, () => ({
    buy(what) {
      throw thrown(what);
    },
    peek: () => "",
  }), { name: "shop" });
}

async function failed(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(() => assert(false, "it was done"), (it) => it);
}

/** What an asker is given when the handler of "shop.buy" throws. */
async function askerOf(thrown: () => unknown): Promise<unknown> {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnShop(b, thrown);
  const ref = a.remote.ref(Shop, addressOf(b, "shop"));
  const error = await failed(ref.ask(Shop.buy("tea")));
  // The link goes on.
  await failed(ref.ask(Shop.buy("tea")));
  assertEquals([a.remote.connections, a.warnings, b.warnings], [1, [], []]);
  return error;
}

/** What an asker is given when the peer answers with `failure`. */
async function answered<P extends AnyProtocol>(
  protocol: P,
  asked: (ref: ActorRef<P>) => Promise<unknown>,
  failure: Partial<Failure>,
): Promise<unknown> {
  await using world = new World();
  const a = await world.node("a");
  await using listener = await world.transport("wire").listen({
    hostname: "wire",
    port: 7,
  });
  const error = failed(
    asked(a.remote.ref(protocol, "goakt://wire@wire:7/shop")),
  );
  const peer = await WirePeer.accept(world, listener);
  const { correlation } = await peer.expect(FrameKind.ASK);
  await peer.send({ kind: FrameKind.ACK, ack: 1 }, {
    kind: FrameKind.FAILURE,
    correlation,
    failure: {
      code: "SoldOut",
      text: "Sold out",
      outcome: REJECTED,
      retryable: false,
      data: new TextEncoder().encode('{"left":0}'),
      ...failure,
    },
  });
  await error;
  assertEquals([a.remote.connections, a.warnings], [1, []]);
  peer.connection.close();
  await world.settle();
  return await error;
}

const buy = (ref: ActorRef<typeof Shop>) => ref.ask(Shop.buy("tea"));

function assertRemote(
  error: unknown,
  expected: Pick<RemoteError, "remoteCode" | "text" | "outcome">,
): void {
  assert(error instanceof RemoteError, String(error));
  const { remoteCode, text, outcome } = error;
  assertEquals({ remoteCode, text, outcome }, expected);
}

Deno.test("A declared error keeps its data in whatever codec that has", async () => {
  const cases: [() => Reject, unknown][] = [
    [() => SoldOut({ left: 3 }), { left: 3 }],
    [() => Closed(undefined), undefined],
    [() => Receipt(Uint8Array.of(0, 255)), Uint8Array.of(0, 255)],
  ];
  for (const [make, expected] of cases) {
    const error = await askerOf(make);
    assert(error instanceof Reject, String(error));
    assertEquals([error.code, error.data, error.outcome], [
      make().code,
      expected,
      "done",
    ]);
  }
  const label = create(HeaderSchema, { key: "colour", value: "grün" });
  const error = await askerOf(() => BadLabel(label));
  assert(BadLabel.is(error), String(error));
  assertEquals([error.data.key, error.data.value], ["colour", "grün"]);
});

Deno.test("A declared error with data that does not decode says that the message was handled", async () => {
  for (
    const [code, format, bytes] of [
      ["SoldOut", "json", "{"],
      ["SoldOut", "json", '{"__proto__":1}'],
      ["BadLabel", "protobuf", "\xff"],
    ] as const
  ) {
    const data = Uint8Array.from(bytes, (it) => it.charCodeAt(0));
    const error = await answered(Shop, buy, { code, data });
    assert(error instanceof CodecError, String(error));
    assertEquals([error.format, error.outcome], [format, "done"]);
    assert(error.message.startsWith("Cannot decode "), error.message);
  }
});

Deno.test("An error that the asker's build does not declare is a RemoteError with code and text", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnShop(
    b,
    (what) => what === "tea" ? SoldOut({ left: 0 }) : Closed(undefined),
  );
  const ref = a.remote.ref(OldShop, addressOf(b, "shop"));
  const error = await failed(ref.ask(OldShop.buy("tea")));
  assertRemote(error, {
    remoteCode: "SoldOut",
    text: 'Cannot do "shop.buy": the actor rejected it with SoldOut',
    outcome: "done",
  });
  const known = await failed(ref.ask(OldShop.buy("ink")));
  assert(OldShop.buy.errors.Closed.is(known), String(known));
});

Deno.test("A failure with the code of a declared error is none unless the peer says so", async () => {
  const error = await answered(Shop, buy, { outcome: 2 });
  assertRemote(error, {
    remoteCode: "SoldOut",
    text: "Sold out",
    outcome: "done",
  });
});

Deno.test("An error of another message is not taken for the declared one of the same name", async () => {
  const error = await askerOf(() =>
    Shop.peek.errors.SoldOut({ shelf: "upper" })
  );
  assertRemote(error, {
    remoteCode: "SoldOut",
    text: 'Cannot do "shop.peek": the actor rejected it with SoldOut',
    outcome: "done",
  });
});

Deno.test("An error of a third node is not taken for the declared one of the same name", async () => {
  const error = await askerOf(() =>
    new RemoteError("c:1", "ask on", {
      code: "SoldOut",
      text: "Elsewhere",
      outcome: "not_delivered",
      retryable: true,
    })
  );
  assertRemote(error, {
    remoteCode: "SoldOut",
    text: "Elsewhere",
    outcome: "done",
  });
});

Deno.test("Data of a declared error that cannot be encoded is reported to the asker", async () => {
  assertRemote(await askerOf(() => Odd(new Map())), {
    remoteCode: "codec_error",
    text:
      'Cannot encode "$" as json: found an instance of Map, plain JSON data was expected',
    outcome: "done",
  });
});

Deno.test("Data of a declared error has a limit, which holds for the smallest of peers", async () => {
  await using world = new World();
  const remote = { maxMessageBytes: 16_384 };
  const [a, b] = [
    await world.node("a", { remote }),
    await world.node("b"),
  ];
  spawnShop(b, (what) => Receipt(new Uint8Array(Number(what))));
  const ref = a.remote.ref(Shop, addressOf(b, "shop"));
  const largest = await failed(ref.ask(Shop.buy("49152")));
  assert(Receipt.is(largest), String(largest));
  assertEquals(largest.data.length, 49_152);
  for (const size of [49_153, 20_000_000]) {
    assertRemote(await failed(ref.ask(Shop.buy(`${size}`))), {
      remoteCode: "frame_error",
      text:
        `Cannot send error "Receipt" of "shop.buy": its data has ${size} bytes, at most 49152 bytes were expected`,
      outcome: "done",
    });
  }
  const warnings = [...a.warnings, ...b.warnings];
  assertEquals(
    warnings.map(({ text }) => text.includes("have different settings")),
    [true, true],
  );
});

Deno.test("What a peer says is cut and harmless before anybody prints it", async () => {
  const error = await answered(Shop, buy, {
    code: "\x1b[31m".repeat(100),
    text: `one\n\ttwo\x1b[2J\u0085${"x".repeat(100_000)}`,
  });
  assert(error instanceof RemoteError);
  assert(
    error.text.startsWith("one\n\ttwo\u{fffd}[2J\u{fffd}xxx"),
    error.text.slice(0, 40),
  );
  assertEquals(error.text.length, 4_098);
  assertEquals(error.remoteCode.length, 129);
  assert(!error.message.includes("\x1b"));
});

Deno.test("A declared error reaches its asker over TCP with its data", async () => {
  const [a, b] = [await startNode("a", {}, {}), await startNode("b", {}, {})];
  spawnShop(b, () => SoldOut({ left: 7 }));
  const ref = a.remote.ref(Shop, addressOf(b, "shop"));
  const error = await assertRejects(() => ref.ask(Shop.buy("tea")), Reject);
  assertEquals([error.code, error.data], ["SoldOut", { left: 7 }]);
  for (const { remote, system } of [a, b]) {
    await remote.drain();
    await system.drain();
  }
});
