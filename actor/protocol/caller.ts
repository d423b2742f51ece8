/**
 * Who a message from another node comes from.
 * @module
 */

/**
 * The node or client at the other end of the connection that brought a message, as this node has found out itself
 * and not as the message says. A node may hand on what others have sent: the caller is that node then.
 */
export interface Caller {
  /** What proves it; with `"none"` the rest is what the peer says of itself. */
  readonly proof: "none" | "key" | "certificate";
  /** What it may do: `"node"`, `"client"` or `"dc-gateway"`. */
  readonly role: string;
  /** The name of its system; empty when it did not say one. */
  readonly system: string;
  /**
   * The host that it advertises, or its name in the certificate; of a GoAkt peer without one, which says neither, the
   * address that it comes from, or its network (`/64`) when that is IPv6.
   */
  readonly node: string;
  /** The URI in its certificate, when that is the proof. */
  readonly uri?: string;
}
