/**
 * What the calls of remoting take, and how their answers are read.
 * @module
 */

import { Pid } from "../actor/reference/pid.ts";
import type { Runtime } from "../actor/system/runtime.ts";
import type { ActorSystem } from "../actor/system/system.ts";
import type { RemoteWaitOptions } from "./node/control_request.ts";
import { FrameError } from "./errors.ts";

/** Options of {@linkcode Remote.ref}. */
export interface RemoteRefOptions {
  /**
   * What the node of the actor is, when that is known.
   * @default it is found out when the first message is sent
   */
  peer?: "goakt";
}

/** Options of {@linkcode Remote.spawn}. */
export interface RemoteSpawnOptions<Input> extends RemoteWaitOptions {
  /**
   * The name of the kind; needed when the far node has several of the protocol.
   * @default the only kind of the protocol
   */
  kind?: string;
  /**
   * The name of the actor.
   * @default a name that nobody else can have
   */
  name?: string;
  /** What the kind is created from. */
  input?: Input;
}

/** The address in a peer's answer. */
export function answered(address: string): Pid {
  try {
    return Pid.parse(address);
  } catch (cause) {
    throw new FrameError(
      "read an answer",
      `its address is "${address}"`,
      "the address of an actor was expected",
      { cause },
    );
  }
}

/**
 * Checks that remoting of a system may begin.
 *
 * @throws {TypeError} When it has begun, or the system has ended.
 */
export function checkFree(
  { name, state }: ActorSystem,
  { network }: Runtime,
): void {
  const found = network !== undefined
    ? "it is running, a system without it"
    : state === "running"
    ? undefined
    : `the system is ${state}, a running one`;
  if (found === undefined) return;
  throw new TypeError(
    `Cannot start remoting of system "${name}": ${found} was expected`,
  );
}
