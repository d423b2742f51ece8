import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  childTrace,
  formatTraceparent,
  parseTraceparent,
  traceContext,
} from "../../../actor/mod.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const TEXT = `00-${TRACE}-${PARENT}-01`;

Deno.test("parseTraceparent() reads what the specification gives as examples", () => {
  assertEquals(parseTraceparent(TEXT), {
    traceId: TRACE,
    parentId: PARENT,
    isSampled: true,
  });
  const flags = (text: string) =>
    parseTraceparent(`00-${TRACE}-${PARENT}-${text}`)?.isSampled;
  assertEquals(["00", "01", "02", "03", "ff"].map(flags), [
    false,
    true,
    false,
    true,
    true,
  ]);
});

Deno.test("parseTraceparent() reads higher versions as far as version 00 goes", () => {
  for (
    const text of [`cc-${TRACE}-${PARENT}-01`, `01-${TRACE}-${PARENT}-01-more`]
  ) assertEquals(parseTraceparent(text)?.traceId, TRACE);
  assertEquals(parseTraceparent(`cc-${TRACE}-${PARENT}-01more`), undefined);
});

Deno.test("parseTraceparent() refuses everything else", () => {
  const zeros = (count: number) => "0".repeat(count);
  for (
    const text of [
      "",
      TEXT.toUpperCase(),
      `ff-${TRACE}-${PARENT}-01`,
      `${TEXT}-more`,
      `${TEXT}-`,
      `${TEXT} `,
      ` ${TEXT}`,
      `${TEXT}\n`,
      `00-${zeros(32)}-${PARENT}-01`,
      `00-${TRACE}-${zeros(16)}-01`,
      `00-${TRACE.slice(1)}-${PARENT}-01`,
      `00-${TRACE}0-${PARENT}-01`,
      `00-${TRACE}-${PARENT}-1`,
      `00-${TRACE}-${PARENT}`,
      `00-${TRACE}-${PARENT}-0g`,
      `0-${TRACE}-${PARENT}-01`,
      `00_${TRACE}_${PARENT}_01`,
      `cc-${TRACE}-${PARENT}-01-${"x".repeat(1_000)}`,
    ]
  ) assertEquals(parseTraceparent(text), undefined, text);
});

Deno.test("formatTraceparent() writes version 00, and nothing that cannot be read", () => {
  const trace = { traceId: TRACE, parentId: PARENT, isSampled: false };
  assertEquals(formatTraceparent(trace), `00-${TRACE}-${PARENT}-00`);
  assertEquals(formatTraceparent({ ...trace, isSampled: true }), TEXT);
  assertThrows(() => formatTraceparent({ ...trace, traceId: "x" }), RangeError);
  const none = "0".repeat(16);
  const error = assertThrows(
    () => formatTraceparent({ ...trace, parentId: none }),
    RangeError,
  );
  assert(error.message.startsWith("Cannot write a traceparent: "));
});

Deno.test("childTrace() stays in the trace with an id of its own, and begins traces", () => {
  const parent = { traceId: TRACE, parentId: PARENT, isSampled: false };
  const child = childTrace(parent);
  assertEquals([child.traceId, child.isSampled], [TRACE, false]);
  assert(child.parentId !== PARENT);
  const [one, two] = [childTrace(), childTrace()];
  assert(one.traceId !== two.traceId && one.isSampled);
  assertEquals(parseTraceparent(formatTraceparent(one)), one);
});

Deno.test("traceContext() passes traceparent and tracestate on, and nothing else", () => {
  const { inject, extract } = traceContext();
  const pass = (headers: Record<string, string>) => {
    const map = new Map(Object.entries(headers));
    const passed = extract(map);
    assertEquals(inject(map), passed);
    return passed && Object.fromEntries(passed);
  };
  const state = "congo=t61rcWkgMzE, rojo=00f067aa0ba902b7,a@b=1";
  assertEquals(pass({ traceparent: TEXT }), { traceparent: TEXT });
  const both = { traceparent: TEXT, tracestate: state };
  assertEquals(pass(both), both);
  assertEquals(pass({ ...both, cookie: "secret" }), both);
  assertEquals(pass({ tracestate: state }), undefined);
  assertEquals(pass({ cookie: "secret" }), undefined);
  assertEquals(pass({ traceparent: "no", tracestate: state }), undefined);
  assertEquals(pass({ traceparent: `cc-${TRACE}-${PARENT}-09-x` }), {
    traceparent: TEXT,
  });
  const many = (count: number) =>
    Array.from({ length: count }, (_, at) => `k${at}=1`).join();
  assertEquals(pass({ traceparent: TEXT, tracestate: many(32) }), {
    traceparent: TEXT,
    tracestate: many(32),
  });
  for (
    const wrong of [
      "",
      "noequals",
      "=1",
      "a=",
      "A=1",
      "a=1,a=2",
      "a=1=2",
      "a=é",
      many(33),
      `a=${"x".repeat(600)}`,
    ]
  ) {
    assertEquals(
      pass({ traceparent: TEXT, tracestate: wrong }),
      { traceparent: TEXT },
      wrong,
    );
  }
  assertEquals(inject(undefined), undefined);
});
