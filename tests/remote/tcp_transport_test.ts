import { TcpTransport } from "../../remote/tcp_transport.ts";
import { testTransport } from "./transport_conformance.ts";

testTransport("TcpTransport", () => {
  const tcp = new TcpTransport();
  return { server: tcp, client: tcp, hostname: "127.0.0.1" };
});
