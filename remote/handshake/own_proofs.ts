/**
 * What a node can prove about itself, checked before it says anything to others.
 * @module
 */

import type { HandshakeOptions, NodeIdentity } from "./handshake.ts";
import { type CertifiedIdentity, isDialled } from "./identity.ts";
import type { SecuritySettings } from "../node/security_options.ts";
import { SharedKey } from "./shared_key.ts";
import type { Transport } from "../transport/transport.ts";

/** The parts of {@linkcode HandshakeOptions} that follow from certificates and keys. */
export type OwnProofs = Pick<HandshakeOptions, "role" | "key">;

/** The same with what the own certificate says. */
export interface ReadProofs extends OwnProofs {
  /** Whom it names. */
  readonly identity: CertifiedIdentity | undefined;
}

/**
 * Reads the own certificate and key.
 *
 * @throws {TypeError} When the certificate is no good, or for another role than the node is to have.
 */
export async function readProofs(
  { transport, security: { key, role } }: {
    transport: Transport;
    security: SecuritySettings;
  },
): Promise<ReadProofs> {
  const identity = await transport.identity?.();
  if (identity !== undefined && role !== undefined) {
    check(identity, "the role", role, identity.role);
  }
  const own = identity?.role ?? role;
  return {
    identity,
    ...(own !== undefined && { role: own }),
    ...(key !== undefined && { key: await SharedKey.of(key) }),
  };
}

/**
 * Checks that the certificate of a program that listens lets others dial it, unless its role says that it only
 * dials.
 *
 * @throws {TypeError} When it is one of a client or an observer: everybody who dials would turn away.
 */
export function checkListens(
  { identity }: ReadProofs,
  { role }: Pick<SecuritySettings, "role">,
): void {
  if (identity === undefined || role !== undefined) return;
  if (isDialled(identity.role)) return;
  throw new TypeError(
    `Cannot start remoting: the certificate "${identity.uri}" has the role "${identity.role}", which nobody dials, one of a node, Remote.connect, or the option \`role: "${identity.role}"\` was expected`,
  );
}

/**
 * Checks that a node is who its certificate says: peers would refuse every connection.
 *
 * @throws {TypeError} When the certificate is for another system, or another host than the one that is to be
 * dialled.
 */
export function checkProofs(
  { identity }: ReadProofs,
  self: NodeIdentity,
): void {
  if (identity === undefined) return;
  check(identity, "the system", self.system, identity.system);
  if (self.port !== 0 && isDialled(identity.role)) {
    check(identity, "the advertised host", self.host, identity.node);
  }
}

function check(
  { uri }: CertifiedIdentity,
  what: string,
  found: string,
  wanted: string,
): void {
  if (found === wanted) return;
  throw new TypeError(
    `Cannot start remoting: ${what} is "${found}", "${wanted}" as in the certificate "${uri}" was expected`,
  );
}
