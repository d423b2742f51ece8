import { assertEquals, assertRejects } from "@std/assert";
import { ActorSystem, protocol, tell } from "../../actor/mod.ts";
import {
  captureDeadLetters,
  ManualClock,
  ProbeError,
} from "../../testing/mod.ts";

const Till = protocol("till", { paid: tell<{ amount: number }>() });

function quiet(): { system: ActorSystem; clock: ManualClock } {
  const clock = new ManualClock();
  return { system: new ActorSystem("test", { clock, logger: null }), clock };
}

Deno.test("captureDeadLetters() collects from its beginning to its end", async () => {
  await using system = quiet().system;
  const till = system.spawn(Till, () => ({ paid: () => {} }), { name: "t" });
  await system.stop(till);
  till.tell(Till.paid({ amount: 1 }));
  const lost = captureDeadLetters(system);
  till.tell(Till.paid({ amount: 2 }));
  assertEquals(
    lost.all.map(({ message, reason, target }) => [
      message.body,
      reason,
      target.path,
    ]),
    [[{ amount: 2 }, "stopped", "t"]],
  );
  lost[Symbol.dispose]();
  till.tell(Till.paid({ amount: 3 }));
  assertEquals(lost.all.length, 1);
});

Deno.test("DeadLetterCapture.expect() waits for a message and its reason", async () => {
  await using system = quiet().system;
  using lost = captureDeadLetters(system);
  const till = system.spawn(Till, () => ({ paid: () => {} }));
  const found = lost.expect(Till.paid({ amount: 2 }), "stopped");
  await system.stop(till);
  till.tell(Till.paid({ amount: 1 }));
  till.tell(Till.paid({ amount: 2 }));
  assertEquals((await found).message.body, { amount: 2 });
  await lost.expect(Till.paid({ amount: 1 }));
});

Deno.test("DeadLetterCapture.expect() fails after 3 s and says which dead letters there were", async () => {
  const { system, clock } = quiet();
  using lost = captureDeadLetters(system);
  const till = system.spawn(Till, () => ({ paid: () => {} }), { name: "t" });
  await system.stop(till);
  till.tell(Till.paid({ amount: 1 }));
  const failed = assertRejects(
    () => lost.expect(Till.paid({ amount: 1 }), "missing"),
    ProbeError,
    `Cannot find a dead letter "till.paid" { amount: 1 } (missing) within 3000 ms: there were "till.paid" { amount: 1 } to "${till.pid}" (stopped)`,
  );
  await clock.advance(2_999);
  assertEquals(clock.pending, 1);
  await clock.advance(1);
  await failed;
  await system.drain();
});

Deno.test("DeadLetterCapture.expectNone() fails when there is one, and waits for the actors before it looks", async () => {
  await using system = quiet().system;
  using lost = captureDeadLetters(system);
  const till = system.spawn(Till, () => ({ paid: () => {} }));
  till.tell(Till.paid({ amount: 1 }));
  await lost.expectNone();
  till.tell(Till.paid({ amount: 2 }));
  void system.stop(till);
  await assertRejects(
    () => lost.expectNone(),
    ProbeError,
    'Cannot go without dead letters: there were "till.paid" { amount: 2 }',
  );
});
