import { assertEquals } from "@std/assert";
import { concatBytes } from "../../../internal/bytes.ts";
import { certificateUris } from "../../../remote/tls/certificate_uris.ts";

/** A value in DER, its length in three bytes. */
function der(tag: number, ...contents: Uint8Array[]): Uint8Array {
  const content = concatBytes(contents);
  const { length } = content;
  const head = [tag, 0x83, length >> 16, length >> 8 & 0xff, length & 0xff];
  return concatBytes([Uint8Array.from(head), content]);
}

/** The bytes of a certificate as far as anybody looks at them, with one name. */
function certificate(uri: Uint8Array): Uint8Array {
  const id = der(0x06, Uint8Array.fromHex("551d11"));
  const names = der(0x04, der(0x30, der(0x86, uri)));
  const extensions = der(0x30, der(0x30, id, names));
  return der(0x30, der(0x30, der(0xa3, extensions)));
}

Deno.test("certificateUris() reads a name of any length, a letter for each byte", () => {
  const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const [text = ""] = certificateUris(certificate(every));
  const codes = Array.from(text, (letter) => letter.charCodeAt(0));
  assertEquals(codes, [...every]);
  const [long = ""] = certificateUris(certificate(new Uint8Array(1_000_000)));
  assertEquals(long.length, 1_000_000);
});

Deno.test("certificateUris() finds none where a length is wrong, at any level", () => {
  const right = certificate(new TextEncoder().encode("https://example/"));
  assertEquals(certificateUris(right), ["https://example/"]);
  for (let at = 0; at < right.length; at++) {
    // The last byte of a length of three.
    if (right[at] !== 0x83) continue;
    const wrong = right.slice();
    wrong[at + 3] = (wrong[at + 3] ?? 0) + 1;
    assertEquals(certificateUris(wrong), [], `at ${at}`);
  }
});
