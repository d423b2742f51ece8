/**
 * The URIs among the alternative names of a certificate, read from its bytes: the text form that the runtime
 * gives has names of all sorts behind one another, and a name with a comma in it could pass for two.
 * @module
 */

/** One value: its tag and where its content lies. */
interface Value {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

const EXTENSIONS = 0xa3;
const SEQUENCE = 0x30;
const OCTETS = 0x04;
const OBJECT_ID = 0x06;
const URI_NAME = 0x86;
/** 2.5.29.17 */
const ALTERNATIVE_NAMES = "551d11";

/**
 * Returns the URIs; none when there are none, or the bytes are no certificate.
 *
 * @param bytes A certificate in DER.
 */
export function certificateUris(bytes: Uint8Array): string[] {
  const [certificate] = valuesIn(bytes, 0, bytes.length);
  if (certificate?.tag !== SEQUENCE) return [];
  const [content] = valuesIn(bytes, certificate.start, certificate.end);
  if (content?.tag !== SEQUENCE) return [];
  const parts = valuesIn(bytes, content.start, content.end);
  const extensions = parts.find(({ tag }) => tag === EXTENSIONS);
  if (extensions === undefined) return [];
  const [list] = valuesIn(bytes, extensions.start, extensions.end);
  if (list?.tag !== SEQUENCE) return [];
  return valuesIn(bytes, list.start, list.end).flatMap((extension) =>
    namesIn(bytes, extension)
  );
}

function namesIn(bytes: Uint8Array, { start, end }: Value): string[] {
  const parts = valuesIn(bytes, start, end);
  const [id, value] = [parts[0], parts.at(-1)];
  if (id?.tag !== OBJECT_ID || value?.tag !== OCTETS) return [];
  const name = bytes.subarray(id.start, id.end).toHex();
  if (name !== ALTERNATIVE_NAMES) return [];
  const [names] = valuesIn(bytes, value.start, value.end);
  if (names?.tag !== SEQUENCE) return [];
  return valuesIn(bytes, names.start, names.end)
    .filter(({ tag }) => tag === URI_NAME)
    .map(({ start, end }) => textOf(bytes.subarray(start, end)));
}

/** One letter for each byte, however many there are. */
function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** The values that lie one behind the other; none when one of them is broken or longer than there is room. */
function valuesIn(bytes: Uint8Array, from: number, to: number): Value[] {
  const values: Value[] = [];
  for (let at = from; at < to;) {
    const tag = bytes[at];
    const first = bytes[at + 1];
    if (tag === undefined || first === undefined) return [];
    let start = at + 2;
    let length = first;
    if (first >= 0x80) {
      const digits = first & 0x7f;
      if (digits < 1 || digits > 3) return [];
      length = 0;
      for (let n = 0; n < digits; n++) {
        length = length * 256 + (bytes[start++] ?? to);
      }
    }
    const end = start + length;
    if (end > to) return [];
    values.push({ tag, start, end });
    at = end;
  }
  return values;
}
