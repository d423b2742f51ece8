import { create, toBinary } from "@bufbuild/protobuf";
import { assertEquals } from "@std/assert";
import {
  askBody,
  messageBytes,
  tellBody,
} from "../../../remote/goakt/client/message_bytes.ts";
import {
  RemoteAskRequestSchema,
  RemoteMessageSchema,
  RemoteTellRequestSchema,
} from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { toAny } from "../../../remote/goakt/payload.ts";
import { toDuration } from "../../../remote/goakt/time.ts";

const SIZES = [0, 1, 126, 127, 128, 16_250, 16_300, 16_383, 16_384, 2_100_000];
const NAMES = ["a", "goakt://shop@10.0.0.7:9000/straße", "x".repeat(300)];
const TIMES = [0.000_001, 0.5, 1, 999.999_999_9, 1_000, 5_000.25, 2 ** 31];

/** The message as the library makes it. */
function made(sender: string, receiver: string, size: number) {
  const payload = {
    typeName: "google.protobuf.BytesValue",
    bytes: new Uint8Array(size).fill(7),
  };
  const message = { sender, receiver, message: toAny(payload) };
  return {
    bytes: messageBytes(sender, receiver, payload),
    message: create(RemoteMessageSchema, message),
  };
}

/** Whether two arrays are the same, in words that are short when they are not. */
function compare(found: Uint8Array, wanted: Uint8Array, what: string): void {
  const at = wanted.findIndex((byte, index) => byte !== found[index]);
  assertEquals([found.length, at], [wanted.length, -1], what);
}

Deno.test("tellBody() and askBody() write what protobuf makes of the same request", () => {
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
  for (const time of TIMES) {
    const { bytes, message } = made("s", "b", 1);
    const request = { remoteMessages: [message], timeout: toDuration(time) };
    compare(
      askBody(bytes, time),
      toBinary(RemoteAskRequestSchema, create(RemoteAskRequestSchema, request)),
      `${time} ms`,
    );
  }
});
