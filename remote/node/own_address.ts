/**
 * Where others reach a node that listens on all addresses of its machine.
 * @module
 */

/** One address of an interface of this machine, as `Deno.networkInterfaces()` lists them. */
export interface NetworkInterface {
  /** The interface, for example `eth0`. */
  readonly name: string;
  /** What kind of address it is. */
  readonly family: "IPv4" | "IPv6";
  /** The address. */
  readonly address: string;
}

/** An address that was chosen, and those that were as good. */
export interface OwnAddress {
  /** What to advertise. */
  readonly hostname: string;
  /** Others that may be right instead. */
  readonly others: readonly string[];
}

/** Reads the interfaces of this machine. Needs `--allow-sys=networkInterfaces`. */
export function systemInterfaces(): readonly NetworkInterface[] {
  return Deno.networkInterfaces();
}

/** Interfaces that lead to containers and machines inside this one. */
const INNER = /^(docker|br-|veth|virbr|vmnet|vboxnet|cni|flannel|cali|lxc|lxd)/;
/** The host itself, and addresses that are good on one cable only. */
const UNROUTABLE = /^(127\.|169\.254\.|0\.|::1$|::$|fe[89ab])/i;
const PRIVATE =
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd])/i;

/**
 * Chooses an address of this machine that others can use: private before public, of an interface that
 * does not lead into this machine. All addresses of IPv4 means one of IPv4; all addresses means one of
 * IPv4 if there is any, which everybody can use.
 *
 * @param hostname What the node listens on: `0.0.0.0` or `::`.
 * @param interfaces Lists the addresses.
 * @throws {TypeError} When they may not be read, or none of them is of use.
 */
export function ownAddress(
  hostname: string,
  interfaces: () => readonly NetworkInterface[],
): OwnAddress {
  const usable = read(hostname, interfaces).filter(({ family, address }) =>
    !UNROUTABLE.test(address) && (family === "IPv4" || hostname !== "0.0.0.0")
  );
  const best = Math.min(...usable.map(rank));
  const [first, ...others] = usable.filter((it) => rank(it) === best)
    .map(({ address }) => address);
  if (first === undefined) {
    throw unknown(
      hostname,
      "no interface of this machine has an address that others can use",
    );
  }
  return { hostname: first, others };
}

function read(
  hostname: string,
  interfaces: () => readonly NetworkInterface[],
): readonly NetworkInterface[] {
  try {
    return interfaces();
  } catch (cause) {
    const found = cause instanceof Deno.errors.NotCapable
      ? "the addresses of this machine may not be read without the permission --allow-sys=networkInterfaces"
      : "the addresses of this machine cannot be read";
    throw unknown(hostname, found, cause);
  }
}

/** The lower, the better. */
function rank({ name, family, address }: NetworkInterface): number {
  return (INNER.test(name) ? 4 : 0) + (family === "IPv4" ? 0 : 2) +
    (PRIVATE.test(address) ? 0 : 1);
}

function unknown(hostname: string, found: string, cause?: unknown): TypeError {
  return new TypeError(
    `Cannot start remoting on "${hostname}": ${found}, an address for others or the option "advertise" was expected`,
    { cause },
  );
}
