import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../../internal/random.ts";
import {
  answerBytes,
  messageBytes,
  tellBody,
} from "../../../remote/goakt/client/message_bytes.ts";
import {
  RemoteAskResponseSchema,
  RemoteMessageSchema,
  RemoteTellRequestSchema,
} from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { toAny } from "../../../remote/goakt/payload.ts";

const SIZES = [0, 1, 126, 127, 128, 16_250, 16_300, 16_383, 16_384, 2_100_000];
const NAMES = ["a", "goakt://shop@10.0.0.7:9000/straße", "x".repeat(300)];

/** The message as the library makes it. */
function made(sender: string, receiver: string, size: number) {
  const payload = {
    typeName: "google.protobuf.BytesValue",
    bytes: new Uint8Array(size).fill(7),
  };
  const message = { sender, receiver, message: toAny(payload) };
  return {
    payload,
    bytes: messageBytes(sender, receiver, payload),
    message: create(RemoteMessageSchema, message),
  };
}

/** Whether two arrays are the same, in words that are short when they are not. */
function compare(found: Uint8Array, wanted: Uint8Array, what: string): void {
  const at = wanted.findIndex((byte, index) => byte !== found[index]);
  assertEquals([found.length, at], [wanted.length, -1], what);
}

Deno.test("tellBody() writes what protobuf makes of the same request", () => {
  for (const size of SIZES) {
    for (const name of NAMES) {
      const one = made(name, "goakt://go@there:9000/a", size);
      const other = made("goakt://@:0/", name, 3);
      const remoteMessages = [one.message, other.message];
      compare(
        tellBody([one.bytes, other.bytes]),
        toBinary(
          RemoteTellRequestSchema,
          create(RemoteTellRequestSchema, { remoteMessages }),
        ),
        `${size} bytes, "${name}"`,
      );
    }
  }
});

Deno.test("answerBytes() of random answers is what protobuf reads in them, or nothing", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const { next: random } = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const typeName = "google.protobuf.BytesValue";
  const url = `type.googleapis.com/${typeName}`;
  let read = 0;
  for (let n = 0; n < 5_000; n++) {
    const value = Uint8Array.from({ length: below(120) }, () => below(256));
    const messages = random() < 0.1 ? [] : [{ typeUrl: url, value }];
    if (random() < 0.1) messages.push({ typeUrl: url, value });
    const body = toBinary(
      RemoteAskResponseSchema,
      create(RemoteAskResponseSchema, { messages }),
    );
    // A few are damaged: in a length, a tag, the name, the value or at the end.
    if (random() < 0.5 && body.length > 0) {
      body[below(body.length)] = below(256);
    }
    const cut = body.subarray(0, body.length - (random() < 0.1 ? below(9) : 0));
    const found = answerBytes(cut, typeName);
    if (found === undefined) continue;
    read++;
    const { messages: [only, ...more] } = fromBinary(
      RemoteAskResponseSchema,
      cut,
    );
    const what = `answer ${n} of seed ${seed}`;
    assertEquals([only?.typeUrl, more.length], [url, 0], what);
    assertEquals(only?.value, found, what);
  }
  assert(read > 1_000, `only ${read} were read, with seed ${seed}`);
});

Deno.test("answerBytes() reads an answer of a Go node without decoding it", () => {
  const typeName = "google.protobuf.Int64Value";
  for (const value of [new Uint8Array(), Uint8Array.of(8, 1)]) {
    const messages = [toAny({ typeName, bytes: value })];
    const answer = create(RemoteAskResponseSchema, { messages });
    const body = toBinary(RemoteAskResponseSchema, answer);
    assertEquals(answerBytes(body, typeName), value);
    assertEquals(answerBytes(body, "google.protobuf.Int32Value"), undefined);
  }
});
