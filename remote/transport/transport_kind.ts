/**
 * What a transport must be, as an option.
 * @module
 */

import { having, oneOf, type OptionKind } from "../option_kinds.ts";

const METHODS = having("listen", "connect");
const SECURITY = oneOf("open", "private", "encrypted", "mutual");

/** A transport that says what it protects in a word that is known: of another nothing would be known to be safe. */
export const TRANSPORT: OptionKind = {
  wanted:
    `${METHODS.wanted}, and with ${SECURITY.wanted} or nothing as its security,`,
  accepts: (value) => {
    if (!METHODS.accepts(value)) return false;
    const { security } = value as { security?: unknown };
    return security === undefined || SECURITY.accepts(security);
  },
};
