import { assert, assertEquals } from "@std/assert";
import {
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../../actor/mod.ts";
import { Inbox, Outbox, spawnInbox } from "../../../remote/mod.ts";
import { upTo } from "../actors.ts";
import { addressOf, World } from "../world.ts";

type BinProtocol = Protocol<"bin", { put: Spec<number, void> }>;

const Bin: BinProtocol = protocol("bin", { put: tell<number>() });

Deno.test("Outbox makes no dead letters of what it sends again, only of the messages that it gives up", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const ids: number[] = [];
  const bin = b.system.spawn(Bin, () => ({ put: (id) => void ids.push(id) }));
  spawnInbox(b.system, bin, { name: "inbox" });
  const inbox = a.remote.ref(Inbox, addressOf(b, "inbox"));
  const box = new Outbox(a.system, Bin, inbox, { giveUpAfter: 30_000 });
  for (let round = 0; round < 5; round++) {
    for (const id of upTo(100)) box.tell(Bin.put(100 * round + id));
    // The link breaks with parts and a question on it, and the node is away for a while.
    await world.settle();
    for (const id of upTo(20)) box.tell(Bin.put(1_000 + id));
    world.network.reset("a", "b");
    world.network.cut("a", "b");
    await world.clock.advance(12_000);
    assert(box.size > 0, "nothing was on its way");
    world.network.heal("a", "b");
    await world.clock.advance(5_000);
    assertEquals(box.size, 0);
  }
  assertEquals(ids.length, 600);
  assertEquals([a.deadLetters, a.system.deadLetters], [[], 0]);
  world.network.cut("a", "b");
  world.network.reset("a", "b");
  box.tell(Bin.put(7));
  await world.clock.advance(31_000);
  assertEquals(a.deadLetters.map(({ message }) => message), [Bin.put(7)]);
  assertEquals(a.system.deadLetters, 1);
  world.network.heal("a", "b");
});

Deno.test("Outbox of a client with a limit slows down instead of hammering the node", async () => {
  await using world = new World();
  const clientLimits = { messages: 50 };
  const b = await world.node("b", {
    remote: { exposed: ["inbox"], clientLimits },
  });
  const ids: number[] = [];
  const bin = b.system.spawn(Bin, () => ({ put: (id) => void ids.push(id) }));
  spawnInbox(b.system, bin, { name: "inbox" });
  const c = await world.node("c", { remote: { role: "client" } });
  const inbox = c.remote.ref(Inbox, addressOf(b, "inbox"));
  const box = new Outbox(c.system, Bin, inbox);
  for (const id of upTo(300)) box.tell(Bin.put(id));
  for (let at = 0; box.size > 0 && at < 20_000; at += 10) {
    await world.clock.advance(10);
  }
  assertEquals([box.size, ids.join()], [0, upTo(300).join()]);
  const { length } = b.deadLetters;
  assert(length > 0 && length < 100, `${length} refusals`);
  assertEquals([c.deadLetters, c.warnings], [[], []]);
});
