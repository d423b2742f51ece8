import { assertEquals, assertThrows } from "@std/assert";
import { parseNode } from "../../../remote/node/node_address.ts";

Deno.test("parseNode() reads a host and a port, with or without a system", () => {
  assertEquals(parseNode("shop@10.0.0.7:4001"), {
    system: "shop",
    host: "10.0.0.7",
    port: 4001,
  });
  assertEquals(parseNode("node-1.example:1"), {
    system: "",
    host: "node-1.example",
    port: 1,
  });
  assertEquals(parseNode("s@[::1]:65535"), {
    system: "s",
    host: "::1",
    port: 65535,
  });
});

Deno.test("parseNode() refuses anything else and shows the right form", () => {
  const texts = [
    "",
    "host",
    "host:",
    "host:0",
    "host:65536",
    "host:1x",
    ":1",
    "@host:1",
    "a b@host:1",
    "s@::1:1",
    "goakt://s@host:1/path",
    "s@host:1/path",
  ];
  for (const text of texts) {
    assertThrows(
      () => parseNode(text),
      TypeError,
      `Cannot read the node "${text}": wanted "system@host:port" or "host:port"`,
    );
  }
});
