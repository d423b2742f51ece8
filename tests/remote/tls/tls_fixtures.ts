/**
 * Certificates for nodes of tests.
 * @module
 */

import {
  TlsTransport,
  type TlsTransportOptions,
} from "../../../remote/tls/tls_transport.ts";
import {
  type CertificateOptions,
  TestAuthority,
} from "../../support/certificates.ts";

/** The authority of the nodes, and one that nobody has heard of; made once. */
export const authority: TestAuthority = await TestAuthority.create("Shop CA");
export const foreign: TestAuthority = await TestAuthority.create("Evil CA");

/** The URI that names a node. */
export function uriOf(
  system: string,
  { role = "node", node = "127.0.0.1" }: { role?: string; node?: string } = {},
): string {
  return `spiffe://test/cluster/${system}/${role}/${node}`;
}

/** A transport whose certificate names a node of `system`, unless told otherwise. */
export async function tlsOf(
  system: string,
  options: Partial<TlsTransportOptions> = {},
  certificate: CertificateOptions = {},
  issuer: TestAuthority = authority,
): Promise<TlsTransport> {
  const pair = await issuer.issue({
    name: system,
    uris: [uriOf(system)],
    ...certificate,
  });
  return new TlsTransport({ ...pair, ca: authority.cert, ...options });
}
