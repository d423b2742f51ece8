/**
 * Who can reach a node, and whether that is what its user wants.
 * @module
 */

import { checkPort, type TransportSecurity } from "../transport/transport.ts";

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|::1|\[::1\])$/;
const WILDCARD = /^(0\.0\.0\.0|::|\[::\])$/;

/** What says who can reach a node. */
export interface Reach {
  /** Where it listens. */
  readonly hostname: string;
  /** What its transport protects. */
  readonly security: TransportSecurity;
  /** Whether peers prove that they know a key. */
  readonly hasKey: boolean;
}

/** Whether a node that listens there listens on all addresses, of which none is its own. */
export function isWildcard(hostname: string): boolean {
  return WILDCARD.test(hostname);
}

/** Whether whoever connects may do so without proof: a program of this machine, or one with a certificate. */
export function isTrusted({ hostname, security, hasKey }: Reach): boolean {
  if (security === "private" || security === "mutual") return true;
  return LOOPBACK.test(hostname) && !hasKey;
}

/**
 * Checks where a node listens.
 *
 * @throws {TypeError} When others could reach it and it knows no way to tell who they are or to keep what is
 * said from others, unless that is wanted.
 */
export function checkBind(
  reach: Reach,
  { insecure }: { insecure: boolean },
): void {
  const danger = dangerOf(reach);
  if (danger === undefined || insecure) return;
  throw new TypeError(
    `Cannot start remoting on "${reach.hostname}": ${danger}, a loopback address, mutual TLS, TLS with a shared key or the option "insecure: true" was expected`,
  );
}

/** What others can do to a node, if anything: what `insecure: true` allows, and a warning tells all the same. */
export function dangerOf(
  { hostname, security, hasKey }: Reach,
): string | undefined {
  const isSafe = LOOPBACK.test(hostname) || security === "private" ||
    security === "mutual" || (security === "encrypted" && hasKey);
  if (isSafe) return undefined;
  const found = security === "encrypted"
    ? "and nothing tells who they are"
    : hasKey
    ? "and read what is said"
    : "and nothing is encrypted";
  return `others can reach it ${found}`;
}

/** The host becomes a part of addresses, which have marks of their own. */
export function checkAdvertised(
  { hostname, port }: { hostname: string; port?: number },
): void {
  if (port !== undefined) checkPort(port, 1);
  if (/^[^\s/@#\[\]]{1,255}$/.test(hostname) && !WILDCARD.test(hostname)) {
    return;
  }
  throw new TypeError(
    `Cannot advertise the host "${hostname}": it is no name or address that others can use, such as "10.0.0.7" or "node-1.example" was expected`,
  );
}
