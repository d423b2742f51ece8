/**
 * How an actor handles what is no message of its protocol, and what nothing of it claims.
 * @module
 */

import type { Cell } from "../cell/cell.ts";
import { UnhandledError } from "../errors.ts";
import { type Mail, messageOf, replyToOf } from "../protocol/message.ts";
import { handleExit } from "../supervision/links.ts";
import {
  EXIT_INDEX,
  foreignOf,
  PIPE_FAILED_INDEX,
  TERMINATED_INDEX,
  type TerminatedBody,
} from "../cell/signals.ts";

/** Handles the end of a watched actor, or a message from another node without a codec here. */
export function handleSignal(cell: Cell, mail: Mail): unknown {
  const message = messageOf(mail);
  if (message.index === EXIT_INDEX) return handleExit(cell, message);
  if (message.index === PIPE_FAILED_INDEX) throw message.body;
  const { instance } = cell;
  if (message.index !== TERMINATED_INDEX) {
    if (instance?.receive === undefined) return unhandled(cell, mail);
    return instance.receive(foreignOf(message), cell.context);
  }
  const hooks = cell.hooks;
  const { terminated, ref } = message.body as TerminatedBody; // signals are made in one place
  if (!cell.rare.watch?.end(ref)) return; // unwatched since
  if (hooks?.onTerminated === undefined) {
    throw new TypeError(
      `Cannot tell "${cell.pid}" of the end of "${terminated.pid}": it watches but has no onTerminated method`,
    );
  }
  return hooks.onTerminated(terminated, cell.context);
}

/** Makes a dead letter of mail that nothing of the instance claims. */
export function unhandled(cell: Cell, mail: Mail): void {
  const error = replyToOf(mail) === undefined
    ? undefined
    : new UnhandledError(cell.pid, messageOf(mail).type, cell.protocol.name);
  cell.runtime.deadLetters.take(mail, cell, "unhandled", error);
}
