/**
 * Everything that reads bytes of a peer, as targets of the fuzzer.
 *
 * @module
 */
import { create, type DescMessage, toBinary } from "@bufbuild/protobuf";
import { AnySchema, StructSchema } from "@bufbuild/protobuf/wkt";
import { concatBytes } from "../../internal/bytes.ts";
import type { Random } from "../../internal/random.ts";
import { CodecError, FrameError, HandshakeError } from "../../remote/errors.ts";
import { segmentCodec } from "../../remote/delivery/segment.ts";
import { encodePlain } from "../../remote/frame.ts";
import { FrameReader as GoaktReader } from "../../remote/goakt/frame_reader.ts";
import * as requests from "../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { decodeMessage, encodeMessage } from "../../remote/goakt/messages.ts";
import { fromAny, toAny } from "../../remote/goakt/payload.ts";
import { ServerCore } from "../../remote/goakt/server/server_core.ts";
import { Acceptor } from "../../remote/handshake/handshake_acceptor.ts";
import { Dialler } from "../../remote/handshake/handshake_dialler.ts";
import type { Handshake } from "../../remote/handshake/handshake.ts";
import { json } from "../../remote/codec/json.ts";
import { decodeMetadata } from "../../remote/metadata.ts";
import { protobuf } from "../../remote/codec/protobuf.ts";
import { FrameDecoder } from "../../remote/wire/decoder.ts";
import { FrameReader } from "../../remote/wire/reader.ts";
import {
  below,
  pick,
  randomBytes,
  randomFields,
  randomText,
  toProtobuf,
} from "../remote/wire/wire_random.ts";
import type { Steps, Target } from "./fuzz.ts";
import { lane } from "./lanes.ts";
import { pieces } from "./pieces.ts";
import { challengeTarget, proofTarget } from "./proofs.ts";
import {
  certificateTarget,
  compressedTarget,
  greetingTarget,
} from "./strangers.ts";

const LIMIT = 300_000;

const isFrameError = (error: unknown) => error instanceof FrameError;
const isCodecError = (error: unknown) => error instanceof CodecError;

/** Finding frames in a stream of our lanes. */
const frameReader: Target = {
  name: "frame_reader",
  seed: (random) => {
    const frames = Array.from({ length: 1 + below(random, 5) }, () => {
      const content = randomBytes(random);
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, content.length);
      return concatBytes([length, content]);
    });
    return concatBytes(frames);
  },
  run: (bytes, random, steps) => {
    const reader = new FrameReader({ maxFrameBytes: LIMIT });
    let arrived = 0;
    for (const piece of pieces(bytes, random)) {
      arrived += piece.length;
      reader.push(piece);
      while (reader.next()) {
        steps.take();
        if (reader.start > reader.end || reader.end > reader.bytes.length) {
          throw new Error(`a frame from ${reader.start} to ${reader.end}`);
        }
      }
      if (reader.reserved > Math.max(131_072, 2 * arrived)) {
        throw new Error(`${reader.reserved} bytes reserved for ${arrived}`);
      }
    }
  },
  isRefusal: isFrameError,
};

/** Reading one frame. */
const frame: Target = {
  name: "frame",
  seed: (random) => toProtobuf(randomFields(random)),
  run: (bytes) => {
    const decoder = new FrameDecoder();
    decoder.decode(bytes, 0, bytes.length);
    const { payloadStart, payloadEnd } = decoder.frame;
    if (payloadStart > payloadEnd || payloadEnd > bytes.length) {
      throw new Error(`a payload from ${payloadStart} to ${payloadEnd}`);
    }
  },
  isRefusal: isFrameError,
};

const SELF = { system: "here", host: "10.0.0.1", port: 4001, incarnation: "i" };
const PEER = {
  system: "there",
  host: "10.0.0.2",
  port: 4002,
  incarnation: "j",
};

/** Runs a handshake on what the peer sends; a failure of it is the answer to wrong bytes. */
function shake(
  handshake: Handshake,
  bytes: Uint8Array,
  random: Random,
  steps: Steps,
): void {
  const events = [
    { kind: "opened" as const },
    ...pieces(bytes, random).map((piece) => ({
      kind: "received" as const,
      bytes: piece,
    })),
    { kind: "ended" as const },
  ];
  for (const event of events) {
    for (const effect of handshake.step(event)) {
      steps.take();
      if (effect.kind === "failed") throw effect.error;
      if (effect.kind === "established") return;
      if (effect.bytes.length > 4_096) throw new Error("a long answer");
      if (event.kind === "opened") continue;
      for (const next of handshake.step({ kind: "sent" })) {
        if (next.kind === "failed") throw next.error;
        if (next.kind === "established") return;
      }
    }
  }
}

/** What one end says first. */
function introduction(handshake: Handshake): Uint8Array {
  const [effect] = handshake.step({ kind: "opened" });
  if (effect?.kind !== "send") throw new Error("it says nothing");
  return effect.bytes;
}

const dialler = (self = PEER) =>
  new Dialler({ self, hostname: "10.0.0.1", port: 4001, lane: "data" });

/** What a node that listens is greeted with. */
const hello: Target = {
  name: "hello",
  seed: () => introduction(dialler()),
  run: (bytes, random, steps) =>
    shake(new Acceptor({ self: SELF, remote: "a:1" }), bytes, random, steps),
  isRefusal: (error) => error instanceof HandshakeError,
};

/** What a node that dials is answered. */
const welcome: Target = {
  name: "welcome",
  seed: (random) => {
    // One that is welcomed, and one that is refused.
    const self = random.next() < 0.7 ? PEER : { ...PEER, system: "" };
    const acceptor = new Acceptor({ self: SELF, remote: "a:1" });
    const bytes = introduction(dialler(self)) as Uint8Array<ArrayBuffer>;
    const [effect] = acceptor.step({ kind: "received", bytes });
    if (effect?.kind !== "send") throw new Error("it says nothing");
    return effect.bytes;
  },
  run: (bytes, random, steps) => shake(dialler(), bytes, random, steps),
  isRefusal: (error) => error instanceof HandshakeError,
};

const SCHEMAS = new Map<string, DescMessage>(
  Object.values(requests).flatMap((it) =>
    typeof it === "object" && "kind" in it && it.kind === "message"
      ? [[it.typeName, it]]
      : []
  ),
);

/** A frame of a GoAkt peer, with or without headers. */
function goaktFrame(random: Random): Uint8Array {
  const payload = toAny({
    typeName: "google.protobuf.Any",
    bytes: toBinary(AnySchema, create(AnySchema, { typeUrl: "a/b" })),
  });
  const sender = {
    host: "10.0.0.2",
    port: 9,
    name: "me",
    id: "goakt://s@h:9/me",
  };
  const headers = new Map([[
    "traceparent",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  ]]);
  const metadata = random.next() < 0.5
    ? { headers, deadline: BigInt(below(random, 2 ** 30)) }
    : undefined;
  const [schema, message] = pick<readonly [DescMessage, object]>(random, [
    [requests.RemoteTellRequestSchema, {
      remoteMessages: [{ sender, receiver: sender, message: payload }],
    }],
    [requests.RemoteAskRequestSchema, {
      remoteMessages: [{ sender, receiver: sender, message: payload }],
      timeout: { seconds: 5n },
    }],
    [requests.RemoteLookupRequestSchema, { host: "h", port: 9, name: "a" }],
    [requests.RemoteSpawnRequestSchema, {
      host: "h",
      port: 9,
      actorName: "a",
      actorType: "k",
    }],
  ]);
  return encodeMessage(schema, create(schema, message as never), { metadata });
}

/** Requests of GoAkt peers. */
const goakt: Target = {
  name: "goakt",
  seed: (random) =>
    concatBytes(
      Array.from({ length: 1 + below(random, 3) }, () => goaktFrame(random)),
    ),
  run: (bytes, random, steps) => {
    const core = new ServerCore({
      knows: (name) => SCHEMAS.has(name),
      limit: LIMIT,
    });
    for (const piece of pieces(bytes, random)) {
      let effects = core.step({ kind: "received", bytes: piece });
      for (let at = 0; at < effects.length; at++) {
        steps.take();
        const effect = effects[at];
        if (effect?.kind === "failed") throw effect.error;
        if (effect?.kind !== "handle") continue;
        const { name, body } = effect.request;
        const message = decodeMessage(SCHEMAS.get(name)!, body);
        if ("remoteMessages" in message) {
          for (const it of message.remoteMessages as requests.RemoteMessage[]) {
            fromAny(it.message);
          }
        }
        const answer = encodePlain(
          "internalpb.RemoteTellResponse",
          body,
          LIMIT,
        );
        effects = core.step({ kind: "answered", frame: answer });
        at = -1;
      }
    }
  },
  isRefusal: isFrameError,
};

/** Answers of GoAkt peers. */
const goaktReader: Target = {
  name: "goakt_reader",
  seed: goakt.seed,
  run: (bytes, random, steps) => {
    const reader = new GoaktReader(LIMIT);
    for (const piece of pieces(bytes, random)) {
      reader.push(piece);
      for (let it = reader.next(); it !== undefined; it = reader.next()) {
        steps.take();
        if (it.metadata !== undefined) decodeMetadata(it.metadata);
      }
    }
    if (reader.size > bytes.length) {
      throw new Error(`${reader.size} bytes wait`);
    }
  },
  isRefusal: isFrameError,
};

const jsonCodec = json();
const encoder = new TextEncoder();

function randomValue(random: Random, depth: number): unknown {
  const choice = below(random, depth > 4 ? 4 : 6);
  if (choice === 0) return pick(random, [null, true, false]);
  if (choice === 1) return below(random, 2 ** 31) / 8;
  if (choice < 4) return randomText(random);
  const items = Array.from(
    { length: below(random, 5) },
    () => randomValue(random, depth + 1),
  );
  return choice === 4
    ? items
    : Object.fromEntries(items.map((it, at) => [`key${at}`, it]));
}

/** Bodies in JSON. */
const jsonTarget: Target = {
  name: "json",
  seed: (random) =>
    encoder.encode(pick(random, [
      JSON.stringify(randomValue(random, 0)),
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
      '{"\\u005f_proto__":{"polluted":1}}',
      "[".repeat(200) + "]".repeat(200),
      "1e400",
      '"\\ud800"',
    ])),
  run: (bytes) => {
    const value = jsonCodec.decode(bytes);
    if ("polluted" in {}) throw new Error("the prototype of all objects");
    if (typeof value !== "object" || value === null) return;
    if ("polluted" in value && !Object.hasOwn(value, "polluted")) {
      throw new Error("the prototype of the value");
    }
  },
  isRefusal: isCodecError,
};

const structCodec = protobuf(StructSchema);

/** Bodies in protobuf, nested as deep as they come. */
const protobufTarget: Target = {
  name: "protobuf",
  seed: (random) => {
    const value = randomValue(random, 0);
    return structCodec.encode(
      create(StructSchema, {
        fields: {
          it: {
            kind: {
              case: "structValue",
              value: create(StructSchema, {
                fields: {
                  text: {
                    kind: {
                      case: "stringValue",
                      value: JSON.stringify(value),
                    },
                  },
                },
              }),
            },
          },
        },
      }),
    );
  },
  run: (bytes) => void structCodec.decode(bytes),
  isRefusal: isCodecError,
};

/** Parts of messages of an outbox. */
const segment: Target = {
  name: "segment",
  seed: (random) =>
    segmentCodec.encode({
      producer: "p".repeat(1 + below(random, 64)),
      session: 1 + below(random, 300),
      number: 1 + below(random, 2 ** 31),
      type: pick(random, ["", "orders.place", randomText(random)]),
      total: below(random, 2 ** 31),
      part: randomBytes(random),
    }),
  run: (bytes) => {
    const { part } = segmentCodec.decode(bytes);
    if (part.length > bytes.length) throw new Error("a part that is too long");
  },
  isRefusal: isCodecError,
};

/** All targets, in the order in which they take turns. */
export const TARGETS: readonly Target[] = [
  frameReader,
  frame,
  lane("acceptor"),
  lane("dialler"),
  hello,
  welcome,
  goakt,
  goaktReader,
  jsonTarget,
  protobufTarget,
  segment,
  proofTarget,
  challengeTarget,
  greetingTarget,
  certificateTarget,
  compressedTarget,
];
