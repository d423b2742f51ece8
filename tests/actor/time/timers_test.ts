import { assert, assertEquals, assertThrows } from "@std/assert";
import { Alarms } from "../../../actor/time/alarms.ts";
import { type Mail, messageOf } from "../../../actor/protocol/message.ts";
import { Pid, PROTOCOL, protocol, tell } from "../../../actor/mod.ts";
import { ActorTimers, type TimerOwner } from "../../../actor/time/timers.ts";
import { seededRandom } from "../../../internal/random.ts";
import { ManualClock } from "../../../testing/mod.ts";
import { raise } from "../fixtures.ts";

const Bell = protocol("bell", { ring: tell<string>(), idle: tell() });
const Door = protocol("door", { knock: tell() });

/** An actor reduced to its mailbox: mail waits until the test has it handled. */
class Desk implements TimerOwner {
  readonly clock: ManualClock = new ManualClock();
  readonly alarms: Alarms = new Alarms(this.clock, raise);
  readonly protocol = Bell[PROTOCOL];
  readonly pid: Pid = Pid.parse("goakt://test@127.0.0.1:1/desk");
  readonly timers: ActorTimers = new ActorTimers(this.alarms, this);
  readonly handled: [number, unknown][] = [];
  readonly mail: Mail[] = [];
  mode: "prompt" | "slow" = "prompt";

  get isEnding(): boolean {
    return false;
  }

  get isIdle(): boolean {
    return this.mail.length === 0;
  }

  deliver(mail: Mail): boolean {
    this.mail.push(mail);
    if (this.mode === "prompt") this.handleAll();
    return true;
  }

  handleAll(): void {
    for (let mail = this.mail[0]; mail !== undefined; mail = this.mail[0]) {
      this.mail.shift();
      if (!this.timers.accepts(mail)) continue;
      const { body, type } = messageOf(mail);
      this.handled.push([this.clock.now(), body ?? type]);
      this.timers.handled();
    }
  }
}

Deno.test("Timers.start() sends a message once after a delay", async () => {
  const { clock, timers, handled } = new Desk();
  timers.start("a", { delay: 10 }, Bell.ring("a"));
  assert(timers.isActive("a"));
  await clock.advance(100);
  assertEquals(handled, [[10, "a"]]);
  assert(!timers.isActive("a"));
  assertEquals(clock.pending, 0);
});

Deno.test("Timers.start() repeats a message until it is cancelled", async () => {
  const { clock, timers, handled } = new Desk();
  timers.start("a", { every: 10 }, Bell.ring("a"));
  timers.start("b", { initial: 5, every: 20 }, Bell.ring("b"));
  await clock.advance(30);
  assertEquals(handled, [
    [5, "b"],
    [10, "a"],
    [20, "a"],
    [25, "b"],
    [30, "a"],
  ]);
  assertEquals([timers.cancel("a"), timers.cancel("a")], [true, false]);
  assertEquals([timers.isActive("a"), timers.isActive("b")], [false, true]);
  timers.cancelAll();
  assertEquals([timers.isActive("b"), clock.pending], [false, 0]);
  await clock.advance(100);
  assertEquals(handled.length, 5);
});

Deno.test("Timers.start() replaces the timer of the same name", async () => {
  const { clock, timers, handled } = new Desk();
  timers.start("a", { every: 10 }, Bell.ring("old"));
  await clock.advance(15);
  timers.start("a", { delay: 10 }, Bell.ring("new"));
  await clock.advance(100);
  assertEquals(handled, [[10, "old"], [25, "new"]]);
});

Deno.test("Timers drops a message in the mailbox of a timer that was cancelled", async () => {
  const desk = new Desk();
  const { clock, timers, handled } = desk;
  desk.mode = "slow";
  timers.start("once", { delay: 10 }, Bell.ring("once"));
  timers.start("often", { every: 10 }, Bell.ring("often"));
  timers.start("kept", { delay: 10 }, Bell.ring("kept"));
  await clock.advance(20);
  assertEquals(desk.mail.length, 4);
  assert(timers.isActive("once"), "its message waits");
  assert(timers.cancel("once"));
  assert(timers.cancel("often"));
  desk.handleAll();
  assertEquals(handled, [[20, "kept"]]);
});

Deno.test("Timers drops a message in the mailbox of a timer that was started anew", async () => {
  const desk = new Desk();
  const { clock, timers, handled } = desk;
  desk.mode = "slow";
  timers.start("a", { delay: 10 }, Bell.ring("old"));
  await clock.advance(10);
  timers.start("a", { delay: 10 }, Bell.ring("new"));
  desk.handleAll();
  assertEquals(handled, []);
  assert(timers.isActive("a"));
  await clock.advance(10);
  desk.handleAll();
  assertEquals(handled, [[20, "new"]]);
});

Deno.test("Timers handles each message of a repeated timer that waits in the mailbox", async () => {
  const desk = new Desk();
  const { clock, timers, handled } = desk;
  desk.mode = "slow";
  timers.start("a", { every: 10 }, Bell.ring("a"));
  await clock.advance(30);
  desk.handleAll();
  assertEquals(handled.length, 3);
  timers.close();
});

Deno.test("Timers.close() makes everything that waits obsolete and frees the clock", async () => {
  const desk = new Desk();
  const { clock, timers, handled } = desk;
  desk.mode = "slow";
  timers.start("a", { every: 10 }, Bell.ring("a"));
  timers.setReceiveTimeout(50, Bell.idle());
  await clock.advance(10);
  timers.close();
  desk.handleAll();
  assertEquals([handled, clock.pending], [[], 0]);
});

Deno.test("Timers accepts mail that is of no timer", () => {
  const desk = new Desk();
  desk.deliver(Bell.ring("from outside"));
  assertEquals(desk.handled, [[0, "from outside"]]);
});

Deno.test("Timers refuses wrong times and messages, and keeps the timer that is there", async () => {
  const { clock, timers, handled } = new Desk();
  timers.start("a", { delay: 10 }, Bell.ring("kept"));
  assertThrows(
    () => timers.start("a", { delay: -1 }, Bell.ring("no")),
    RangeError,
    "the delay is -1",
  );
  assertThrows(
    () => timers.start("a", { every: 0 }, Bell.ring("no")),
    RangeError,
    "the interval is 0",
  );
  assertThrows(
    () => timers.start("a", { delay: 1 }, Door.knock()),
    TypeError,
    'it is a message of protocol "door"',
  );
  assertThrows(
    () => timers.setReceiveTimeout(0, Bell.idle()),
    RangeError,
    "the receive timeout is 0",
  );
  await clock.advance(10);
  assertEquals(handled, [[10, "kept"]]);
});

Deno.test("setReceiveTimeout() sends its message each time that nothing was handled for so long", async () => {
  const desk = new Desk();
  const { clock, timers, handled } = desk;
  timers.setReceiveTimeout(100, Bell.idle());
  await clock.advance(60);
  desk.deliver(Bell.ring("a"));
  await clock.advance(99);
  assertEquals(handled, [[60, "a"]]);
  await clock.advance(1);
  assertEquals(handled.at(-1), [160, "bell.idle"]);
  await clock.advance(100);
  assertEquals(handled.at(-1), [260, "bell.idle"]);
  assert(timers.cancelReceiveTimeout());
  assert(!timers.cancelReceiveTimeout());
  await clock.advance(1_000);
  assertEquals([handled.length, clock.pending], [3, 0]);
});

Deno.test("setReceiveTimeout() sets no timer for a message", async () => {
  const desk = new Desk();
  let timers = 0;
  const { clock } = desk;
  const alarms = new Alarms({
    now: () => clock.now(),
    setTimer: (delay, run) => {
      timers++;
      return clock.setTimer(delay, run);
    },
  }, raise);
  const own = new ActorTimers(alarms, desk);
  own.setReceiveTimeout(100, Bell.idle());
  for (let i = 0; i < 1_000; i++) own.handled();
  assertEquals(timers, 1);
  await clock.advance(100);
  assertEquals(timers, 2);
  own.close();
});

Deno.test("setReceiveTimeout() waits while a message is being handled", async () => {
  const desk = new Desk();
  const { clock, timers, handled } = desk;
  timers.setReceiveTimeout(100, Bell.idle());
  desk.mode = "slow";
  desk.deliver(Bell.ring("long"));
  await clock.advance(450);
  assertEquals(desk.mail.length, 1);
  desk.mode = "prompt";
  desk.handleAll();
  await clock.advance(99);
  assertEquals(handled, [[450, "long"]]);
  await clock.advance(1);
  assertEquals(handled, [[450, "long"], [550, "bell.idle"]]);
  timers.close();
});

Deno.test("setReceiveTimeout() drops its message when another is handled first", async () => {
  const desk = new Desk();
  const { clock, timers, handled } = desk;
  timers.setReceiveTimeout(100, Bell.idle());
  desk.mode = "slow";
  await clock.advance(100);
  desk.mail.unshift(Bell.ring("urgent"));
  desk.handleAll();
  assertEquals(handled, [[100, "urgent"]]);
  timers.close();
});

Deno.test("setReceiveTimeout() leaves one message at most in the mailbox", async () => {
  const desk = new Desk();
  desk.timers.setReceiveTimeout(10, Bell.idle());
  desk.mode = "slow";
  await desk.clock.advance(1_000);
  assertEquals(desk.mail.length, 1);
  desk.timers.close();
});

Deno.test("setReceiveTimeout() replaces the earlier one with its message in the mailbox", async () => {
  const desk = new Desk();
  const { clock, timers, handled } = desk;
  timers.setReceiveTimeout(10, Bell.ring("old"));
  desk.mode = "slow";
  await clock.advance(10);
  timers.setReceiveTimeout(20, Bell.ring("new"));
  desk.mode = "prompt";
  desk.handleAll();
  await clock.advance(20);
  assertEquals(handled, [[30, "new"]]);
  timers.close();
});

Deno.test("setReceiveTimeout() agrees with the gaps between random messages", async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = seededRandom(seed);
  const desk = new Desk();
  const { clock, timers, handled } = desk;
  timers.setReceiveTimeout(50, Bell.idle());
  const expected: [number, unknown][] = [];
  let last = 0;
  for (let i = 0; i < 300; i++) {
    const at = clock.now() + Math.floor(random.next() * 120);
    for (; last + 50 <= at; last += 50) {
      expected.push([last + 50, "bell.idle"]);
    }
    await clock.advance(at - clock.now());
    desk.deliver(Bell.ring(`${i}`));
    expected.push([clock.now(), `${i}`]);
    last = clock.now();
  }
  timers.close();
  assertEquals(handled, expected, `seed ${seed}`);
});
