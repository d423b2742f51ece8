/**
 * Where connections come from, so that one place does not take the room of all others.
 * @module
 */

/** The network behind an IPv6 address is one place: who has it has all of its addresses. */
const NETWORK_GROUPS = 4;

/**
 * Where a peer dials from: its IPv4 address, the network of its IPv6 address, or whatever stands before the
 * port. A path or another text is a place, too.
 *
 * @param remote The peer as `host:port`.
 */
export function placeOf(remote: string): string {
  const host = /^\[?(.*?)\]?:\d+$/.exec(remote)?.[1] ?? remote;
  if (!host.includes(":")) return host;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host);
  if (mapped !== null) return mapped[1] as string; // the group is not optional
  const [head = "", tail] = host.toLowerCase().split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const behind = tail === "" ? 0 : tail.split(":").length;
    const zeros = Math.max(0, 8 - groups.length - behind);
    groups.push(...Array(zeros).fill("0"), ...tail.split(":"));
  }
  return groups.slice(0, NETWORK_GROUPS).map((it) => it.replace(/^0+(?=.)/, ""))
    .join(":");
}

/**
 * What is under way, by the place that it came from. When there is no more room, the place that takes the most
 * of it gives way: who opens very many connections pushes out his own ones.
 */
export class Places<T> {
  /** What there is, in the order in which it came; an entry goes with the last of its place. */
  readonly #places: Map<string, Set<T>> = new Map();
  readonly #placeOf: Map<T, string> = new Map();

  /** How much there is. */
  get size(): number {
    return this.#placeOf.size;
  }

  /** Takes `item`, which came from `place`. */
  add(item: T, place: string): void {
    this.#placeOf.set(item, place);
    const others = this.#places.get(place);
    if (others === undefined) this.#places.set(place, new Set([item]));
    else others.add(item);
  }

  /** Lets go of `item`; false when it was not there. */
  delete(item: T): boolean {
    const place = this.#placeOf.get(item);
    if (place === undefined) return false;
    this.#placeOf.delete(item);
    const others = this.#places.get(place);
    others?.delete(item);
    if (others?.size === 0) this.#places.delete(place);
    return true;
  }

  /** All there is. */
  [Symbol.iterator](): Iterator<T> {
    return this.#placeOf.keys();
  }

  /** The oldest one of `place`; of all, when nothing is from there. */
  oldestOf(place: string): T | undefined {
    const [oldest] = this.#places.get(place) ?? this.#placeOf.keys();
    return oldest;
  }

  /**
   * What gives way to one more of `place`: the oldest of the place that has the most, when that has more than
   * `place` would have then. So nobody gives way to whom he would have to give way to himself.
   */
  rivalOf(place: string): T | undefined {
    let most = (this.#places.get(place)?.size ?? 0) + 1;
    let largest: Set<T> | undefined;
    for (const items of this.#places.values()) {
      if (items.size <= most) continue;
      most = items.size;
      largest = items;
    }
    const [oldest] = largest ?? [];
    return oldest;
  }
}
