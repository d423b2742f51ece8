import { assertEquals } from "@std/assert";
import type { Connection } from "../../../remote/transport/transport.ts";
import {
  MOST_WAITING,
  WaitingRoom,
} from "../../../remote/node/waiting_room.ts";
import { ManualClock } from "../../../testing/manual_clock.ts";
import { upTo } from "../actors.ts";

const PATIENCE = 1_000;

/** A room, and what became of its connections. */
function room() {
  const clock = new ManualClock();
  const refused: number[] = [];
  const closed: number[] = [];
  const connection = (id: number) =>
    ({ id, close: () => void closed.push(id) }) as unknown as Connection;
  const idOf = (it: Connection | undefined) =>
    (it as { id?: number } | undefined)?.id;
  const waiting = new WaitingRoom(
    clock,
    PATIENCE,
    (it) => void refused.push(idOf(it) ?? -1),
  );
  return {
    clock,
    refused,
    closed,
    waiting,
    enter: (id: number) => waiting.enter(connection(id)),
    leave: () => idOf(waiting.leave()),
  };
}

Deno.test("WaitingRoom gives connections back in the order in which they came", () => {
  const { enter, leave, clock, refused } = room();
  for (const id of [1, 2]) enter(id);
  assertEquals([leave(), leave(), leave()], [1, 2, undefined]);
  assertEquals([clock.pending, refused], [0, []]);
});

Deno.test("WaitingRoom refuses what has waited too long, and nothing else", async () => {
  const { enter, leave, clock, refused } = room();
  enter(1);
  await clock.advance(PATIENCE / 2);
  enter(2);
  await clock.advance(PATIENCE / 2 - 1);
  assertEquals(refused, []);
  await clock.advance(1);
  assertEquals(refused, [1]);
  await clock.advance(PATIENCE / 2 - 1);
  assertEquals(leave(), 2);
  enter(3);
  await clock.advance(PATIENCE);
  assertEquals([refused, clock.pending], [[1, 3], 0]);
});

Deno.test("WaitingRoom refuses at once when it is full, and closes what waits at its end", () => {
  const { enter, clock, refused, closed, waiting } = room();
  for (const id of upTo(MOST_WAITING + 2)) enter(id);
  assertEquals(refused, [MOST_WAITING, MOST_WAITING + 1]);
  waiting.close();
  assertEquals([closed.length, clock.pending], [MOST_WAITING, 0]);
});
