import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { CircuitBreaker } from "../../../actor/circuit_breaker/circuit_breaker.ts";
import { CircuitOpenError } from "../../../actor/circuit_breaker/circuit_breaker_errors.ts";
import type {
  CircuitChange,
  CircuitPermit,
  CircuitState,
} from "../../../actor/circuit_breaker/circuit_breaker_options.ts";
import { seededRandom } from "../../../internal/random.ts";
import { ManualClock } from "../../../testing/manual_clock.ts";
import { gate, raise, turn } from "../fixtures.ts";

const fails = (breaker: CircuitBreaker, times: number) => {
  for (let i = 0; i < times; i++) breaker.tryAcquire()?.failure();
};
const succeeds = (breaker: CircuitBreaker, times: number) => {
  for (let i = 0; i < times; i++) breaker.tryAcquire()?.success();
};

Deno.test("CircuitBreaker opens at half of ten calls failed, and not before ten", () => {
  const breaker = new CircuitBreaker({ clock: new ManualClock() });
  fails(breaker, 9);
  assertEquals(breaker.state, "closed");
  fails(breaker, 1);
  assertEquals(breaker.state, "open");
});

Deno.test("CircuitBreaker stays closed below the failure rate and never opens by a success", () => {
  const breaker = new CircuitBreaker({ clock: new ManualClock() });
  fails(breaker, 9);
  succeeds(breaker, 10);
  assertEquals(breaker.state, "closed");
  assertEquals(breaker.metrics.failureRate, 9 / 19);
  fails(breaker, 1);
  assertEquals(breaker.state, "open");
});

Deno.test("CircuitBreaker refuses calls while open and says how long", async () => {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({ clock, name: "payments" });
  fails(breaker, 10);
  await clock.advance(10_000);
  assertEquals(breaker.tryAcquire(), undefined);
  let ran = false;
  const error = await assertRejects(
    () => breaker.run(() => ran = true),
    CircuitOpenError,
    'Cannot make a call through circuit breaker "payments": it is open for another 20000 ms, a closed one was expected',
  );
  assertEquals(ran, false);
  const { code, outcome, retryable, retryAfter } = error as CircuitOpenError;
  assertEquals(
    { code, outcome, retryable, retryAfter, breaker: error.breaker },
    {
      code: "circuit_open_error",
      outcome: "not_delivered",
      retryable: true,
      retryAfter: 20_000,
      breaker: "payments",
    },
  );
  assertEquals(breaker.metrics.rejected, 2);
});

Deno.test("CircuitBreaker is half open after 30 s, lets one call through and closes by its success", async () => {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({ clock });
  fails(breaker, 10);
  await clock.advance(29_999);
  assertEquals(breaker.tryAcquire(), undefined);
  await clock.advance(1);
  const trial = breaker.tryAcquire();
  assertEquals(breaker.state, "half_open");
  const error = assertThrows(() => breaker.acquire(), CircuitOpenError);
  assertEquals(error.retryAfter, 0);
  trial?.success();
  assertEquals(breaker.state, "closed");
  assertEquals(breaker.metrics.windowFailures, 0);
  fails(breaker, 9);
  assertEquals(breaker.state, "closed");
});

Deno.test("CircuitBreaker opens again for the whole time when a trial fails", async () => {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({ clock, halfOpenMaxCalls: 2 });
  fails(breaker, 10);
  await clock.advance(30_000);
  breaker.tryAcquire()?.success();
  assertEquals(breaker.state, "half_open");
  breaker.tryAcquire()?.failure();
  assertEquals(breaker.state, "open");
  await clock.advance(29_999);
  assertEquals(breaker.tryAcquire(), undefined);
  await clock.advance(1);
  succeeds(breaker, 2);
  assertEquals(breaker.state, "closed");
  assertEquals(breaker.metrics.trips, 2);
});

Deno.test("CircuitBreaker ignores the late outcome of a call of an earlier state", async () => {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({ clock });
  const [good, bad] = [breaker.tryAcquire(), breaker.tryAcquire()];
  fails(breaker, 10);
  await clock.advance(30_000);
  const trial = breaker.tryAcquire();
  good?.success();
  assertEquals(breaker.state, "half_open");
  bad?.failure();
  assertEquals(breaker.state, "half_open");
  trial?.success();
  assertEquals(breaker.state, "closed");
  assertEquals(breaker.metrics.inFlight, 0);
  assertEquals(breaker.metrics.windowFailures, 0);
});

Deno.test("CircuitBreaker gives the place of a released trial to the next call", async () => {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({ clock });
  fails(breaker, 10);
  await clock.advance(30_000);
  const trial = breaker.tryAcquire();
  trial?.release();
  trial?.success();
  assertEquals(breaker.state, "half_open");
  succeeds(breaker, 1);
  assertEquals(breaker.state, "closed");
  assertEquals(breaker.metrics.released, 1);
});

Deno.test("CircuitBreaker gives up a trial that has no outcome for the open timeout", async () => {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({ clock });
  fails(breaker, 10);
  await clock.advance(30_000);
  const lost = breaker.tryAcquire();
  await clock.advance(29_999);
  assertEquals(breaker.tryAcquire(), undefined);
  await clock.advance(1);
  const trial = breaker.tryAcquire();
  lost?.failure();
  assertEquals(breaker.state, "half_open");
  trial?.success();
  assertEquals(breaker.state, "closed");
});

Deno.test("CircuitBreaker forgets outcomes that have left the window", async () => {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({ clock });
  fails(breaker, 9);
  await clock.advance(59_999);
  assertEquals(breaker.metrics.windowFailures, 9);
  await clock.advance(1);
  assertEquals(breaker.metrics.windowFailures, 0);
  fails(breaker, 9);
  assertEquals(breaker.state, "closed");
  assertEquals(breaker.metrics.failures, 18);
});

Deno.test("CircuitBreaker.run() passes on results and errors of tasks that wait and that do not", async () => {
  const breaker = new CircuitBreaker({ clock: new ManualClock() });
  const failure = new Error("no");
  assertEquals(await breaker.run(() => 1), 1);
  assertEquals(await breaker.run(() => Promise.resolve(2)), 2);
  const errors = [
    await assertRejects(() => breaker.run(() => raise(failure))),
    await assertRejects(() => breaker.run(() => Promise.reject(failure))),
  ];
  for (const error of errors) assertStrictEquals(error, failure);
  const { windowSuccesses, windowFailures } = breaker.metrics;
  assertEquals([windowSuccesses, windowFailures], [2, 2]);
});

Deno.test("CircuitBreaker.run() counts a task as under way until it has settled", async () => {
  const breaker = new CircuitBreaker({ clock: new ManualClock() });
  const open = gate<number>();
  const run = breaker.run(() => open.promise);
  assertEquals(breaker.metrics.inFlight, 1);
  open.resolve(7);
  assertEquals(await run, 7);
  assertEquals(breaker.metrics.inFlight, 0);
});

Deno.test("CircuitBreaker counts an error as failure only when isFailure says so, or throws", async () => {
  const breaker = new CircuitBreaker({
    clock: new ManualClock(),
    isFailure: (error) =>
      error === "bug" ? raise(error) : error instanceof TypeError,
  });
  for (const error of [new TypeError(), new RangeError(), "bug"]) {
    await assertRejects(() => breaker.run(() => raise(error)).catch(wrap));
  }
  const { windowSuccesses, windowFailures } = breaker.metrics;
  assertEquals([windowSuccesses, windowFailures], [1, 2]);
});

const wrap = (cause: unknown): never => raise(new Error("wrapped", { cause }));

Deno.test("CircuitBreaker tells onChange of each change after it has happened", async () => {
  const clock = new ManualClock();
  const seen: [CircuitChange, CircuitState][] = [];
  const breaker: CircuitBreaker = new CircuitBreaker({
    clock,
    name: "b",
    onChange: (change) => void seen.push([change, breaker.state]),
  });
  fails(breaker, 10);
  await clock.advance(30_000);
  succeeds(breaker, 1);
  assertEquals(seen, [
    [{ name: "b", from: "closed", to: "open", at: 0 }, "open"],
    [{ name: "b", from: "open", to: "half_open", at: 30_000 }, "half_open"],
    [{ name: "b", from: "half_open", to: "closed", at: 30_000 }, "closed"],
  ]);
});

Deno.test("CircuitBreaker is not harmed by a hook that throws or rejects", async () => {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({
    clock,
    onChange: ({ to }) =>
      to === "open" ? raise("no") : Promise.reject(new Error("no")),
  });
  fails(breaker, 10);
  await clock.advance(30_000);
  assertEquals(await breaker.run(() => "back"), "back");
  await turn();
  assertEquals(breaker.state, "closed");
  assertEquals(breaker.metrics.hookFailures, 3);
});

Deno.test("CircuitBreaker lets a hook ask for leave without letting too many calls through", async () => {
  const clock = new ManualClock();
  const permits: (CircuitPermit | undefined)[] = [];
  const breaker: CircuitBreaker = new CircuitBreaker({
    clock,
    onChange: ({ to }) => {
      if (to === "half_open") permits.push(breaker.tryAcquire());
    },
  });
  fails(breaker, 10);
  await clock.advance(30_000);
  const trial = breaker.tryAcquire();
  assertEquals(permits, [undefined]);
  trial?.success();
  assertEquals(breaker.state, "closed");
});

Deno.test("CircuitBreaker.reset() closes and forgets, also calls that are under way", () => {
  const breaker = new CircuitBreaker({ clock: new ManualClock() });
  const early = breaker.tryAcquire();
  fails(breaker, 10);
  breaker.reset();
  assertEquals(breaker.state, "closed");
  early?.failure();
  assertEquals(breaker.metrics.windowFailures, 0);
});

Deno.test("CircuitBreaker refuses options out of their ranges and names them", () => {
  const wrong: [string, Record<string, number>][] = [
    ["failureRate is 0", { failureRate: 0 }],
    ["failureRate is 1.1", { failureRate: 1.1 }],
    ["failureRate is NaN", { failureRate: NaN }],
    ["minRequests is 0.5", { minRequests: 0.5 }],
    ["openTimeout is Infinity", { openTimeout: Infinity }],
    ["window is 0", { window: 0 }],
    ["buckets is 0", { buckets: 0 }],
    ["halfOpenMaxCalls is -1", { halfOpenMaxCalls: -1 }],
  ];
  for (const [text, options] of wrong) {
    assertInstanceOf(
      assertThrows(() => new CircuitBreaker(options), RangeError, text),
      RangeError,
    );
  }
});

interface Rules {
  rate: number;
  least: number;
  timeout: number;
  width: number;
  buckets: number;
  trials: number;
}

/** The rules of a breaker in their plainest form: a list of everything that happened. */
class NaiveBreaker {
  state: CircuitState = "closed";
  #rules: Rules;
  #outcomes: { at: number; good: boolean }[] = [];
  #trials = new Map<number, "open" | "good">();
  #era = 0;
  #since = 0;
  #next = 0;

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  acquire(now: number): { era: number; id: number } | undefined {
    const isOver = now - this.#since >= this.#rules.timeout;
    if (this.state === "open") {
      if (!isOver) return undefined;
      this.#enter("half_open");
    } else if (
      this.state === "half_open" && this.#trials.size >= this.#rules.trials
    ) {
      if (!isOver) return undefined;
      this.#era++;
      for (const [id, state] of this.#trials) {
        if (state === "open") this.#trials.delete(id);
      }
      if (this.#trials.size >= this.#rules.trials) return undefined;
    }
    const id = this.#next++;
    if (this.state === "half_open") {
      this.#trials.set(id, "open");
      this.#since = now;
    }
    return { era: this.#era, id };
  }

  settle(
    permit: { era: number; id: number },
    outcome: "success" | "failure" | "release",
    now: number,
  ): void {
    if (permit.era !== this.#era) return;
    if (this.state === "half_open") {
      if (outcome === "release") this.#trials.delete(permit.id);
      else if (outcome === "failure") this.#open(now);
      else {
        this.#trials.set(permit.id, "good");
        const good = [...this.#trials.values()].filter((it) => it === "good");
        if (good.length === this.#rules.trials) {
          this.#outcomes = [];
          this.#enter("closed");
        }
      }
    } else if (outcome !== "release") {
      this.#outcomes.push({ at: now, good: outcome === "success" });
      const { good, bad } = this.count(now);
      if (
        outcome === "failure" && good + bad >= this.#rules.least &&
        bad >= this.#rules.rate * (good + bad)
      ) this.#open(now);
    }
  }

  count(now: number): { good: number; bad: number } {
    const part = (at: number) => Math.floor(at / this.#rules.width);
    const live = this.#outcomes.filter(({ at }) =>
      part(at) > part(now) - this.#rules.buckets
    );
    const good = live.filter((it) => it.good).length;
    return { good, bad: live.length - good };
  }

  #open(now: number): void {
    this.#since = now;
    this.#enter("open");
  }

  #enter(state: CircuitState): void {
    this.state = state;
    this.#era++;
    this.#trials.clear();
  }
}

Deno.test("CircuitBreaker agrees with a naive breaker over random calls", async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = seededRandom(seed);
  const below = (end: number) => Math.floor(random.next() * end);
  const reached = new Set<CircuitState>();
  for (let run = 0; run < 40; run++) {
    const clock = new ManualClock(below(1_000));
    const [least, trials, buckets] = [1 + below(6), 1 + below(3), 1 + below(5)];
    const [rate, timeout] = [(1 + below(10)) / 10, 1 + below(60)];
    const breaker = new CircuitBreaker({
      clock,
      failureRate: rate,
      minRequests: least,
      openTimeout: timeout,
      window: buckets * 10,
      buckets,
      halfOpenMaxCalls: trials,
    });
    const naive = new NaiveBreaker({
      rate,
      least,
      timeout,
      width: 10,
      buckets,
      trials,
    });
    const open: [CircuitPermit, { era: number; id: number }][] = [];
    const badness = random.next();
    for (let step = 0; step < 300; step++) {
      const where = `seed ${seed}, run ${run}, step ${step}`;
      const action = below(10);
      const now = clock.now();
      if (action < 4) {
        const permit = breaker.tryAcquire();
        const expected = naive.acquire(now);
        assertEquals(permit !== undefined, expected !== undefined, where);
        if (permit !== undefined && expected !== undefined) {
          open.push([permit, expected]);
        }
      } else if (action < 9) {
        const [pair] = open.splice(below(open.length), 1);
        if (pair === undefined) continue;
        const outcome = below(10) === 0
          ? "release"
          : random.next() < badness
          ? "failure"
          : "success";
        pair[0][outcome]();
        naive.settle(pair[1], outcome, now);
      } else if (below(3) === 0) {
        await clock.advance(below(40));
      }
      const { good, bad } = naive.count(clock.now());
      const { state, windowSuccesses, windowFailures } = breaker.metrics;
      assertEquals(
        { state, windowSuccesses, windowFailures },
        { state: naive.state, windowSuccesses: good, windowFailures: bad },
        where,
      );
      assertEquals(breaker.metrics.inFlight, open.length, where);
      reached.add(state);
    }
  }
  assertEquals(reached.size, 3, `seed ${seed}`);
});
