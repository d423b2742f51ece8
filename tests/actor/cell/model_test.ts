import { assertEquals } from "@std/assert";
import { seededRandom } from "../../../internal/random.ts";
import { type Event, EVENTS, Model, nameOf } from "./model.ts";
import { Subject } from "./model_subject.ts";

/** Runs `events` with rest after each and compares with the model, then ends the system. */
async function compare(
  events: readonly Event[],
  useAsk: boolean,
  end: "drain" | "abandon",
): Promise<string[]> {
  const subject = new Subject(useAsk);
  const model = new Model();
  await subject.begin();
  for (const event of events) {
    await subject.apply(event);
    await subject.clock.settle();
    model.apply(event);
    const found = {
      state: subject.state,
      handled: subject.handled.size,
      dead: subject.dead.size,
      restarts: subject.restarts,
      stops: subject.stops,
      told: subject.told,
    };
    const { state, handled, dead, restarts, stops, told } = model;
    const wanted = { state, handled, dead, restarts, stops, told };
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
      subject.problems.push(
        `after ${nameOf(event)}: found ${JSON.stringify(found)}, wanted ${
          JSON.stringify(wanted)
        }`,
      );
      break;
    }
  }
  await subject.end(end);
  return subject.problems;
}

/** Runs `events` without rest between them; what must always hold is checked in the end. */
async function burst(
  events: readonly Event[],
  useAsk: boolean,
  end: "drain" | "abandon",
): Promise<string[]> {
  const subject = new Subject(useAsk);
  await subject.begin();
  for (const event of events) await subject.apply(event);
  await subject.end(end);
  return subject.problems;
}

const ENDS = ["drain", "abandon"] as const;

for (const [name, run] of Object.entries({ compare, burst })) {
  const what = name === "compare"
    ? "with rest after each agrees with the model"
    : "at once keeps every promise";

  Deno.test(`the life of an actor over all pairs of events ${what}`, async () => {
    for (const [i, first] of EVENTS.entries()) {
      for (const [j, second] of EVENTS.entries()) {
        for (const end of ENDS) {
          const problems = await run([first, second], (i + j) % 2 === 0, end);
          const title = `${nameOf(first)}, ${nameOf(second)}, ${end}`;
          assertEquals(problems, [], title);
        }
      }
    }
  });

  Deno.test(`the life of an actor over random sequences of events ${what}`, async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = seededRandom(seed);
    for (let i = 0; i < 2_000; i++) {
      const events = Array.from(
        { length: 3 + Math.floor(random.next() * 15) },
        () => EVENTS[Math.floor(random.next() * EVENTS.length)] as Event,
      );
      const end = random.next() < 0.5 ? "drain" : "abandon";
      const problems = await run(events, random.next() < 0.5, end);
      const title = `seed ${seed}, sequence ${i}: ${
        events.map(nameOf).join(", ")
      }, ${end}`;
      assertEquals(problems, [], title);
    }
  });
}
