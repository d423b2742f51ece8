import { assertEquals } from "@std/assert";
import { settle } from "../../testing/mod.ts";
import { quietSystem, Worker, worker } from "./fixtures.ts";

for (const how of ["tell", "ask"] as const) {
  Deno.test(`Context.stash() puts one ${how} aside as often as it comes back`, async () => {
    await using system = quietSystem();
    const log: string[] = [];
    let times = 0;
    const actor = system.spawn(Worker, () => worker(log));
    const again = Worker.run((ctx) => {
      if (++times < 4) ctx.stash();
      return times;
    });
    const reply = how === "ask" ? actor.ask(again) : actor.tell(again);
    for (let i = 0; i < 3; i++) {
      await actor.ask(Worker.run((ctx) => ctx.unstashAll()));
      await settle(system);
    }
    assertEquals([times, await reply], [4, how === "ask" ? 4 : true]);
    await system.drain();
    assertEquals(system.deadLetters, 0);
  });
}
