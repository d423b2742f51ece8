import { assertEquals, assertThrows } from "@std/assert";
import { ActorSystem } from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { seededRandom } from "../../../internal/random.ts";
import { quietSystem, Worker, worker } from "../fixtures.ts";

Deno.test("ActorSystem runs at once, and several share nothing", async () => {
  await using one = new ActorSystem("one", { logger: null });
  await using two = new ActorSystem("two", { logger: null });
  const names = [one, two].map((system) =>
    system.spawn(Worker, () => worker(), { name: "same" })
  );
  assertEquals(names.map(String), [
    "goakt://one@:0/same",
    "goakt://two@:0/same",
  ]);
  await one.drain();
  assertEquals([one.state, two.state], ["stopped", "running"]);
  assertEquals(await names[1]?.ask(Worker.run(() => 1)), 1);
});

Deno.test("ActorSystem refuses an ask timeout that is not a number above 0", () => {
  for (const askTimeout of [0, -1, NaN]) {
    assertThrows(
      () => new ActorSystem("test", { askTimeout }),
      RangeError,
      `Cannot create system "test": askTimeout is ${askTimeout}, a number of milliseconds > 0 was expected`,
    );
  }
});

Deno.test("ActorSystem hands its injected parts to the layers above", async () => {
  const random = seededRandom(1);
  await using system = quietSystem({ random });
  const { runtime, kinds } = internalsOf(system);
  assertEquals([runtime.random === random, runtime.name, kinds.names], [
    true,
    "test",
    [],
  ]);
});

Deno.test("ActorSystem names each run differently", async () => {
  await using one = quietSystem();
  await using two = quietSystem();
  const incarnation = (system: ActorSystem) =>
    internalsOf(system).runtime.incarnation;
  assertEquals(incarnation(one) === incarnation(two), false);
});
