import { assertEquals } from "@std/assert";
import { formatOutcome, isGreen, readOutcome } from "../../tools/summary.ts";

Deno.test("readOutcome() reads the counts with colours, steps and times around them", () => {
  assertEquals(
    readOutcome(
      "\x1b[0m\x1b[32mok\x1b[0m | 12 passed (3 steps) | 0 failed \x1b[38m(1s)\x1b[0m\n",
      0,
    ),
    {
      passed: 12,
      failed: 0,
    },
  );
  assertEquals(
    readOutcome(
      "x\n\nFAILED | 5 passed | 2 failed (1 step) | 1 ignored (3ms)\n",
      1,
    ),
    {
      passed: 5,
      failed: 2,
    },
  );
});

Deno.test("readOutcome() takes the last summary, not one that a test printed", () => {
  const output =
    "ok | 99 passed | 0 failed (1ms)\n...\nFAILED | 1 passed | 1 failed (1ms)\n";
  assertEquals(readOutcome(output, 1), { passed: 1, failed: 1 });
});

Deno.test("readOutcome() has a failure when the run ended badly without saying so", () => {
  assertEquals(readOutcome("error: Type checking failed.\n", 1), {
    passed: 0,
    failed: 1,
  });
  assertEquals(readOutcome("ok | 3 passed | 0 failed (1ms)\n", 130), {
    passed: 3,
    failed: 1,
  });
});

Deno.test("readOutcome() counts ignored tests as failed when it is strict", () => {
  const output =
    "ok | 3 passed | 0 failed | 2 ignored (1 step) | 1 filtered out (1ms)\n";
  assertEquals(readOutcome(output, 0), { passed: 3, failed: 0 });
  assertEquals(readOutcome(output, 0, { strict: true }), {
    passed: 3,
    failed: 2,
  });
});

Deno.test("readOutcome() counts no failure when it is strict and nothing was ignored", () => {
  assertEquals(
    readOutcome("ok | 3 passed | 0 failed (1ms)\n", 0, { strict: true }),
    { passed: 3, failed: 0 },
  );
});

Deno.test("isGreen() wants at least one test and no failure", () => {
  assertEquals(isGreen({ passed: 1, failed: 0 }), true);
  assertEquals(isGreen({ passed: 0, failed: 0 }), false);
  assertEquals(isGreen({ passed: 9, failed: 1 }), false);
});

Deno.test("formatOutcome() is the line that machines read", () => {
  assertEquals(formatOutcome({ passed: 12, failed: 0 }), "12 passed, 0 failed");
});
