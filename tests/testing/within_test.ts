import { assertEquals, assertRejects } from "@std/assert";
import { ActorSystem, protocol, tell } from "../../actor/mod.ts";
import { ManualClock, Probe, ProbeError } from "../../testing/mod.ts";

const Till = protocol("till", { paid: tell<{ amount: number }>() });

function world() {
  const clock = new ManualClock();
  const system = new ActorSystem("test", { clock, logger: null });
  return { clock, system, probe: new Probe(system, Till, { name: "eye" }) };
}

Deno.test("Probe.within() gives what its function returns when it was quick enough", async () => {
  const { clock, system, probe } = world();
  const amount = await probe.within(100, async () => {
    probe.ref.tell(Till.paid({ amount: 5 }));
    await clock.advance(100);
    return (await probe.next()).body.amount;
  });
  assertEquals(amount, 5);
  await system.drain();
});

Deno.test("Probe.within() fails when it took longer", async () => {
  const { clock, system, probe } = world();
  await assertRejects(
    () => probe.within(100, () => clock.advance(101)),
    ProbeError,
    'probe "goakt://test@:0/eye" expected it to take 100 ms at most, it took 101 ms',
  );
  await system.drain();
});

Deno.test("Probe.within() shares its time among the waits inside, and gives them theirs back after it", async () => {
  const { clock, system, probe } = world();
  const failed = assertRejects(
    () =>
      probe.within(100, async () => {
        probe.ref.tell(Till.paid({ amount: 1 }));
        await clock.advance(60);
        await probe.next();
        await probe.next();
      }),
    ProbeError,
    "expected a message within 40 ms, got none",
  );
  while (clock.pending === 0) await new Promise((done) => setImmediate(done));
  await clock.advance(40);
  await failed;
  const after = assertRejects(() => probe.next(), ProbeError, "within 3000 ms");
  await clock.advance(3_000);
  await after;
  await system.drain();
});

Deno.test("Probe.within() inside another lasts no longer than that", async () => {
  const { clock, system, probe } = world();
  const failed = assertRejects(
    () => probe.within(50, () => probe.within(200, () => probe.next())),
    ProbeError,
    "expected a message within 50 ms",
  );
  await clock.advance(50);
  await failed;
  await system.drain();
});
