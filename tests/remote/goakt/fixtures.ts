/**
 * A node for the tests of the GoAkt vocabulary, with an actor that speaks protobuf.
 * @module
 */

import {
  create,
  type DescMessage,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  type Duration,
  DurationSchema,
  type StringValue,
  StringValueSchema,
  type Timestamp,
  TimestampSchema,
} from "@bufbuild/protobuf/wkt";
import {
  ActorSystem,
  ask,
  type Caller,
  type Handlers,
  type Kind,
  kind,
  type Propagator,
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../../actor/mod.ts";
import { durationParts } from "../../../remote/goakt/time.ts";
import { MissingRef } from "../../../actor/reference/local_ref.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { parseFrame } from "../../../remote/frame.ts";
import { ErrorSchema } from "../../../remote/goakt/gen/internalpb/error_pb.ts";
import { decodeMessage } from "../../../remote/goakt/messages.ts";
import type { Payload } from "../../../remote/goakt/payload.ts";
import { LocalHost } from "../../../remote/goakt/server/local_host.ts";
import { protobuf } from "../../../remote/codec/protobuf.ts";
import { UNKNOWN_PROTOCOL } from "../../../remote/remote_ref.ts";
import { ManualClock } from "../../../testing/manual_clock.ts";

/** Takes strings, and durations as commands. */
export type EchoProtocol = Protocol<"echo", {
  say: Spec<StringValue, StringValue>;
  wait: Spec<MessageShape<typeof DurationSchema>, void>;
  list: Spec<Timestamp, string[]>;
}>;

export const Echo: EchoProtocol = protocol("echo", {
  say: ask(protobuf(StringValueSchema), protobuf(StringValueSchema)),
  wait: tell(protobuf(DurationSchema)),
  list: ask<Timestamp, string[]>(protobuf(TimestampSchema)),
});

/** A peer of whom nothing is known. */
export const STRANGER: Caller = {
  proof: "none",
  role: "node",
  system: "",
  node: "stranger",
};

/** What an echo has seen. */
export interface EchoLog {
  /** Who has brought it, when that matters. */
  readonly callers?: (Caller | undefined)[];
  readonly texts: string[];
  readonly senders: string[];
  readonly foreign: unknown[];
}

export function echoHandlers(log: EchoLog): Handlers<EchoProtocol> {
  return {
    say: ({ value }, ctx): StringValue | Promise<StringValue> => {
      log.texts.push(value);
      log.senders.push(ctx.sender?.pid.toString() ?? "");
      log.callers?.push(ctx.caller);
      if (value === "fail") throw new RangeError("it failed");
      if (value === "never") return new Promise(() => {});
      return create(StringValueSchema, { value });
    },
    wait: () => {},
    list: () => log.texts,
    receive: (message: unknown, ctx): unknown => {
      log.foreign.push(message);
      log.callers?.push(ctx.caller);
      return message;
    },
  } as Handlers<EchoProtocol>;
}

export const EchoKind: Kind<EchoProtocol> = kind(
  Echo,
  () => echoHandlers({ texts: [], senders: [], foreign: [] }),
  { name: "test.echo", aliases: ["main.Echo"] },
);

/** A system with a host for GoAkt's requests; disposing stops the system. */
export interface GoaktNode extends AsyncDisposable {
  readonly system: ActorSystem;
  readonly clock: ManualClock;
  readonly host: LocalHost;
  /** What was told to askers over tells. */
  readonly replies: { to: string; message: Payload }[];
  /** Milliseconds since 1970. */
  now: number;
  /** Spawns an echo. */
  echo(name: string): EchoLog;
}

export function goaktNode(
  propagator?: Propagator,
  kinds: readonly Kind<EchoProtocol>[] = [],
): GoaktNode {
  const clock = new ManualClock();
  const system = new ActorSystem("shop", {
    clock,
    logger: null,
    kinds: [EchoKind, ...kinds],
    ...(propagator && { propagator }),
  });
  const replies: { to: string; message: Payload }[] = [];
  const internals = internalsOf(system);
  const node: GoaktNode = {
    system,
    clock,
    replies,
    now: 1_800_000_000_000,
    host: new LocalHost(internals, {
      place: { host: "10.0.0.7", port: 9000, aliases: ["orders.example"] },
      sender: (pid) => new MissingRef(internals.runtime, pid, UNKNOWN_PROTOCOL),
      reply: (to, message) => void replies.push({ to, message }),
      wallClock: () => node.now,
    }),
    echo: (name) => {
      const log: EchoLog = { texts: [], senders: [], foreign: [] };
      system.spawn(Echo, () => echoHandlers(log), { name });
      return log;
    },
    [Symbol.asyncDispose]: async () => {
      const done = system.drain({ timeout: 100 });
      await clock.advance(200);
      await done;
    },
  };
  return node;
}

/** A string as a payload. */
export function stringPayload(value: string): Payload {
  const message = create(StringValueSchema, { value });
  return {
    typeName: StringValueSchema.typeName,
    bytes: toBinary(StringValueSchema, message),
  };
}

/** What a frame says: the name of the message, and the code and text of an error. */
export function answerOf(
  frame: Uint8Array,
): { name: string; body: Uint8Array; code?: number; text?: string } {
  const { name, body } = parseFrame(frame);
  if (name !== ErrorSchema.typeName) return { name, body };
  const { code, message } = decodeMessage(ErrorSchema, body);
  return { name, body, code, text: message };
}

/** Decodes the message of a frame that must be of that type. */
export function messageIn<Schema extends DescMessage>(
  schema: Schema,
  frame: Uint8Array,
): MessageShape<Schema> {
  const { name, body } = parseFrame(frame);
  if (name !== schema.typeName) {
    throw new Error(`Cannot read a "${schema.typeName}": found "${name}"`);
  }
  return decodeMessage(schema, body);
}

/** The duration of `milliseconds`, as our requests have it. */
export function toDuration(milliseconds: number): Duration {
  const [seconds, nanos] = durationParts(milliseconds);
  return create(DurationSchema, { seconds: BigInt(seconds), nanos });
}

/** Bytes that compress a little, the same for the same seed. */
export function noise(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = (state >>> 24) & 0x3f;
  }
  return bytes;
}
