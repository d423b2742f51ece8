/**
 * Two processes that show each other certificates.
 * @module
 */

import { type Remote, TlsTransport } from "../../remote/mod.ts";
import { TestAuthority } from "../../tests/support/certificates.ts";
import { startActors } from "./actors.ts";

/** What the other process tells the own one before they talk. */
interface Ticket {
  readonly port: number;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Runs the actors behind mutual TLS, and gives a certificate to whoever asks at the port that it resolves with. */
export async function serveSecured(): Promise<number> {
  const authority = await TestAuthority.create("Bench CA");
  const remote: Remote = await startActors({
    transport: new TlsTransport({
      ...await authority.issue({ uris: [uriOf("peer")] }),
      ca: authority.cert,
      systems: ["bench"],
    }),
  });
  const ticket: Ticket = {
    port: remote.port,
    ...await authority.issue({ uris: [uriOf("bench")] }),
    ca: authority.cert,
  };
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answer = async (): Promise<void> => {
    const text = JSON.stringify(ticket);
    for await (const conn of listener) {
      await new Response(text).body?.pipeTo(conn.writable);
    }
  };
  void answer();
  return listener.addr.port;
}

/** Asks for a certificate. */
export async function fetchSecured(
  port: number,
): Promise<{ port: number; transport: TlsTransport }> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const ticket: Ticket = await new Response(conn.readable).json();
  const { port: at, ...credentials } = ticket;
  const transport = new TlsTransport({ ...credentials, systems: ["peer"] });
  return { port: at, transport };
}

function uriOf(system: string): string {
  return `spiffe://bench/cluster/${system}/node/127.0.0.1`;
}
