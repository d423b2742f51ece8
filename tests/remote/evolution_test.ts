import {
  create,
  createFileRegistry,
  type DescMessage,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ask,
  type ForeignMessage,
  protocol,
  type StandardSchema,
  tell,
} from "../../actor/mod.ts";
import { concatBytes } from "../../internal/bytes.ts";
import { encodePlain, MAX_FRAME_BYTES } from "../../remote/frame.ts";
import { HelloSchema } from "../../remote/gen/troupe/remote/v1/handshake_pb.ts";
import {
  HandshakeError,
  protobuf,
  type ProtobufSchema,
  RemoteError,
} from "../../remote/mod.ts";
import { FrameKind } from "../../remote/wire/kinds.ts";
import { Box, spawnBox } from "./actors.ts";
import { addressOf, type Node, warned, World } from "./world.ts";
import { encode, WirePeer } from "./wire/wire_peer.ts";

/** A schema that takes objects with these fields and leaves out all others, as many libraries do. */
function fields<T>(...names: (keyof T & string)[]): StandardSchema<T> {
  return {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => {
        const found = value as Record<string, unknown>;
        const missing = names.filter((it) => !(it in found));
        return missing.length > 0
          ? {
            issues: missing.map((it) => ({ message: "missing", path: [it] })),
          }
          : { value: value as T };
      },
    },
  };
}

interface OldOrder {
  article: string;
}
interface NewOrder extends OldOrder {
  /** Added, so it may be missing. */
  gift?: boolean;
}

/** The protocol as an old build has it. */
const OldDesk = protocol("desk", {
  order: ask<OldOrder, { id: number }>(fields<OldOrder>("article")),
  count: ask<void, number>(),
});
/** The same a year later: a field more in a body and in a reply, a message more, in another order. */
const NewDesk = protocol("desk", {
  cancel: tell<{ id: number }>(),
  count: ask<void, number>(),
  order: ask<NewOrder, { id: number; at?: string }>(
    fields<NewOrder>("article"),
  ),
  track: ask<{ id: number }, string>(),
});

async function oldAndNew(
  run: (world: World, old: Node, fresh: Node) => Promise<void>,
): Promise<void> {
  await using world = new World();
  await run(world, await world.node("old"), await world.node("fresh"));
}

Deno.test("An old and a new build exchange JSON messages: fields that were added are extra or missing", async () => {
  await oldAndNew(async (_world, old, fresh) => {
    const seen: unknown[] = [];
    const desk = {
      order: (order: NewOrder) => {
        seen.push(order);
        return { id: seen.length, at: "noon" };
      },
      count: () => seen.length,
    };
    old.system.spawn(OldDesk, () => desk, { name: "desk" });
    fresh.system.spawn(
      NewDesk,
      () => ({ ...desk, cancel: () => {}, track: () => "here" }),
      { name: "desk" },
    );
    const toOld = fresh.remote.ref(NewDesk, addressOf(old, "desk"));
    const toNew = old.remote.ref(OldDesk, addressOf(fresh, "desk"));
    const gift = { article: "pen", gift: true };
    assertEquals((await toOld.ask(NewDesk.order(gift))).id, 1);
    const reply = await toNew.ask(OldDesk.order({ article: "ink" }));
    assertEquals(reply.id, 2);
    assertEquals(seen, [gift, { article: "ink" }]);
    assertEquals(await toOld.ask(NewDesk.count()), 2);
    assertEquals(await toNew.ask(OldDesk.count()), 2);
  });
});

Deno.test("A message that an old build does not know is refused with a clear error, and the link goes on", async () => {
  await oldAndNew(async (world, old, fresh) => {
    old.system.spawn(OldDesk, () => ({
      order: () => ({ id: 1 }),
      count: () => 0,
    }), { name: "desk" });
    const desk = fresh.remote.ref(NewDesk, addressOf(old, "desk"));
    const error = await assertRejects(
      () => desk.ask(NewDesk.track({ id: 1 })),
      RemoteError,
    );
    assertEquals(error.remoteCode, "unhandled_error");
    assert(error.text.includes('"desk.track"'), error.text);
    assert(desk.tell(NewDesk.cancel({ id: 1 })));
    assertEquals(await desk.ask(NewDesk.count()), 0);
    await world.settle();
    const found = old.deadLetters.map(({ reason, message }) => [
      reason,
      message.type,
    ]);
    assertEquals(found.at(-1), ["unhandled", "desk.cancel"]);
    assertEquals(old.warnings, []);
  });
});

Deno.test("An old build may take what it does not know as name and bytes", async () => {
  await oldAndNew(async (world, old, fresh) => {
    const unknown: ForeignMessage[] = [];
    old.system.spawn(OldDesk, () => ({
      order: () => ({ id: 1 }),
      count: () => 0,
      receive: (message) => {
        if ("typeName" in message) unknown.push(message);
      },
    }), { name: "desk" });
    const desk = fresh.remote.ref(NewDesk, addressOf(old, "desk"));
    desk.tell(NewDesk.cancel({ id: 7 }));
    await world.settle();
    assertEquals(unknown.map(({ typeName }) => typeName), ["desk.cancel"]);
    const [{ bytes } = { bytes: new Uint8Array() }] = unknown;
    assertEquals(new TextDecoder().decode(bytes), '{"id":7}');
  });
});

/** A ticket as one build or another has it. */
interface Ticket {
  seat: string;
  row?: string;
}

type TicketSchema = DescMessage & ProtobufSchema<Message & Ticket>;

/** A message of one name with these text fields, as a build has it. */
function schema(...names: string[]): TicketSchema {
  const file = create(FileDescriptorProtoSchema, {
    name: "ticket.proto",
    package: "shop.v1",
    syntax: "proto3",
    messageType: [{
      name: "Ticket",
      field: names.map((name, at) => ({
        name,
        jsonName: name,
        number: at + 1,
        type: Type.STRING,
        label: Label.OPTIONAL,
      })),
    }],
  });
  const set = create(FileDescriptorSetSchema, { file: [file] });
  const found = createFileRegistry(set).getMessage("shop.v1.Ticket");
  assert(found !== undefined);
  return found as TicketSchema; // what generated code says of it
}

function ticketOf(of: TicketSchema, fields: Ticket): Message & Ticket {
  return create(of, fields as never) as Message & Ticket; // its schema says so
}

Deno.test("An old build passes protobuf fields on that it does not know", async () => {
  await oldAndNew(async (_world, old, fresh) => {
    const [oldTicket, newTicket] = [schema("seat"), schema("seat", "row")];
    const OldGate = protocol("gate", {
      pass: ask(protobuf(oldTicket), protobuf(oldTicket)),
    });
    const NewGate = protocol("gate", {
      pass: ask(protobuf(newTicket), protobuf(newTicket)),
    });
    const seen: string[] = [];
    const gate = {
      pass: (ticket: Message & Ticket) => {
        seen.push(ticket.seat);
        return ticket;
      },
    };
    old.system.spawn(OldGate, () => gate, { name: "gate" });
    fresh.system.spawn(NewGate, () => gate, { name: "gate" });
    const toOld = fresh.remote.ref(NewGate, addressOf(old, "gate"));
    const ticket = ticketOf(newTicket, { seat: "A", row: "12" });
    assertEquals((await toOld.ask(NewGate.pass(ticket))).row, "12");
    const toNew = old.remote.ref(OldGate, addressOf(fresh, "gate"));
    const plain = ticketOf(oldTicket, { seat: "B" });
    assertEquals((await toNew.ask(OldGate.pass(plain))).seat, "B");
    assertEquals(seen, ["A", "B"]);
  });
});

Deno.test("Builds that share a version of the wire talk, in the highest that both speak; others are refused by name", async () => {
  await using world = new World();
  const b = await world.node("b");
  spawnBox(b.system, "box");
  const peer = await WirePeer.dial(world, b, "data", { min: 1, max: 9 });
  await peer.send({ kind: FrameKind.PING, correlation: 3 });
  assertEquals((await peer.expect(FrameKind.PONG)).correlation, 3);
  peer.connection.close();
  const error = await assertRejects(
    () => WirePeer.dial(world, b, "data", { min: 2, max: 9 }),
    HandshakeError,
  );
  assertEquals(error.reason, "version");
  assert(
    error.message.includes("versions 2 to 9") &&
      error.message.includes("version 1 was expected"),
    error.message,
  );
});

Deno.test("A node takes greetings and frames of a later build, with fields that it does not know", async () => {
  await using world = new World();
  const b = await world.node("b");
  const box = spawnBox(b.system, "box");
  const connection = await world.transport("wire").connect({
    hostname: "b",
    port: b.remote.port,
  });
  const hello = toBinary(
    HelloSchema,
    create(HelloSchema, {
      minVersion: 1,
      maxVersion: 2,
      system: "later",
      incarnation: "later1",
      lane: 1,
      maxFrameBytes: BigInt(MAX_FRAME_BYTES),
      software: "troupe/9",
      dialledHost: "b",
      dialledPort: b.remote.port,
    }),
  );
  // Field 200, a text, and field 201, a number.
  const later = Uint8Array.of(0xc2, 0x0c, 2, 0x68, 0x69, 0xc8, 0x0c, 5);
  const body = concatBytes([hello, later]);
  await connection.write(encodePlain(HelloSchema.typeName, body));
  assert(await connection.read() !== undefined); // the welcome
  const frame = encode({
    kind: FrameKind.TELL,
    receiver: 1,
    type: 1,
    definitions: [
      { number: 1, table: 1, value: "/box" },
      { number: 1, table: 2, value: "box.put" },
    ],
    payload: new TextEncoder().encode('{"id":4}'),
  });
  const longer = concatBytes([frame, later]);
  new DataView(longer.buffer).setUint32(0, longer.length - 4);
  await connection.write(longer);
  await world.settle();
  connection.close();
  assertEquals([box.ids, warned(b)], [[4], ""]);
  const honest = (await world.node("c")).remote.ref(Box, addressOf(b, "box"));
  assertEquals(await honest.ask(Box.ids()), [4]);
});
