/**
 * Who a peer is, and how certificates say it.
 * @module
 */

import type { Caller } from "../../actor/protocol/caller.ts";

/**
 * What a peer is to a node: a `node` of the same rank; a `client`, which reaches only what is exposed; an
 * `observer`, which sends no messages; a `dc-gateway`, a node of another datacenter.
 */
export type PeerRole = "node" | "client" | "observer" | "dc-gateway";

/** All roles. */
export const ROLES: readonly PeerRole[] = [
  "node",
  "client",
  "observer",
  "dc-gateway",
];

/** Whether others dial who has that role; the rest has no address. */
export function isDialled(role: PeerRole | undefined): boolean {
  return role === "node" || role === "dc-gateway";
}

/** Whether a word is a role. */
export function isRole(word: string): word is PeerRole {
  return (ROLES as readonly string[]).includes(word);
}

/** What a certificate says about its holder: `spiffe://<trust domain>/cluster/<system>/<role>/<node>`. */
export interface CertifiedIdentity {
  /** Who gave the names below. */
  readonly trustDomain: string;
  /** The name of its system, which is also the id of its cluster. */
  readonly system: string;
  /** What it may do. */
  readonly role: PeerRole;
  /** The host that a node advertises, or the name of a client. */
  readonly node: string;
  /** The whole, as it stands in the certificate. */
  readonly uri: string;
}

/** A trust domain, and then segments without marks that could be read in two ways. */
const URI =
  /^spiffe:\/\/([a-z0-9._-]{1,255})\/cluster\/([\w.-]{1,255})\/([a-z-]{1,32})\/([\w.:-]{1,255})$/;

/** What a URI says about a peer; `undefined` when it is none of ours. */
export function parseIdentity(uri: string): CertifiedIdentity | undefined {
  const [, trustDomain, system, role, node] = URI.exec(uri) ?? [];
  if (
    trustDomain === undefined || system === undefined || node === undefined ||
    role === undefined || !isRole(role)
  ) return undefined;
  return { trustDomain, system, role, node, uri };
}

/** Who is at the other end of a connection, as this node has found out and not as messages say. */
export interface PeerIdentity extends Caller {
  /** What it may do. */
  readonly role: PeerRole;
}

/** Who is at the other end of a TLS connection. */
export interface CertifiedPeer {
  /** What its certificate says; nothing when it shows none, or one without a name of ours. */
  readonly identity: CertifiedIdentity | undefined;
  /** The SHA-256 of the certificate of the end that listens, to tie a proof to this connection. */
  readonly listener: string;
  /** When the peer's certificate expires, in milliseconds since 1970. */
  readonly validUntil: number;
}

/** What a peer says of itself in a handshake. */
export interface PeerClaim {
  readonly system: string;
  readonly host: string;
  readonly port: number;
  readonly role: string;
}

/** The role that a peer says it has; `undefined` when there is no such role. */
export function claimedRole({ role }: PeerClaim): PeerRole | undefined {
  if (role === "") return "node";
  return isRole(role) ? role : undefined;
}

/**
 * Says where what a peer says of itself is not what its certificate says. Who does not listen says no address,
 * so there is none to compare.
 */
export function claimFlaw(
  claim: PeerClaim,
  certified: CertifiedIdentity,
): { found: string; wanted: string } | undefined {
  const { system, node, role, uri } = certified;
  const differs = (what: string, said: string, proved: string) => ({
    found: `the peer says that its ${what} is "${said}"`,
    wanted: `"${proved}" as in its certificate "${uri}" was expected`,
  });
  const claimed = claimedRole(claim) ?? "";
  if (claim.system !== system) return differs("system", claim.system, system);
  if (claimed !== role) return differs("role", claimed, role);
  if (claim.port !== 0 && claim.host !== node) {
    return differs("host", claim.host, node);
  }
  return undefined;
}

/** Who a peer is, from what it says and what proves it. */
export function identityOfPeer(
  claim: PeerClaim,
  certified: CertifiedIdentity | undefined,
  hasKey: boolean,
): PeerIdentity {
  if (certified !== undefined) {
    const { role, system, node, uri } = certified;
    return { proof: "certificate", role, system, node, uri };
  }
  return {
    proof: hasKey ? "key" : "none",
    role: claimedRole(claim) ?? "client", // one that is unknown is refused before
    system: claim.system,
    node: claim.host,
  };
}
