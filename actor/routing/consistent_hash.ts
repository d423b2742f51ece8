/**
 * The same routee for the same key.
 * @module
 */

import { hashOf, rendezvousScore } from "../../internal/hash.ts";
import { type Mail, messageOf } from "../protocol/message.ts";
import type {
  AnyProtocol,
  BodyOf,
  ProtocolData,
  SpecsOf,
} from "../protocol/protocol.ts";
import { type BaseRef, protocolData } from "../reference/ref.ts";
import {
  type Routees,
  type Routing,
  type RoutingStrategy,
  Strategy,
} from "./strategy.ts";

/** What each message of a protocol is routed by. */
export type RoutingKeys<P extends AnyProtocol> = {
  readonly [K in keyof SpecsOf<P> & string]: (
    body: BodyOf<SpecsOf<P>[K]>,
  ) => string | number;
};

/**
 * Gives messages of the same key to the same routee. Keys spread evenly. A routee that comes or goes moves
 * only the keys that it gets or had; an actor that replaces a dead one in a pool gets that one's keys. The
 * choice is rendezvous hashing with XXH64 and never changes between versions.
 *
 * What a key function throws rejects the asker; a message without an asker is a dead letter then.
 *
 * @param protocol What the routees speak.
 * @param keys For each message, how its key is read from its body. A number is the key that its text is.
 * @returns The strategy.
 * @throws {TypeError} When a message has no key function.
 *
 * @example
 * ```ts
 * import { ActorSystem, ask, consistentHash, protocol } from "@troupe/troupe/actor";
 *
 * const Cart = protocol("cart", {
 *   add: ask<{ user: string; item: string }, number>(),
 * });
 * await using system = new ActorSystem("shop");
 * const carts = system.spawnPool(Cart, () => {
 *   const items: string[] = [];
 *   return { add: ({ user, item }) => items.push(`${user} ${item}`) };
 * }, { size: 8, strategy: consistentHash(Cart, { add: ({ user }) => user }) });
 * await carts.ask(Cart.add({ user: "ada", item: "pen" }));
 * console.assert(await carts.ask(Cart.add({ user: "ada", item: "ink" })) === 2);
 * ```
 */
export function consistentHash<P extends AnyProtocol>(
  protocol: P,
  keys: RoutingKeys<P>,
): RoutingStrategy<P> {
  const functions = keyFunctions(
    protocolData(protocol),
    keys as Readonly<Record<string, KeyFunction | undefined>>, // as RoutingKeys has them
  );
  return new Strategy<P>(
    "consistent_hash",
    () => new ConsistentHash(functions),
  );
}

type KeyFunction = (body: unknown) => string | number;

function keyFunctions(
  { name: protocol, messages }: ProtocolData,
  keys: Readonly<Record<string, KeyFunction | undefined>>,
): KeyFunction[] {
  return messages.map(({ name }) => {
    const key = keys[name];
    if (typeof key === "function") return key;
    throw new TypeError(
      `Cannot route protocol "${protocol}" by hash: found no key for "${name}", wanted a function for each message`,
    );
  });
}

class ConsistentHash implements Routing {
  readonly #keys: readonly KeyFunction[];

  constructor(keys: readonly KeyFunction[]) {
    this.#keys = keys;
  }

  route(mail: Mail, routees: Routees): boolean | undefined {
    const { index, body, type } = messageOf(mail);
    const read = this.#keys[index];
    // A message from another node without a codec here cannot be looked into.
    const key = hashOf(String(read === undefined ? type : read(body)));
    let best: BaseRef | undefined;
    let highest = -1;
    for (let place = 0; place < routees.places; place++) {
      const score = rendezvousScore(key, routees.hashAt(place));
      if (score <= highest) continue;
      const ref = routees.at(place);
      if (ref === undefined) continue;
      best = ref;
      highest = score;
    }
    return best?.deliver(mail);
  }
}
