import { assertEquals } from "@std/assert";
import {
  HTTP_ANSWER,
  sniff,
  type Sniffed,
} from "../../../remote/handshake/sniff.ts";

const encoder = new TextEncoder();

function bytesOf(input: string | number[]): Uint8Array {
  return typeof input === "string"
    ? encoder.encode(input)
    : new Uint8Array(input);
}

/** Checks the answer for every beginning of `input`: "more" until `decided` bytes are there. */
function check(
  input: string | number[],
  decided: number,
  expected: Sniffed,
): void {
  const bytes = bytesOf(input);
  for (let length = 0; length <= bytes.length; length++) {
    assertEquals(
      sniff(bytes.subarray(0, length)),
      length < decided ? "more" : expected,
      `after ${length} bytes of ${Deno.inspect(input)}`,
    );
  }
}

Deno.test("sniff() knows clear frames by a zero byte", () => {
  check([0x00, 0x00, 0x00, 0x9f], 1, "clear");
});

Deno.test("sniff() knows what GoAkt's compressions begin with", () => {
  check([0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x48], 4, "zstd");
  check([0x1f, 0x8b, 0x08], 2, "gzip");
  check([0x0b, 0x02, 0x80], 1, "brotli");
});

Deno.test("sniff() takes exactly the first bytes with low half 0xb, and those of our own streams, for brotli", () => {
  const own = [0x03, 0x23, 0x83, 0xa3];
  for (let first = 0; first < 256; first++) {
    assertEquals(
      sniff(new Uint8Array([first, 0xff])) === "brotli",
      (first & 0x0f) === 0x0b || own.includes(first),
      `first byte ${first}`,
    );
  }
});

Deno.test("sniff() knows TLS", () => {
  check([0x16, 0x03, 0x01, 0x02], 2, "tls");
});

Deno.test("sniff() knows HTTP by its methods", () => {
  for (
    const method of "GET POST PUT HEAD DELETE OPTIONS CONNECT TRACE PATCH"
      .split(" ")
  ) {
    check(`${method} / HTTP/1.1\r\n`, method.length + 1, "http");
  }
  check("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 4, "http");
});

Deno.test("sniff() says unknown as soon as nothing else is possible", () => {
  check("SSH-2.0-OpenSSH", 1, "unknown");
  check("GETTING", 4, "unknown");
  check("POPE", 3, "unknown");
  check([0x28, 0xb5, 0x2f, 0xfe], 4, "unknown");
  check([0x1f, 0x8c], 2, "unknown");
  check([0x16, 0x04], 2, "unknown");
  check([0xff, 0xff], 1, "unknown");
  check([0x01, 0x00], 1, "unknown");
});

Deno.test("HTTP_ANSWER is one whole HTTP response with status 400", () => {
  const [head, body] = new TextDecoder().decode(HTTP_ANSWER).split("\r\n\r\n");
  assertEquals(head!.split("\r\n"), [
    "HTTP/1.1 400 Bad Request",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${encoder.encode(body).length}`,
    "Connection: close",
  ]);
});
