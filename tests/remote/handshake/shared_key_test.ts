import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { HandshakeError } from "../../../remote/errors.ts";
import {
  encodePlain,
  MAX_FRAME_BYTES,
  parseFrame,
} from "../../../remote/frame.ts";
import {
  ChallengeSchema,
  HelloSchema,
  ProofSchema,
  RefusalSchema,
  WelcomeSchema,
} from "../../../remote/gen/troupe/remote/v1/handshake_pb.ts";
import type {
  Handshake,
  HandshakeEffect,
  NodeIdentity,
} from "../../../remote/handshake/handshake.ts";
import { Acceptor } from "../../../remote/handshake/handshake_acceptor.ts";
import { Dialler } from "../../../remote/handshake/handshake_dialler.ts";
import { checkedOptions } from "../../../remote/remote_options.ts";
import { SharedKey } from "../../../remote/handshake/shared_key.ts";
import { Box, spawnBox } from "../actors.ts";
import { addressOf, World } from "../world.ts";

const SECRET = "correct horse battery staple, and then some";
const KEY = await SharedKey.of(SECRET);
const OTHER = await SharedKey.of(SECRET.toUpperCase());
const A: NodeIdentity = { system: "a", host: "a", port: 1, incarnation: "a1" };
const B: NodeIdentity = { system: "b", host: "b", port: 2, incarnation: "b1" };

function diallerOf(key: SharedKey | undefined, listener = ""): Dialler {
  const certified = { identity: undefined, listener, validUntil: 0 };
  const { host: hostname, port } = B;
  return new Dialler({ self: A, hostname, port, lane: "data", key, certified });
}

function acceptorOf(key: SharedKey | undefined, listener = ""): Acceptor {
  const certified = { identity: undefined, listener, validUntil: 0 };
  return new Acceptor({ self: B, remote: "a:5", key, certified });
}

/** What one end does with the bytes of the other, `sent` included. */
function feed(end: Handshake, bytes: Uint8Array): HandshakeEffect[] {
  const effects = end.step({ kind: "received", bytes });
  return effects.at(-1)?.kind === "send"
    ? [...effects, ...end.step({ kind: "sent" })]
    : effects;
}

function sent(effects: HandshakeEffect[]): Uint8Array<ArrayBuffer> {
  const [first] = effects;
  assert(first?.kind === "send", Deno.inspect(effects));
  return first.bytes;
}

function failure(effects: HandshakeEffect[]): [string, string] {
  const last = effects.at(-1);
  assert(last?.kind === "failed", Deno.inspect(effects));
  const { reason, message } = last.error;
  return [reason, message];
}

function bodyOf(bytes: Uint8Array): Uint8Array {
  return parseFrame(bytes, MAX_FRAME_BYTES).body;
}

Deno.test("Dialler and Acceptor with one key welcome each other, and say that it is the proof", () => {
  const [dialler, acceptor] = [
    diallerOf(KEY, "AB:CD"),
    acceptorOf(KEY, "AB:CD"),
  ];
  const challenge = sent(
    feed(acceptor, sent(dialler.step({ kind: "opened" }))),
  );
  const proof = sent(feed(dialler, challenge));
  const accepted = feed(acceptor, proof);
  const dialled = feed(dialler, sent(accepted));
  const identities = [dialled, accepted].map((effects) => {
    const last = effects.at(-1);
    return last?.kind === "established" ? last.session.identity : undefined;
  });
  assertEquals(identities, [
    { proof: "key", role: "node", system: "b", node: "b" },
    { proof: "key", role: "node", system: "a", node: "a" },
  ]);
});

Deno.test("A dialler with another key, or none, is refused, and both ends say why", () => {
  const wrong = diallerOf(OTHER);
  const acceptor = acceptorOf(KEY);
  const challenge = sent(feed(acceptor, sent(wrong.step({ kind: "opened" }))));
  const accepted = feed(acceptor, sent(feed(wrong, challenge)));
  assertEquals(failure(accepted), [
    "key",
    'Cannot shake hands with "a:5": the dialler does not know the shared key, a node with the same key was expected',
  ]);
  assertEquals(failure(feed(wrong, sent(accepted))), [
    "key",
    'Cannot shake hands with "b:2": the node refused with "key", the dialler does not know the shared key, a node with the same key was expected',
  ]);

  const keyless = diallerOf(undefined);
  const refused = feed(acceptorOf(KEY), sent(keyless.step({ kind: "opened" })));
  const expected =
    'the dialler offers no proof of the shared key, a node with the option "key" was expected';
  assertEquals(failure(refused), [
    "key",
    `Cannot shake hands with "a:5": ${expected}`,
  ]);
  assertEquals(failure(feed(keyless, sent(refused))), [
    "key",
    `Cannot shake hands with "b:2": the node refused with "key", ${expected}`,
  ]);
});

Deno.test("A dialler with a key takes no node that cannot prove it", () => {
  // One that knows nothing of keys and welcomes everybody.
  const trusting = diallerOf(KEY);
  const welcome = feed(
    acceptorOf(undefined),
    sent(trusting.step({ kind: "opened" })),
  );
  assertEquals(failure(feed(trusting, sent(welcome))), [
    "key",
    'Cannot shake hands with "b:2": the node does not ask for a proof of the shared key, a node with the same key was expected',
  ]);
  // One that asks for the proof, and welcomes whatever it is.
  const dialler = diallerOf(KEY);
  dialler.step({ kind: "opened" });
  const challenge = create(ChallengeSchema, {
    ...B,
    nonce: new Uint8Array(32),
  });
  const proof = sent(
    feed(
      dialler,
      encodePlain(
        ChallengeSchema.typeName,
        toBinary(ChallengeSchema, challenge),
      ),
    ),
  );
  const forged = create(WelcomeSchema, {
    ...B,
    version: 1,
    maxFrameBytes: BigInt(MAX_FRAME_BYTES),
    proof: fromBinary(ProofSchema, bodyOf(proof)).proof, // sent back as its own
  });
  assertEquals(
    failure(
      feed(
        dialler,
        encodePlain(WelcomeSchema.typeName, toBinary(WelcomeSchema, forged)),
      ),
    ),
    [
      "key",
      'Cannot shake hands with "b:2": the node does not know the shared key, a node with the same key was expected',
    ],
  );
});

Deno.test("A Hello and a Proof that were overheard are refused when they come again", () => {
  const [dialler, first] = [diallerOf(KEY), acceptorOf(KEY)];
  const hello = sent(dialler.step({ kind: "opened" }));
  const challenge = sent(feed(first, hello));
  const proof = sent(feed(dialler, challenge));
  assertEquals(feed(first, proof).at(-1)?.kind, "established");
  // The same words to the same node: its question is another.
  const second = acceptorOf(KEY);
  assertNotEquals(sent(feed(second, hello)), challenge);
  assertEquals(failure(feed(second, proof))[0], "key");
});

Deno.test("A node's own words, sent back to it, are refused in both directions", () => {
  // The attacker knows no key. It lets the node dial it, and dials the node with what it says.
  const dialler = diallerOf(KEY);
  const hello = sent(dialler.step({ kind: "opened" }));
  const own = new Acceptor({ self: A, remote: "m:5", key: KEY });
  const [reason, text] = failure(feed(own, hello));
  assertEquals(reason, "self");
  assert(text.includes('leads back to the own node "a"'), text);
  // And answers its Hello with a question of its own.
  const other = new Acceptor({ self: A, remote: "m:6", key: KEY });
  const stranger = diallerOf(OTHER);
  const message = fromBinary(
    HelloSchema,
    bodyOf(sent(stranger.step({ kind: "opened" }))),
  );
  message.incarnation = "m1";
  const question = sent(
    feed(
      other,
      encodePlain(HelloSchema.typeName, toBinary(HelloSchema, message)),
    ),
  );
  assertEquals(failure(feed(dialler, question)), [
    "self",
    'Cannot shake hands with "b:2": the other end says that it is the own node "a", another node was expected',
  ]);
});

Deno.test("A proof holds for one connection only: over another certificate it is refused", () => {
  // A man in the middle has a certificate of his own and passes every word on.
  const [dialler, acceptor] = [
    diallerOf(KEY, "EV:IL"),
    acceptorOf(KEY, "AB:CD"),
  ];
  const challenge = sent(
    feed(acceptor, sent(dialler.step({ kind: "opened" }))),
  );
  const refused = feed(acceptor, sent(feed(dialler, challenge)));
  assertEquals(failure(refused)[0], "key");
});

Deno.test("A proof covers every word of the Hello", () => {
  const [dialler, acceptor] = [diallerOf(KEY), acceptorOf(KEY)];
  const message = fromBinary(
    HelloSchema,
    bodyOf(sent(dialler.step({ kind: "opened" }))),
  );
  message.lane = 0; // somebody on the way makes it a control lane
  const changed = encodePlain(
    HelloSchema.typeName,
    toBinary(HelloSchema, message),
  );
  const challenge = sent(feed(acceptor, changed));
  assertEquals(
    failure(feed(acceptor, sent(feed(dialler, challenge))))[0],
    "key",
  );
});

Deno.test("A Proof that is not one is refused, and so is another Hello in its place", () => {
  const cases: [Uint8Array<ArrayBuffer>, string][] = [
    [
      encodePlain(
        ProofSchema.typeName,
        toBinary(ProofSchema, create(ProofSchema, {})),
      ),
      "does not know the shared key",
    ],
    [
      encodePlain(ProofSchema.typeName, Uint8Array.of(255, 255)),
      "its body is not protobuf",
    ],
    [
      sent(diallerOf(KEY).step({ kind: "opened" })),
      'a "troupe.remote.v1.Hello" was found, a "troupe.remote.v1.Proof" was expected',
    ],
  ];
  for (const [bytes, text] of cases) {
    const acceptor = acceptorOf(KEY);
    feed(acceptor, sent(diallerOf(KEY).step({ kind: "opened" })));
    const effects = feed(acceptor, bytes);
    assert(failure(effects)[1].includes(text), failure(effects)[1]);
    const { text: told } = fromBinary(RefusalSchema, bodyOf(sent(effects)));
    assert(told.length > 0);
  }
});

Deno.test("With a key both ends end or wait, never throw, and never agree on words that were changed", () => {
  let state = 12_345;
  const random = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * limit);
  };
  const change = (bytes: Uint8Array, from: number) => {
    const changed = bytes.slice();
    const at = from + random(changed.length - from);
    changed[at] = (changed[at] ?? 0) ^ (1 << random(8));
    return changed;
  };
  const endings: Record<string, number> = {};
  for (let round = 0; round < 2_000; round++) {
    const changed = round % 4; // the Hello, the Challenge, the Proof or the Welcome
    const [dialler, acceptor] = [diallerOf(KEY), acceptorOf(KEY)];
    let effects = dialler.step({ kind: "opened" });
    let ending = "waiting";
    for (let step = 0; step < 4; step++) {
      const [first] = effects;
      if (first?.kind !== "send") break;
      const end = step % 2 === 0 ? acceptor : dialler;
      const { bytes } = first;
      // Of a Proof only the proof counts; the rest can be written in several ways.
      const from = changed === 2 ? bytes.length - 32 : 0;
      effects = feed(end, step === changed ? change(bytes, from) : bytes);
      const last = effects.at(-1);
      if (last?.kind === "failed") ending = "failed";
      if (end === dialler && last?.kind === "established") ending = "agreed";
    }
    const key = `${changed} ${ending}`;
    endings[key] = (endings[key] ?? 0) + 1;
  }
  // What the Welcome says besides the proof is not proved: versions, limits, names.
  for (const agreed of ["0 agreed", "1 agreed", "2 agreed"]) {
    assertEquals(endings[agreed], undefined, JSON.stringify(endings));
  }
});

Deno.test("SharedKey.of() refuses what is shorter than 32 bytes", async () => {
  await assertRejects(
    () => SharedKey.of("x".repeat(31)),
    TypeError,
    "Cannot use a shared key of 31 bytes: at least 32 random bytes were expected",
  );
  assertThrows(() => checkedOptions({ key: new Uint8Array(8) }), TypeError);
});

Deno.test("SharedKey.prove() tells ends, words and lengths apart", () => {
  const [one, two] = [Uint8Array.of(1), Uint8Array.of(2)];
  const transcript = { hello: one, challenge: two, listener: "x" };
  const proof = KEY.prove("dialler", transcript);
  assertEquals(KEY.verify("dialler", transcript, proof), true);
  assertEquals(KEY.verify("acceptor", transcript, proof), false);
  assertEquals(OTHER.verify("dialler", transcript, proof), false);
  assertEquals(KEY.verify("dialler", transcript, proof.subarray(1)), false);
  const moved = { hello: Uint8Array.of(1, 2), challenge: new Uint8Array() };
  assertEquals(
    KEY.verify("dialler", { ...moved, listener: "x" }, proof),
    false,
  );
});

Deno.test("SharedKey.prove() gives what docs/wire.md says", async () => {
  const { subtle } = crypto;
  const bytes = (text: string) => new TextEncoder().encode(text);
  const secret = await subtle.importKey("raw", bytes(SECRET), "HKDF", false, [
    "deriveKey",
  ]);
  const [salt, info] = [bytes("troupe.remote.v1"), bytes("shared key")];
  const key = await subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt, info },
    secret,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign"],
  );
  const hello = Uint8Array.of(1, 2, 3);
  const challenge = Uint8Array.of(4);
  const content = Uint8Array.of(
    ...[0, 0, 0, 8, ...bytes("acceptor")],
    ...[0, 0, 0, 3, ...hello],
    ...[0, 0, 0, 1, ...challenge],
    ...[0, 0, 0, 5, ...bytes("AB:CD")],
  );
  assertEquals(
    KEY.prove("acceptor", { hello, challenge, listener: "AB:CD" }),
    new Uint8Array(await subtle.sign("HMAC", key, content)),
  );
});

Deno.test("Nodes with one key talk, and one with another is kept out", async () => {
  await using world = new World();
  const key = SECRET;
  const [a, b] = [
    await world.node("a", { remote: { key } }),
    await world.node("b", { remote: { key } }),
  ];
  const c = await world.node("c", { remote: { key: `${key}!` } });
  spawnBox(b.system, "box");
  assertEquals(
    await a.remote.ref(Box, addressOf(b, "box")).ask(Box.echo(1)),
    1,
  );
  assertEquals([a.warnings, b.warnings], [[], []]); // nor of the test of themselves
  const error = await assertRejects(
    () => c.remote.ref(Box, addressOf(b, "box")).ask(Box.echo(1)),
    HandshakeError,
  );
  assertEquals(error.reason, "key");
  await world.settle();
  assertEquals(b.warnings.length, 1);
});

Deno.test("A key alone hides nothing: where others can reach the node it takes TLS, or the word", () => {
  const hostname = "10.0.0.7";
  const options = { hostname, key: SECRET };
  assertThrows(
    () => checkedOptions(options),
    TypeError,
    `Cannot start remoting on "10.0.0.7": others can reach it and read what is said`,
  );
  assertEquals(
    checkedOptions({ ...options, insecure: true }).hostname,
    hostname,
  );
  // No GoAkt peers where a key is wanted, unless they are asked for: they can prove nothing.
  assertEquals(checkedOptions({ key: SECRET }).goakt, null);
  assertEquals(checkedOptions({ key: SECRET, goakt: {} }).goakt, {});
});
