import { assert, assertEquals } from "@std/assert";
import { afterSockets, Streak } from "../../internal/turn.ts";

Deno.test("afterSockets() comes back, in another turn", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    afterSockets(() => {
      order.push("after");
      resolve();
    });
    order.push("before");
  });
  assertEquals(order, ["before", "after"]);
});

Deno.test("afterSockets() lets a socket be read while turns follow one another", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [client, server] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    listener.accept(),
  ]);
  let turns = 0;
  let state: "turning" | "ended" = "turning";
  const still = { now: () => 0, setTimer: () => ({ cancel() {} }) };
  const turn = () => {
    turns++;
    if (state === "turning") afterSockets(turn, still);
  };
  turn();
  const chunk = new Uint8Array(8);
  const needed: number[] = [];
  for (let round = 0; round < 51; round++) {
    const before = turns;
    const read = server.read(chunk); // before there is anything to read
    await client.write(new Uint8Array([7]));
    assertEquals(await read, 1);
    needed.push(turns - before);
  }
  state = "ended";
  await new Promise<void>((resolve) => afterSockets(resolve));
  client.close();
  server.close();
  // The one in the middle: a busy machine delays some of them, the platform's habit would delay most.
  assert(
    needed.every((turns) => turns <= 2),
    `so many turns passed before the socket was read: ${needed}`,
  );
});

Deno.test("afterSockets() goes on in the order of the calls", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    afterSockets(() => {
      order.push("first");
      afterSockets(resolve);
    });
    afterSockets(() => order.push("second"));
  });
  assertEquals(order, ["first", "second"]);
});

Deno.test("afterSockets() gives way no longer than four milliseconds to others that work in every turn", async () => {
  let now = 0;
  const clock = { now: () => now, setTimer: () => ({ cancel() {} }) };
  let turns = 0;
  let state: "working" | "ended" = "working";
  const work = () => {
    turns++;
    now += 1.1;
    if (state === "working") setImmediate(work);
  };
  setImmediate(work);
  await new Promise<void>((resolve) => afterSockets(resolve, clock));
  assertEquals(turns, 4);
  state = "ended";
  await new Promise<void>((resolve) => afterSockets(resolve));
});

Deno.test("Streak.read() wants a pause after 256 KiB and 2 ms, and then not at once again", async () => {
  let now = 1_000;
  const streak = new Streak({
    now: () => now,
    setTimer: () => ({ cancel() {} }),
  });
  await streak.read(256 * 1024, now); // the first streak has no beginning
  const paused = (bytes: number) => streak.read(bytes, now) !== undefined;
  assertEquals(paused(256 * 1024), false);
  now += 1.9;
  assertEquals(paused(1_000_000), false);
  now += 0.1;
  await streak.read(16 * 1024, now);
  now += 2;
  assertEquals(paused(240 * 1024), false);
  const pause = streak.read(16 * 1024, now);
  assert(pause !== undefined);
  await pause;
  assertEquals(paused(256 * 1024), false);
});

Deno.test("Streak.read() takes a few bytes for the end of a streak", async () => {
  let now = 1_000;
  const streak = new Streak({
    now: () => now,
    setTimer: () => ({ cancel() {} }),
  });
  await streak.read(256 * 1024, now);
  now += 2;
  assertEquals(streak.read(250 * 1024, now), undefined);
  assertEquals(streak.read(16 * 1024 - 1, now), undefined);
  now += 2;
  assertEquals(streak.read(255 * 1024, now), undefined);
  assert(streak.read(16 * 1024, now) !== undefined);
});

Deno.test("Streak.wrote() passes over a few bytes", async () => {
  let now = 1_000;
  const streak = new Streak({
    now: () => now,
    setTimer: () => ({ cancel() {} }),
  });
  await streak.wrote(256 * 1024, now);
  now += 2;
  assertEquals(streak.wrote(250 * 1024, now), undefined);
  assertEquals(streak.wrote(16 * 1024 - 1, now), undefined);
  assert(streak.wrote(16 * 1024, now) !== undefined);
});
