import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { inspect as nodeInspect } from "node:util";
import { AskTimeoutError, Pid } from "../../../actor/mod.ts";
import { ManualClock } from "../../../testing/mod.ts";
import { gate, quietSystem, Worker, worker } from "../fixtures.ts";

for (
  const [platform, show] of [
    ["Deno", (value: unknown) => Deno.inspect(value)],
    ["Node", (value: unknown) => nodeInspect(value)],
  ] as const
) {
  Deno.test(`the inspect of ${platform} shows a reference with address, protocol and what its actor is doing`, async () => {
    const clock = new ManualClock();
    await using system = quietSystem({ clock });
    const open = gate();
    const actor = system.spawn(Worker, () => worker(), { name: "a" });
    assertEquals(show(actor), 'ActorRef "goakt://test@:0/a" (worker, new)');
    await clock.settle();
    assertEquals(show(actor), 'ActorRef "goakt://test@:0/a" (worker, running)');
    actor.tell(Worker.run(() => open.promise));
    actor.tell(Worker.note("waits"));
    await clock.settle();
    assertStringIncludes(
      show({ actor }),
      'actor: ActorRef "goakt://test@:0/a" (worker, in "worker.run", 1 message waiting)',
    );
    open.resolve();
    await system.stop(actor);
    assertEquals(show(actor), 'ActorRef "goakt://test@:0/a" (worker, stopped)');
    const missing = system.ref(Worker, "goakt://test@:0/b");
    assertEquals(
      show(missing),
      'ActorRef "goakt://test@:0/b" (worker, missing)',
    );
  });

  Deno.test(`the inspect of ${platform} shows a system, a Pid and a message in one line`, async () => {
    const system = quietSystem();
    const actor = system.spawn(Worker, () => worker());
    await system.stop(actor);
    actor.tell(Worker.note("lost"));
    system.spawn(Worker, () => worker());
    system.spawn(Worker, () => worker());
    assertEquals(
      show(system),
      'ActorSystem "test" (running, 2 top-level actors, 1 dead letter)',
    );
    await system.drain();
    assertEquals(
      show(system),
      'ActorSystem "test" (stopped, 0 top-level actors, 1 dead letter)',
    );
    const pid = Pid.parse("goakt://test@10.0.0.1:99/a/b#i.1");
    assertEquals(show(pid), 'Pid "goakt://test@10.0.0.1:99/a/b#i.1"');
    assertEquals(
      show(Worker.note("hello")),
      `worker.note(${show(["hello"]).slice(2, -2)})`,
    );
  });
}

Deno.test("AskTimeoutError says what the actor was doing instead", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const open = gate();
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  actor.tell(Worker.run(() => open.promise));
  const asked = actor.ask(Worker.note("x"), { timeout: 30 });
  const rejected = assertRejects(
    () => asked,
    AskTimeoutError,
    'Cannot complete the ask of "worker.note" to "goakt://test@:0/a": no reply within 30 ms (it is in "worker.run", 1 message waiting), a reply was expected',
  );
  await clock.advance(50);
  const error = await rejected;
  assertStringIncludes(
    Deno.inspect(error),
    'target: Pid "goakt://test@:0/a#',
  );
  open.resolve();
});
