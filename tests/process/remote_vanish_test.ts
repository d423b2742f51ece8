import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConnectError, DisconnectedError } from "../../remote/errors.ts";
import { ActorSystem } from "../../actor/mod.ts";
import { Remote } from "../../remote/remote.ts";
import { Box, upTo } from "../remote/actors.ts";
import { reasons, startNode } from "../remote/world.ts";
import { startChild } from "./child_node.ts";

Deno.test("A peer that is killed fails all that is under way, every tell is accounted for, the next one serves", async () => {
  const here = await startNode("here", {}, {});
  const child = await startChild();
  const ref = await here.remote.spawn(child.address, Box, { name: "box" });
  const before = 1_000;
  for (const id of upTo(before)) assert(ref.tell(Box.put({ id })));
  assertEquals(await ref.ask(Box.ids()), upTo(before));
  const stuck = await here.remote.spawn(child.address, Box, { name: "stuck" });
  // The first keeps the actor busy, so the others wait in its mailbox.
  const asks = upTo(20).map((n) =>
    stuck.ask(n === 0 ? Box.never() : Box.echo(n), { timeout: 60_000 })
      .catch((error: unknown) => error)
  );
  assertEquals(await ref.ask(Box.echo(1)), 1);
  await child.kill();
  const errors = await Promise.all(asks);
  for (const error of errors) {
    assert(error instanceof DisconnectedError);
    assertEquals([error.outcome, error.retryable, error.node], [
      "unknown",
      false,
      `127.0.0.1:${child.port}`,
    ]);
  }
  assertEquals(here.remote.connections, 0);

  here.deadLetters.length = 0;
  for (const id of upTo(100)) ref.tell(Box.put({ id }));
  const error = await assertRejects(() => ref.ask(Box.ids()), ConnectError);
  assertEquals(error.node, `127.0.0.1:${child.port}`);
  assertEquals(reasons(here.deadLetters), { disconnected: 101 });

  await using next = await startChild(child.port);
  const again = await here.remote.spawn(next.address, Box, { name: "box" });
  assertEquals(await again.ask(Box.ids()), []);
  await here.remote.drain();
  await here.system.drain();
});

Deno.test("Tells to a peer that is killed meanwhile are handled or dead letters, none is both or neither", async () => {
  const here = await startNode("here", {}, {});
  const child = await startChild();
  const ref = await here.remote.spawn(child.address, Box, { name: "box" });
  const sent = 5_000;
  const killed = Promise.withResolvers<void>();
  for (const id of upTo(sent)) {
    if (id === sent / 2) killed.resolve(child.kill());
    assert(ref.tell(Box.put({ id, pad: "x".repeat(500) })));
    if (id % 100 === 0) await ref.ready();
  }
  await killed.promise;
  // The link is gone for good once nothing is connected.
  await ref.ask(Box.ids()).catch(() => {});
  assertEquals(here.remote.connections, 0);
  const lost = here.deadLetters.flatMap(({ message, reason }) =>
    message.type === "box.put"
      ? [{ id: (message.body as { id: number }).id, reason }]
      : []
  );
  const ids = lost.map(({ id }) => id).sort((one, other) => one - other);
  // What is not lost was acknowledged, that is, handled; it came first.
  assertEquals(ids, upTo(sent).slice(sent - ids.length));
  assertEquals(
    lost.every(({ reason }) =>
      reason === "unknown" || reason === "disconnected"
    ),
    true,
  );
  assert(reasons(here.deadLetters)["disconnected"] !== undefined);
  await here.remote.drain();
  await here.system.drain();
});

Deno.test("100 tells to a node that is killed add up: those that it has handled, and dead letters", async () => {
  const here = await startNode("here", {}, {});
  const child = await startChild();
  const ref = await here.remote.spawn(child.address, Box, { name: "box" });
  for (const id of upTo(60)) assert(ref.tell(Box.put({ id })));
  const handled = await ref.ask(Box.ids());
  child.freeze(); // what comes now is not handled any more
  for (const id of upTo(40)) assert(ref.tell(Box.put({ id: 60 + id })));
  const waiting = ref.ask(Box.ids(), { timeout: 60_000 });
  await Promise.all([
    child.kill(),
    assertRejects(() => waiting, DisconnectedError),
  ]);
  const lost = here.deadLetters.flatMap(({ message, reason }) =>
    message.type === "box.put"
      ? [{ id: (message.body as { id: number }).id, reason }]
      : []
  );
  assertEquals(handled, upTo(60));
  assertEquals([...handled, ...lost.map(({ id }) => id)], upTo(100));
  assertEquals(
    lost.every(({ reason }) => ["unknown", "disconnected"].includes(reason)),
    true,
  );
  await here.remote.drain();
  await here.system.drain();
});

Deno.test("A million tells to a process that stands still stay within the budget, and are all accounted for", async () => {
  const budget = 4 * 1024 * 1024;
  const system = new ActorSystem("here", { logger: null });
  const remote = await Remote.start(system, {
    outboundBudget: budget,
    drainTimeout: 1,
  });
  const child = await startChild();
  const ref = await remote.spawn(child.address, Box, { name: "box" });
  await ref.ask(Box.ids());
  child.freeze();
  const body = new Uint8Array(100);
  const used = () => {
    const { heapUsed, external } = Deno.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  let most = before;
  let taken = 0;
  for (let sent = 0; sent < 1_000_000; sent++) {
    if (ref.tell(Box.raw(body))) taken++;
    if (sent % 10_000 !== 0) continue;
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, used());
  }
  assert(taken > 0 && taken * 100 <= budget, `${taken} were taken`);
  assertEquals(system.deadLetters, 1_000_000 - taken);
  assert(most - before < 64 * 1024 * 1024, `${most - before} bytes`);
  await child.kill();
  await remote.drain();
  await system.drain();
  assertEquals(system.deadLetters, 1_000_000);
});

Deno.test("A process whose remoting was drained ends by itself", async () => {
  const here = await startNode("here", {}, {});
  const child = await startChild();
  const ref = await here.remote.spawn(child.address, Box, { name: "box" });
  for (const id of upTo(1_000)) ref.tell(Box.put({ id }));
  assertEquals((await ref.ask(Box.ids())).length, 1_000);
  assertEquals(await child.end(), 0);
  assertEquals([here.warnings, here.deadLetters], [[], []]);
  await assertRejects(() => ref.ask(Box.ids()), ConnectError);
  await here.remote.drain();
  await here.system.drain();
});
