import { testTransport } from "./transport_conformance.ts";
import { tlsOf } from "./tls_fixtures.ts";

const [one, two] = [await tlsOf("shop"), await tlsOf("shop")];
testTransport("TlsTransport", () => ({
  server: one,
  client: two,
  hostname: "127.0.0.1",
}));
