/**
 * The trace context of the W3C: the headers `traceparent` and `tracestate`.
 * https://www.w3.org/TR/trace-context/
 * @module
 */

import type { MessageHeaders, Propagator } from "./propagation.ts";

/** What a `traceparent` says. */
export interface TraceParent {
  /** The trace: 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** The step that sent the message: 16 lower-case hexadecimal digits, not all zero. */
  readonly parentId: string;
  /** Whether the trace is recorded. */
  readonly isSampled: boolean;
}

const TRACEPARENT = "traceparent";
const TRACESTATE = "tracestate";
/** Version, trace, parent and flags; what higher versions add comes behind another hyphen. */
const FORM =
  /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const LONGEST = 512;
const ZEROS = /^0+$/;
const SAMPLED = 1;

/** What every system must be able to pass on of a `tracestate`, in characters. */
const STATE_LENGTH = 512;
const STATE_MEMBERS = 32;
const KEY =
  /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})$/;
const VALUE =
  /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * Reads a `traceparent`, as strictly as its specification says: a version that is not known is read as
 * far as version 00 goes.
 *
 * @param text The header.
 * @returns Its parts, or `undefined` when it is none.
 */
export function parseTraceparent(text: string): TraceParent | undefined {
  if (text.length > LONGEST) return undefined;
  const [, version, traceId = "", parentId = "", flags = "", more] =
    FORM.exec(text) ?? [];
  if (version === undefined || version === "ff") return undefined;
  if (version === "00" && more !== undefined) return undefined;
  if (ZEROS.test(traceId) || ZEROS.test(parentId)) return undefined;
  const isSampled = (parseInt(flags, 16) & SAMPLED) !== 0;
  return { traceId, parentId, isSampled };
}

/**
 * Writes a `traceparent` of version 00.
 *
 * @param trace Its parts.
 * @returns 55 characters.
 * @throws {RangeError} When an id has another form.
 */
export function formatTraceparent(trace: TraceParent): string {
  const { traceId, parentId, isSampled } = trace;
  const text = `00-${traceId}-${parentId}-${isSampled ? "01" : "00"}`;
  if (parseTraceparent(text) !== undefined) return text;
  throw new RangeError(
    `Cannot write a traceparent: its ids are "${traceId}" and "${parentId}", 32 and 16 lower-case hexadecimal digits were expected, not all zero`,
  );
}

/**
 * The context of a step that follows another one, or that begins a trace.
 *
 * @param parent What the step before sent along; none for a new trace.
 * @returns The same trace with an id of its own. A new trace is recorded.
 */
export function childTrace(parent?: TraceParent | undefined): TraceParent {
  return {
    traceId: parent?.traceId ?? randomId(16),
    parentId: randomId(8),
    isSampled: parent?.isSampled ?? true,
  };
}

/**
 * Passes the W3C trace context on from message to message, within a node and to other nodes. It makes no spans itself: a handler that records one says so with
 * {@linkcode Context.carry}, and what it sends from then on has that span as its parent. Headers other than
 * `traceparent` and `tracestate` are not passed on. A `traceparent` that breaks the rules is dropped with
 * its `tracestate`, a `tracestate` that does is dropped alone.
 *
 * @returns A propagator; it holds no state.
 *
 * @example
 * ```ts
 * import {
 *   ActorSystem,
 *   ask,
 *   childTrace,
 *   formatTraceparent,
 *   parseTraceparent,
 *   protocol,
 *   traceContext,
 *   withHeaders,
 * } from "@troupe/troupe/actor";
 *
 * const Shop = protocol("shop", { trace: ask<void, string | undefined>() });
 * await using system = new ActorSystem("demo", { propagator: traceContext() });
 * const shop = system.spawn(Shop, () => ({
 *   trace: (_, ctx) =>
 *     parseTraceparent(ctx.headers.get("traceparent") ?? "")?.traceId,
 * }));
 * const trace = childTrace();
 * const traced = withHeaders(shop, { traceparent: formatTraceparent(trace) });
 * console.assert(await traced.ask(Shop.trace()) === trace.traceId);
 * ```
 */
export function traceContext(): Propagator {
  return { inject: (headers) => headers && valid(headers), extract: valid };
}

/** The trace context among `headers`, or nothing. */
function valid(headers: MessageHeaders): MessageHeaders | undefined {
  const traceparent = headers.get(TRACEPARENT);
  if (traceparent === undefined) return undefined;
  const trace = parseTraceparent(traceparent);
  if (trace === undefined) return undefined;
  const tracestate = headers.get(TRACESTATE);
  const hasState = tracestate !== undefined && isTracestate(tracestate);
  const isClean = traceparent.startsWith("00") &&
    headers.size === (hasState ? 2 : 1);
  if (isClean) return headers;
  // Who passes a higher version on passes on what it understands of it.
  const kept = new Map([[TRACEPARENT, formatTraceparent(trace)]]);
  if (hasState) kept.set(TRACESTATE, tracestate);
  return kept;
}

function isTracestate(text: string): boolean {
  if (text.length > STATE_LENGTH) return false;
  const members = text.split(",").map((it) =>
    it.replace(/^[ \t]+|[ \t]+$/g, "")
  )
    .filter((it) => it !== "");
  if (members.length === 0 || members.length > STATE_MEMBERS) return false;
  const keys = members.map((it) => it.slice(0, Math.max(0, it.indexOf("="))));
  return new Set(keys).size === keys.length &&
    members.every((it, at) => {
      const key = keys[at] ?? "";
      return KEY.test(key) && VALUE.test(it.slice(key.length + 1));
    });
}

function randomId(bytes: number): string {
  for (;;) {
    const id = crypto.getRandomValues(new Uint8Array(bytes)).toHex();
    if (!ZEROS.test(id)) return id;
  }
}
