import { assert, assertEquals, assertThrows } from "@std/assert";
import { oneForOne } from "../../../actor/mod.ts";
import { RestartWindow } from "../../../actor/supervision/restart_window.ts";
import { decide } from "../../../actor/supervision/supervisor.ts";

Deno.test("oneForOne() restarts at most ten times in a minute unless told otherwise", () => {
  const { strategy, maxRestarts, within, decide } = oneForOne();
  assertEquals([strategy, maxRestarts, within], ["one_for_one", 10, 60_000]);
  assertEquals(decide(new Error("any")), "restart");
});

Deno.test("oneForOne() makes a value that cannot be changed", () => {
  const supervisor = oneForOne();
  assert(Object.isFrozen(supervisor));
  assertThrows(() => {
    (supervisor as { maxRestarts: number }).maxRestarts = 1;
  }, TypeError);
});

Deno.test("oneForOne() refuses a budget or window that is not a number of at least 0", () => {
  for (const bad of [-1, NaN]) {
    assertThrows(
      () => oneForOne({ maxRestarts: bad }),
      RangeError,
      `maxRestarts is ${bad}`,
    );
    assertThrows(
      () => oneForOne({ within: bad }),
      RangeError,
      `within is ${bad}`,
    );
  }
});

Deno.test("RestartWindow.admit() counts the restarts of the window only", () => {
  const window = new RestartWindow();
  const supervisor = oneForOne({ maxRestarts: 2, within: 100 });
  assertEquals(
    [0, 50, 99, 100, 149, 150, 250].map((now) => window.admit(now, supervisor)),
    [true, true, false, true, false, true, true],
  );
});

Deno.test("RestartWindow.admit() allows nothing with a budget of 0 and everything without one", () => {
  assertEquals(
    new RestartWindow().admit(0, oneForOne({ maxRestarts: 0 })),
    false,
  );
  const window = new RestartWindow();
  const endless = oneForOne({ maxRestarts: Infinity });
  for (let i = 0; i < 1_000; i++) assert(window.admit(i, endless));
  const ever = oneForOne({ maxRestarts: 1, within: Infinity });
  assertEquals([0, 1e12].map((now) => window.admit(now, ever)), [true, false]);
});

Deno.test("decide() turns a policy that throws or knows no directive into a stop", () => {
  const thrown = decide(
    oneForOne({
      decide() {
        throw new RangeError("no");
      },
    }),
    1,
  );
  assertEquals(thrown.directive, "stop");
  assertEquals((thrown.fault?.error as Error).message, "no");
  const unknown = decide(oneForOne({ decide: () => "reboot" as "stop" }), 1);
  assertEquals(unknown.directive, "stop");
  assertEquals(
    (unknown.fault?.error as Error).message,
    'Cannot apply the directive reboot: it is unknown, wanted one of "resume", "restart", "stop", "suspend", "escalate"',
  );
});
