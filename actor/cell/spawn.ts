/**
 * Making new actors, at the top level and below others.
 * @module
 */

import type { ActorOptions } from "./actor_options.ts";
import { Cell } from "./cell.ts";
import type { CellSpec, Owner } from "./cell_state.ts";
import type { ChildKey } from "./children.ts";
import { NameTakenError } from "../errors.ts";
import type { Handlers, PartialHandlers } from "../protocol/handlers.ts";
import type { Kind } from "../protocol/kind.ts";
import { checkActorName } from "../reference/name.ts";
import { checkPassivation } from "../time/passivation.ts";
import type { AnyProtocol, InputOf } from "../protocol/protocol.ts";
import { type ActorRef, protocolData } from "../reference/ref.ts";
import type { Runtime } from "../system/runtime.ts";
import { checkStart } from "./start.ts";
import { validatorOf } from "../protocol/validation.ts";

/** Options of a spawn. */
export interface SpawnOptions extends ActorOptions {
  /**
   * The name among the siblings: a letter or digit and then letters, digits, `-`, `_` or `.`, at
   * most 255. It is free again once the actor has stopped.
   * @default a name that nobody else can have
   */
  name?: string;
}

/** Options of a spawn by kind. */
export interface SpawnKindOptions<Input> extends SpawnOptions {
  /** What the kind is created from. */
  input?: Input;
}

/** What follows a kind in a spawn: options, which have to be there when the kind needs an input. */
export type SpawnKindArguments<Input> = void extends Input
  ? [options?: SpawnKindOptions<Input>]
  : [options: SpawnKindOptions<Input> & { input: Input }];

/** The forms of a spawn: a kind, or a protocol and a factory. */
export interface Spawn {
  /** Creates an actor of a kind. */
  <P extends AnyProtocol>(
    kind: Kind<P>,
    ...options: SpawnKindArguments<InputOf<P>>
  ): ActorRef<P>;
  /** Creates an actor that has a `receive` method for the messages that no handler claims. */
  <P extends AnyProtocol>(
    protocol: P,
    create: () => PartialHandlers<NoInfer<P>>,
    options?: SpawnOptions,
  ): ActorRef<P>;
  /**
   * Creates an actor. Returns at once; mail waits for the start.
   *
   * @param protocol What the actor speaks.
   * @param create Makes its instance; called again for each restart.
   * @param options Its name and its supervisor.
   * @returns A reference to it.
   * @throws {NameTakenError} When a living sibling has the name.
   * @throws {StoppedError} When the parent or the system is ending.
   * @throws {TypeError} When the name is not allowed, or a schema refuses the input of a kind.
   */
  <P extends AnyProtocol>(
    protocol: P,
    create: () => Handlers<NoInfer<P>>,
    options?: SpawnOptions,
  ): ActorRef<P>;
}

/** The siblings that a new actor joins. */
export interface Siblings {
  /** Who they belong to. */
  readonly owner: Owner;
  /** They themselves. */
  readonly children: Map<ChildKey, Cell>;
}

/** Makes an actor from either form of the arguments of {@linkcode Spawn}. */
export function spawnCell(
  runtime: Runtime,
  siblings: Siblings,
  ...args: readonly unknown[]
): Cell {
  // The overloads of Spawn leave these two forms; what else arrives is refused below.
  const [first, second, third] = args as [
    AnyProtocol | Kind<AnyProtocol>,
    unknown,
    SpawnOptions?,
  ];
  if (typeof second === "function") {
    return add(
      runtime,
      siblings,
      first as AnyProtocol,
      second as () => object,
      third,
    );
  }
  const kind = first as Kind<AnyProtocol>;
  if (typeof kind?.create !== "function") {
    throw new TypeError(
      `Cannot spawn: found no factory behind the protocol, wanted a function that returns the handlers`,
    );
  }
  const { input, ...options } = (second ?? {}) as SpawnKindOptions<unknown>;
  const check = validatorOf(
    protocolData(kind.protocol).input,
    `create kind "${kind.name}"`,
  );
  const checked = check === undefined ? input : check(input);
  return add(
    runtime,
    siblings,
    kind.protocol,
    () => kind.create(checked as InputOf<AnyProtocol>), // the schema, or the caller's type, says so
    { ...kind.options, ...options },
    kind.name,
  );
}

function add(
  runtime: Runtime,
  siblings: Siblings,
  protocol: AnyProtocol,
  create: () => object,
  options?: SpawnOptions,
  kind?: string,
): Cell {
  const name = options?.name;
  if (name !== undefined) checkActorName(name);
  if (options?.start !== undefined) checkStart(options.start);
  if (options?.passivation !== undefined) checkPassivation(options.passivation);
  return addCell(runtime, siblings, {
    protocol: protocolData(protocol),
    create,
    supervisor: options?.supervisor ?? runtime.supervisor,
    name,
    kind,
    options: isSpecial(options) ? options : undefined,
  });
}

/** Makes an actor and puts it among its siblings. */
export function addCell(
  runtime: Runtime,
  { owner, children }: Siblings,
  spec: CellSpec,
): Cell {
  const holder = spec.name === undefined ? undefined : children.get(spec.name);
  if (holder !== undefined) throw new NameTakenError(holder.pid);
  const cell = new Cell(runtime, owner, spec);
  children.set(cell.key, cell);
  return cell;
}

/** Whether the options say more than a name and a supervisor, so that an actor must keep them. */
function isSpecial(options: SpawnOptions | undefined): boolean {
  if (options === undefined) return false;
  const { name: _name, supervisor: _supervisor, ...others } = options;
  return Object.values(others).some((value) => value !== undefined);
}
