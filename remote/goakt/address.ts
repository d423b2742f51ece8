/**
 * Addresses as GoAkt writes and reads them: `goakt://system@host:port/name`, with the name of the parent in
 * front of the name when there is one.
 * @module
 */

const SCHEME = "goakt";

/** Stands for a sender that cannot be answered. */
export const NO_SENDER = "goakt://@:0/";

/** The parts of an address. */
export interface GoaktAddress {
  /** The name of the actor system. */
  readonly system: string;
  /** The host of its node. */
  readonly host: string;
  /** The port of its node. */
  readonly port: number;
  /** The name, or `parent/name`. */
  readonly path: string;
}

/** An address, or what GoAkt says is wrong with it. */
export type ParsedAddress =
  | { readonly address: GoaktAddress; readonly flaw?: undefined }
  | { readonly address?: undefined; readonly flaw: string };

/** Returns the one form in which GoAkt compares addresses. */
export function formatGoaktAddress(
  { system, host, port, path }: GoaktAddress,
): string {
  return `${SCHEME}://${system}@${host}:${port}/${path}`;
}

/** Reads an address by GoAkt's rules, which leave empty parts and the characters of names alone. */
export function parseGoaktAddress(text: string): ParsedAddress {
  if (text === "") return { flaw: "address is required" };
  const [scheme = "", rest, ...more] = text.split("://");
  if (rest === undefined || more.length > 0) return INVALID;
  if (scheme !== SCHEME) return { flaw: "address protocol is not supported" };
  const [system = "", located, ...others] = rest.split("@");
  if (located === undefined || others.length > 0) return INVALID;
  const slash = located.indexOf("/");
  if (slash < 0) return INVALID;
  const [host = "", digits, ...parts] = located.slice(0, slash).split(":");
  if (digits === undefined || parts.length > 0) return INVALID;
  if (!/^\d{1,10}$/.test(digits)) return INVALID;
  const path = located.slice(slash + 1);
  if (path.startsWith("/") || path.split("/").length > 2) return INVALID;
  return { address: { system, host, port: Number(digits), path } };
}

/** Whether an actor at `path` can be addressed by GoAkt nodes: they show one parent at most. */
export function isAddressable(path: string): boolean {
  return path !== "" && path.split("/").length <= 2;
}

const INVALID: ParsedAddress = { flaw: "address format is invalid" };
