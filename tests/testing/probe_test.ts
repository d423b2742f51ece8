import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  ActorSystem,
  ask,
  NameTakenError,
  Pid,
  protocol,
  tell,
} from "../../actor/mod.ts";
import { ManualClock, Probe, ProbeError } from "../../testing/mod.ts";

const Till = protocol("till", {
  paid: tell<{ amount: number }>(),
  closed: tell(),
  total: ask<void, number>(),
});

Deno.test("Probe.next() gives the messages in the order of arrival", async () => {
  await using system = new ActorSystem("test");
  const probe = new Probe(system, Till);
  const early = probe.next();
  probe.ref.tell(Till.paid({ amount: 1 }));
  probe.ref.tell(Till.closed());
  assertEquals((await early).body, { amount: 1 });
  assertEquals((await probe.next()).type, "till.closed");
  assertEquals(probe.received.map(({ type }) => type), [
    "till.paid",
    "till.closed",
  ]);
});

Deno.test("Probe.next() fails after 3 s with what was expected, what had arrived and how long", async () => {
  const clock = new ManualClock();
  await using system = new ActorSystem("test", { clock });
  const probe = new Probe(system, Till, { name: "eye" });
  probe.ref.tell(Till.paid({ amount: 1 }));
  await probe.next();
  const failed = assertRejects(
    () => probe.next(),
    ProbeError,
    'probe "goakt://test@:0/eye" expected a message within 3000 ms, got none; before that came "till.paid" { amount: 1 }',
  );
  await clock.advance(2_999);
  assertEquals(clock.pending, 1);
  await clock.advance(1);
  await failed;
  assertEquals(clock.pending, 0);
});

Deno.test("Probe.next() shows the last ten of many arrivals", async () => {
  const clock = new ManualClock();
  await using system = new ActorSystem("test", { clock });
  const probe = new Probe(system, Till);
  for (let amount = 0; amount < 13; amount++) {
    probe.ref.tell(Till.paid({ amount }));
    await probe.next();
  }
  const failed = assertRejects(
    () => probe.next({ timeout: 5 }),
    ProbeError,
    'before that came 3 others, "till.paid" { amount: 3 }, ',
  );
  await clock.advance(5);
  await failed;
});

Deno.test("Probe.expect() compares name and body, or calls a condition", async () => {
  await using system = new ActorSystem("test");
  const probe = new Probe(system, Till);
  for (const amount of [1, 2, 3]) probe.ref.tell(Till.paid({ amount }));
  probe.ref.tell(Till.closed());
  await probe.expect(Till.paid({ amount: 1 }));
  await probe.expect(({ body }) => (body as { amount: number }).amount === 2);
  await assertRejects(
    () => probe.expect(Till.paid({ amount: 4 })),
    ProbeError,
    'expected "till.paid" { amount: 4 }, got "till.paid" { amount: 3 }',
  );
  await assertRejects(
    () => probe.expect(({ type }) => type === "till.paid"),
    ProbeError,
    'holds, got "till.closed"',
  );
});

Deno.test("Probe.expectNoMessage() fails for a message that was not taken", async () => {
  await using system = new ActorSystem("test");
  const probe = new Probe(system, Till);
  await probe.expectNoMessage();
  probe.ref.tell(Till.closed());
  await assertRejects(
    () => probe.expectNoMessage(),
    ProbeError,
    'expected no message, got "till.closed"',
  );
  await probe.next();
  await probe.expectNoMessage();
});

Deno.test("Probe.expectNoMessage() waits as long as it is told", async () => {
  const clock = new ManualClock();
  await using system = new ActorSystem("test", { clock });
  const probe = new Probe(system, Till);
  const failed = assertRejects(
    () => probe.expectNoMessage({ timeout: 100 }),
    ProbeError,
  );
  clock.setTimer(50, () => probe.ref.tell(Till.closed()));
  await clock.advance(50);
  await failed;
  await probe.next();
  const passed = probe.expectNoMessage({ timeout: 100 });
  await clock.settle();
  await clock.advance(100);
  await passed;
});

Deno.test("Probe.sender is who sent the message that was taken last", async () => {
  await using system = new ActorSystem("test");
  const probe = new Probe(system, Till);
  const source = system.spawn(Till, () => ({
    onStart: (ctx) => void ctx.tell(probe.ref, Till.closed()),
    receive() {},
  }));
  await probe.next();
  assertStrictEquals(probe.sender, source);
  probe.ref.tell(Till.closed());
  await probe.next();
  assertStrictEquals(probe.sender, undefined);
});

Deno.test("Probe.answer() scripts the replies to one message", async () => {
  await using system = new ActorSystem("test", { logger: null });
  const probe = new Probe(system, Till);
  assertEquals(await probe.ref.ask(Till.total()), undefined as never);
  probe.answer("total", () => 5);
  assertEquals(await probe.ref.ask(Till.total()), 5);
  probe.answer("total", () => {
    throw new RangeError("no");
  });
  await assertRejects(() => probe.ref.ask(Till.total()), RangeError, "no");
  assertEquals(probe.received.length, 3);
});

Deno.test("Probe.expectTerminated() tells why an actor ended, watched before or not", async () => {
  await using system = new ActorSystem("test");
  const probe = new Probe(system, Till);
  const [first, second, third] = [1, 2, 3].map(() =>
    system.spawn(Till, () => ({ receive() {} }))
  ) as [typeof probe.ref, typeof probe.ref, typeof probe.ref];
  await probe.watch(first);
  await system.stop(first);
  await system.stop(second);
  assertEquals((await probe.expectTerminated(first)).reason, "stopped");
  assertEquals((await probe.expectTerminated(second)).reason, "missing");
  const end = probe.expectTerminated(third);
  await probe.watch(third);
  system.stop(third);
  assertEquals((await end).pid, third.pid);
});

Deno.test("Probe.expectTerminated() fails with who had ended instead", async () => {
  const clock = new ManualClock();
  await using system = new ActorSystem("test", { clock });
  const probe = new Probe(system, Till);
  const actor = system.spawn(Till, () => ({ receive() {} }), { name: "alive" });
  const failed = assertRejects(
    () => probe.expectTerminated(actor),
    ProbeError,
    'expected the end of "goakt://test@:0/alive" within 3000 ms, others have ended: "goakt://test@:0/gone" (missing)',
  );
  const gone = system.ref(
    Till,
    new Pid({ system: "test", host: "", port: 0, path: "gone" }),
  );
  await probe.watch(gone);
  await clock.advance(3_000);
  await failed;
});

Deno.test("Probe.unwatch() ends a watch", async () => {
  const clock = new ManualClock();
  await using system = new ActorSystem("test", { clock });
  const probe = new Probe(system, Till);
  const actor = system.spawn(Till, () => ({ receive() {} }));
  await probe.watch(actor);
  await probe.unwatch(actor);
  await system.stop(actor);
  assertEquals(
    (await probe.expectTerminated(actor)).reason,
    "missing",
    "the end that was watched before unwatch() is not told",
  );
});

Deno.test("Probe takes the name that it is given and gives it back when disposed", async () => {
  await using system = new ActorSystem("test");
  {
    await using probe = new Probe(system, Till, { name: "eye" });
    assertEquals(probe.ref.pid.path, "eye");
    assertThrows(
      () => new Probe(system, Till, { name: "eye" }),
      NameTakenError,
    );
  }
  new Probe(system, Till, { name: "eye" });
});
