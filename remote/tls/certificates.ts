/**
 * What is right or wrong with a peer's certificate, and how to say it.
 * @module
 */

import type { X509Certificate } from "node:crypto";
import { certificateUris } from "./certificate_uris.ts";
import { printable } from "../handshake/first_message.ts";
import type { RefusalReason } from "../handshake/handshake_acceptor.ts";
import {
  type CertifiedIdentity,
  parseIdentity,
} from "../handshake/identity.ts";

/** How many certificates may lie between a peer's and its authority. */
const MAX_CHAIN = 8;

/** What a peer showed. */
export interface Shown {
  /** Its certificate, then those that lead to an authority, in any order; empty when it showed none. */
  readonly chain: readonly X509Certificate[];
  /** Why the TLS library does not trust it; `undefined` when it does. */
  readonly flaw: string | undefined;
}

/** What is wanted of it. */
export interface Wanted {
  /** Whose certificates are good. */
  readonly authorities: readonly X509Certificate[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Says why a certificate is not to be trusted.
 *
 * @returns Nothing when it is good: issued by an authority, valid now, and trusted by the TLS library too.
 */
export function certificateFlaw(
  { chain, flaw }: Shown,
  { authorities, now }: Wanted,
): RefusalReason | undefined {
  const [own] = chain;
  const issuers = authorities.map(({ subject }) => subjectText(subject));
  const wanted = `one issued by ${issuers.join(" or ")} was expected`;
  if (own === undefined) {
    const found = "the peer shows no certificate";
    return { code: "certificate_missing", found, wanted };
  }
  const name = `the certificate ${subjectText(own.subject)}`;
  const issuer = subjectText(own.issuer);
  if (!isIssued(chain, authorities)) {
    const found = `${name} was issued by ${issuer}, which is foreign here`;
    return { code: "certificate_foreign", found, wanted };
  }
  const period = dateFlaw(own, now);
  if (period !== undefined) return period;
  if (flaw !== undefined) {
    const found = `${name} issued by ${issuer} is not trusted: ${flaw}`;
    return { code: "certificate_invalid", found, wanted };
  }
  return undefined;
}

/** Says that a certificate is not valid now. */
export function dateFlaw(
  certificate: X509Certificate,
  now: number,
): RefusalReason | undefined {
  const from = Date.parse(certificate.validFrom);
  const until = Date.parse(certificate.validTo);
  const name = `the certificate ${subjectText(certificate.subject)}`;
  const wanted = `one that is valid at ${dateText(now)} was expected`;
  if (!(now <= until)) {
    const found = `${name} expired at ${dateText(until)}`;
    return { code: "certificate_expired", found, wanted };
  }
  if (!(now >= from)) {
    const found = `${name} is not valid before ${dateText(from)}`;
    return { code: "certificate_not_yet_valid", found, wanted };
  }
  return undefined;
}

/** Whom a certificate names; nothing when that is nobody, or more than one. */
export function identityIn(
  certificate: X509Certificate,
): CertifiedIdentity | undefined {
  const uris = certificateUris(certificate.raw).filter((uri) =>
    uri.startsWith("spiffe:")
  );
  const [uri] = uris;
  return uri === undefined || uris.length > 1 ? undefined : parseIdentity(uri);
}

/** The certificate names, for messages. */
export function subjectText(subject: string | undefined): string {
  return `"${printable((subject ?? "").replaceAll("\n", ", "))}"`;
}

/** Whether signatures lead from the first certificate to an authority; each step is checked. */
function isIssued(
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): boolean {
  let current: X509Certificate | undefined = chain[0];
  for (let step = 0; current !== undefined && step < MAX_CHAIN; step++) {
    const subject: X509Certificate = current;
    if (authorities.some((authority) => hasIssued(authority, subject))) {
      return true;
    }
    current = chain.find((one) =>
      one !== subject && one.ca && hasIssued(one, subject)
    );
  }
  return false;
}

function hasIssued(
  issuer: X509Certificate,
  certificate: X509Certificate,
): boolean {
  try {
    return certificate.checkIssued(issuer) &&
      certificate.verify(issuer.publicKey);
  } catch {
    return false; // a key of a sort that cannot have signed it
  }
}

function dateText(time: number): string {
  return Number.isNaN(time) ? "an unknown time" : new Date(time).toISOString();
}
