import { assert, assertEquals } from "@std/assert";
import {
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../../actor/mod.ts";
import {
  CodecError,
  DeliveryError,
  Inbox,
  Outbox,
  RemoteError,
  spawnInbox,
} from "../../../remote/mod.ts";
import { addressOf, type Node, reasons, World } from "../world.ts";

type BinProtocol = Protocol<"bin", { put: Spec<number, void> }>;

const Bin: BinProtocol = protocol("bin", { put: tell<number>() });

/** How a message ended, and when. */
async function fateOf(
  { clock }: World,
  sent: Promise<void>,
): Promise<{ error: unknown; at: number }> {
  let error: unknown;
  let at = Infinity;
  sent.catch((it) => error = it).finally(() => at = clock.now());
  await clock.settle();
  for (let step = 0; at === Infinity && step < 700; step++) {
    await clock.advance(100);
  }
  return { error, at };
}

function lost({ deadLetters }: Node): Record<string, number> {
  return reasons(
    deadLetters.filter(({ message }) => message.type === "bin.put"),
  );
}

Deno.test("Outbox for an inbox that is not there warns once, and says in the end why nothing arrived", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const ids: number[] = [];
  const bin = b.system.spawn(Bin, () => ({ put: (id) => void ids.push(id) }));
  const inbox = a.remote.ref(Inbox, addressOf(b, "inbox"));
  await using box = new Outbox(a.system, Bin, inbox, { giveUpAfter: 9_000 });
  box.tell(Bin.put(1));
  const { error, at } = await fateOf(world, box.send(Bin.put(2)));
  assertEquals(at, 9_000);
  assert(error instanceof DeliveryError);
  assertEquals([error.outcome, error.retryable], ["not_delivered", true]);
  const { cause } = error;
  assert(cause instanceof RemoteError);
  assertEquals(cause.remoteCode, "stopped_error");
  const why =
    `stopped_error "Cannot deliver a message to "${inbox.pid}": there is no such actor, a running actor was expected"`;
  assertEquals(
    error.message,
    `Cannot deliver "bin.put" to "${inbox.pid}": its time is over; the last attempt ended with ${why}, a confirmation was expected`,
  );
  assertEquals(lost(a), { missing: 1 });
  const warning = `an outbox cannot deliver to "${inbox.pid}": ${why}`;
  assertEquals(a.warnings.map(({ text }) => text), [warning]);
  // It is tried again, and a second failure is told again once it has worked.
  spawnInbox(b.system, bin, { name: "inbox" });
  assertEquals((await fateOf(world, box.send(Bin.put(3)))).error, undefined);
  assertEquals(ids, [3]);
  const local = b.system.find(Inbox, "inbox");
  assert(local !== undefined);
  await b.system.stop(local);
  assert((await fateOf(world, box.send(Bin.put(4)))).error !== undefined);
  assertEquals(a.warnings.length, 2);
});

Deno.test("Outbox gives up at once what an actor that is no inbox, or a node that says no, would never take", async () => {
  await using world = new World();
  let isAllowed = false;
  const a = await world.node("a");
  const b = await world.node("b", {
    remote: { authorize: (_peer, { path }) => path !== "inbox" || isAllowed },
  });
  const ids: number[] = [];
  const bin = b.system.spawn(
    Bin,
    () => ({ put: (id) => void ids.push(id) }),
    { name: "bin" },
  );
  spawnInbox(b.system, bin, { name: "inbox" });
  for (
    const [path, code, reason] of [
      ["bin", "unhandled_error", "unhandled"],
      ["inbox", "denied_error", "denied"],
    ] as const
  ) {
    const inbox = a.remote.ref(Inbox, addressOf(b, path));
    const box = new Outbox(a.system, Bin, inbox);
    const begun = world.clock.now();
    box.tell(Bin.put(1));
    const { error, at } = await fateOf(world, box.send(Bin.put(2)));
    assertEquals(at, begun);
    assert(error instanceof DeliveryError);
    assert(error.cause instanceof RemoteError);
    assertEquals(
      [error.cause.remoteCode, error.outcome, error.retryable],
      [code, "not_delivered", false],
    );
    assert(
      error.message.includes(`no inbox takes it; the last`),
      error.message,
    );
    assertEquals([box.size, box.bytes], [0, 0]);
    assertEquals(lost(a), { [reason]: 1 });
    assertEquals(a.warnings.length, 1);
    a.deadLetters.length = a.warnings.length = 0;
    if (path === "bin") continue;
    isAllowed = true;
    assertEquals((await fateOf(world, box.send(Bin.put(3)))).error, undefined);
    assertEquals(ids, [3]);
  }
});

Deno.test("Outbox for an inbox that knows as many outboxes as it may says so", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const bin = b.system.spawn(Bin, () => ({ put: () => {} }));
  spawnInbox(b.system, bin, { name: "inbox", maxOutboxes: 1 });
  const inbox = a.remote.ref(Inbox, addressOf(b, "inbox"));
  const boxOf = () => new Outbox(a.system, Bin, inbox, { giveUpAfter: 3_000 });
  assertEquals(
    (await fateOf(world, boxOf().send(Bin.put(1)))).error,
    undefined,
  );
  const { error } = await fateOf(world, boxOf().send(Bin.put(2)));
  const text = "the inbox knows as many outboxes as it may";
  assert(String(error).includes(`overloaded_error "${text}"`), String(error));
  assertEquals(a.warnings.length, 1);
});

Deno.test("Outbox for a GoAkt node, which has no inboxes, gives up at once", async () => {
  await using world = new World();
  const a = await world.node("a", { remote: { goakt: {} } });
  const inbox = a.remote.ref(Inbox, "goakt://bank@go:9000/inbox", {
    peer: "goakt",
  });
  const box = new Outbox(a.system, Bin, inbox);
  box.tell(Bin.put(1));
  const { error, at } = await fateOf(world, box.send(Bin.put(2)));
  assertEquals(at, 0);
  assert(error instanceof DeliveryError);
  assert(error.cause instanceof CodecError);
  assertEquals([error.outcome, error.retryable], ["not_delivered", false]);
  assertEquals(lost(a), { not_encodable: 1 });
});
