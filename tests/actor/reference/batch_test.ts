import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import {
  ask,
  AskTimeoutError,
  type Context,
  protocol,
  StoppedError,
  tell,
} from "../../../actor/mod.ts";
import { ManualClock, Probe, settle } from "../../../testing/mod.ts";
import { gate, quietSystem, raise, Worker, worker } from "../fixtures.ts";

const Calc = protocol("calc", {
  half: ask<number, number>(),
  name: ask<void, string>(),
  note: tell<string>(),
});

function calc(log: string[] = []) {
  return {
    half: (value: number) =>
      value % 2 === 0 ? value / 2 : raise(new RangeError(`odd: ${value}`)),
    name: () => "calc",
    note: (text: string, ctx: Context) =>
      void log.push(`${text} from ${ctx.sender?.pid.path ?? "nobody"}`),
  };
}

Deno.test("ActorRef.tellAll() sends in order and says how many were taken", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Calc, () => calc(log));
  function* notes() {
    for (const text of ["a", "b", "c"]) yield Calc.note(text);
  }
  assertEquals(actor.tellAll(notes()), 3);
  await settle(system);
  assertEquals(log, ["a from nobody", "b from nobody", "c from nobody"]);
  await system.stop(actor);
  assertEquals(actor.tellAll([Calc.note("d"), Calc.note("e")]), 0);
  assertEquals(system.deadLetters, 2);
});

Deno.test("ActorRef.tellAll() throws at a message of another protocol", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Calc, () => calc(log));
  const messages = [Calc.note("a"), Worker.note("b"), Calc.note("c")];
  assertThrows(
    () => actor.tellAll(messages as ReturnType<typeof Calc.note>[]),
    TypeError,
    `"worker.note"`,
  );
  await settle(system);
  assertEquals(log, ["a from nobody"]);
});

Deno.test("ActorRef.askAll() gives typed replies in the order of the messages, and one failure leaves the others", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Calc, () => calc());
  const [four, odd, name, one] = await actor.askAll([
    Calc.half(8),
    Calc.half(3),
    Calc.name(),
    Calc.half(2),
  ]);
  assertEquals(four, { status: "fulfilled", value: 4 });
  assertEquals(odd.status === "rejected" && odd.reason.message, "odd: 3");
  assertEquals(
    name.status === "fulfilled" && name.value.toUpperCase(),
    "CALC",
  );
  assertEquals(one, { status: "fulfilled", value: 1 });
});

Deno.test("ActorRef.askAll() has all asks in flight at once, each with its own deadline", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const open = gate<number>();
  const actor = system.spawn(Calc, () => ({
    ...calc(),
    half: (value) => value === 2 ? open.promise : value / 2,
  }));
  const outcomes = actor.askAll([Calc.half(4), Calc.half(2), Calc.half(6)], {
    timeout: 100,
  });
  await settle(system);
  await clock.advance(150);
  open.resolve(1);
  const [first, second, third] = await outcomes;
  assertEquals(first, { status: "fulfilled", value: 2 });
  for (const late of [second, third]) {
    assertInstanceOf(
      late.status === "rejected" && late.reason,
      AskTimeoutError,
    );
  }
});

Deno.test("ActorRef.askAll() of a stopped actor and of nothing does not reject", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Calc, () => calc());
  await system.stop(actor);
  const [outcome] = await actor.askAll([Calc.name()]);
  assertInstanceOf(
    outcome.status === "rejected" && outcome.reason,
    StoppedError,
  );
  assertEquals(await actor.askAll([]), []);
});

Deno.test("Context.tellAll() and askAll() send with the actor as sender, within the asker's time", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const log: string[] = [];
  const target = system.spawn(Calc, () => calc(log));
  const probe = new Probe(system, Calc);
  probe.answer("half", (value, ctx) => {
    log.push(`${ctx.sender?.pid.path} leaves ${ctx.remaining} ms`);
    return value / 2;
  });
  const actor = system.spawn(Worker, () => worker(), { name: "boss" });
  const result = await actor.ask(
    Worker.run(async (ctx) => {
      const taken = ctx.tellAll(target, [Calc.note("a"), Calc.note("b")]);
      const outcomes = await ctx.askAll(probe.ref, [
        Calc.half(2),
        Calc.half(4),
      ]);
      return [taken, ...outcomes];
    }),
    { timeout: 70 },
  );
  assertEquals(result, [2, { status: "fulfilled", value: 1 }, {
    status: "fulfilled",
    value: 2,
  }]);
  await settle(system);
  assertEquals(log.toSorted(), [
    "a from boss",
    "b from boss",
    "boss leaves 70 ms",
    "boss leaves 70 ms",
  ]);
});
