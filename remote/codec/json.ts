/**
 * The codec that messages have unless they name another.
 * @module
 */

import type {
  Codec,
  StandardIssue,
  StandardSchema,
} from "../../actor/protocol/codec.ts";
import { CodecError } from "../errors.ts";
import {
  findProblem,
  formatKey,
  isPlain,
  isSafe,
  MAX_DEPTH,
} from "./json_value.ts";
import { DirectCodec, type PayloadSink } from "../wire/payload.ts";
import { ChunkText } from "../wire/chunk_text.ts";
import { readUtf8 } from "../wire/text.ts";

const FORMAT = "json";
const NO_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array();
/** A text of up to this length cannot nest deeper than is allowed: each level opens and closes. */
const SHALLOW_LENGTH = 2 * MAX_DEPTH;
const encoder = new TextEncoder();
/** All codecs read from the same chunks, so they share the last one. */
const chunkText = new ChunkText();

/**
 * A codec for JSON in UTF-8.
 *
 * What is sent comes back equal or is refused with its path: `Map`, `Set`, `Date`, typed arrays, instances of
 * classes, bigints, functions, symbols, `NaN`, infinities, `-0`, holes and `undefined` in arrays, cycles, the
 * key `__proto__`, the key `prototype` below the key `constructor`, and more than 128 levels. A property that is
 * `undefined` is left out, as if it were not there; `undefined` itself is no bytes at all. Keys that are symbols,
 * named properties of arrays and properties that are not enumerable are left out without a word; a getter is read
 * and sent as data.
 *
 * Received bytes must be UTF-8 and JSON within the same bounds. They then go through `schema`, whose result is
 * the value; with no schema the value has whatever shape the sender gave it.
 *
 * Errors are `CodecError`s; a schema that answers with a promise is a `TypeError`.
 *
 * @example
 * ```ts
 * import { json } from "@troupe/troupe/remote";
 *
 * const codec = json<{ by: number }>();
 * const bytes = codec.encode({ by: 2 });
 * console.log(codec.decode(bytes).by); // 2
 * ```
 *
 * @param schema Checks every value that is received.
 * @returns The codec; it holds no state.
 * @throws {TypeError} When `schema` is no Standard Schema.
 */
export function json<T = unknown>(schema?: StandardSchema<T>): Codec<T> {
  if (schema !== undefined) checkSchema(schema);
  return new JsonCodec(schema);
}

class JsonCodec<T> extends DirectCodec<T> {
  override readonly format = FORMAT;
  readonly #schema: StandardSchema<T> | undefined;

  constructor(schema: StandardSchema<T> | undefined) {
    super();
    this.#schema = schema;
  }

  override encode(value: T): Uint8Array {
    return value === undefined ? NO_BYTES : encoder.encode(stringify(value));
  }

  override write(value: T, to: PayloadSink): void {
    if (value !== undefined) to.text(stringify(value));
  }

  override read(bytes: Uint8Array, start: number, end: number): T {
    if (start === end) return this.#accept(undefined);
    const text = chunkText.read(bytes, start, end);
    if (text === undefined) return this.#accept(parseBytes(bytes, start, end));
    return this.#accept(
      parse(text, text.length > SHALLOW_LENGTH || chunkText.isSuspicious),
    );
  }

  /** Decodes an array that the caller may change later, so nothing of it is kept. */
  override decode(bytes: Uint8Array): T {
    const { length } = bytes;
    return this.#accept(
      length === 0 ? undefined : parseBytes(bytes, 0, length),
    );
  }

  #accept(value: unknown): T {
    // Without a schema the type parameter is the caller's promise.
    return this.#schema === undefined
      ? value as T
      : validate(this.#schema, value);
  }
}

function stringify(value: unknown): string {
  if (isPlain(value)) return JSON.stringify(value);
  const { path, found } = findProblem(value) ??
    { path: "$", found: "a value that changes" };
  throw new CodecError(
    "encode",
    FORMAT,
    path,
    found,
    "plain JSON data was expected",
  );
}

function parseBytes(bytes: Uint8Array, start: number, end: number): unknown {
  const text = readUtf8(bytes, start, end);
  if (text !== undefined) return parse(text, true);
  throw new CodecError(
    "decode",
    FORMAT,
    "$",
    "bytes that are not UTF-8",
    "UTF-8 was expected",
  );
}

/** Parses; `suspicious` says that the text may nest too deep or have a dangerous key. */
function parse(text: string, suspicious: boolean): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CodecError(
      "decode",
      FORMAT,
      "$",
      "bytes that are not JSON",
      "JSON was expected",
      {
        cause,
      },
    );
  }
  if (!suspicious || !needsLook(text) || isSafe(value)) return value;
  const { path, found } = findProblem(value) ??
    { path: "$", found: "unsafe data" };
  throw new CodecError(
    "decode",
    FORMAT,
    path,
    found,
    "plain JSON data was expected",
  );
}

/** Whether the text is long enough to nest too deep, or may hold a dangerous key, written out or escaped. */
function needsLook(text: string): boolean {
  return text.length > SHALLOW_LENGTH || text.includes("__proto__") ||
    text.includes('constructor"') || text.includes("\\u");
}

/** A schema that is none would let everything pass until the first message came. */
function checkSchema(schema: StandardSchema<unknown>): void {
  const standard: unknown = schema?.["~standard"];
  const isSchema = typeof standard === "object" && standard !== null &&
    "validate" in standard && typeof standard.validate === "function";
  if (isSchema) return;
  throw new TypeError(
    'Cannot make a JSON codec: the schema has no "~standard" with validate(), a Standard Schema was expected',
  );
}

function validate<T>(schema: StandardSchema<T>, value: unknown): T {
  const standard = schema["~standard"];
  const result = standard.validate(value);
  if (result instanceof Promise) {
    result.catch(() => {}); // refused below, so what it says is of no use
    throw new TypeError(
      `Cannot decode json: the ${standard.vendor} schema answered with a promise, a synchronous schema was expected`,
    );
  }
  if (result.issues === undefined) return result.value;
  const issue = result.issues[0] ?? { message: "no reason given" };
  throw new CodecError(
    "decode",
    FORMAT,
    formatPath(issue),
    `what the schema refuses: ${issue.message}`,
    `a value that the ${standard.vendor} schema accepts was expected`,
  );
}

function formatPath(issue: StandardIssue): string {
  let path = "$";
  for (const part of issue.path ?? []) {
    path += formatKey(typeof part === "object" ? part.key : part);
  }
  return path;
}
