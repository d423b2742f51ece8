import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type ActorOptions,
  type ActorRef,
  ask,
  boundedMailbox,
  CircuitBreaker,
  CircuitOpenError,
  type Context,
  oneForOne,
  PipeTimeoutError,
  protocol,
  StoppedError,
  tell,
  withHeaders,
} from "../../../actor/mod.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import { gate, quietSystem, raise, record } from "../fixtures.ts";

const Shop = protocol("shop", {
  run: ask<(ctx: Context) => unknown, unknown>(),
  priced: tell<number>(),
  unpriced: tell<unknown>(),
});
const Other = protocol("other", { priced: tell<number>() });

const Traced = protocol("traced", {
  begin: tell<Promise<string>>(),
  done: tell<string>(),
});

/** A system whose actors write down what they are told, and what happens to them. */
class Stage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly system = quietSystem({ clock: this.clock });
  readonly log: unknown[] = [];
  readonly senders: (string | undefined)[] = [];
  readonly letters = record(this.system, "dead_letter");
  readonly failures = record(this.system, "actor_failed");

  spawn(options: ActorOptions = {}): ActorRef<typeof Shop> {
    return this.system.spawn(Shop, () => ({
      run: (job, ctx) => job(ctx),
      priced: (price, ctx) => {
        this.log.push(price);
        this.senders.push(ctx.sender?.pid.path);
      },
      unpriced: (error) => void this.log.push(error),
    }), options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.system.drain();
    assertEquals(this.clock.pending, 0, "timers that are left");
  }
}

Deno.test("ctx.pipeTo() sends what a promise came to, with the actor as sender, and handles mail meanwhile", async () => {
  await using stage = new Stage();
  const { system, log, senders } = stage;
  const price = gate<number>();
  const [shop, other] = [stage.spawn(), stage.spawn()];
  shop.tell(Shop.run((ctx) => {
    ctx.pipeTo(price.promise, shop, Shop.priced);
    ctx.pipeTo(price.promise, other, (value) => Shop.priced(value * 2));
  }));
  shop.tell(Shop.unpriced("meanwhile"));
  await settle(system);
  assertEquals(log, ["meanwhile"]);
  price.resolve(5);
  await settle(system);
  assertEquals(log, ["meanwhile", 5, 10]);
  assertEquals(senders, [shop.pid.path, shop.pid.path]);
});

Deno.test("ctx.pipeTo() calls a function at once and takes values, promises and throws alike", async () => {
  await using stage = new Stage();
  const { system, log } = stage;
  const shop = stage.spawn();
  const error = new Error("on purpose");
  shop.tell(Shop.run((ctx) => {
    const options = { onError: Shop.unpriced };
    ctx.pipeTo(() => 1, shop, Shop.priced, options);
    ctx.pipeTo(() => Promise.resolve(2), shop, Shop.priced, options);
    ctx.pipeTo(() => raise(error), shop, Shop.priced, options);
    ctx.pipeTo(() => Promise.reject(error), shop, Shop.priced, options);
    log.push("begun");
  }));
  await settle(system);
  assertEquals(log[0], "begun");
  assertEquals(new Set(log.slice(1)), new Set([1, 2, error]));
  assertEquals(log.length, 5);
});

Deno.test("ctx.pipeTo() without onError fails the actor that pipes, and its supervisor decides", async () => {
  await using stage = new Stage();
  const { system, failures } = stage;
  const error = new Error("no price");
  const shop = stage.spawn({
    supervisor: oneForOne({
      decide: (it) => it === error ? "stop" : "restart",
    }),
  });
  const other = stage.spawn();
  shop.tell(Shop.run((ctx) => {
    ctx.pipeTo(Promise.reject(error), other, Shop.priced);
  }));
  await settle(system);
  assertEquals(
    failures.map(({ pid, error, during, directive }) => [
      pid.path,
      error,
      during,
      directive,
    ]),
    [[shop.pid.path, error, "pipeTo", "stop"]],
  );
  assert(!shop.tell(Shop.priced(1)) && other.tell(Shop.priced(1)));
});

Deno.test("ctx.pipeTo() fails the actor when no message can be made or sent", async () => {
  await using stage = new Stage();
  const { system, failures } = stage;
  const shop = stage.spawn();
  const error = new Error("no message");
  shop.tell(Shop.run((ctx) => {
    ctx.pipeTo(Promise.resolve(1), shop, () => raise(error));
    ctx.pipeTo(Promise.reject(1), shop, Shop.priced, {
      onError: () => raise(error),
    });
    const wrong = Other.priced(1) as unknown as ReturnType<typeof Shop.priced>;
    ctx.pipeTo(Promise.resolve(1), shop, () => wrong);
  }));
  await settle(system);
  assertEquals(failures.map(({ during }) => during), [
    "pipeTo",
    "pipeTo",
    "pipeTo",
  ]);
  assertEquals(failures.filter(({ error: it }) => it === error).length, 2);
  assert(failures.some(({ error: it }) => it instanceof TypeError));
});

Deno.test("ctx.pipeTo() makes a dead letter of what comes after the actor has stopped", async () => {
  await using stage = new Stage();
  const { system, letters } = stage;
  const price = gate<number>();
  const shop = stage.spawn();
  await shop.ask(Shop.run((ctx) => {
    ctx.pipeTo(price.promise, shop, Shop.priced);
    ctx.pipeTo(price.promise.then(raise), shop, Shop.priced, {
      onError: Shop.unpriced,
    });
    ctx.pipeTo(price.promise.then(raise), shop, Shop.priced);
  }));
  await system.stop(shop);
  price.resolve(7);
  await settle(system);
  assertEquals(
    letters.map(({ message, reason, sender }) => [
      message.type,
      message.body,
      reason,
      sender?.path,
    ]),
    [
      ["shop.priced", 7, "stopped", shop.pid.path],
      ["shop.unpriced", 7, "stopped", shop.pid.path],
      ["pipeTo", 7, "stopped", undefined],
    ],
  );
});

Deno.test("ctx.pipeTo() makes a dead letter of a failure that waits when the actor stops, or finds no room", async () => {
  await using stage = new Stage();
  const { system, letters } = stage;
  const held = gate();
  const error = new Error("on purpose");
  const shop = stage.spawn();
  const full = stage.spawn({ mailbox: boundedMailbox(1) });
  for (const ref of [shop, full]) {
    ref.tell(Shop.run((ctx) => {
      ctx.pipeTo(Promise.reject(error), ref, Shop.priced);
      return held.promise;
    }));
    if (ref === full) {
      full.tell(Shop.priced(1));
    }
    await settle(system);
  }
  assertEquals(letters.map(({ message, reason }) => [message.type, reason]), [
    ["shop.priced", "mailbox_full"],
  ]);
  const stopped = Promise.all([system.stop(shop), system.stop(full)]);
  held.resolve();
  await stopped;
  await settle(system);
  assertEquals(letters.slice(1).map(({ message }) => message.body), [
    error,
    error,
  ]);
});

Deno.test("ctx.pipeTo() sends an outcome for another actor although its own has stopped, and after a restart", async () => {
  await using stage = new Stage();
  const { system, log, clock } = stage;
  const [first, second] = [gate<number>(), gate<number>()];
  const [shop, other] = [stage.spawn(), stage.spawn()];
  await shop.ask(Shop.run((ctx) => {
    ctx.pipeTo(first.promise, shop, Shop.priced);
    ctx.pipeTo(second.promise, other, Shop.priced, { timeout: 1_000 });
  }));
  await system.restart(shop);
  first.resolve(1);
  await settle(system);
  assertEquals(log, [1]);
  await system.stop(shop);
  second.resolve(2);
  await settle(system);
  assertEquals(log, [1, 2]);
  await clock.advance(10);
  assertEquals(clock.pending, 0);
});

Deno.test("ctx.pipeTo() counts a task as failed after its timeout, aborts it and ignores the rest", async () => {
  await using stage = new Stage();
  const { clock, system, log, letters } = stage;
  const price = gate<number>();
  const signals: AbortSignal[] = [];
  const shop = stage.spawn();
  shop.tell(Shop.run((ctx) =>
    ctx.pipeTo(
      (signal) => {
        signals.push(signal);
        return price.promise;
      },
      shop,
      Shop.priced,
      { timeout: 100, onError: Shop.unpriced },
    )
  ));
  await clock.advance(99);
  assertEquals([log, signals[0]?.aborted], [[], false]);
  await clock.advance(1);
  const [error] = log;
  assert(error instanceof PipeTimeoutError);
  assertEquals(
    [error.code, error.timeout, error.message],
    [
      "pipe_timeout_error",
      100,
      `Cannot pipe a task of "${shop.pid}": it has not ended within 100 ms, an outcome was expected`,
    ],
  );
  assertEquals(signals[0]?.reason, error);
  price.resolve(1);
  await settle(system);
  assertEquals([log.length, letters.length], [1, 0]);
});

Deno.test("ctx.pipeTo() sets no timer where no timeout is given and drops that of a task that has ended", async () => {
  await using stage = new Stage();
  const { clock, system, log } = stage;
  const shop = stage.spawn();
  const price = gate<number>();
  shop.tell(Shop.run((ctx) => {
    ctx.pipeTo(price.promise, shop, Shop.priced);
    assertEquals(clock.pending, 0);
    ctx.pipeTo(price.promise, shop, Shop.priced, { timeout: 1_000 });
    ctx.pipeTo(price.promise, shop, Shop.priced, { timeout: 2_000 });
    assertEquals(clock.pending, 1);
  }));
  await settle(system);
  price.resolve(1);
  await settle(system);
  assertEquals([log, clock.pending], [[1, 1, 1], 0]);
});

Deno.test("ctx.pipeTo() aborts a task for the actor itself when that stops, and not one for another", async () => {
  await using stage = new Stage();
  const { system } = stage;
  const aborts: unknown[] = [];
  const held = gate<number>();
  const task = (name: string) => (signal: AbortSignal) => {
    signal.addEventListener("abort", () => aborts.push([name, signal.reason]));
    return held.promise;
  };
  const [shop, other] = [stage.spawn(), stage.spawn()];
  await shop.ask(Shop.run((ctx) => {
    ctx.pipeTo(task("own"), shop, Shop.priced);
    ctx.pipeTo(task("other's"), other, Shop.priced);
  }));
  await system.stop(shop);
  const [[name, reason] = []] = aborts as [string, unknown][];
  assertEquals([aborts.length, name], [1, "own"]);
  assert(reason instanceof StoppedError);
  held.resolve(1);
});

Deno.test("ctx.pipeTo() survives a listener of the signal that throws, and reports it", async () => {
  await using stage = new Stage();
  const { clock, system, log, failures } = stage;
  const listening = (signal: AbortSignal) => {
    signal.addEventListener("abort", () => raise(new Error("listener")));
    return new Promise<number>(() => {});
  };
  const shop = stage.spawn();
  await shop.ask(Shop.run((ctx) => {
    const onError = () => Shop.unpriced("late");
    ctx.pipeTo(listening, shop, Shop.priced, { timeout: 100, onError });
    ctx.pipeTo(listening, shop, Shop.priced);
  }));
  await clock.advance(100);
  await settle(system);
  assertEquals(log, ["late"]);
  await system.stop(shop);
  await settle(system);
  assertEquals(
    failures.map(({ error, during, directive }) => [
      `${error}`,
      during,
      directive,
    ]),
    [
      ["Error: listener", "abort", undefined],
      ["Error: listener", "abort", undefined],
    ],
  );
});

Deno.test("ctx.pipeTo() asks a breaker for leave and tells it the outcome, timeouts included", async () => {
  await using stage = new Stage();
  const { clock, system, log } = stage;
  const shop = stage.spawn();
  const breaker = new CircuitBreaker({ minRequests: 3, clock });
  let calls = 0;
  const pipe = (task: () => number | Promise<number>) =>
    shop.tell(Shop.run((ctx) =>
      ctx.pipeTo(
        () => (calls++, task()),
        shop,
        Shop.priced,
        { timeout: 50, onError: Shop.unpriced, breaker },
      )
    ));
  pipe(() => 1);
  pipe(() => raise(new Error("on purpose")));
  pipe(() => new Promise(() => {}));
  await settle(system);
  assertEquals(breaker.metrics.inFlight, 1);
  await clock.advance(50);
  const { successes, failures, inFlight, state } = breaker.metrics;
  assertEquals({ successes, failures, inFlight, state }, {
    successes: 1,
    failures: 2,
    inFlight: 0,
    state: "open",
  });
  pipe(() => 4);
  await settle(system);
  assertEquals(calls, 3);
  assert(log.at(-1) instanceof CircuitOpenError);
});

Deno.test("ctx.pipeTo() releases its leave when the actor stops, and heeds isFailure", async () => {
  await using stage = new Stage();
  const { clock, system } = stage;
  const breaker = new CircuitBreaker({
    clock,
    isFailure: (error) => !(error instanceof RangeError),
  });
  const shop = stage.spawn();
  await shop.ask(Shop.run((ctx) => {
    const options = { breaker, onError: Shop.unpriced };
    ctx.pipeTo(() => raise(new RangeError()), shop, Shop.priced, options);
    ctx.pipeTo(
      (signal) =>
        new Promise<number>((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason))
        ),
      shop,
      Shop.priced,
      options,
    );
  }));
  await system.stop(shop);
  await settle(system);
  const { successes, failures, released } = breaker.metrics;
  assertEquals({ successes, failures, released }, {
    successes: 1,
    failures: 0,
    released: 1,
  });
});

Deno.test("an actor does not passivate while a task of it is under way", async () => {
  await using stage = new Stage();
  const { clock, system, log, letters } = stage;
  const price = gate<number>();
  const other = stage.spawn();
  const idle = stage.spawn({ passivation: { idle: 10 } });
  const own = stage.spawn({ passivation: { messages: 2 } });
  const counted = stage.spawn({ passivation: { messages: 1 } });
  idle.tell(Shop.run((ctx) => ctx.pipeTo(price.promise, idle, Shop.priced)));
  own.tell(Shop.run((ctx) => ctx.pipeTo(price.promise, own, Shop.priced)));
  counted.tell(
    Shop.run((ctx) => ctx.pipeTo(price.promise, other, Shop.priced)),
  );
  await clock.advance(100);
  const states = () =>
    [idle, own, counted].map((ref) => system.find(Shop, ref.pid.path) === ref);
  assertEquals(states(), [true, true, true]);
  price.resolve(1);
  await settle(system);
  assertEquals([log, states()], [[1, 1, 1], [true, false, false]]);
  await clock.advance(10);
  assertEquals([letters.length, states()], [0, [false, false, false]]);
});

Deno.test("ctx.pipeTo() of a handler that was left behind makes dead letters and no timer", async () => {
  const stage = new Stage();
  const { clock, system } = stage;
  const held = gate();
  const shop = stage.spawn();
  let calls = 0;
  const piped = gate();
  shop.tell(Shop.run(async (ctx) => {
    await held.promise;
    ctx.pipeTo(() => ++calls, shop, Shop.priced, { timeout: 1_000 });
    ctx.pipeTo(
      () => (calls++, new Promise<number>(() => {})),
      shop,
      Shop.priced,
      { timeout: 1_000 },
    );
    piped.resolve();
  }));
  await settle(system);
  const drained = system.drain({ timeout: 10 });
  await clock.advance(10);
  await drained;
  held.resolve();
  await piped.promise;
  await settle(system);
  assertEquals([calls, system.deadLetters, clock.pending], [2, 1, 0]);
});

Deno.test("ctx.pipeTo() refuses what makes no sense", async () => {
  await using stage = new Stage();
  const shop = stage.spawn();
  const breaker = new CircuitBreaker({ name: "prices" });
  await shop.ask(Shop.run((ctx) => {
    const pipe = (task: unknown, options: object) =>
      ctx.pipeTo(task as Promise<number>, shop, Shop.priced, options);
    for (const timeout of [0, -1, NaN]) {
      assertThrows(
        () => pipe(Promise.resolve(1), { timeout }),
        RangeError,
        `Cannot pipe a task of "${shop.pid}": the timeout is ${timeout}, a number of milliseconds > 0 was expected`,
      );
    }
    assertThrows(
      () => pipe(5, {}),
      TypeError,
      "a promise or a function was expected",
    );
    assertThrows(
      () => pipe(Promise.resolve(1), { breaker }),
      TypeError,
      'what circuit breaker "prices" should guard has begun, a function was expected',
    );
  }));
});

Deno.test("Context.pipeTo() brings the headers that the piping handler sent, what a timer sends brings none", async () => {
  const clock = new ManualClock();
  const propagator = {
    inject: (headers?: ReadonlyMap<string, string>) => headers,
    extract: (headers: ReadonlyMap<string, string>) => headers,
  };
  await using system = quietSystem({ clock, propagator });
  const seen: unknown[] = [];
  const ref = system.spawn(Traced, () => ({
    begin(work, ctx) {
      ctx.pipeTo(work, ctx.self, Traced.done, {
        onError: () => Traced.done("failed"),
      });
      ctx.timers.start("tick", { delay: 10 }, Traced.done("tick"));
    },
    done: (text, ctx) => void seen.push([text, ctx.headers.get("tenant")]),
  }));
  const [good, bad] = [gate<string>(), gate<string>()];
  withHeaders(ref, { tenant: "blue" }).tell(Traced.begin(good.promise));
  withHeaders(ref, { tenant: "red" }).tell(Traced.begin(bad.promise));
  await settle(system);
  good.resolve("good");
  bad.reject(new Error("no"));
  await settle(system);
  await clock.advance(10);
  assertEquals(seen, [["good", "blue"], ["failed", "red"], [
    "tick",
    undefined,
  ]]);
});
