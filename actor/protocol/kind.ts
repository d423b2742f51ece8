/**
 * Kinds: named ways to create an actor.
 * @module
 */

import type { ActorOptions } from "../cell/actor_options.ts";
import { UnknownKindError } from "../errors.ts";
import type { Behavior, Handlers, PartialHandlers } from "./handlers.ts";
import {
  type AnyProtocol,
  type InputOf,
  PROTOCOL,
  type ProtocolData,
} from "./protocol.ts";
import { protocolData } from "../reference/ref.ts";

/** A named way to create an actor; other nodes create actors by its name. */
export interface Kind<P extends AnyProtocol> {
  /** What the actors speak. */
  readonly protocol: P;
  /** The name, lower-case. */
  readonly name: string;
  /** Other names for it, lower-case. */
  readonly aliases: readonly string[];
  /** How its actors behave, where a spawn does not say otherwise. */
  readonly options: ActorOptions;
  /** Makes the instance; called again for each restart. */
  readonly create: (input: InputOf<P>) => Behavior<P>;
}

/** Options of {@linkcode kind}, and how its actors behave. */
export interface KindOptions extends ActorOptions {
  /**
   * The name; letters count as lower-case.
   * @default the name of the protocol
   */
  name?: string;
  /**
   * Other names for it, such as the one that a Go node uses (`"billing.accountactor"`).
   * @default none
   */
  aliases?: readonly string[];
}

/** A kind whose types are not known, as the system keeps it. */
export interface AnyKind {
  /** What the actors speak. */
  readonly protocol: AnyProtocol;
  /** The name, lower-case. */
  readonly name: string;
  /** Other names for it, lower-case. */
  readonly aliases: readonly string[];
  /** How its actors behave, where a spawn does not say otherwise. */
  readonly options: ActorOptions;
  /** Makes the instance. */
  create(input: unknown): object;
}

/**
 * Declares a named way to create an actor. Kinds are given to the system once, when it is made.
 *
 * @param protocol What the actors speak.
 * @param create Makes an instance from the input that the protocol declares.
 * @param options The name and the aliases.
 * @returns The kind.
 * @throws {TypeError} When a name is empty or holds white space.
 *
 * @example
 * ```ts
 * import { ActorSystem, ask, kind, protocol } from "@troupe/troupe/actor";
 *
 * const Clock = protocol("clock", { hour: ask<void, number>() });
 * const ClockKind = kind(Clock, () => ({ hour: () => new Date().getHours() }));
 * await using system = new ActorSystem("shop", { kinds: [ClockKind] });
 * ```
 */
export function kind<P extends AnyProtocol>(
  protocol: P,
  create: (input: InputOf<P>) => PartialHandlers<NoInfer<P>>,
  options?: KindOptions,
): Kind<P>;
/** Declares a named way to create an actor that has a handler for each message. */
export function kind<P extends AnyProtocol>(
  protocol: P,
  create: (input: InputOf<P>) => Handlers<NoInfer<P>>,
  options?: KindOptions,
): Kind<P>;
export function kind<P extends AnyProtocol>(
  protocol: P,
  create: (input: InputOf<P>) => Behavior<P>,
  options: KindOptions = {},
): Kind<P> {
  const { name = protocolData(protocol).name, aliases = [], ...actorOptions } =
    options;
  return Object.freeze({
    protocol,
    name: kindName(name),
    aliases: Object.freeze(aliases.map(kindName)),
    options: Object.freeze(actorOptions),
    create,
  });
}

/** The form in which names of kinds are compared: trimmed and lower-case, as GoAkt does. */
function kindName(name: string): string {
  const trimmed = name.trim().toLowerCase();
  if (trimmed === "" || /\s/.test(trimmed)) {
    throw new TypeError(
      `Cannot name a kind "${name}": found no characters or white space, wanted a name without white space`,
    );
  }
  return trimmed;
}

/** The kinds of a system by name. */
export class KindRegistry {
  #byName: Map<string, AnyKind> = new Map<string, AnyKind>();

  constructor(kinds: Iterable<AnyKind>) {
    for (const kind of kinds) {
      for (const name of new Set([kind.name, ...kind.aliases])) {
        this.#add(name, kind);
      }
    }
  }

  /** All names, sorted. */
  get names(): string[] {
    return [...this.#byName.keys()].sort();
  }

  /**
   * The kind of that name or alias.
   *
   * @throws {UnknownKindError} When there is none.
   */
  get(name: string): AnyKind {
    const kind = this.#byName.get(name.trim().toLowerCase());
    if (kind === undefined) throw new UnknownKindError(name, this.names);
    return kind;
  }

  /**
   * The one kind of that protocol.
   *
   * @throws {UnknownKindError} When there is none.
   * @throws {TypeError} When there are several; the message lists them.
   */
  ofProtocol(protocol: ProtocolData): AnyKind {
    const found = new Set<AnyKind>();
    for (const kind of this.#byName.values()) {
      if (kind.protocol[PROTOCOL] === protocol) found.add(kind);
    }
    const [first, ...others] = found;
    if (first === undefined) {
      throw new UnknownKindError(protocol.name, this.names);
    }
    if (others.length > 0) {
      const list = [...found].map(({ name }) => `"${name}"`).join(", ");
      throw new TypeError(
        `Cannot choose a kind for protocol "${protocol.name}": found ${list}, wanted one of them by name`,
      );
    }
    return first;
  }

  #add(name: string, kind: AnyKind): void {
    const other = this.#byName.get(name);
    if (other !== undefined && other !== kind) {
      throw new TypeError(
        `Cannot register kind "${name}" of protocol "${
          kind.protocol[PROTOCOL].name
        }": the name is taken by a kind of protocol "${
          other.protocol[PROTOCOL].name
        }", every kind needs names of its own`,
      );
    }
    this.#byName.set(name, kind);
  }
}
