import { create, toBinary } from "@bufbuild/protobuf";
import { assert, assertEquals } from "@std/assert";
import { encodePlain, MAX_FRAME_BYTES } from "../../../remote/frame.ts";
import {
  HelloSchema,
  RefusalSchema,
  WelcomeSchema,
} from "../../../remote/gen/troupe/remote/v1/handshake_pb.ts";
import {
  type Handshake,
  HANDSHAKE_BYTES,
  type HandshakeEffect,
  type NodeIdentity,
  type Session,
} from "../../../remote/handshake/handshake.ts";
import {
  Acceptor,
  type AcceptorOptions,
  encodeRefusal,
} from "../../../remote/handshake/handshake_acceptor.ts";
import {
  Dialler,
  type DiallerOptions,
} from "../../../remote/handshake/handshake_dialler.ts";
import { HTTP_ANSWER } from "../../../remote/handshake/sniff.ts";

const A: NodeIdentity = {
  system: "alpha",
  host: "10.0.0.1",
  port: 4001,
  incarnation: "a1",
};
const B: NodeIdentity = {
  system: "beta",
  host: "10.0.0.2",
  port: 4002,
  incarnation: "b1",
};
const HELLO = `a "troupe.remote.v1.Hello" was expected`;
const WELCOME = `a "troupe.remote.v1.Welcome" was expected`;

function diallerOf(options: Partial<DiallerOptions> = {}): Dialler {
  const { host: hostname, port } = B;
  return new Dialler({ self: A, hostname, port, lane: "data", ...options });
}

function acceptorOf(options: Partial<AcceptorOptions> = {}): Acceptor {
  return new Acceptor({ self: B, remote: "10.0.0.1:5555", ...options });
}

/** Feeds `bytes` and what follows from them. */
function feed(handshake: Handshake, bytes: Uint8Array): HandshakeEffect[] {
  const effects = handshake.step({ kind: "received", bytes });
  return effects.at(-1)?.kind === "send"
    ? [...effects, ...handshake.step({ kind: "sent" })]
    : effects;
}

function sentBy(effects: HandshakeEffect[]): Uint8Array<ArrayBuffer> {
  const [first] = effects;
  assert(first?.kind === "send", `nothing was sent: ${Deno.inspect(effects)}`);
  return first.bytes;
}

function sessionOf(effects: HandshakeEffect[]): Session {
  const last = effects.at(-1);
  assert(last?.kind === "established", Deno.inspect(effects));
  return last.session;
}

/** What an error says, as one list to compare. */
type Failure = [reason: string, message: string, retryable: boolean];

function failureOf(effects: HandshakeEffect[]): Failure {
  const last = effects.at(-1);
  assert(last?.kind === "failed", Deno.inspect(effects));
  const { reason, message, retryable, outcome } = last.error;
  assertEquals(outcome, "not_delivered");
  return [reason, message, retryable];
}

/** Lets both ends talk; returns how each ended. */
function run(
  dialler: Handshake,
  acceptor: Handshake,
): { dialled: HandshakeEffect[]; accepted: HandshakeEffect[] } {
  const hello = sentBy(dialler.step({ kind: "opened" }));
  assertEquals(acceptor.step({ kind: "opened" }), []);
  const accepted = feed(acceptor, hello);
  return { dialled: feed(dialler, sentBy(accepted)), accepted };
}

function hello(fields: Record<string, unknown> = {}): Uint8Array<ArrayBuffer> {
  const message = create(HelloSchema, {
    ...A,
    minVersion: 1,
    maxVersion: 1,
    lane: 1,
    maxFrameBytes: BigInt(MAX_FRAME_BYTES),
    ...fields,
  });
  return encodePlain(HelloSchema.typeName, toBinary(HelloSchema, message));
}

function welcome(
  fields: Record<string, unknown> = {},
): Uint8Array<ArrayBuffer> {
  const message = create(WelcomeSchema, {
    ...B,
    version: 1,
    maxFrameBytes: BigInt(MAX_FRAME_BYTES),
    ...fields,
  });
  return encodePlain(WelcomeSchema.typeName, toBinary(WelcomeSchema, message));
}

const atA = `Cannot shake hands with "10.0.0.2:4002": `;
const atB = `Cannot shake hands with "10.0.0.1:5555": `;

Deno.test("Dialler and Acceptor tell each other who they are", () => {
  const { dialled, accepted } = run(
    diallerOf({ system: "beta", software: "one", compressions: [1, 2] }),
    acceptorOf({ software: "two", compressions: [3] }),
  );
  const shared = {
    lane: "data",
    dialled: "10.0.0.2:4002",
    version: 1,
    maxFrameBytes: MAX_FRAME_BYTES,
    settings: { maxFrameBytes: MAX_FRAME_BYTES, maxVersion: 1 },
    token: new Uint8Array(),
    replaces: new Uint8Array(),
  };
  const rest = new Uint8Array();
  assertEquals(sessionOf(dialled), {
    ...shared,
    peer: B,
    identity: { proof: "none", role: "node", system: "beta", node: B.host },
    software: "two",
    compressions: [3],
    rest,
  } as Session);
  assertEquals(sessionOf(accepted), {
    ...shared,
    peer: A,
    identity: { proof: "none", role: "node", system: "alpha", node: A.host },
    software: "one",
    compressions: [1, 2],
    rest,
  } as Session);
});

Deno.test("Dialler and Acceptor agree on the lane", () => {
  const { dialled, accepted } = run(
    diallerOf({ lane: "control" }),
    acceptorOf(),
  );
  assertEquals(sessionOf(dialled).lane, "control");
  assertEquals(sessionOf(accepted).lane, "control");
});

Deno.test("Dialler and Acceptor choose the highest version that both speak", () => {
  const { dialled, accepted } = run(
    diallerOf({ versions: { min: 2, max: 5 } }),
    acceptorOf({ versions: { min: 1, max: 4 } }),
  );
  assertEquals(sessionOf(dialled).version, 4);
  assertEquals(sessionOf(accepted).version, 4);
});

Deno.test("Dialler and Acceptor choose the smaller frame limit", () => {
  for (const [there, here] of [[20_000, 30_000], [30_000, 20_000]]) {
    const { dialled, accepted } = run(
      diallerOf({ maxFrameBytes: there! }),
      acceptorOf({ maxFrameBytes: here! }),
    );
    assertEquals(sessionOf(dialled).maxFrameBytes, 20_000);
    assertEquals(sessionOf(accepted).maxFrameBytes, 20_000);
  }
});

Deno.test("Dialler and Acceptor agree also when bytes come one by one", () => {
  const [dialler, acceptor] = [diallerOf(), acceptorOf()];
  const said = sentBy(dialler.step({ kind: "opened" }));
  let accepted: HandshakeEffect[] = [];
  for (const byte of said) {
    assertEquals(accepted, []);
    accepted = feed(acceptor, new Uint8Array([byte]));
  }
  let dialled: HandshakeEffect[] = [];
  for (const byte of sentBy(accepted)) {
    assertEquals(dialled, []);
    dialled = feed(dialler, new Uint8Array([byte]));
  }
  assertEquals(sessionOf(accepted).peer, A);
  assertEquals(sessionOf(dialled).peer, B);
});

Deno.test("Dialler passes on what came behind the Welcome", () => {
  const dialler = diallerOf();
  dialler.step({ kind: "opened" });
  const frames = new Uint8Array(10_000).fill(7);
  const effects = feed(
    dialler,
    new Uint8Array([...welcome(), ...frames]),
  );
  assertEquals(sessionOf(effects).rest, frames);
});

Deno.test("Acceptor refuses versions that do not overlap, and both errors name both ranges", () => {
  for (
    const [there, here, found, wanted] of [
      [
        { min: 3, max: 4 },
        { min: 1, max: 2 },
        "versions 3 to 4",
        "versions 1 to 2",
      ],
      [{ min: 1, max: 1 }, { min: 2, max: 3 }, "version 1", "versions 2 to 3"],
    ] as const
  ) {
    const { dialled, accepted } = run(
      diallerOf({ versions: there }),
      acceptorOf({ versions: here }),
    );
    const text = `the dialler speaks ${found}, ${wanted} was expected`;
    assertEquals(failureOf(accepted), ["version", atB + text, false]);
    assertEquals(failureOf(dialled), [
      "version",
      `${atA}the node refused with "version", ${text}`,
      false,
    ]);
  }
});

Deno.test("Dialler refuses a node of another system than it dialled, naming both", () => {
  const { dialled } = run(diallerOf({ system: "gamma" }), acceptorOf());
  assertEquals(failureOf(dialled), [
    "system",
    `${atA}the node belongs to system "beta", system "gamma" was expected`,
    false,
  ]);
});

Deno.test("Acceptor and Dialler notice that a node has dialled itself", () => {
  const text =
    `the address leads back to the own node "beta", another node was expected`;
  const { dialled, accepted } = run(diallerOf({ self: B }), acceptorOf());
  assertEquals(failureOf(accepted), ["self", atB + text, false]);
  assertEquals(failureOf(dialled)[0], "self");
  const dialler = diallerOf({ self: B });
  dialler.step({ kind: "opened" });
  assertEquals(failureOf(feed(dialler, welcome())), [
    "self",
    atA + text,
    false,
  ]);
});

Deno.test("Acceptor asks admit() last, and the dialler gets its words", () => {
  const asked: unknown[] = [];
  const { dialled, accepted } = run(
    diallerOf({ lane: "control" }),
    acceptorOf({
      admit: (...args) => {
        asked.push(args);
        return {
          code: "draining",
          found: "the node is draining",
          wanted: "a running node was expected",
        };
      },
    }),
  );
  const identity = {
    proof: "none",
    role: "node",
    system: "alpha",
    node: A.host,
  };
  assertEquals(asked, [[A, "control", identity]]);
  const text = "the node is draining, a running node was expected";
  assertEquals(failureOf(accepted), ["draining", atB + text, false]);
  assertEquals(failureOf(dialled), [
    "draining",
    `${atA}the node refused with "draining", ${text}`,
    true,
  ]);
});

Deno.test("encodeRefusal() refuses without a handshake", () => {
  const dialler = diallerOf();
  dialler.step({ kind: "opened" });
  const bytes = encodeRefusal({
    code: "full",
    found: "256 handshakes are under way",
    wanted: "fewer were expected",
  });
  assertEquals(failureOf(feed(dialler, bytes)), [
    "full",
    `${atA}the node refused with "full", 256 handshakes are under way, fewer were expected`,
    true,
  ]);
});

Deno.test("encodeRefusal() fits what the dialler reads, whatever the words", () => {
  const long = "\u{ffff}".repeat(10_000);
  const bytes = encodeRefusal({ code: long, found: long, wanted: long });
  assert(bytes.length <= HANDSHAKE_BYTES, `${bytes.length} bytes`);
});

Deno.test("Acceptor refuses a Hello that says what cannot be", () => {
  const identity = (fields: object) =>
    JSON.stringify({
      system: "alpha",
      incarnation: "a1",
      host: "10.0.0.1",
      port: 4001,
      ...fields,
    });
  const wanted =
    "a system, an incarnation, and a port up to 65535 with its host were expected";
  for (
    const fields of [
      { system: "" },
      { system: "a@b" },
      { incarnation: "" },
      { incarnation: "a b" },
      { host: "" },
      { host: "a/b" },
      { host: "a\u001b[2J" },
      { host: "a\u0007b", port: 0 },
      { port: 65536 },
    ]
  ) {
    assertEquals(failureOf(feed(acceptorOf(), hello(fields))), [
      "malformed",
      `${atB}${identity(fields)} was found, ${wanted}`,
      false,
    ]);
  }
  assertEquals(failureOf(feed(acceptorOf(), hello({ lane: 2 }))), [
    "lane",
    `${atB}lane 2 was found, 0 for control or 1 for data was expected`,
    false,
  ]);
  assertEquals(
    failureOf(feed(acceptorOf(), hello({ minVersion: 2, maxVersion: 1 })))[0],
    "version",
  );
});

Deno.test("Acceptor takes a dialler that does not listen", () => {
  const effects = feed(acceptorOf(), hello({ host: "", port: 0 }));
  assertEquals(sessionOf(effects).peer, { ...A, host: "", port: 0 });
});

Deno.test("both ends refuse a frame limit outside 16 KiB to 16 MiB", () => {
  const wanted = "one from 16384 to 16777216 bytes was expected";
  for (const limit of [16_383n, 16_777_217n]) {
    const text = `a frame limit of ${limit} bytes was found, ${wanted}`;
    assertEquals(
      failureOf(feed(acceptorOf(), hello({ maxFrameBytes: limit }))),
      ["limit", atB + text, false],
    );
    assertEquals(
      failureOf(feed(diallerOf(), welcome({ maxFrameBytes: limit }))),
      ["limit", atA + text, false],
    );
  }
  for (const limit of [16_384n, 16_777_216n]) {
    sessionOf(feed(acceptorOf(), hello({ maxFrameBytes: limit })));
    sessionOf(feed(diallerOf(), welcome({ maxFrameBytes: limit })));
  }
});

Deno.test("Dialler refuses a Welcome with a version it did not offer", () => {
  const versions = { min: 2, max: 3 };
  assertEquals(failureOf(feed(diallerOf({ versions }), welcome())), [
    "version",
    `${atA}the node chose version 1, versions 2 to 3 was expected`,
    false,
  ]);
});

Deno.test("Acceptor refuses a GoAkt frame, naming its type", () => {
  const bytes = encodePlain("internalpb.RemoteTellRequest", new Uint8Array(9));
  const effects = feed(acceptorOf(), bytes);
  const text =
    `a "internalpb.RemoteTellRequest" was found, ${HELLO}, GoAkt peers are not enabled`;
  assertEquals(failureOf(effects), ["type", atB + text, false]);
  const dialler = diallerOf();
  assertEquals(failureOf(feed(dialler, sentBy(effects))), [
    "type",
    `${atA}the node refused with "type", ${text}`,
    false,
  ]);
});

Deno.test("Dialler says so when a GoAkt node answers", () => {
  const bytes = encodePlain("internalpb.Error", new Uint8Array());
  assertEquals(failureOf(feed(diallerOf(), bytes)), [
    "type",
    `${atA}a "internalpb.Error" was found, ${WELCOME}, GoAkt peers are not enabled`,
    false,
  ]);
});

Deno.test("Acceptor refuses a large frame from its length alone", () => {
  const bytes = new Uint8Array([0, 0, 0x10, 1]);
  assertEquals(failureOf(feed(acceptorOf(), bytes)), [
    "frame",
    `${atB}a frame of 4097 bytes was found, ${HELLO}, with at most 4096 bytes`,
    false,
  ]);
  const largest = hello({
    software: "x".repeat(HANDSHAKE_BYTES - hello().length - 3),
  });
  assertEquals(largest.length, HANDSHAKE_BYTES);
  sessionOf(feed(acceptorOf(), largest));
});

Deno.test("Acceptor refuses broken frames and broken bodies", () => {
  for (
    const [bytes, expected] of [
      [[0, 0, 0, 0], "a broken frame was found"],
      [[0, 0, 0, 8, 0, 0, 0, 0], "a broken frame was found"],
      [[0, 0, 0, 9, 0, 0, 1, 0, 65], "a broken frame was found"],
      [
        [...encodePlain(HelloSchema.typeName, new Uint8Array([0xff]))],
        `a "troupe.remote.v1.Hello" was found but its body is not protobuf`,
      ],
    ] as const
  ) {
    const effects = feed(acceptorOf(), new Uint8Array(bytes));
    const [, message] = failureOf(effects);
    assert(message.startsWith(atB + expected), message);
    assertEquals(effects.length, 2); // the first is the refusal
  }
});

Deno.test("Acceptor refuses bytes behind the Hello", () => {
  const bytes = new Uint8Array([...hello(), 1, 2, 3]);
  assertEquals(failureOf(feed(acceptorOf(), bytes)), [
    "malformed",
    `${atB}3 bytes came behind the Hello, silence until the Welcome was expected`,
    false,
  ]);
});

Deno.test("Acceptor says what it found instead of a clear frame, and sends nothing", () => {
  for (
    const [bytes, reason, text] of [
      [
        [0x28, 0xb5, 0x2f, 0xfd],
        "compression",
        `a stream compressed with zstd was found, ${HELLO}, compressed GoAkt peers are not enabled`,
      ],
      [
        [0x1f, 0x8b],
        "compression",
        `a stream compressed with gzip was found, ${HELLO}, compressed GoAkt peers are not enabled`,
      ],
      [
        [0x0b],
        "compression",
        `a stream compressed with brotli was found, ${HELLO}, compressed GoAkt peers are not enabled`,
      ],
      [
        [0x16, 0x03, 0x01],
        "tls",
        `a TLS record was found, ${HELLO}, TLS is not enabled`,
      ],
      [[0xff, 0x00, 0x41], "garbage", `"ff 00 41" was found, ${HELLO}`],
      [[0x53, 0x53, 0x48, 0x2d], "garbage", `"SSH-" was found, ${HELLO}`],
    ] as const
  ) {
    const effects = feed(acceptorOf(), new Uint8Array(bytes));
    assertEquals(effects.length, 1);
    assertEquals(failureOf(effects), [reason, atB + text, false]);
  }
});

Deno.test("Acceptor answers an HTTP request with status 400", () => {
  const request = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const effects = feed(acceptorOf(), request);
  assertEquals(sentBy(effects), HTTP_ANSWER);
  assertEquals(failureOf(effects), [
    "http",
    `${atB}an HTTP request was found, ${HELLO}`,
    false,
  ]);
});

Deno.test("Dialler says so when an HTTP server answers", () => {
  assertEquals(failureOf(feed(diallerOf(), HTTP_ANSWER)), [
    "http",
    `${atA}an HTTP answer was found, ${WELCOME}`,
    false,
  ]);
});

Deno.test("a peer's words cannot write control characters into errors", () => {
  const body = toBinary(
    RefusalSchema,
    create(RefusalSchema, { code: "x\n", text: "a\x1b[31mb" }),
  );
  const bytes = encodePlain(RefusalSchema.typeName, body);
  assertEquals(failureOf(feed(diallerOf(), bytes)), [
    "x\ufffd",
    `${atA}the node refused with "x\ufffd", a\ufffd[31mb`,
    false,
  ]);
});

Deno.test("both ends say what was missing when time is up or the connection ends", () => {
  const half = hello().subarray(0, 20);
  const acceptor = acceptorOf();
  feed(acceptor, half);
  assertEquals(failureOf(acceptor.step({ kind: "timeout", after: 5_000 })), [
    "timeout",
    `${atB}20 bytes and no whole message came within 5000 ms, ${HELLO}`,
    true,
  ]);
  const dialler = diallerOf();
  dialler.step({ kind: "opened" });
  assertEquals(failureOf(dialler.step({ kind: "ended" })), [
    "closed",
    `${atA}the connection ended without a message (nodes that want TLS, speak GoAkt's protocol or are dialled too often refuse like this), ${WELCOME}`,
    true,
  ]);
  const cut = acceptorOf();
  feed(cut, half);
  const cause = new Error("reset");
  const effects = cut.step({ kind: "ended", cause });
  assertEquals(failureOf(effects), [
    "closed",
    `${atB}the connection ended after 20 bytes, ${HELLO}`,
    true,
  ]);
  const [failed] = effects;
  assertEquals(failed?.kind === "failed" && failed.error.cause, cause);
});

Deno.test("Acceptor fails when the Welcome cannot be sent", () => {
  const acceptor = acceptorOf();
  const effects = acceptor.step({ kind: "received", bytes: hello() });
  assertEquals(effects.map((effect) => effect.kind), ["send"]);
  assertEquals(failureOf(acceptor.step({ kind: "ended" })), [
    "closed",
    `${atB}the Welcome could not be sent, an open connection was expected`,
    true,
  ]);
});

Deno.test("both ends do nothing once a handshake is over", () => {
  const [dialler, acceptor] = [diallerOf(), acceptorOf()];
  run(dialler, acceptor);
  const failed = acceptorOf();
  feed(failed, new Uint8Array([0xff]));
  for (const handshake of [dialler, acceptor, failed]) {
    assertEquals(feed(handshake, hello()), []);
    assertEquals(handshake.step({ kind: "sent" }), []);
    assertEquals(handshake.step({ kind: "ended" }), []);
    assertEquals(handshake.step({ kind: "timeout", after: 1 }), []);
  }
});

Deno.test("both ends end or wait, and never throw, whatever bytes come", () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  for (let round = 0; round < 2_000; round++) {
    const bytes = random(2) === 0 ? hello() : welcome();
    for (let change = random(6); change >= 0; change--) {
      bytes[random(bytes.length)] = random(256);
    }
    const part = bytes.subarray(0, 1 + random(bytes.length));
    for (const handshake of [diallerOf(), acceptorOf()]) {
      try {
        const kinds = feed(handshake, part).map((effect) => effect.kind);
        assert(
          ["", "send,failed", "send,established", "failed", "established"]
            .includes(kinds.join()),
        );
      } catch (error) {
        throw new Error(`Seed ${seed}, round ${round}, bytes ${part.toHex()}`, {
          cause: error,
        });
      }
    }
  }
});
