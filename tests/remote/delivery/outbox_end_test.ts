import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ActorSystem,
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../../actor/mod.ts";
import {
  DeliveryError,
  Inbox,
  Outbox,
  Remote,
  spawnInbox,
} from "../../../remote/mod.ts";
import { Program } from "../../process/program.ts";
import { upTo } from "../actors.ts";
import { addressOf, type Node, World } from "../world.ts";

type BinProtocol = Protocol<"bin", { put: Spec<number, void> }>;

const Bin: BinProtocol = protocol("bin", { put: tell<number>() });

/** An inbox "inbox" at `node`; what arrives is in the list that is returned. */
function spawnBin({ system }: Node): number[] {
  const ids: number[] = [];
  const bin = system.spawn(Bin, () => ({ put: (id) => void ids.push(id) }));
  spawnInbox(system, bin, { name: "inbox" });
  return ids;
}

/** The reasons of the messages that were lost. */
function lost({ deadLetters }: Node): string[] {
  return deadLetters.filter(({ message }) => message.type === "bin.put")
    .map(({ reason }) => reason);
}

Deno.test("ActorSystem.drain() has outboxes deliver what actors have told them to the last", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const ids = spawnBin(b);
  const inbox = a.remote.ref(Inbox, addressOf(b, "inbox"));
  const box = new Outbox(a.system, Bin, inbox);
  const last = a.system.spawn(Bin, () => ({
    put: (id) => void box.tell(Bin.put(id)),
    onStop: () => void box.tell(Bin.put(3)),
  }));
  last.tell(Bin.put(1));
  last.tell(Bin.put(2));
  let isOver = false;
  const drained = a.system.drain().finally(() => isOver = true);
  await world.clock.advance(1_000);
  assertEquals([ids, isOver, box.size], [[1, 2, 3], true, 0]);
  await drained;
  assertEquals(lost(a), []);
});

Deno.test("ActorSystem.drain() gives up what outboxes could not deliver in its time, and they take nothing more", async () => {
  await using world = new World();
  const a = await world.node("a");
  world.transport("b");
  const inbox = a.remote.ref(Inbox, "goakt://b@b:1/inbox");
  const box = new Outbox(a.system, Bin, inbox);
  const idle = new Outbox(a.system, Bin, inbox);
  const sent = assertRejects(() => box.send(Bin.put(1)), DeliveryError);
  assert(box.tell(Bin.put(2)));
  let isOver = false;
  const drained = a.system.drain({ timeout: 3_000 })
    .finally(() => isOver = true);
  await world.clock.advance(2_999);
  assertEquals([isOver, box.size], [false, 2]);
  await world.clock.advance(1);
  await drained;
  const { outcome, message } = await sent;
  assertEquals(outcome, "not_delivered");
  assert(message.includes("the outbox was closed; the last"), message);
  assertEquals([box.size, lost(a)], [0, ["disconnected"]]);
  const before = a.system.deadLetters;
  for (const it of [box, idle]) assertEquals(it.tell(Bin.put(3)), false);
  assertEquals(a.system.deadLetters, before + 2);
  const late = await assertRejects(() => idle.send(Bin.put(4)), DeliveryError);
  assertEquals([late.outcome, late.retryable], ["not_delivered", false]);
  assert(late.message.includes("its system has ended"), late.message);
});

Deno.test("ActorSystem.drain() does not wait for outboxes that can deliver nothing any more", async () => {
  await using world = new World();
  const a = await world.node("a");
  world.transport("b");
  const far = a.remote.ref(Inbox, "goakt://b@b:1/inbox");
  const box = new Outbox(a.system, Bin, far);
  box.tell(Bin.put(1));
  await world.drain(a);
  const before = world.clock.now();
  await a.system.drain();
  assertEquals([box.size, world.clock.now()], [0, before]);
  assertEquals(lost(a), ["disconnected"]);

  // The inbox, an actor of the system itself, has stopped before.
  const options = { logger: null, clock: world.clock };
  await using local = new ActorSystem("local", options);
  const bin = local.spawn(Bin, () => ({
    put: () =>
      new Promise<void>((done) => void world.clock.setTimer(500, done)),
  }));
  const own = new Outbox(local, Bin, spawnInbox(local, bin));
  const sent = assertRejects(() => own.send(Bin.put(1)), DeliveryError);
  await world.settle();
  const drained = local.drain();
  await world.clock.advance(500);
  await drained;
  assertEquals((await sent).outcome, "unknown");
});

Deno.test("Remote.drain() of a client has its outboxes deliver first", async () => {
  await using world = new World();
  const b = await world.node("b");
  const ids = spawnBin(b);
  const client = await Remote.connect({
    transport: world.transport("laptop"),
    system: { clock: world.clock },
  });
  const address = addressOf(b, "inbox");
  const box = new Outbox(client.system, Bin, client.ref(Inbox, address));
  for (const id of upTo(200)) box.tell(Bin.put(id));
  const drained = client.drain();
  await world.clock.advance(1_000);
  await drained;
  assertEquals(ids.join(), upTo(200).join());
  assertEquals(box.tell(Bin.put(200)), false);
});

Deno.test("Outbox.drain() gives up what is not confirmed after its timeout", async () => {
  await using world = new World();
  const a = await world.node("a");
  world.transport("b");
  const inbox = a.remote.ref(Inbox, "goakt://b@b:1/inbox");
  const box = new Outbox(a.system, Bin, inbox);
  const sent = assertRejects(() => box.send(Bin.put(1)), DeliveryError);
  await assertRejects(() => box.drain({ timeout: NaN }), RangeError);
  const drained = box.drain({ timeout: 2_000 });
  await world.clock.advance(1_999);
  assertEquals(box.size, 1);
  await world.clock.advance(1);
  await drained;
  assertEquals([box.size, (await sent).outcome], [0, "not_delivered"]);
});

Deno.test("SIGTERM lets outboxes end, and whoever sent knows how", async () => {
  await using program = new Program(
    "run",
    "--no-prompt",
    "--allow-net=127.0.0.1",
    "tests/remote/delivery/exit_program.ts",
  );
  await program.printed(/ready/);
  program.kill("SIGTERM");
  const { code, stdout } = await program.end();
  assertEquals(stdout.trim().split("\n"), ["ready", "lost, not_delivered"]);
  assertEquals(code, 0);
});
