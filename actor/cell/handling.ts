/**
 * How an actor handles its mail: one message after the other, or several at a time where that was asked for.
 * @module
 */

import { Deque } from "../../internal/deque.ts";
import { chainOf, isInChain } from "../asks/ask_chain.ts";
import type { Cell } from "./cell.ts";
import type { CellContext } from "./cell_context.ts";
import type { Rare } from "./cell_state.ts";
import { TURN_MESSAGES } from "../system/dispatcher.ts";
import { handleEscalation } from "../supervision/escalation.ts";
import { decideFor, report } from "./failures.ts";
import { type Flight, isReadOnly } from "./interleaving.ts";
import {
  Envelope,
  type Mail,
  type Message,
  type ReplyTo,
} from "../protocol/message.ts";
import { isDeclared } from "../protocol/reject.ts";
import { handleSignal, unhandled } from "../system/signal_handling.ts";
import { POISON_INDEX } from "./signals.ts";
import { thenableOf, whenSettled } from "./thenable.ts";
import { end } from "./ending.ts";
import { advance, apply, canAdvance } from "./transitions.ts";

/** Handles mail of `cell` until none is left, the turn is over, or something must be waited for. */
export function takeTurn(cell: Cell): void {
  const { dispatcher } = cell.runtime;
  cell.turn = "busy";
  let left = TURN_MESSAGES;
  for (;;) {
    if (cell.state !== "running" && !takeStep(cell)) break;
    const rare = cell.rareOrNone;
    if (rare === undefined) {
      const mail = dequeue(cell);
      if (mail === undefined) break;
      handle(cell, mail);
    } else if (rare.failed !== undefined) {
      handleEscalation(cell);
    } else {
      const mail = rare.interleaving?.chained.shift() ?? rare.front?.shift() ??
        dequeue(cell);
      if (mail === undefined) break;
      if (!handleWith(cell, rare, mail)) return;
    }
    const isOver = dispatcher.spend();
    if (cell.turn !== "busy") return;
    if (--left === 0 || isOver) {
      cell.turn = "queued";
      dispatcher.schedule(cell);
      return;
    }
  }
  if (cell.turn !== "busy") return;
  cell.mail = undefined;
  cell.turn = "idle";
  if (cell.state !== "running" && canAdvance(cell)) cell.wake();
}

/** What waits longest in the mailbox, which gives back what it was given. */
function dequeue(cell: Cell): Mail | undefined {
  return cell.mailbox?.dequeue() as Mail | undefined;
}

/** Takes a step of the life; true when mail can be handled. */
function takeStep(cell: Cell): boolean {
  if (cell.inFlight > 0 && cell.state !== "suspended") {
    cell.turn = "awaiting"; // what is in work comes first
    return false;
  }
  advance(cell);
  cell.runtime.dispatcher.spend();
  return cell.turn === "busy" && cell.state === "running";
}

/** Handles mail of an actor that has more than handlers; false when the mail must wait. */
function handleWith(cell: Cell, rare: Rare, mail: Mail): boolean {
  const { interleaving } = rare;
  if (interleaving?.admitsMail(cell, mail) === false) {
    if (isInChain(chainOf(mail), cell)) interleaving.chained.unshift(mail);
    else {
      (rare.front ??= new Deque()).unshift(mail);
      if (interleaving.chained.size > 0) return true; // the next of it need not wait
    }
    cell.mail = undefined;
    cell.turn = "awaiting";
    return false;
  }
  if (rare.timers?.accepts(mail) === false) return true; // its timer is over
  const { inFlight } = cell;
  const { meter } = rare;
  if (meter === undefined) handle(cell, mail);
  else {
    meter.begin(mail);
    handle(cell, mail);
    meter.end();
  }
  if (cell.turn === "busy" && cell.inFlight === inFlight) handled(cell);
  return true;
}

/** Notes that a message was handled to its end, awaited promises included. */
function handled(cell: Cell): void {
  const rare = cell.rareOrNone;
  rare?.timers?.handled();
  rare?.residency?.handled();
}

function handle(cell: Cell, mail: Mail): void {
  cell.mail = mail;
  let message;
  let replyTo: ReplyTo | undefined;
  if (mail instanceof Envelope) {
    message = mail.message;
    replyTo = mail.replyTo;
  } else {
    message = mail;
    replyTo = undefined;
  }
  const { index } = message;
  let reply: unknown;
  let awaited: PromiseLike<unknown> | undefined;
  try {
    if (index < 0) {
      if (index === POISON_INDEX) {
        return end(cell, "draining", "stopped", undefined);
      }
      reply = handleSignal(cell, mail);
    } else {
      const { instance } = cell;
      const handler = cell.table?.[index];
      if (handler !== undefined) {
        reply = handler.call(instance, message.body, cell.context);
      } else if (instance?.receive !== undefined) {
        reply = instance.receive(message, cell.context);
      } else {
        return unhandled(cell, mail);
      }
    }
    if (typeof reply === "object") awaited = thenableOf(reply);
  } catch (error) {
    const owed = isHandedOn(cell, mail) ? undefined : replyTo;
    if (cell.contextOrNone?.gaveUp(mail, error)) return owed?.fail(error);
    return failed(cell, error, message, owed);
  }
  if (awaited !== undefined) waitFor(cell, awaited, message, replyTo);
  // Asked for a tell too: the same message may be stashed again when it comes back.
  else if (!isHandedOn(cell, mail)) replyTo?.succeed(reply);
}

/** Whether the handler has stashed or forwarded `mail`, so that its reply is still to come. */
function isHandedOn(cell: Cell, mail: Mail | undefined): boolean {
  return cell.contextOrNone?.takeHandedOn(mail) !== undefined;
}

function waitFor(
  cell: Cell,
  awaited: PromiseLike<unknown>,
  message: Message,
  replyTo: ReplyTo | undefined,
): void {
  const context = cell.contextOrNone;
  const { mail } = cell;
  const flight = takeOff(cell, message);
  if (flight === undefined) cell.turn = "awaiting";
  const measured = cell.rareOrNone?.meter?.wait();
  whenSettled(awaited, (reply) => {
    const fate = context?.takeHandedOn(mail);
    measured?.(fate === "stashed");
    if (fate === undefined) replyTo?.succeed(reply);
    land(cell, flight);
  }, (error) => {
    const fate = context?.takeHandedOn(mail);
    measured?.(fate === "stashed");
    const owed = fate === undefined ? replyTo : undefined;
    if (context?.gaveUp(mail, error)) owed?.fail(error); // nobody waits for it: no failure
    else failed(cell, error, message, owed);
    land(cell, flight);
  });
}

/** Lets others begin while a handler waits, where that was asked for. */
function takeOff(cell: Cell, message: Message): Flight | undefined {
  const interleaving = cell.rareOrNone?.interleaving;
  const { mail } = cell;
  if (mail === undefined || !interleaving?.yields(message)) return undefined;
  const context = cell.contextOrNone as CellContext; // the handler was given one
  const flight = { mail, context, readOnly: isReadOnly(message) };
  interleaving.begin(flight);
  return flight;
}

function land(cell: Cell, flight: Flight | undefined): void {
  if (flight !== undefined) cell.rareOrNone?.interleaving?.finish(flight);
  handled(cell);
  if (
    flight === undefined || cell.turn === "awaiting" ||
    cell.state === "stopped"
  ) cell.goOn();
  else cell.wake();
}

function failed(
  cell: Cell,
  error: unknown,
  message: Message,
  replyTo: ReplyTo | undefined,
): void {
  replyTo?.fail(error);
  if (isDeclared(message, error)) return; // no failure
  const during = message.type;
  if (cell.state !== "running") report(cell, error, during, undefined);
  else apply(cell, decideFor(cell, error, during), error);
}
