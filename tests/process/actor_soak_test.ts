import { assert, assertEquals } from "@std/assert";
import { ManualClock } from "../../testing/mod.ts";
import { soak, type SoakReport } from "./soak.ts";

/** A soak whose time is moved by itself only, so that the seed says all that happens in it. */
function repeatable(seed: number, rounds: number): Promise<SoakReport> {
  return soak({
    seed,
    goesOn: (round) => round < rounds,
    clock: new ManualClock(),
  });
}

Deno.test("a soak with failures, stops and respawns at random ends with sent = handled + dead letters", async () => {
  const { problems, tally, deadLetters, directives } = await repeatable(
    7,
    1_500,
  );
  assertEquals(problems, []);
  // Everything that it is about has happened, and often.
  assert(tally.sent > 500_000, `${tally.sent} were sent`);
  assert((deadLetters.stopped ?? 0) > 1_000, JSON.stringify(deadLetters));
  assert((deadLetters.mailbox_full ?? 0) > 1_000, JSON.stringify(deadLetters));
  assert(tally.ticks > 1_000, `${tally.ticks} messages of timers`);
  const wanted = ["escalate", "none", "restart", "resume", "stop", "suspend"];
  assertEquals(Object.keys(directives).toSorted(), wanted);
  const refusals = Object.keys(tally.refusals);
  assert(refusals.includes("ask_timeout_error"), refusals.join());
});

Deno.test("a soak with a clock of its own is repeated by its seed", async () => {
  const [one, two, other] = [
    await repeatable(3, 40),
    await repeatable(3, 40),
    await repeatable(4, 40),
  ];
  assertEquals(one, two);
  assert(one.tally.sent !== other?.tally.sent);
});

Deno.test("a soak with any seed on the platform's clock adds up", async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const { problems } = await soak({ seed, goesOn: (round) => round < 200 });
  assertEquals(problems, [], `seed ${seed}`);
});
