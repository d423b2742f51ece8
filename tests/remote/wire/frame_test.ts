import { assert, assertEquals, assertThrows } from "@std/assert";
import { Pid } from "../../../actor/mod.ts";
import { concatBytes } from "../../../internal/bytes.ts";
import { CodecError, FrameError } from "../../../remote/errors.ts";
import { POISON_TYPE } from "../../../remote/far_poison.ts";
import { terminationFrame } from "../../../remote/watch/termination.ts";
import { FrameDecoder } from "../../../remote/wire/decoder.ts";
import { FrameWriter } from "../../../remote/wire/encoder.ts";
import {
  DefinitionKind,
  FrameKind,
  OUTCOMES,
  REJECTED,
} from "../../../remote/wire/kinds.ts";

function hex(bytes: Uint8Array | undefined): string {
  return Array.from(bytes ?? [], (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function decode(text: string): FrameDecoder["frame"] {
  const bytes = fromHex(text);
  const decoder = new FrameDecoder();
  decoder.decode(bytes, 0, bytes.length);
  return decoder.frame;
}

function takeAll(writer: FrameWriter): Uint8Array[] {
  const taken: Uint8Array[] = [];
  for (let bytes = writer.take(); bytes !== undefined; bytes = writer.take()) {
    taken.push(bytes);
  }
  return taken;
}

Deno.test("FrameWriter writes a TELL as docs/wire.md shows it", () => {
  const writer = new FrameWriter();
  writer.begin(FrameKind.TELL, 3, 0, 2, 0, 0);
  writer.text('{"by":2}');
  assertEquals(writer.end(), 20);
  assertEquals(
    hex(writer.take()),
    "00000010" + "0801" + "1003" + "2002" + "7a08" + "7b226279223a327d",
  );
});

Deno.test("FrameWriter writes the first ASK to an actor as docs/wire.md shows it", () => {
  const writer = new FrameWriter();
  writer.begin(FrameKind.ASK, 1, 0, 1, 300, 5_000);
  writer.definition({
    number: 1,
    table: DefinitionKind.ADDRESS,
    value: "/a",
  });
  writer.definition({
    number: 1,
    table: DefinitionKind.TYPE_NAME,
    value: "c.get",
  });
  writer.end();
  assertEquals(
    hex(writer.take()),
    "00000023" + "0802" + "1001" + "2001" + "28ac02" + "308827" +
      "4208" + "0801" + "1001" + "1a02" + "2f61" +
      "420b" + "0801" + "1002" + "1a05" + "632e676574",
  );
});

Deno.test("FrameWriter writes a CANCEL, a declared error and a pill as docs/wire.md shows them", () => {
  const writer = new FrameWriter();
  writer.frame({ kind: FrameKind.CANCEL, correlation: 300 });
  assertEquals(hex(writer.take()), "00000005" + "0805" + "28ac02");
  writer.frame({
    kind: FrameKind.FAILURE,
    correlation: 300,
    failure: {
      code: "SoldOut",
      text: "Gone",
      outcome: REJECTED,
      retryable: false,
      data: new TextEncoder().encode('{"left":0}'),
    },
  });
  assertEquals(
    hex(writer.take()),
    "00000024" + "0804" + "28ac02" + "621d" + "0a07" + "536f6c644f7574" +
      "1204" + "476f6e65" + "1803" + "2a0a" + "7b226c656674223a307d",
  );
  writer.frame({
    kind: FrameKind.TELL,
    receiver: 3,
    type: 4,
    definitions: [
      { number: 4, table: DefinitionKind.TYPE_NAME, value: POISON_TYPE },
    ],
  });
  assertEquals(
    hex(writer.take()),
    "0000001f" + "0801" + "1003" + "2004" + "4217" + "0804" + "1002" + "1a11" +
      "74726f7570653a506f69736f6e50696c6c",
  );
});

Deno.test("FrameWriter writes a PING as docs/wire.md shows it", () => {
  const writer = new FrameWriter();
  writer.frame({ kind: FrameKind.PING, correlation: 1 });
  assertEquals(hex(writer.take()), "00000004" + "080e" + "2801");
});

Deno.test("FrameWriter writes a watch and the end of its actor as docs/wire.md shows them", () => {
  const writer = new FrameWriter();
  const hexOf = (text: string) => hex(new TextEncoder().encode(text));
  const address = "goakt://s@h:1/job";
  writer.frame({ kind: FrameKind.WATCH, correlation: 5, address });
  assertEquals(
    hex(writer.take()),
    "00000017" + "0811" + "2805" + "5211" + hexOf(address),
  );
  writer.frame(terminationFrame(5, {
    pid: Pid.parse(`${address}#r.7`),
    reason: "stopped",
  }));
  assertEquals(
    hex(writer.take()),
    "00000024" + "0814" + "2805" + "5215" + hexOf(`${address}#r.7`) + "7a07" +
      hexOf("stopped"),
  );
});

Deno.test("FrameWriter writes an ACK in 8 bytes and leaves out what is zero", () => {
  const writer = new FrameWriter();
  writer.begin(FrameKind.ACK, 0, 0, 0, 0, 0);
  writer.ack(5);
  assertEquals(writer.end(), 8);
  writer.begin(0, 0, 0, 0, 0, 0);
  writer.ack(0);
  writer.address("");
  writer.payload(new Uint8Array());
  writer.text("");
  assertEquals(writer.end(), 4);
  assertEquals(hex(writer.take()), "00000004" + "0806" + "3805" + "00000000");
});

Deno.test("FrameWriter corrects the length of a text that is not ASCII", () => {
  const decoder = new FrameDecoder();
  for (
    const [unit, count] of [
      ["é", 63],
      ["é", 64],
      ["é", 127],
      ["日", 42],
      ["日", 43],
      ["🎭", 30],
      ["é", 9_000],
    ] as const
  ) {
    const text = unit.repeat(count);
    const writer = new FrameWriter();
    writer.begin(FrameKind.TELL, 1, 0, 1, 0, 0);
    writer.text(text);
    const size = writer.end();
    const bytes = writer.take()!;
    assertEquals(bytes.length, size);
    decoder.decode(bytes, 4, size);
    assertEquals(
      new TextDecoder().decode(decoder.frame.payload()),
      text,
      `${count} times ${unit}`,
    );
  }
});

Deno.test("FrameWriter writes a long text at the end of a block into the next one", () => {
  const writer = new FrameWriter({ blockBytes: 4_096 });
  const text = "é".repeat(700);
  for (let round = 0; round < 5; round++) {
    writer.begin(FrameKind.TELL, 1 + round, 0, 1, 0, 0);
    writer.text(text);
    writer.end();
  }
  const bytes = concatBytes(takeAll(writer));
  const size = bytes.length / 5;
  const decoder = new FrameDecoder();
  for (let round = 0; round < 5; round++) {
    decoder.decode(bytes, round * size + 4, (round + 1) * size);
  }
  assertEquals(new TextDecoder().decode(decoder.frame.payload()), text);
});

Deno.test("FrameWriter.take() gives all frames in order, whatever the sizes of the blocks", () => {
  const small = new FrameWriter({ blockBytes: 64 });
  const large = new FrameWriter();
  let expected = 0;
  for (let round = 0; round < 200; round++) {
    const payload = new Uint8Array(round).fill(round);
    for (const writer of [small, large]) {
      writer.begin(FrameKind.TELL, round, round * 7, 1, 0, 0);
      writer.payload(payload);
      const size = writer.end();
      if (writer === small) expected += size;
    }
    assertEquals(small.pending, expected);
  }
  const blocks = takeAll(small);
  assert(blocks.length > 10);
  assertEquals(concatBytes(blocks), concatBytes(takeAll(large)));
  assertEquals(small.pending, 0);
  assertEquals(small.take(), undefined);
});

Deno.test("FrameWriter.take() gives bytes that later frames do not touch", () => {
  const writer = new FrameWriter();
  writer.frame({ kind: FrameKind.PING, correlation: 1 });
  const first = writer.take()!;
  const before = hex(first);
  writer.frame({ kind: FrameKind.PONG, correlation: 99 });
  writer.take();
  assertEquals(hex(first), before);
});

Deno.test("FrameWriter.abort() drops the frame that was begun, and only that", () => {
  const writer = new FrameWriter({ blockBytes: 64 });
  writer.frame({ kind: FrameKind.PING, correlation: 1 });
  writer.begin(FrameKind.TELL, 1, 1, 1, 0, 0);
  writer.payload(new Uint8Array(500));
  writer.abort();
  writer.frame({ kind: FrameKind.PONG, correlation: 1 });
  assertEquals(
    hex(concatBytes(takeAll(writer))),
    "00000004080e2801" + "00000004080f2801",
  );
});

Deno.test("FrameWriter keeps a payload over the chunk size for its caller", () => {
  const writer = new FrameWriter({ chunkBytes: 100 });
  const payload = new Uint8Array(101);
  writer.begin(FrameKind.TELL, 1, 0, 1, 0, 0);
  writer.payload(payload);
  payload[0] = 1;
  assertEquals(writer.overflow, new Uint8Array(101));
  writer.abort();
  writer.begin(FrameKind.TELL, 1, 0, 1, 0, 0);
  assertEquals(writer.overflow, undefined);
  writer.text("é".repeat(51));
  assertEquals(writer.overflow?.length, 102);
  writer.abort();
  writer.begin(FrameKind.TELL, 1, 0, 1, 0, 0);
  writer.text("é".repeat(50));
  assertEquals(writer.overflow, undefined);
  assertEquals(writer.end(), 4 + 3 * 2 + 2 + 100);
});

Deno.test("FrameWriter refuses a frame over the limit, and goes on with the next", () => {
  const writer = new FrameWriter({ maxFrameBytes: 100 });
  assertEquals(
    writer.frame({ kind: FrameKind.TELL, payload: new Uint8Array(92) }),
    100,
  );
  assertThrows(
    () => writer.frame({ kind: FrameKind.TELL, payload: new Uint8Array(93) }),
    FrameError,
    "Cannot write a frame: it would have 101 bytes, at most 100 bytes were expected",
  );
  writer.frame({ kind: FrameKind.PING });
  assertEquals(concatBytes(takeAll(writer)).length, 100 + 6);
});

Deno.test("FrameDecoder forgets everything of the frame before", () => {
  const decoder = new FrameDecoder();
  const writer = new FrameWriter();
  writer.frame({
    kind: 9,
    receiver: 1,
    sender: 2,
    type: 3,
    correlation: 4,
    remaining: 5,
    ack: 6,
    address: "a",
    definitions: [{ number: 1, table: 1, value: "v" }],
    headers: [{ key: "k", value: "v" }],
    chunk: { id: 1, last: true, totalBytes: 2 },
    failure: {
      code: "c",
      text: "t",
      outcome: 1,
      retryable: true,
      data: new Uint8Array(1),
    },
    spawn: { kind: "k", name: "n", input: new Uint8Array(1), inputType: "t" },
    payload: new Uint8Array(3),
  });
  const bytes = writer.take()!;
  decoder.decode(bytes, 4, bytes.length);
  assertEquals(decoder.frame.headers.length, 1);
  const empty = new Uint8Array();
  decoder.decode(empty, 0, 0);
  assertEquals(decoder.frame, new FrameDecoder().frame);
});

Deno.test("FrameDecoder steps over fields that it does not know", () => {
  const frame = decode(
    "0801" + "8001" + "9601" + "8201" + "03616263" + "8501" + "01020304" +
      "8101" + "0102030405060708" +
      "1003" + "4a09" + "0a016b" + "1a0178" + "120176" + "2001",
  );
  assertEquals([frame.kind, frame.receiver], [1, 3]);
  assertEquals(frame.headers, [{ key: "k", value: "v" }]);
});

Deno.test("FrameDecoder takes the last of a number that comes twice and merges messages", () => {
  const frame = decode(
    "0801" + "0805" + "6203" + "0a0163" + "6205" + "120174" + "1802",
  );
  assertEquals(frame.kind, 5);
  assertEquals(frame.failure, {
    code: "c",
    text: "t",
    outcome: 2,
    retryable: false,
    data: new Uint8Array(),
  });
});

Deno.test("FrameDecoder refuses what no honest peer writes, and says what it found", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["08", "it ends inside a number"],
    ["10ff", "it ends inside a number"],
    ["08ffffffff1f", "a number is too large or too long"],
    ["08808080808000", "a number is too large or too long"],
    ["38ffffffffffffff1f", "its acknowledgement is above 2^53 - 1"],
    ["38ff", "it ends inside an acknowledgement"],
    ["7a05414243", "a field says 5 bytes where 3 are left"],
    ["7affffffff0f41", "a field says 4294967295 bytes where 1 are left"],
    ["7a", "it ends inside a length"],
    ["0a0141", "field 1 has wire type 2"],
    ["7801", "field 15 has wire type 0"],
    ["0001", "a field has the number 0"],
    ["8301", "field 16 has wire type 3"],
    ["8601", "field 16 has wire type 6"],
    ["850101", "it ends inside field 16"],
    ["8201ff", "it ends inside a length"],
    ["8001ffffffffffffffffffff01", "a number is too large or too long"],
    ["520141ff", "it ends inside a number"],
    ["5201ff", "a text is not UTF-8"],
    ["5203eda080", "a text is not UTF-8"],
    ["42030a0161", "field 1 has wire type 2"],
    ["42020805" + "4202" + "1a05", "a field says 5 bytes where 0 are left"],
  ];
  for (const [bytes, found] of cases) {
    const error = assertThrows(() => decode(bytes), FrameError, found);
    assert(error.message.startsWith("Cannot read a frame: "), error.message);
  }
});

Deno.test("FrameDecoder keeps to the range that it is given", () => {
  const decoder = new FrameDecoder();
  const bytes = fromHex("0801" + "1005" + "2007");
  decoder.decode(bytes, 2, 4);
  assertEquals(
    [decoder.frame.kind, decoder.frame.receiver, decoder.frame.type],
    [0, 5, 0],
  );
  assertThrows(
    () => decoder.decode(bytes, 2, 3),
    FrameError,
    "it ends inside a number",
  );
});

Deno.test("FrameDecoder accepts 64 definitions and headers, not one more", () => {
  const definition = "42060801" + "1a027676";
  const header = "4a030a016b";
  assertEquals(
    decode(definition.repeat(64) + header.repeat(64)).definitions.length,
    64,
  );
  assertThrows(
    () => decode(definition.repeat(65)),
    FrameError,
    "more than 64 definitions",
  );
  assertThrows(
    () => decode(header.repeat(65)),
    FrameError,
    "more than 64 headers",
  );
});

Deno.test("FrameDecoder keeps a U+FFFD and a byte order mark that were sent", () => {
  assertEquals(decode("5206efbfbdefbbbf").address, "\ufffd\ufeff");
});

Deno.test("the outcomes have the numbers of docs/wire.md", () => {
  assertEquals(OUTCOMES, ["not_delivered", "unknown", "done"]);
  assertEquals(REJECTED, 3);
  assertEquals(
    new CodecError("decode", "json", "$", "x", "y").outcome,
    OUTCOMES[0],
  );
});
