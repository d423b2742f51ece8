import { assertEquals, assertThrows } from "@std/assert";
import {
  type ActorRef,
  protocol,
  type StandardSchema,
  tell,
  topic,
} from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { settle } from "../../../testing/mod.ts";
import {
  gate,
  quietSystem,
  raise,
  record,
  Worker,
  worker,
  type WorkerRef,
} from "../fixtures.ts";

const Notes = topic<string>("notes");
const Other = topic<string>("other");
const NOTHING = { subscribers: 0, published: 0, delivered: 0, dropped: 0 };

Deno.test("Topics.publish() reaches all actors that have subscribed, in the order of publishing", async () => {
  await using system = quietSystem();
  const { topics } = system;
  const log: string[] = [];
  const [a, b] = ["a", "b"].map((name) =>
    system.spawn(Worker, () => worker(log, name))
  ) as [WorkerRef, WorkerRef];
  assertEquals(topics.publish(Notes, "for nobody"), 0);
  topics.subscribe(Notes, a, Worker.note);
  assertEquals(topics.publish(Notes, "1"), 1);
  topics.subscribe(Notes, b, Worker.note);
  assertEquals(topics.publish(Notes, "2"), 2);
  assertEquals(topics.publish(Other, "elsewhere"), 0);
  await settle(system);
  assertEquals(log.toSorted(), ["a1", "a2", "b2"]);
});

Deno.test("Topics.subscribe() makes for each actor a message of its own protocol", async () => {
  await using system = quietSystem();
  const log: unknown[] = [];
  const Prices = topic<{ symbol: string; price: number }>("prices");
  const Trader = protocol("trader", {
    changed: tell<{ symbol: string; price: number }>(),
  });
  const trader = system.spawn(Trader, () => ({
    changed: (price) => void log.push(price),
  }));
  const clerk = system.spawn(Worker, () => worker(log as string[]));
  const { topics } = system;
  topics.subscribe(Prices, trader, Trader.changed);
  topics.subscribe(
    Prices,
    clerk,
    ({ symbol, price }) => Worker.note(`${symbol} ${price}`),
  );
  // @ts-expect-error the message is made from other data
  const wrong = () => topics.subscribe(Prices, clerk, Worker.note);
  assertEquals(typeof wrong, "function");
  topics.publish(Prices, { symbol: "ACME", price: 7 });
  await settle(system);
  assertEquals(log, [{ symbol: "ACME", price: 7 }, "ACME 7"]);
});

Deno.test("Topics.subscribe() twice delivers once, with the newer message", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => worker(log), { name: "a" });
  system.topics.subscribe(Notes, actor, Worker.note);
  system.topics.subscribe(Notes, actor, (text) => Worker.note(`new ${text}`));
  system.topics.publish(topic("notes"), "1");
  await settle(system);
  assertEquals(log, ["new 1"]);
  system.topics.unsubscribe(Notes, actor);
  assertEquals(internalsOf(system).find("a")?.rare.watch?.watchers, 0);
});

Deno.test("Topics.unsubscribe() ends the messages of one topic only", async () => {
  await using system = quietSystem();
  const { topics } = system;
  const log: string[] = [];
  const actor = system.spawn(Worker, () => worker(log));
  topics.subscribe(Notes, actor, Worker.note);
  topics.subscribe(Other, actor, Worker.note);
  topics.unsubscribe(Notes, actor);
  topics.unsubscribe(Notes, actor);
  assertEquals(topics.publish(Notes, "1"), 0);
  assertEquals(topics.publish(Other, "2"), 1);
  await settle(system);
  assertEquals([log, topics.names], [["2"], ["other"]]);
});

Deno.test("Topics forgets an actor that has ended, and sends nothing to one that is ending", async () => {
  await using system = quietSystem();
  const { topics } = system;
  const open = gate();
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStop: () => open.promise,
  }));
  await actor.started();
  topics.subscribe(Notes, actor, Worker.note);
  topics.subscribe(Other, actor, Worker.note);
  const stopped = system.stop(actor);
  assertEquals(topics.publish(Notes, "1"), 0);
  assertEquals(topics.names, ["other"]);
  open.resolve();
  await stopped;
  assertEquals(topics.names, []);
  topics.subscribe(Notes, actor, Worker.note);
  topics.subscribe(Notes, missing(system), Worker.note);
  assertEquals([topics.names, topics.publish(Notes, "2")], [[], 0]);
  assertEquals(system.deadLetters, 0);
});

function missing(system: ReturnType<typeof quietSystem>): WorkerRef {
  return system.ref(Worker, "goakt://test@:0/never");
}

Deno.test("Topics keeps an actor over its restart", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => worker(log));
  system.topics.subscribe(Notes, actor, Worker.note);
  actor.tell(Worker.run(() => raise(new Error("boom"))));
  await settle(system);
  assertEquals(system.topics.publish(Notes, "1"), 1);
  await settle(system);
  assertEquals(log, ["1"]);
});

Deno.test("Topics.publish() checks with the schema of the topic", async () => {
  await using system = quietSystem();
  const Even: StandardSchema<number> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) =>
        Number(value) % 2 === 0
          ? { value: Number(value) }
          : { issues: [{ message: "odd" }] },
    },
  };
  const Numbers = topic("numbers", Even);
  const seen = system.topics.listen(Numbers);
  assertEquals(system.topics.publish(Numbers, 2), 1);
  assertThrows(
    () => system.topics.publish(Numbers, 3),
    TypeError,
    `Cannot publish to "numbers": odd at "$"`,
  );
  assertEquals((await seen.next()).value, 2);
  seen.unsubscribe();
});

Deno.test("Topics.publish() goes on when a message cannot be made, counts and warns", async () => {
  await using system = quietSystem();
  const { topics } = system;
  const warnings = record(system, "warning");
  const log: string[] = [];
  const [a, b] = ["a", "b"].map((name) =>
    system.spawn(Worker, () => worker(log, name), { name })
  ) as [WorkerRef, WorkerRef];
  topics.subscribe(Notes, a, () => raise(new Error("boom")));
  topics.subscribe(Notes, b, Worker.note);
  assertEquals(topics.publish(Notes, "1"), 1);
  await settle(system);
  assertEquals(log, ["b1"]);
  assertEquals(warnings.map(({ text, cause }) => [text, String(cause)]), [[
    `"goakt://test@:0/a" missed what was published to "notes": the message could not be made`,
    "Error: boom",
  ]]);
  assertEquals(topics.statistics(Notes), {
    subscribers: 2,
    published: 1,
    delivered: 1,
    dropped: 1,
  });
});

Deno.test("Topics.listen() gives what is published later, oldest first, until the loop is left", async () => {
  await using system = quietSystem();
  const { topics } = system;
  topics.publish(Notes, "too early");
  const listener = topics.listen(Notes);
  for (const text of ["1", "2", "3"]) topics.publish(Notes, text);
  const seen: string[] = [];
  for await (const text of listener) {
    seen.push(text);
    if (text === "2") break;
  }
  assertEquals([seen, topics.names], [["1", "2"], []]);
});

Deno.test("Topics.listen() gives undefined as a value of a topic without data", async () => {
  await using system = quietSystem();
  const Ticks = topic<void>("ticks");
  using listener = system.topics.listen(Ticks);
  system.topics.publish(Ticks, undefined);
  assertEquals(await listener.next(), { done: false, value: undefined });
});

Deno.test("Topics.listen() drops the oldest for a slow reader, and counts it", async () => {
  await using system = quietSystem();
  const { topics } = system;
  const slow = topics.listen(Notes, { capacity: 2 });
  const fast = topics.listen(Notes);
  for (const text of ["1", "2", "3", "4"]) topics.publish(Notes, text);
  assertEquals([slow.dropped, fast.dropped], [2, 0]);
  slow.unsubscribe();
  fast.unsubscribe();
  assertEquals(await Array.fromAsync(slow), ["3", "4"]);
  assertEquals((await Array.fromAsync(fast)).length, 4);
  assertThrows(
    () => topics.listen(Notes, { capacity: 0 }),
    RangeError,
    "the capacity is 0",
  );
});

Deno.test("Topics.listen() ends when the system has stopped", async () => {
  const system = quietSystem();
  const listener = system.topics.listen(Notes);
  system.topics.publish(Notes, "1");
  await system.drain();
  assertEquals(await Array.fromAsync(listener), ["1"]);
  assertEquals(await Array.fromAsync(system.topics.listen(Notes)), []);
  assertEquals(system.topics.publish(Notes, "2"), 0);
});

Deno.test("Topics.statistics() counts for each topic and for all", async () => {
  await using system = quietSystem();
  const { topics } = system;
  const actor = system.spawn(Worker, () => worker());
  topics.subscribe(Notes, actor, Worker.note);
  const listener = topics.listen(Notes, { capacity: 1 });
  const other = topics.listen(Other);
  for (const text of ["1", "2", "3"]) topics.publish(Notes, text);
  topics.publish(Other, "4");
  assertEquals(topics.statistics(Notes), {
    subscribers: 2,
    published: 3,
    delivered: 6,
    dropped: 2,
  });
  const total = { published: 4, delivered: 7, dropped: 2 };
  assertEquals(topics.statistics(), { subscribers: 3, ...total });
  listener.unsubscribe();
  other.unsubscribe();
  await system.stop(actor);
  assertEquals(topics.statistics(Notes), NOTHING);
  assertEquals(topics.statistics(), { subscribers: 0, ...total });
});

Deno.test("Topics holds nothing of what was published, nor of subscribers that come and go", async () => {
  await using system = quietSystem();
  const { topics } = system;
  for (let round = 0; round < 200; round++) {
    const Once = topic<string>(`once-${round}`);
    const actor = system.spawn(Worker, () => worker());
    const listener = topics.listen(Once);
    topics.subscribe(Once, actor, Worker.note);
    topics.publish(Once, "x");
    listener.unsubscribe();
    if (round % 2 === 0) await system.stop(actor);
    else topics.unsubscribe(Once, actor);
  }
  assertEquals(topics.names, []);
});

Deno.test("topic() and Topics.subscribe() refuse what cannot be", async () => {
  assertThrows(() => topic(""), TypeError, "found no characters");
  await using system = quietSystem();
  const far = { pid: "far" } as unknown as ActorRef<typeof Worker>;
  assertThrows(
    () => system.topics.subscribe(Notes, far, Worker.note),
    TypeError,
    "it is not a reference",
  );
});
