import { MemoryNetwork } from "../../remote/memory_transport.ts";
import { testTransport } from "./transport_conformance.ts";

testTransport("MemoryTransport", () => {
  const network = new MemoryNetwork();
  return {
    server: network.transport("server"),
    client: network.transport("client"),
    hostname: "server",
  };
});
testTransport("MemoryTransport with reads of 997 bytes", () => {
  const network = new MemoryNetwork({ readSize: 997, capacity: 5000 });
  return {
    server: network.transport("server"),
    client: network.transport("client"),
    hostname: "server",
  };
});
