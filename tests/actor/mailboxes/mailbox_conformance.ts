/**
 * What every mailbox has to do, whatever its order and its bound.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  isLifecycleMail,
  type Mailbox,
  type MailboxFactory,
  type MailItem,
  senderIn,
} from "../../../actor/mod.ts";
import { Envelope, type Mail } from "../../../actor/protocol/message.ts";
import { baseRef } from "../../../actor/reference/ref.ts";
import { POISON } from "../../../actor/cell/signals.ts";
import { settle } from "../../../testing/mod.ts";
import {
  gate,
  quietSystem,
  record,
  turn,
  Worker,
  worker,
  type WorkerRef,
} from "../fixtures.ts";

/** How many messages the suite has wait at the same time, at most; a bound below it is reached. */
const MANY = 32;

/**
 * Defines the tests.
 *
 * @param name What is tested.
 * @param make Makes an empty mailbox that orders `worker.note` messages of one sender by arrival.
 */
export function testMailbox(name: string, make: MailboxFactory): void {
  Deno.test(`${name} gives back what it took, once, and says how much waits`, () => {
    const mailbox = make();
    const waiting = new Set<MailItem>();
    let random = 7;
    for (let step = 0; step < 5_000; step++) {
      random = (random * 48_271) % 2_147_483_647;
      if (random % 100 < 55) {
        const mail: Mail = random % 7 === 0 ? signal() : note(String(step));
        waiting.add(mail);
        const victim = mailbox.enqueue(mail);
        if (victim !== undefined) {
          assert(
            waiting.delete(victim),
            "a victim must be mail that was given",
          );
          assert(!isLifecycleMail(victim), "a signal must not be a victim");
        }
      } else {
        const mail = mailbox.dequeue();
        assertEquals(mail === undefined, waiting.size === 0);
        if (mail !== undefined) assert(waiting.delete(mail), "given twice");
      }
      assertEquals(mailbox.size, waiting.size);
    }
    for (const mail of drained(mailbox)) assert(waiting.delete(mail));
    assertEquals([waiting.size, mailbox.size], [0, 0]);
  });

  Deno.test(`${name} keeps the messages of one sender in order`, async () => {
    await using system = quietSystem();
    const senders = [1, 2, 3].map(() =>
      baseRef(system.spawn(Worker, () => worker()))
    );
    const mailbox = make();
    for (let i = 0; i < MANY; i++) {
      mailbox.enqueue(
        new Envelope(Worker.note(String(i)), senders[i % 3], undefined),
      );
    }
    const order = drained(mailbox);
    for (const sender of senders) {
      const numbers = order.filter((mail) => senderIn(mail) === sender).map(
        (mail) => Number(textOf(mail)),
      );
      assertEquals(numbers, numbers.toSorted((a, b) => a - b));
      assert(numbers.length > 0);
    }
  });

  Deno.test(`${name} keeps signals behind what came before them and before what came later`, () => {
    const mailbox = make();
    const early = [note("1"), note("2")];
    const first = signal();
    const second = signal();
    const late = [note("3"), note("4")];
    for (const mail of [...early, first, second, ...late]) {
      assertEquals(mailbox.enqueue(mail), undefined);
    }
    const order = drained(mailbox);
    assertEquals(order.map((mail) => isLifecycleMail(mail)), [
      ...[false, false],
      ...[true, true],
      ...[false, false],
    ]);
    assertEquals(order.slice(0, 2).map(textOf).toSorted(), ["1", "2"]);
  });

  Deno.test(`${name} takes signals however full it is`, () => {
    const mailbox = make();
    for (let i = 0; i < MANY; i++) mailbox.enqueue(note(String(i)));
    for (let i = 0; i < MANY; i++) {
      assertEquals(mailbox.enqueue(signal()), undefined);
    }
    for (let i = 0; i < MANY; i++) mailbox.enqueue(note(String(i)));
    assertEquals(drained(mailbox).filter(isLifecycleMail).length, MANY);
  });

  Deno.test(`${name} loses no message of an actor without a dead letter`, async () => {
    await using system = quietSystem();
    const deadLetters = record(system, "dead_letter");
    const handled: string[] = [];
    const { actor, release } = await blocked(system, make, handled);
    let refused = 0;
    for (let i = 0; i < MANY; i++) {
      if (!actor.tell(Worker.note(String(i)))) refused++;
    }
    release();
    await settle(system);
    const lost = deadLetters.map(({ message }) => String(message.body));
    assertEquals(
      [...handled, ...lost].toSorted(),
      Array.from({ length: MANY }, (_, i) => String(i)).toSorted(),
    );
    assertEquals(
      new Set(deadLetters.map(({ reason }) => reason)).size <= 1,
      true,
    );
    assert(refused <= lost.length);
    assertEquals(system.deadLetters, lost.length);
  });

  Deno.test(`${name} brings the end of a watched actor to a flooded watcher, after what that sent`, async () => {
    await using system = quietSystem();
    const log: string[] = [];
    const { promise, resolve } = gate();
    const watcher = system.spawn(Worker, () => ({
      ...worker(log),
      onTerminated: () => void log.push("terminated"),
    }), { mailbox: make });
    const watched = system.spawn(Worker, () => worker());
    await watcher.ask(Worker.run((ctx) => ctx.watch(watched)));
    watcher.tell(Worker.run(() => promise));
    await turn();
    await watched.ask(
      Worker.run((ctx) => void ctx.tell(watcher, Worker.note("last words"))),
    );
    await system.stop(watched);
    for (let i = 0; i < MANY; i++) watcher.tell(Worker.note("flood"));
    resolve();
    await settle(system);
    assertEquals(log.filter((line) => line === "terminated").length, 1);
    const words = log.indexOf("last words");
    assert(words < log.indexOf("terminated"), "the end came too early");
  });

  Deno.test(`${name} is emptied into the dead letters by a stop and by handlers on a drain`, async () => {
    await using system = quietSystem();
    const deadLetters = record(system, "dead_letter");
    const handled: string[] = [];
    const stopped = await blocked(system, make, []);
    const drained = await blocked(system, make, handled);
    for (const { actor } of [stopped, drained]) {
      actor.tell(Worker.note("1"));
      actor.tell(Worker.note("2"));
    }
    const end = system.stop(stopped.actor);
    const asked = stopped.actor.ask(Worker.note("3")).catch(({ code }) => code);
    stopped.release();
    await end;
    assertEquals(await asked, "stopped_error");
    const whole = system.drain();
    drained.release();
    await whole;
    assertEquals(handled.toSorted(), ["1", "2"]);
    assertEquals(
      deadLetters.map(({ message, reason }) => [message.body, reason])
        .toSorted(),
      [["1", "stopped"], ["2", "stopped"], ["3", "stopped"]],
    );
  });

  Deno.test(`${name} keeps its mail over a restart`, async () => {
    await using system = quietSystem();
    const handled: string[] = [];
    const { actor, release } = await blocked(system, make, handled, true);
    actor.tell(Worker.note("1"));
    actor.tell(Worker.note("2"));
    release();
    await settle(system);
    assertEquals(handled.toSorted(), ["1", "2"]);
  });
}

/** An actor that handles nothing until it is released, or has failed then. */
async function blocked(
  system: ReturnType<typeof quietSystem>,
  mailbox: MailboxFactory,
  log: string[],
  fails = false,
): Promise<{ actor: WorkerRef; release: () => void }> {
  const { promise, resolve, reject } = gate();
  const actor = system.spawn(Worker, () => worker(log), { mailbox });
  actor.tell(Worker.run(() => promise));
  await turn();
  return {
    actor,
    release: fails ? () => reject(new Error("no")) : resolve,
  };
}

function note(text: string): Mail {
  return Worker.note(text);
}

/** A signal of its own, as the end of a watched actor is. */
function signal(): Mail {
  return new Envelope(POISON, undefined, undefined);
}

function textOf(mail: MailItem): string {
  return String("message" in mail ? mail.message.body : mail.body);
}

function drained(mailbox: Mailbox): MailItem[] {
  const order: MailItem[] = [];
  for (
    let mail = mailbox.dequeue();
    mail !== undefined;
    mail = mailbox.dequeue()
  ) order.push(mail);
  return order;
}
