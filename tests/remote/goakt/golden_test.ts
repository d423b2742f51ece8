import { assert, assertEquals } from "@std/assert";
import {
  create,
  createRegistry,
  type DescMessage,
  fromJson,
  type JsonValue,
  type Registry,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import {
  file_google_protobuf_wrappers,
  type StringValue,
  StringValueSchema,
} from "@bufbuild/protobuf/wkt";
import {
  ActorSystem,
  ask,
  type Handlers,
  kind,
  type Protocol,
  protocol,
  type Spec,
} from "../../../actor/mod.ts";
import { MissingRef } from "../../../actor/reference/local_ref.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import {
  encodePlain,
  encodeWithMetadata,
  parseFrame,
} from "../../../remote/frame.ts";
import { file_goaktpb_goakt } from "../../../remote/goakt/gen/goaktpb/goakt_pb.ts";
import { file_internalpb_actor } from "../../../remote/goakt/gen/internalpb/actor_pb.ts";
import { file_internalpb_cluster } from "../../../remote/goakt/gen/internalpb/cluster_pb.ts";
import { file_internalpb_datacenter } from "../../../remote/goakt/gen/internalpb/datacenter_pb.ts";
import { file_internalpb_error } from "../../../remote/goakt/gen/internalpb/error_pb.ts";
import { file_internalpb_remoting } from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { decodeMessage } from "../../../remote/goakt/messages.ts";
import type { GrainTarget } from "../../../remote/goakt/server/host.ts";
import { LocalHost } from "../../../remote/goakt/server/local_host.ts";
import { carryOut } from "../../../remote/goakt/server/services.ts";
import { decodeMetadata, encodeMetadata } from "../../../remote/metadata.ts";
import { protobuf } from "../../../remote/codec/protobuf.ts";
import { UNKNOWN_PROTOCOL } from "../../../remote/remote_ref.ts";
import { STRANGER, stringPayload } from "./fixtures.ts";

/** A frame that `tests/interop/goakt/node` has printed. */
interface Sample {
  readonly name: string;
  readonly origin: "goakt" | "protobuf-go";
  readonly message: string;
  readonly json: JsonValue;
  readonly hex: string;
}

const SAMPLES: readonly Sample[] = JSON.parse(
  await Deno.readTextFile(new URL("samples.json", import.meta.url)),
);

const REGISTRY: Registry = createRegistry(
  file_internalpb_actor,
  file_internalpb_cluster,
  file_internalpb_datacenter,
  file_internalpb_error,
  file_internalpb_remoting,
  file_goaktpb_goakt,
  file_google_protobuf_wrappers,
);

function schemaOf(name: string): DescMessage {
  const schema = REGISTRY.getMessage(name);
  assert(schema !== undefined, `there is no "${name}"`);
  return schema;
}

Deno.test("golden frames are read as GoAkt means them", () => {
  assertEquals(SAMPLES.length, 69);
  for (const { name, message, json, hex } of SAMPLES) {
    const frame = parseFrame(Uint8Array.fromHex(hex));
    assertEquals(frame.name, message, name);
    const schema = schemaOf(message);
    const decoded = decodeMessage(schema, frame.body);
    assertEquals(toJson(schema, decoded, { registry: REGISTRY }), json, name);
  }
});

Deno.test("golden frames are written as GoAkt writes them", () => {
  for (const { name, message, json, hex } of SAMPLES) {
    const bytes = Uint8Array.fromHex(hex);
    const { metadata } = parseFrame(bytes);
    const schema = schemaOf(message);
    const options = { registry: REGISTRY };
    const body = toBinary(schema, fromJson(schema, json, options));
    const frame = metadata === undefined
      ? encodePlain(message, body)
      : encodeWithMetadata(
        message,
        encodeMetadata(decodeMetadata(metadata)),
        body,
      );
    assertEquals(frame.toHex(), hex, name);
  }
});

Deno.test("golden frames carry headers and deadlines as GoAkt does", () => {
  const metadataOf = (name: string) => {
    const sample = SAMPLES.find((candidate) => candidate.name === name);
    assert(sample !== undefined, `there is no "${name}"`);
    const { metadata } = parseFrame(Uint8Array.fromHex(sample.hex));
    assert(metadata !== undefined, `"${name}" has no metadata`);
    const { headers, deadline } = decodeMetadata(metadata);
    return { headers: [...headers], deadline };
  };
  assertEquals(metadataOf("tell, request"), { headers: [], deadline: 0n });
  assertEquals(metadataOf("tell with a header, request").headers, [[
    "Traceparent",
    "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
  ]]);
  assertEquals(
    metadataOf("tell with a deadline, request").deadline,
    4_000_000_000_000_000_123n,
  );
});

type GopherProtocol = Protocol<"main.echo", {
  say: Spec<StringValue, StringValue>;
}>;
const Gopher: GopherProtocol = protocol("main.echo", {
  say: ask(protobuf(StringValueSchema), protobuf(StringValueSchema)),
});

/** What a handler waits for that does not answer in time. */
const silence = Promise.withResolvers<StringValue>();

function gopher(): Handlers<GopherProtocol> {
  return {
    say: ({ value }: StringValue): StringValue | Promise<StringValue> =>
      value === "silent"
        ? silence.promise
        : create(StringValueSchema, { value: `go:${value}` }),
  };
}

const GRAINS: GrainTarget = {
  hasKind: (kind) => kind === "main.account",
  count: () => 0,
  activate: () => Promise.resolve(),
  tell: () => Promise.resolve(),
  ask: () => Promise.resolve(stringPayload("grain:hello")),
};

Deno.test("a node of ours answers each request of GoAkt's client with the bytes of a GoAkt node", async () => {
  await using system = new ActorSystem("gopher", {
    logger: null,
    kinds: [kind(Gopher, gopher)],
  });
  system.spawn(Gopher, gopher, { name: "a" });
  const internals = internalsOf(system);
  const host = new LocalHost(internals, {
    place: { host: "127.0.0.1", port: 9123 },
    sender: (pid) => new MissingRef(internals.runtime, pid, UNKNOWN_PROTOCOL),
    reply: () => {},
  });
  host.grains = GRAINS;
  const requests = SAMPLES.filter(({ name }) => name.endsWith(", request"));
  assertEquals(requests.length, 24);
  for (const { name, hex } of requests) {
    const call = name.slice(0, -", request".length);
    const wanted = SAMPLES.find((sample) =>
      sample.name === `${call}, response`
    );
    const { metadata, ...frame } = parseFrame(Uint8Array.fromHex(hex));
    const answer = await carryOut(host, {
      ...frame,
      metadata: decodeMetadata(metadata ?? new Uint8Array()),
    }, STRANGER);
    assertEquals(answer.toHex(), wanted?.hex, name);
    // Ours handles one message after the other; Go's has gone on already.
    if (call === "ask in vain") silence.resolve(create(StringValueSchema));
  }
});
