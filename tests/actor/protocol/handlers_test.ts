import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  ask,
  type ForeignMessage,
  type Handlers,
  type Message,
  PROTOCOL,
  protocol,
  tell,
} from "../../../actor/mod.ts";
import { handlerTable } from "../../../actor/protocol/handlers.ts";
import { foreignMail } from "../../../actor/cell/signals.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { settle } from "../../../testing/mod.ts";
import { quietSystem, record } from "../fixtures.ts";

const Counter = protocol("counter", {
  increment: tell<{ by: number }>(),
  get: ask<void, number>(),
});

class CounterActor implements Handlers<typeof Counter> {
  #count = 0;
  increment({ by }: { by: number }): void {
    this.#count += by;
  }
  get(): number {
    return this.#count;
  }
}

Deno.test("handlers may be a class with private state, one instance for each actor", async () => {
  await using system = quietSystem();
  const [one, two] = [1, 2].map(() =>
    system.spawn(Counter, () => new CounterActor())
  );
  one?.tell(Counter.increment({ by: 2 }));
  one?.tell(Counter.increment({ by: 3 }));
  assertEquals(await one?.ask(Counter.get()), 5);
  assertEquals(await two?.ask(Counter.get()), 0);
});

Deno.test("handlers may come from a base class, or be properties of the instance", async () => {
  await using system = quietSystem();
  class Double extends CounterActor {
    override increment({ by }: { by: number }): void {
      super.increment({ by: by * 2 });
    }
  }
  class Fields implements Handlers<typeof Counter> {
    increment = () => {};
    get = () => 7;
  }
  const double = system.spawn(Counter, () => new Double());
  double.tell(Counter.increment({ by: 2 }));
  assertEquals(await double.ask(Counter.get()), 4);
  assertEquals(
    await system.spawn(Counter, () => new Fields()).ask(Counter.get()),
    7,
  );
});

Deno.test("handlerTable() is shared by the instances of a class, and rebuilt for one that differs", () => {
  const data = Counter[PROTOCOL];
  const table = handlerTable(data, new CounterActor());
  assertStrictEquals(handlerTable(data, new CounterActor()), table);
  const odd = new CounterActor();
  odd.get = () => 5;
  assertEquals(handlerTable(data, odd)[1], odd.get as never);
  const Other = protocol("other", { get: ask<void, number>() });
  assertEquals(handlerTable(Other[PROTOCOL], new CounterActor()).length, 1);
});

Deno.test("handlerTable() refuses what is no object, lacks a handler or has none that can be called", () => {
  const data = Counter[PROTOCOL];
  for (const bad of [undefined, null, 5, "x"]) {
    assertThrows(
      () => handlerTable(data, bad as never),
      TypeError,
      `Cannot use the handlers of protocol "counter": found ${bad}, wanted an object`,
    );
  }
  assertThrows(
    () => handlerTable(data, { get: () => 1 } as never),
    TypeError,
    'found none for "increment", wanted one for each message or a receive method',
  );
  assertThrows(
    () => handlerTable(data, { get: 5, receive() {} } as never),
    TypeError,
    '"get" is a number, a method was expected',
  );
});

Deno.test("handlers that are missing fail the start of the actor", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Counter, () => ({ get: () => 1 }) as never);
  const error = await assertRejects(() => actor.started());
  assertEquals((error as Error).name, "StartError");
});

Deno.test("receive() gets the messages that no handler claims, and its result is the reply", async () => {
  await using system = quietSystem();
  const seen: (Message | ForeignMessage)[] = [];
  const actor = system.spawn(Counter, () => ({
    get: () => 1,
    receive(message) {
      seen.push(message);
      return "from receive";
    },
  }));
  const message = Counter.increment({ by: 2 });
  assertEquals(await actor.ask(message), "from receive" as never);
  assertEquals(await actor.ask(Counter.get()), 1);
  assertStrictEquals(seen[0], message as Message);
  assertEquals(seen.length, 1);
});

Deno.test("receive() gets messages from other nodes whose type is unknown here, undecoded", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const seen: unknown[] = [];
  system.spawn(
    Counter,
    () => ({ receive: (message) => void seen.push(message) }),
    {
      name: "open",
    },
  );
  system.spawn(Counter, () => new CounterActor(), { name: "closed" });
  await settle(system);
  const foreign = { typeName: "acme.v1.Thing", bytes: new Uint8Array([1, 2]) };
  const { find } = internalsOf(system);
  find("open")?.deliver(foreignMail(foreign));
  find("closed")?.deliver(foreignMail(foreign));
  await settle(system);
  assertEquals(seen, [foreign]);
  assertEquals(
    letters.map(({ message, reason, target }) => [
      message.type,
      reason,
      target.path,
    ]),
    [["acme.v1.Thing", "unhandled", "closed"]],
  );
});
