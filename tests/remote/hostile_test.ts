import { assert, assertEquals } from "@std/assert";
import { ActorSystem, ask, protocol } from "../../actor/mod.ts";
import { internalsOf } from "../../actor/system/system.ts";
import { concatBytes } from "../../internal/bytes.ts";
import { HeaderSchema } from "../../remote/gen/troupe/remote/v1/frame_pb.ts";
import { encodePlain } from "../../remote/frame.ts";
import { Link } from "../../remote/link/link.ts";
import { protobuf } from "../../remote/codec/protobuf.ts";
import type { FrameFields } from "../../remote/wire/fields.ts";
import { DefinitionKind, FrameKind } from "../../remote/wire/kinds.ts";
import { Box, spawnBox, upTo } from "./actors.ts";
import { addressOf, type Node, reasons, warned, World } from "./world.ts";
import { encode, WirePeer } from "./wire/wire_peer.ts";

const encoder = new TextEncoder();

const DEFINITIONS = [
  { number: 1, table: DefinitionKind.ADDRESS, value: "/box" },
  { number: 1, table: DefinitionKind.TYPE_NAME, value: "box.put" },
  { number: 2, table: DefinitionKind.TYPE_NAME, value: "box.echo" },
];

/** An ask of "box.echo", without the numbers that it needs. */
function echo(correlation: number, body = "1"): FrameFields {
  return {
    kind: FrameKind.ASK,
    receiver: 1,
    type: 2,
    correlation,
    payload: encoder.encode(body),
  };
}

const DEFINE: FrameFields = { ...echo(1), definitions: DEFINITIONS };

interface Attack extends AsyncDisposable {
  readonly world: World;
  readonly b: Node;
  readonly peer: WirePeer;
  /** What becomes of it: everybody else is served, and the attacker's link goes on or ends with the reason. */
  assertServed(): Promise<void>;
  reason(): Promise<string>;
}

/** A node with an actor, an honest peer, and one that is not. */
async function attack(
  options: { capacity?: number; budget?: number } = {},
): Promise<Attack> {
  const { capacity = 262_144, budget = 4_194_304 } = options;
  const world = new World({ capacity });
  const b = await world.node("b", { remote: { outboundBudget: budget } });
  const c = await world.node("c", { remote: { idleTimeout: Infinity } });
  const box = spawnBox(b.system, "box");
  const honest = c.remote.ref(Box, addressOf(b, "box"));
  assertEquals(await honest.ask(Box.ids()), []);
  const peer = await WirePeer.dial(world, b);
  return {
    world,
    b,
    peer,
    async assertServed() {
      honest.tell(Box.put({ id: 1 }));
      assertEquals(await honest.ask(Box.ids()), [1]);
      assertEquals([box.ids, c.warnings], [[1], []]);
    },
    async reason() {
      const frames = await peer.rest();
      await world.settle();
      assertEquals(b.remote.connections, 1);
      const { failure } = frames.at(-1) ?? {};
      assertEquals(frames.at(-1)?.kind, FrameKind.GOODBYE);
      assert(warned(b).includes(failure?.text ?? "no text"), warned(b));
      return failure?.text ?? "";
    },
    async [Symbol.asyncDispose]() {
      peer.connection.close();
      await world[Symbol.asyncDispose]();
    },
  };
}

/** Writes what is given, and reads nothing; gives up once the network is full and nothing moves. */
async function flood(
  { world, peer }: Attack,
  bytes: (round: number) => Uint8Array,
  rounds: number,
): Promise<number> {
  for (let done = 0; done < rounds; done++) {
    let isTaken = false;
    peer.connection.write(bytes(done)).then(
      () => isTaken = true,
      () => {}, // what is left of it ends with the connection
    );
    await world.settle();
    if (!isTaken) return done;
  }
  return rounds;
}

const repeated = (frame: FrameFields, count: number): Uint8Array => {
  const one = encode(frame);
  const all = new Uint8Array(one.length * count);
  for (let n = 0; n < count; n++) all.set(one, n * one.length);
  return all;
};

Deno.test("A flood of definitions replaces numbers, and everybody is served", async () => {
  await using it = await attack();
  for (let round = 0; round < 40; round++) {
    const frames = upTo(64).map((n): FrameFields => ({
      kind: FrameKind.PING,
      correlation: 1,
      definitions: upTo(64).map((m) => ({
        number: 1 + (n * 64 + m) % 4_096,
        table: 1 + round % 2,
        value: `/${round}-${n}-${m}`.padEnd(1_024, "x"),
      })),
    }));
    for (const frame of frames) await it.peer.send(frame);
    for (const _ of frames) await it.peer.expect(FrameKind.PONG);
  }
  await it.peer.send(DEFINE);
  assertEquals((await it.peer.expect(FrameKind.REPLY)).correlation, 1);
  await it.assertServed();
});

Deno.test("A definition over its limits ends the link: name, number, count, control characters", async () => {
  const cases: [FrameFields["definitions"], string][] = [
    [
      [{ number: 1, table: 1, value: "x".repeat(1_025) }],
      "Cannot define address 1: it has 1025 bytes, 1 to 1024 bytes were expected",
    ],
    [
      [{ number: 4_097, table: 2, value: "x" }],
      "Cannot define type name 4097: the number is 4097, 1 to 4096 was expected",
    ],
    [
      [{ number: 1, table: 1, value: "/box\ntroupe: all is well" }],
      "Cannot define address 1: it has a control character, a text of one line was expected",
    ],
    [
      upTo(65).map((n) => ({ number: n + 1, table: 1, value: "x" })),
      "Cannot read a frame: it has more than 64 definitions, at most 64 were expected",
    ],
  ];
  for (const [definitions = [], expected] of cases) {
    await using it = await attack();
    await it.peer.send({ kind: FrameKind.PING, definitions });
    assertEquals(await it.reason(), expected);
    await it.assertServed();
  }
});

Deno.test("Large messages that never finish are bounded in number and in bytes", async () => {
  const begin = (id: number, totalBytes: number, size: number) => ({
    ...echo(id),
    chunk: { id, last: false, totalBytes },
    payload: new Uint8Array(size),
  });
  await using many = await attack();
  await many.peer.send(DEFINE);
  for (const id of upTo(1_024)) {
    await many.peer.send(begin(id + 1, 1_000_000, 4_096));
  }
  assertEquals(many.b.remote.connections, 2);
  await many.peer.send(begin(1_025, 1_000_000, 4_096));
  assertEquals(
    await many.reason(),
    "Cannot read a chunked message: number 1025 comes while 1024 are under way, a number that is free and at most 1024 were expected",
  );
  await many.assertServed();

  await using large = await attack();
  await large.peer.send(DEFINE);
  let sent = 0;
  for (let id = 1; id <= 513 && large.b.remote.connections === 2; id++) {
    await large.peer.send(begin(id, 16_000_000, 65_536));
    sent += 65_536;
  }
  assertEquals(
    await large.reason(),
    `Cannot read a chunked message: ${sent} bytes wait for the rest of their messages, at most ${
      2 * 16 * 1024 * 1024
    } were expected`,
  );
  await large.assertServed();
});

Deno.test("A frame that grows byte by byte ends the link when its time is over, however steadily it grows", async () => {
  await using it = await attack();
  await it.peer.connection.write(Uint8Array.of(1, 0, 0, 0));
  for (let second = 0; second < 9; second++) {
    await it.world.clock.advance(1_000);
    await it.peer.connection.write(Uint8Array.of(0x7a));
  }
  await it.world.clock.advance(999);
  assertEquals(it.b.remote.connections, 2);
  for (let second = 0; second < 3; second++) {
    await it.peer.connection.write(Uint8Array.of(0x7a)).catch(() => {});
    await it.world.clock.advance(1_000);
  }
  assertEquals(
    await it.reason(),
    "Cannot read a message: the rest of it did not come within 10000 ms, all of it was expected",
  );
  await it.assertServed();
});

Deno.test("A frame that comes slowly over an honest network is waited for, the larger the longer", async () => {
  await using it = await attack();
  const text = (size: number) => `"${"x".repeat(size)}"`;
  const slowly = async (bytes: Uint8Array, size: number, delay: number) => {
    for (let at = 0; at < bytes.length; at += size) {
      await it.world.clock.advance(delay);
      await it.peer.connection.write(bytes.subarray(at, at + size));
    }
  };
  // The most that nodes put into one frame, in 9 s each; the second one begins behind the first.
  const [define, one, two] = [DEFINE, 2, 3].map((it) =>
    encode(typeof it === "number" ? echo(it, text(65_000)) : it)
  );
  assert(define !== undefined && one !== undefined && two !== undefined);
  await slowly(concatBytes([define, one, two]), 3_620, 500);
  for (const wanted of [1, 2, 3]) {
    const { correlation } = await it.peer.expect(FrameKind.REPLY);
    assertEquals(correlation, wanted);
  }
  // A frame of 256 KiB in 36 s, as another program may send it.
  const large = encode(echo(4, text(262_144)));
  await slowly(large, 8_192, 1_100);
  assertEquals((await it.peer.expect(FrameKind.REPLY)).correlation, 4);
  // Less than 64 KiB of it in 10 s is too slow.
  await it.peer.connection.write(large.subarray(0, 65_536));
  await slowly(large.subarray(65_536, 131_071), 65_535, 9_900);
  assertEquals(it.b.remote.connections, 2);
  await it.world.clock.advance(2_600);
  assertEquals(
    await it.reason(),
    "Cannot read a message: the rest of it did not come within 10000 ms, all of it was expected",
  );
  await it.assertServed();
});

Deno.test("A peer that asks and does not read is not read either", async () => {
  const options = { capacity: 20_000, budget: 20_000 };
  const ping = { kind: FrameKind.PING, correlation: 1 };
  for (
    const frame of [() => ping, echo]
  ) {
    await using it = await attack(options);
    await it.peer.send(DEFINE);
    const thousand = (round: number) =>
      encode(...upTo(1_000).map((n) => frame(round * 1_000 + n + 2)));
    const taken = await flood(it, thousand, 1_000);
    assert(taken < 100, `${taken},000 were taken`);
    await it.assertServed();
    it.peer.connection.close();
    await it.world.settle();
    assertEquals(it.b.remote.connections, 1);
  }
});

Deno.test("A flood of asks for nobody and of cancels for nothing leaves nothing behind", async () => {
  await using it = await attack();
  await it.peer.send(DEFINE);
  for (let round = 0; round < 20; round++) {
    await it.peer.connection.write(
      repeated({ kind: FrameKind.CANCEL, correlation: round }, 5_000),
    );
  }
  await it.peer.send({
    ...echo(9),
    definitions: [{ number: 1, table: 1, value: "/nobody" }],
  });
  const { failure } = await it.peer.expect(FrameKind.FAILURE);
  assertEquals(failure?.code, "stopped_error");
  assertEquals(reasons(it.b.deadLetters), { missing: 1 });
  await it.assertServed();
});

Deno.test("Requests without a number, and tells with one, end the link", async () => {
  const cases: [FrameFields, string][] = [
    [
      echo(0),
      "Cannot read a message: it is an ask without a number, a number for an ask, and none for a tell, was expected",
    ],
    [
      { ...echo(5), kind: FrameKind.TELL },
      "Cannot read a message: it is a tell with the number 5, a number for an ask, and none for a tell, was expected",
    ],
    ...[FrameKind.LOOKUP, FrameKind.SPAWN, FrameKind.STOP].map((
      kind,
    ): [FrameFields, string] => [
      { kind, address: "goakt://b@b:1/box" },
      "Cannot read a request: it has no number, a number that its answer can have was expected",
    ]),
  ];
  for (const [frame, expected] of cases) {
    await using it = await attack();
    await it.peer.send(DEFINE, frame);
    assertEquals(await it.reason(), expected);
    await it.assertServed();
  }
});

Deno.test("Answers over a link that the peer has dialled end it, before anything of them is kept", async () => {
  const answers: FrameFields[] = [
    { kind: FrameKind.REPLY, correlation: 1 },
    {
      kind: FrameKind.REPLY,
      correlation: 1,
      chunk: { id: 1, last: false, totalBytes: 10_000_000 },
      payload: new Uint8Array(65_536),
    },
    { kind: FrameKind.FAILURE, correlation: 1 },
    { kind: FrameKind.SPAWNED, correlation: 1 },
  ];
  for (const frame of answers) {
    await using it = await attack();
    await it.peer.send(frame);
    assertEquals(
      await it.reason(),
      `Cannot read a frame: one of kind ${frame.kind} came over a link that the peer has dialled, requests were expected`,
    );
    await it.assertServed();
  }
});

Deno.test("A peer that says goodbye for ever is parted from once", async () => {
  await using world = new World();
  const a = await world.node("a");
  await using listener = await world.transport("wire").listen({
    hostname: "wire",
    port: 7,
  });
  const ref = a.remote.ref(Box, "goakt://wire@wire:7/box");
  const asked = ref.ask(Box.ids());
  const peer = await WirePeer.accept(world, listener);
  await peer.expect(FrameKind.ASK);
  for (let round = 0; round < 10; round++) {
    await peer.connection.write(repeated({ kind: FrameKind.GOODBYE }, 10_000));
  }
  await world.settle();
  // What is asked now goes over another connection; this one ends with its last answer.
  const again = ref.ask(Box.ids());
  const next = await WirePeer.accept(world, listener);
  await next.expect(FrameKind.ASK);
  for (const it of [peer, next]) {
    await it.send({ kind: FrameKind.ACK, ack: 1 }, {
      kind: FrameKind.REPLY,
      correlation: 1,
      payload: encoder.encode("[]"),
    });
  }
  assertEquals([await asked, await again], [[], []]);
  await world.settle();
  assertEquals([a.remote.connections, a.warnings], [1, []]);
  peer.connection.close();
  next.connection.close();
});

Deno.test("Link asks its owner to part once, however often the peer says goodbye", async () => {
  await using system = new ActorSystem("s", { logger: null });
  let partings = 0;
  const link: Link = new Link({
    runtime: internalsOf(system).runtime,
    owner: {
      message: () => {},
      request: () => {},
      refuses: () => false,
      parting: () => {
        partings++;
        void link.drain();
      },
      closed: () => {},
      farewell: () => {},
    },
    role: "dialler",
    node: "n:1",
    budget: 1_000,
    maxMessageBytes: 16_384,
    silenceTimeout: 10_000,
    idleTimeout: 30_000,
    meter: undefined,
  });
  for (const _ of upTo(1_000)) link.goodbye(undefined);
  assertEquals([partings, link.drain() === link.drain()], [1, true]);
  link.close(undefined);
  await link.drain();
});

Deno.test("What a peer says at the end is one line of bounded length", async () => {
  await using it = await attack();
  await it.peer.send({
    kind: FrameKind.GOODBYE,
    failure: {
      code: "odd\n",
      text: `bye\ntroupe: all is well\x1b[2J${"x".repeat(1_000_000)}`,
      outcome: 0,
      retryable: false,
      data: new Uint8Array(),
    },
  });
  await it.world.settle();
  const text = warned(it.b);
  assert(text.includes("the peer ended it with odd"), text.slice(0, 200));
  assert(!/\p{Cc}/u.test(text) && text.length < 1_500, text.slice(0, 200));
  await it.assertServed();
});

Deno.test("Bodies that nest deeply are refused alone, in JSON and in protobuf", async () => {
  await using it = await attack();
  const Envoy = protocol("envoy", { pass: ask(protobuf(HeaderSchema)) });
  it.b.system.spawn(Envoy, () => ({ pass: () => {} }), { name: "envoy" });
  await it.peer.send(DEFINE);
  await it.peer.send(echo(2, "[".repeat(30_000) + "]".repeat(30_000)));
  const json = await it.peer.expect(FrameKind.FAILURE);
  assertEquals([json.correlation, json.failure?.code], [2, "codec_error"]);
  assert(json.failure?.text.includes("128"), json.failure?.text);
  await it.peer.send({
    kind: FrameKind.ASK,
    receiver: 2,
    type: 3,
    correlation: 3,
    definitions: [
      { number: 2, table: DefinitionKind.ADDRESS, value: "/envoy" },
      {
        number: 3,
        table: DefinitionKind.TYPE_NAME,
        value: HeaderSchema.typeName,
      },
    ],
    payload: new Uint8Array(60_000).fill(0x23), // begins a group in a group in a group
  });
  const groups = await it.peer.expect(FrameKind.FAILURE);
  assertEquals([groups.correlation, groups.failure?.code], [3, "codec_error"]);
  await it.assertServed();
});

Deno.test("A handshake holds no more than its limit, however it comes", async () => {
  await using world = new World();
  const b = await world.node("b");
  const { host: hostname, port } = b.remote;
  const client = world.transport("wire");
  /** What is sent, and what the node says of it. */
  const cases: [Uint8Array[], string][] = [
    // A length over the limit, told from four bytes.
    [[Uint8Array.of(0, 0, 16, 1)], "a frame of 4097 bytes was found"],
    [[Uint8Array.of(0, 255, 255, 255)], "a frame of 16777215 bytes was found"],
    // The largest frame that there is, a byte at a time.
    [
      Array.from(
        encodePlain("x.Y", new Uint8Array(4_085)),
        (byte) => Uint8Array.of(byte),
      ),
      'a "x.Y" was found',
    ],
    // Groups in groups in the Hello.
    [
      [encodePlain("troupe.remote.v1.Hello", new Uint8Array(4_000).fill(0x83))],
      "its body is not protobuf",
    ],
  ];
  for (const [parts, expected] of cases) {
    const connection = await client.connect({ hostname, port });
    for (const part of parts) {
      await connection.write(part);
      await world.settle();
    }
    let end = await connection.read();
    while (end !== undefined) end = await connection.read();
    connection.close();
    await world.settle();
    const { text = "nothing" } = b.warnings.pop() ?? {};
    assert(text.includes(expected), text);
  }
  assertEquals([b.remote.connections, b.warnings], [0, []]);
});

Deno.test("A name in a request that would forge a line of a log is refused, and ends the link when nobody can be told", async () => {
  const forged = "\u001b[2J\ntroupe: all is well";
  const address = `goakt://b@b:1/${forged}`;
  const spawn = { kind: forged, name: "", inputType: "box" };
  const cases: FrameFields[] = [
    { kind: FrameKind.LOOKUP, address },
    { kind: FrameKind.STOP, address },
    { kind: FrameKind.LOOKUP, address: "x".repeat(2_049) },
    {
      kind: FrameKind.SPAWN,
      spawn: { ...spawn, input: new Uint8Array() },
    },
  ];
  const wanted = "texts of one line and at most 2048 characters were expected";
  for (const frame of cases) {
    const found = frame.address?.length === 2_049
      ? "2049 characters"
      : "a control character";
    const expected =
      `Cannot read a request: a name in it has ${found}, ${wanted}`;
    await using it = await attack();
    await it.peer.send({ ...frame, correlation: 7 });
    const { failure, correlation } = await it.peer.expect(FrameKind.FAILURE);
    assertEquals([correlation, failure?.text], [7, expected]);
    await it.peer.send(frame);
    assertEquals(await it.reason(), expected);
    await it.assertServed();
  }
});
