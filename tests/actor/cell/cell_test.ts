import { assert, assertEquals, assertThrows } from "@std/assert";
import { ask, type Context, protocol, tell } from "../../../actor/mod.ts";
import { seededRandom } from "../../../internal/random.ts";
import { settle } from "../../../testing/mod.ts";
import { gate, quietSystem, Worker, worker } from "../fixtures.ts";

const Log = protocol("log", {
  add: tell<{ from: number; number: number }>(),
  slow: tell<{ from: number; number: number }>(),
});

Deno.test("Cell handles the messages of each sender in the order of sending", async () => {
  await using system = quietSystem();
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = seededRandom(seed);
  const seen: number[][] = [[], [], [], []];
  const log = system.spawn(Log, () => ({
    add: ({ from, number }) => void seen[from]?.push(number),
    async slow({ from, number }) {
      await null;
      seen[from]?.push(number);
    },
  }));
  const senders = seen.map((_, from) =>
    system.spawn(Worker, () => {
      let number = 0;
      return {
        ...worker(),
        run(_job, ctx) {
          for (let i = 0; i < 50; i++) {
            const body = { from, number: number++ };
            const slow = random.next() < 0.3;
            const message = slow ? Log.slow(body) : Log.add(body);
            if (random.next() < 0.5) ctx.tell(log, message);
            else log.tell(message);
          }
        },
      };
    })
  );
  for (let i = 0; i < 40; i++) {
    for (const sender of senders) sender.tell(Worker.run(() => {}));
  }
  await settle(system);
  const expected = Array.from({ length: 2_000 }, (_, i) => i);
  for (const numbers of seen) assertEquals(numbers, expected, `seed ${seed}`);
});

Deno.test("Cell handles one message at a time, also across awaits", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const gates = [gate(), gate()];
  const Step = protocol("step", { go: tell<number>(), quick: tell() });
  const actor = system.spawn(Step, () => ({
    async go(number) {
      log.push(`begin ${number}`);
      await gates[number]?.promise;
      log.push(`middle ${number}`);
      await null;
      log.push(`end ${number}`);
    },
    quick: () => void log.push("quick"),
  }));
  actor.tell(Step.go(0));
  actor.tell(Step.quick());
  actor.tell(Step.go(1));
  await settle(system);
  assertEquals(log, ["begin 0"]);
  gates[1]?.resolve();
  await settle(system);
  assertEquals(log, ["begin 0"]);
  gates[0]?.resolve();
  await settle(system);
  assertEquals(
    log.join(),
    "begin 0,middle 0,end 0,quick,begin 1,middle 1,end 1",
  );
});

Deno.test("Cell never runs a handler inside the call of tell()", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => worker(log));
  await actor.started();
  actor.tell(Worker.run((ctx) => {
    ctx.self.tell(Worker.note("second"));
    log.push("first");
  }));
  log.push("sent");
  await settle(system);
  assertEquals(log, ["sent", "first", "second"]);
});

Deno.test("Cell keeps ctx.sender and ctx.remaining of the message across an await", async () => {
  await using system = quietSystem();
  const seen: unknown[] = [];
  const open = gate();
  const actor = system.spawn(Worker, () => worker());
  const look = (ctx: Context<typeof Worker>) =>
    seen.push(ctx.sender?.pid.path, ctx.remaining <= 1_000);
  const asker = system.spawn(Worker, () => worker(), { name: "asker" });
  asker.tell(Worker.run((ctx) => {
    void ctx.ask(
      actor,
      Worker.run(async (inner) => {
        look(inner);
        await open.promise;
        look(inner);
      }),
      { timeout: 1_000 },
    );
  }));
  await settle(system);
  actor.tell(Worker.run(look));
  await settle(system);
  open.resolve();
  await settle(system);
  assertEquals(seen, ["asker", true, "asker", true, undefined, false]);
});

Deno.test("Cell awaits whatever has a then method before it takes the next message", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const opens = [gate(), gate(), gate()];
  class Late extends Promise<void> {}
  const awaited: PromiseLike<void>[] = [
    { then: (...args) => opens[0]!.promise.then(...args) },
    new Late((resolve) => opens[1]!.promise.then(resolve)),
    opens[2]!.promise,
  ];
  const actor = system.spawn(Worker, () => worker(log));
  for (const [index, each] of awaited.entries()) {
    actor.tell(Worker.run(() => each));
    actor.tell(Worker.note(`after ${index}`));
  }
  const expected: string[] = [];
  for (const [index, open] of opens.entries()) {
    await settle(system);
    assertEquals(log, expected);
    open.resolve();
    expected.push(`after ${index}`);
  }
  await settle(system);
  assertEquals(log, expected);
});

Deno.test("Cell refuses a message of another protocol, and says of which", async () => {
  await using system = quietSystem();
  const Other = protocol("other", { note: tell<string>() });
  const Twin = protocol("worker", { note: tell<string>() });
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  assertThrows(
    () => actor.tell(Other.note("x") as never),
    TypeError,
    'Cannot send "other.note" to "goakt://test@:0/a": it is a message of protocol "other", a message of protocol "worker" was expected',
  );
  assertThrows(
    () => actor.tell(Twin.note("x") as never),
    TypeError,
    'of another protocol that is also named "worker"',
  );
});

Deno.test("Cell refuses what is no message, such as one that was not called", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  const text =
    'Cannot send to "goakt://test@:0/a": it is not a message, one that a call makes, such as P.name(body), was expected';
  assertThrows(() => actor.tell(Worker.note as never), TypeError, text);
  assertThrows(() => actor.tell({} as never), TypeError, text);
  const asked = await actor.ask(Worker.note as never).catch(String);
  assertEquals(asked, `TypeError: ${text}`);
});

Deno.test("Cell handles the same message value any number of times", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => worker(log));
  const message = Worker.note("again");
  for (let i = 0; i < 3; i++) actor.tell(message);
  await settle(system);
  assertEquals(log, ["again", "again", "again"]);
});

Deno.test("Cell passes bodies and replies by reference", async () => {
  await using system = quietSystem();
  const Echo = protocol("echo", { say: ask<object, object>() });
  const echo = system.spawn(Echo, () => ({ say: (body) => body }));
  const body = new Map([[1, new Date()]]);
  assert(await echo.ask(Echo.say(body)) === body);
});

Deno.test("Cell gives each actor an address of its own, also under the same name", async () => {
  await using system = quietSystem();
  const first = system.spawn(Worker, () => worker(), { name: "a" });
  const { pid } = first;
  await system.stop(first);
  const second = system.spawn(Worker, () => worker(), { name: "a" });
  assertEquals(String(second.pid), String(pid));
  assert(!second.pid.equals(pid) && !second.pid.matches(pid));
  assert(first.pid.equals(pid));
});
