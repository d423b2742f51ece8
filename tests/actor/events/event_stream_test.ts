import { assertEquals, assertThrows } from "@std/assert";
import type { SystemEvent } from "../../../actor/mod.ts";
import { EventBus } from "../../../actor/events/event_stream.ts";
import { settle } from "../../../testing/mod.ts";
import { quietSystem, raise, Worker, worker } from "../fixtures.ts";

const warning = (text: string): SystemEvent => ({ type: "warning", text });

async function drain<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

Deno.test("EventStream.subscribe() gives the events of the wanted types in order", async () => {
  await using system = quietSystem();
  using events = system.events.subscribe({
    types: ["actor_started", "actor_restarted", "actor_stopped"],
  });
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  actor.tell(Worker.run(() => raise(new Error("no"))));
  await settle(system);
  await system.stop(actor);
  events.unsubscribe();
  assertEquals(
    (await drain(events)).map(({ type, pid }) => `${type} ${pid.path}`),
    ["actor_started a", "actor_restarted a", "actor_stopped a"],
  );
});

Deno.test("EventStream.subscribe() gives events of all types unless told otherwise", async () => {
  await using system = quietSystem();
  using events = system.events.subscribe();
  const actor = system.spawn(Worker, () => worker());
  actor.tell(Worker.run(() => raise(new Error("no"))));
  await settle(system);
  await system.stop(actor);
  actor.tell(Worker.note("x"));
  events.unsubscribe();
  assertEquals((await drain(events)).map(({ type }) => type), [
    "actor_started",
    "actor_failed",
    "actor_restarted",
    "actor_stopped",
    "dead_letter",
  ]);
});

Deno.test("EventStream.subscribe() waits for events that are still to come", async () => {
  const bus = new EventBus();
  using events = bus.subscribe({ types: ["warning"] });
  const reads = [events.next(), events.next()];
  bus.publish(warning("1"));
  bus.publish(warning("2"));
  assertEquals(
    (await Promise.all(reads)).map(({ value }) => value?.text),
    ["1", "2"],
  );
});

Deno.test("EventStream.subscribe() drops and counts the oldest events over its capacity", async () => {
  const bus = new EventBus();
  const events = bus.subscribe({ types: ["warning"], capacity: 2 });
  for (const text of ["1", "2", "3", "4", "5"]) bus.publish(warning(text));
  events.unsubscribe();
  assertEquals(events.dropped, 3);
  assertEquals((await drain(events)).map(({ text }) => text), ["4", "5"]);
});

Deno.test("EventStream.subscribe() holds 1024 events unless told otherwise", () => {
  const bus = new EventBus();
  using events = bus.subscribe();
  for (let i = 0; i < 1_030; i++) bus.publish(warning(""));
  assertEquals(events.dropped, 6);
});

Deno.test("EventStream.subscribe() refuses a capacity below 1", () => {
  for (const capacity of [0, -1, NaN]) {
    assertThrows(
      () => new EventBus().subscribe({ capacity }),
      RangeError,
      `the capacity is ${capacity}, a number >= 1 was expected`,
    );
  }
});

Deno.test("EventStream subscriptions do not see one another's reading", async () => {
  const bus = new EventBus();
  const first = bus.subscribe();
  const second = bus.subscribe({ capacity: 1 });
  bus.publish(warning("1"));
  bus.publish(warning("2"));
  first.unsubscribe();
  second.unsubscribe();
  assertEquals([(await drain(first)).length, (await drain(second)).length], [
    2,
    1,
  ]);
});

Deno.test("Subscription.unsubscribe() ends waiting reads and lets what waits be read", async () => {
  const bus = new EventBus();
  const events = bus.subscribe();
  const read = events.next();
  events.unsubscribe();
  events.unsubscribe();
  bus.publish(warning("late"));
  assertEquals([(await read).done, (await events.next()).done], [true, true]);
});

Deno.test("leaving a for-await loop ends the subscription", async () => {
  const bus = new EventBus();
  const events = bus.subscribe({ types: ["warning"] });
  bus.publish(warning("1"));
  bus.publish(warning("2"));
  for await (const event of events) {
    assertEquals(event.text, "1");
    break;
  }
  assertEquals(bus.wants("warning"), false);
  assertEquals((await events.next()).done, true);
});

Deno.test("EventBus.wants() is true only while somebody listens", () => {
  const bus = new EventBus();
  assertEquals(bus.wants("dead_letter"), false);
  const untap = bus.tap(["dead_letter"], () => {});
  const events = bus.subscribe({ types: ["dead_letter"] });
  untap();
  assertEquals(bus.wants("dead_letter"), true);
  events.unsubscribe();
  assertEquals(bus.wants("dead_letter"), false);
});

Deno.test("EventBus.publish() survives an observer that throws", () => {
  const bus = new EventBus();
  const seen: string[] = [];
  bus.tap(["warning"], () => raise(new Error("no")));
  bus.tap(["warning"], (event) => void seen.push(event.type));
  bus.publish(warning("1"));
  assertEquals(seen, ["warning"]);
});

Deno.test("EventStream subscriptions end when the system has stopped", async () => {
  const system = quietSystem();
  const events = system.events.subscribe({ types: ["actor_stopped"] });
  const all = drain(events);
  system.spawn(Worker, () => worker());
  await settle(system);
  await system.drain();
  assertEquals((await all).length, 1);
  assertEquals((await system.events.subscribe().next()).done, true);
});

Deno.test("an event is not built when nobody wants it", async () => {
  await using system = quietSystem();
  let reads = 0;
  const error = {
    get stack() {
      reads++;
      return "";
    },
  };
  const actor = system.spawn(Worker, () => worker());
  actor.tell(Worker.run(() => raise(error)));
  await settle(system);
  assertEquals(reads, 0);
});
