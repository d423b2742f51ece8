import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  boundedMailbox,
  fairMailbox,
  isLifecycleMail,
  type Mailbox,
  type MailboxFactory,
  MailboxFailedError,
  MailboxFullError,
  type MailItem,
  messageIn,
  type Overflow,
  priorityMailbox,
} from "../../../actor/mod.ts";
import { UnboundedMailbox } from "../../../actor/mailboxes/mailbox.ts";
import { settle } from "../../../testing/mod.ts";
import {
  gate,
  quietSystem,
  raise,
  record,
  turn,
  Worker,
  worker,
  type WorkerRef,
} from "../fixtures.ts";
import { testMailbox } from "./mailbox_conformance.ts";

/** A mailbox as a user may write it: an array, with a bound. */
class ArrayMailbox implements Mailbox {
  #items: MailItem[] = [];
  get size(): number {
    return this.#items.length;
  }
  enqueue(mail: MailItem): MailItem | undefined {
    const isFull = this.#items.filter((item) => !isLifecycleMail(item))
      .length >= 8;
    if (isFull && !isLifecycleMail(mail)) return mail;
    this.#items.push(mail);
    return undefined;
  }
  dequeue(): MailItem | undefined {
    return this.#items.shift();
  }
}

testMailbox("the ordinary mailbox", () => new UnboundedMailbox());
testMailbox("boundedMailbox() that rejects", boundedMailbox(8));
testMailbox(
  "boundedMailbox() that drops the oldest",
  boundedMailbox(8, "drop_oldest"),
);
testMailbox(
  "boundedMailbox() that drops the newest",
  boundedMailbox(8, "drop_newest"),
);
testMailbox("priorityMailbox() of equals", priorityMailbox(() => 0));
testMailbox("fairMailbox()", fairMailbox());
testMailbox("a mailbox of a user", () => new ArrayMailbox());

/** An actor that waits until it is released, with notes from 1 on sent to it meanwhile. */
async function flooded(
  mailbox: MailboxFactory,
  notes: number,
): Promise<{
  handled: string[];
  taken: boolean[];
  lost: string[];
  full: unknown;
}> {
  await using system = quietSystem();
  const deadLetters = record(system, "dead_letter");
  const handled: string[] = [];
  const { promise, resolve } = gate();
  const actor = system.spawn(Worker, () => worker(handled), { mailbox });
  actor.tell(Worker.run(() => promise));
  await turn();
  const taken: boolean[] = [];
  for (let i = 1; i <= notes; i++) {
    taken.push(actor.tell(Worker.note(String(i))));
  }
  resolve();
  await settle(system);
  return {
    handled,
    taken,
    lost: deadLetters.map(({ message, reason }) => `${message.body} ${reason}`),
    full: deadLetters[0]?.error,
  };
}

Deno.test("boundedMailbox() refuses the newcomer, and its sender knows", async () => {
  const { handled, taken, lost, full } = await flooded(boundedMailbox(2), 4);
  assertEquals(handled, ["1", "2"]);
  assertEquals(taken, [true, true, false, false]);
  assertEquals(lost, ["3 mailbox_full", "4 mailbox_full"]);
  assertEquals(full instanceof MailboxFullError, true);
});

Deno.test('boundedMailbox() with "drop_oldest" makes way for the newcomer', async () => {
  const { handled, taken, lost } = await flooded(
    boundedMailbox(2, "drop_oldest"),
    4,
  );
  assertEquals(handled, ["3", "4"]);
  assertEquals(taken, [true, true, true, true]);
  assertEquals(lost, ["1 mailbox_full", "2 mailbox_full"]);
});

Deno.test('boundedMailbox() with "drop_newest" drops the newcomer without telling its sender', async () => {
  const { handled, taken, lost } = await flooded(
    boundedMailbox(2, "drop_newest"),
    4,
  );
  assertEquals(handled, ["1", "2"]);
  assertEquals(taken, [true, true, true, true]);
  assertEquals(lost, ["3 mailbox_full", "4 mailbox_full"]);
});

for (
  const [overflow, loser] of [
    ["reject", 1],
    ["drop_oldest", 0],
    ["drop_newest", 1],
  ] as const
) {
  Deno.test(`an ask that a mailbox with "${overflow}" drops rejects with MailboxFullError`, async () => {
    await using system = quietSystem();
    const { promise, resolve } = gate();
    const actor = system.spawn(Worker, () => worker(), {
      mailbox: boundedMailbox(1, overflow),
      name: "a",
    });
    actor.tell(Worker.run(() => promise));
    await turn();
    const asks = [1, 2].map((value) => actor.ask(Worker.run(() => value)));
    const error = await assertRejects(
      () => asks[loser] as Promise<unknown>,
      MailboxFullError,
      'Cannot deliver "worker.run" to "goakt://test@:0/a": its mailbox is full, 1 messages wait, fewer were expected',
    );
    assertEquals(
      [error.code, error.outcome, error.retryable, error.waiting],
      ["mailbox_full_error", "not_delivered", true, 1],
    );
    resolve();
    assertEquals(await asks[1 - loser], 2 - loser);
  });
}

Deno.test("boundedMailbox() counts neither what is handled nor signals", async () => {
  await using system = quietSystem();
  const { promise, resolve } = gate();
  const watcher = system.spawn(Worker, () => ({
    ...worker(),
    onTerminated: () => {},
  }), { mailbox: boundedMailbox(1) });
  const watched = [1, 2, 3].map(() => system.spawn(Worker, () => worker()));
  await watcher.ask(Worker.run((ctx) => watched.forEach((w) => ctx.watch(w))));
  watcher.tell(Worker.run(() => promise));
  await turn();
  for (const each of watched) await system.stop(each);
  assertEquals(watcher.tell(Worker.note("1")), true);
  assertEquals(watcher.tell(Worker.note("2")), false);
  resolve();
  await settle(system);
  assertEquals(watcher.tell(Worker.note("3")), true);
});

Deno.test("boundedMailbox() refuses a capacity below 1 and a way of overflow that is none", () => {
  for (const capacity of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(
      () => boundedMailbox(capacity),
      RangeError,
      `Cannot make a bounded mailbox: the capacity is ${capacity}, a whole number >= 1 was expected`,
    );
  }
  assertThrows(
    () => boundedMailbox(1, "block" as Overflow),
    TypeError,
    'the overflow is "block", one of "reject", "drop_oldest", "drop_newest" was expected',
  );
});

Deno.test("priorityMailbox() gives the highest number first, equal ones by arrival", async () => {
  const priority = priorityMailbox(({ body }) => Number(body) % 3);
  const { handled } = await flooded(priority, 9);
  assertEquals(handled, ["2", "5", "8", "1", "4", "7", "3", "6", "9"]);
});

Deno.test("priorityMailbox() stays stable among thousands", () => {
  const mailbox = priorityMailbox(({ body }) => Number(body) % 5)();
  for (let i = 0; i < 5_000; i++) mailbox.enqueue(Worker.note(String(i)));
  const order: number[] = [];
  for (let mail = mailbox.dequeue(); mail; mail = mailbox.dequeue()) {
    order.push(Number(messageIn(mail).body));
  }
  const wanted = Array.from({ length: 5_000 }, (_, i) => i)
    .toSorted((a, b) => b % 5 - a % 5 || a - b);
  assertEquals(order, wanted);
});

for (
  const [what, priority] of [
    ["throws", () => raise(new RangeError("no"))],
    ["is not a number", () => NaN],
  ] as const
) {
  Deno.test(`a message whose priority ${what} is a dead letter and reaches no sender as an error`, async () => {
    await using system = quietSystem();
    const deadLetters = record(system, "dead_letter");
    const actor = system.spawn(Worker, () => worker(), {
      mailbox: priorityMailbox(priority),
    });
    assertEquals(actor.tell(Worker.note("x")), false);
    await assertRejects(() => actor.ask(Worker.note("y")), MailboxFailedError);
    assertEquals(
      deadLetters.map(({ reason }) => reason),
      ["mailbox_failed", "mailbox_failed"],
    );
  });
}

Deno.test("fairMailbox() serves the senders in turn, those without a name as one", async () => {
  await using system = quietSystem();
  const handled: string[] = [];
  const { promise, resolve } = gate();
  const actor = system.spawn(Worker, () => worker(handled), {
    mailbox: fairMailbox(),
  });
  actor.tell(Worker.run(() => promise));
  await turn();
  const send = (sender: WorkerRef, ...texts: string[]) =>
    sender.ask(Worker.run((ctx) => {
      for (const text of texts) ctx.tell(actor, Worker.note(text));
    }));
  await send(system.spawn(Worker, () => worker()), "a1", "a2", "a3", "a4");
  await send(system.spawn(Worker, () => worker()), "b1");
  actor.tell(Worker.note("x1"));
  actor.tell(Worker.note("x2"));
  await send(system.spawn(Worker, () => worker()), "c1", "c2");
  resolve();
  await settle(system);
  assertEquals(handled, [
    ...["a1", "b1", "x1", "c1"],
    ...["a2", "x2", "c2"],
    ...["a3", "a4"],
  ]);
});

Deno.test("a mailbox that gives signals back has them come first, so none is lost", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const { promise, resolve } = gate();
  class Refusing extends ArrayMailbox {
    override enqueue(mail: MailItem): MailItem | undefined {
      return isLifecycleMail(mail) ? mail : super.enqueue(mail);
    }
  }
  const watcher = system.spawn(Worker, () => ({
    ...worker(log),
    onTerminated: () => void log.push("terminated"),
  }), { mailbox: () => new Refusing() });
  const watched = system.spawn(Worker, () => worker());
  await watcher.ask(Worker.run((ctx) => ctx.watch(watched)));
  watcher.tell(Worker.run(() => promise));
  await turn();
  watcher.tell(Worker.note("note"));
  await system.stop(watched);
  resolve();
  await settle(system);
  assertEquals(log, ["terminated", "note"]);
  await system.drain();
  assertEquals(system.deadLetters, 0);
});

Deno.test("a signal that an idle actor's mailbox gives back wakes the actor", async () => {
  const system = quietSystem();
  const log: string[] = [];
  system.spawn(Worker, () => ({
    ...worker(log),
    onStop: () => void log.push("stopped"),
  }), {
    mailbox: () => ({
      size: 0,
      enqueue: (mail) => mail,
      dequeue() {},
    } as Mailbox),
  });
  await settle(system);
  await system.drain();
  assertEquals(log, ["stopped"]);
});

Deno.test("a mailbox that throws harms neither its senders nor its actor", async () => {
  await using system = quietSystem();
  const warnings = record(system, "warning");
  const log: string[] = [];
  let broken = false;
  class Broken extends ArrayMailbox {
    override dequeue(): MailItem | undefined {
      return broken ? raise(new Error("broken")) : super.dequeue();
    }
  }
  const actor = system.spawn(Worker, () => worker(log), {
    mailbox: () => new Broken(),
    name: "a",
  });
  await settle(system);
  broken = true;
  assertEquals(actor.tell(Worker.note("1")), true);
  await settle(system);
  broken = false;
  assertEquals(actor.tell(Worker.note("2")), true);
  await settle(system);
  assertEquals(log, ["1", "2"]);
  assertEquals(
    warnings.map(({ text }) => text),
    ['the mailbox of "goakt://test@:0/a" failed to give its next item'],
  );
});

Deno.test("spawn() throws what the mailbox option throws, or that it makes no mailbox", () => {
  const system = quietSystem();
  assertThrows(
    () =>
      system.spawn(Worker, () => worker(), {
        mailbox: () => raise(new Error("no")),
      }),
    Error,
    "no",
  );
  assertThrows(
    () =>
      system.spawn(Worker, () => worker(), {
        mailbox: () => ({}) as Mailbox,
        name: "a",
      }),
    TypeError,
    'Cannot spawn "goakt://test@:0/a": the mailbox option returned [object Object], an object with enqueue and dequeue was expected',
  );
  assertEquals(system.find(Worker, "a"), undefined);
});
