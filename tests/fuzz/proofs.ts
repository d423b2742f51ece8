/**
 * Both ends of a handshake with a shared key, as targets of the fuzzer. In its inputs a mark stands for the right
 * proof, which depends on random bytes of the other end: nobody is welcomed without it.
 *
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { concatBytes, readUint32 } from "../../internal/bytes.ts";
import type { Random } from "../../internal/random.ts";
import { HandshakeError } from "../../remote/errors.ts";
import { encodePlain, parseFrame } from "../../remote/frame.ts";
import {
  ChallengeSchema,
  ProofSchema,
  WelcomeSchema,
} from "../../remote/gen/troupe/remote/v1/handshake_pb.ts";
import {
  type Handshake,
  HANDSHAKE_BYTES,
  type HandshakeEffect,
} from "../../remote/handshake/handshake.ts";
import { Acceptor } from "../../remote/handshake/handshake_acceptor.ts";
import { Dialler } from "../../remote/handshake/handshake_dialler.ts";
import { NONCE_BYTES, SharedKey } from "../../remote/handshake/shared_key.ts";
import { below, pick, randomBytes } from "../remote/wire/wire_random.ts";
import type { Steps, Target } from "./fuzz.ts";
import { pieces } from "./pieces.ts";

const KEY = await SharedKey.of("a secret of thirty-two bytes, at the least");
const HERE = { system: "here", host: "10.0.0.1", port: 4001, incarnation: "i" };
const THERE = { system: "there", host: "10.0.0.2", port: 4, incarnation: "j" };
/** Stands for the proof. */
const MARK = new TextEncoder().encode("the right proof is put in here! ");

const dialler = () =>
  new Dialler({
    self: THERE,
    hostname: HERE.host,
    port: HERE.port,
    lane: "data",
    key: KEY,
  });

/** The bytes of the one message that is sent. */
function sent(effects: readonly HandshakeEffect[]): Uint8Array<ArrayBuffer> {
  const [effect] = effects;
  if (effect?.kind !== "send") throw new Error("nothing is sent");
  return effect.bytes;
}

/** Puts the proof where the mark is; nothing when it is nowhere. */
function proved(
  bytes: Uint8Array<ArrayBuffer>,
  proof: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  const filled = bytes.slice();
  let found = false;
  for (let at = 0; at + MARK.length <= bytes.length; at++) {
    if (!MARK.every((byte, index) => bytes[at + index] === byte)) continue;
    filled.set(proof, at);
    found = true;
  }
  return found ? filled : undefined;
}

/** Feeds an end what the other sends; true when that is welcome. */
function isWelcome(
  end: Handshake,
  parts: readonly Uint8Array[],
  random: Random,
  steps: Steps,
): boolean {
  for (const bytes of parts.flatMap((part) => pieces(part, random))) {
    let effects = end.step({ kind: "received", bytes });
    while (effects.length > 0) {
      let isSent = false;
      for (const effect of effects) {
        steps.take();
        if (effect.kind === "failed") throw effect.error;
        if (effect.kind === "established") return true;
        if (effect.bytes.length > 4_096) throw new Error("a long answer");
        isSent = true;
      }
      effects = isSent ? end.step({ kind: "sent" }) : [];
    }
  }
  for (const effect of end.step({ kind: "ended" })) {
    if (effect.kind === "failed") throw effect.error;
  }
  throw new Error("the end changes nothing");
}

const isRefusal = (error: unknown) => error instanceof HandshakeError;

/** What a dialler answers to the question of a node that listens. */
export const proofTarget: Target = {
  name: "proof",
  seed: (random) => {
    const proof = create(ProofSchema, { proof: MARK });
    const wrong = create(ProofSchema, { proof: randomBytes(random) });
    return pick(random, [
      encodePlain(ProofSchema.typeName, toBinary(ProofSchema, proof)),
      encodePlain(ProofSchema.typeName, toBinary(ProofSchema, proof)),
      encodePlain(ProofSchema.typeName, toBinary(ProofSchema, wrong)),
    ]);
  },
  run: (bytes, random, steps) => {
    const acceptor = new Acceptor({ self: HERE, remote: "a:1", key: KEY });
    const other = dialler();
    const hello = sent(other.step({ kind: "opened" }));
    const asked = acceptor.step({ kind: "received", bytes: hello });
    acceptor.step({ kind: "sent" });
    const answer = sent(other.step({ kind: "received", bytes: sent(asked) }));
    const right = proved(bytes, answer.slice(-NONCE_BYTES));
    const parts = [right ?? bytes];
    if (isWelcome(acceptor, parts, random, steps) && right === undefined) {
      throw new Error("it is welcomed without a proof");
    }
  },
  isRefusal,
};

/** What a node that listens asks and proves to a dialler. */
export const challengeTarget: Target = {
  name: "challenge",
  seed: (random) => {
    const nonce = Uint8Array.from(
      { length: pick(random, [NONCE_BYTES, NONCE_BYTES, NONCE_BYTES, 0, 31]) },
      () => below(random, 256),
    );
    const from = pick(random, [HERE, HERE, HERE, THERE]);
    const challenge = create(ChallengeSchema, { ...from, nonce });
    const welcome = create(WelcomeSchema, {
      ...HERE,
      version: 1,
      software: "troupe",
      maxFrameBytes: 16n * 1_024n * 1_024n,
      proof: pick(random, [MARK, MARK, MARK, randomBytes(random)]),
    });
    const [question, end] = [
      encodePlain(
        ChallengeSchema.typeName,
        toBinary(ChallengeSchema, challenge),
      ),
      encodePlain(WelcomeSchema.typeName, toBinary(WelcomeSchema, welcome)),
    ];
    return concatBytes(pick(random, [
      [question, end],
      [question, end],
      [question, question, end],
      [end],
    ]));
  },
  run: (bytes, random, steps) => {
    const one = dialler();
    const hello = parseFrame(sent(one.step({ kind: "opened" }))).body;
    const [question, end] = messages(bytes);
    const challenge = bodyOf(question);
    const transcript = { hello, challenge, listener: "" };
    const right = proved(end, KEY.prove("acceptor", transcript));
    const parts = [question, right ?? end];
    if (isWelcome(one, parts, random, steps) && right === undefined) {
      throw new Error("it is taken for a node that knows the key");
    }
  },
  isRefusal,
};

/** The first message, and what follows: the other end does not send that before it has an answer. */
function messages(
  bytes: Uint8Array<ArrayBuffer>,
): [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] {
  const length = bytes.length < 4 ? 0 : readUint32(bytes, 0);
  const end = Math.min(length, bytes.length);
  return [bytes.slice(0, end), bytes.slice(end)];
}

function bodyOf(frame: Uint8Array): Uint8Array {
  try {
    return parseFrame(frame, HANDSHAKE_BYTES).body;
  } catch {
    return new Uint8Array(); // the end under test says what is wrong with it
  }
}
