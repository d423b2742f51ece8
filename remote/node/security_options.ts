/**
 * Who may talk to a node, and about what.
 * @module
 */

import type { AccessOptions, Authorize, ClientLimits } from "./access.ts";
import { isRole, type PeerRole, ROLES } from "../handshake/identity.ts";
import { keyBytes } from "../handshake/shared_key.ts";

/** Bytes of messages of one client a second: a thousand in frames of the largest size. */
const CLIENT_BYTES: number = 64 * 1024 * 1024;

/** The options of `Remote.start` that concern security. */
export interface SecurityOptions {
  /**
   * A secret that all nodes share: at least 32 random bytes, or text that stands for its UTF-8 bytes. Each end of
   * a connection proves to the other that it knows it. By itself it keeps strangers out and hides nothing; over
   * TLS the proof holds for that one connection.
   * @default none
   */
  key?: Uint8Array | string;
  /**
   * What this node is to others. With certificates that show who dials it is what the own one says, and with one
   * of a role that nobody dials (`"client"`, `"observer"`) it has to be given: such a program only dials.
   * @default "node"
   */
  role?: PeerRole;
  /**
   * The paths of the actors that clients reach, which are peers of another role than `"node"`. A path that ends
   * with `/*` stands for all below it.
   * @default none
   */
  exposed?: readonly string[];
  /**
   * Asked for every message and request of a peer; whatever it does not answer with `true` is refused.
   * @default everything is allowed to nodes, and to clients what is exposed
   */
  authorize?: Authorize;
  /**
   * How much each client may do.
   * @default { messages: 1000, bytes: 67108864, connections: 10 }
   */
  clientLimits?: ClientLimits;
}

/** The same, complete and checked. */
export interface SecuritySettings extends AccessOptions {
  /** The secret. */
  readonly key: Uint8Array | undefined;
  /** What was said about the own role. */
  readonly role: PeerRole | undefined;
}

/**
 * Completes options with defaults.
 *
 * @throws {TypeError} When the key is too short, the role unknown, or a path no path.
 * @throws {RangeError} When a limit is not positive.
 */
export function checkedSecurity(
  { key, role, exposed = [], authorize, clientLimits = {} }: SecurityOptions,
): SecuritySettings {
  if (role !== undefined && !isRole(role)) {
    throw new TypeError(
      `Cannot start remoting as "${role}": one of ${
        ROLES.join(", ")
      } was expected`,
    );
  }
  for (const path of exposed) {
    if (/^[^/\s]+(\/[^/\s]+)*$/.test(path)) continue;
    throw new TypeError(
      `Cannot expose "${path}": a path such as "orders" or "orders/*" was expected`,
    );
  }
  const { messages = 1_000, bytes = CLIENT_BYTES, connections = 10 } =
    clientLimits;
  const limits = { messages, bytes, connections };
  for (const [name, limit] of Object.entries(limits)) {
    if (limit >= 1) continue;
    throw new RangeError(
      `Cannot start remoting: clientLimits.${name} is ${limit}, at least 1 was expected`,
    );
  }
  return {
    key: key === undefined ? undefined : keyBytes(key).slice(),
    role,
    exposed: [...exposed],
    authorize,
    clientLimits: limits,
  };
}
