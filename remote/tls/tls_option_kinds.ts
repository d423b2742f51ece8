/**
 * What the options of TLS must be.
 * @module
 */

import {
  checkOptions,
  CLOCK,
  either,
  FUNCTION,
  integer,
  listOf,
  number,
  oneOf,
  type OptionKinds,
  TEXT,
} from "../option_kinds.ts";
import { TRANSPORT } from "../transport/transport_kind.ts";
import type { TlsCertificates, TlsTransportOptions } from "./tls_transport.ts";

const CERTIFICATES: OptionKinds<TlsCertificates> = {
  cert: TEXT,
  key: TEXT,
  ca: either(TEXT, listOf(TEXT)),
};

const OPTIONS: OptionKinds<TlsTransportOptions> = {
  ...CERTIFICATES,
  authentication: oneOf("mutual", "server"),
  systems: listOf(TEXT),
  minVersion: oneOf("TLSv1.2", "TLSv1.3"),
  handshakeTimeout: number(1),
  maxHalfOpen: integer(1),
  transport: TRANSPORT,
  clock: CLOCK,
  now: FUNCTION,
};

const NEEDED = ["cert", "key", "ca"] as const;

/** Checks the options of a transport. */
export function checkTlsKinds(options: TlsTransportOptions): void {
  const action = "make a TLS transport";
  checkOptions(action, options, OPTIONS, NEEDED);
}

/** Checks certificates that take the place of others. */
export function checkCertificateKinds(certificates: TlsCertificates): void {
  checkOptions("use TLS", certificates, CERTIFICATES, NEEDED);
}
