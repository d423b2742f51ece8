import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  type ActorRef,
  type ActorSystem,
  ask,
  AskTimeoutError,
  protocol,
  scatterGatherFirst,
  tell,
} from "../../actor/mod.ts";
import { RemoteError } from "../../remote/errors.ts";
import { Remote } from "../../remote/remote.ts";
import { Box, spawnBox } from "./actors.ts";
import { addressOf, World } from "./world.ts";

const Desk = protocol("desk", {
  note: tell<string>(),
  serve: ask<string, string>(),
  fail: ask<string, string>(),
});

/** Makes desks that say who and where they are. */
function desks(where: string, log: string[]) {
  let made = 0;
  return () => {
    const desk = `${where}${++made}`;
    return {
      note: (text: string) => void log.push(`${desk}:${text}`),
      serve: (text: string) => `${desk}:${text}`,
      fail: (text: string): never => {
        throw new RangeError(text);
      },
    };
  };
}

Deno.test("ActorRef.tellAll() and askAll() keep the order over the network, and one failure leaves the others", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const { ids } = spawnBox(b.system, "box");
  const box = a.remote.ref(Box, addressOf(b, "box"));
  assertEquals(box.tellAll([1, 2, 3].map((id) => Box.put({ id }))), 3);
  const outcomes = box.askAll([
    Box.echo("first"),
    Box.boom("no"),
    Box.ids(),
    Box.never(),
  ], { timeout: 50 });
  await world.settle();
  await world.clock.advance(100);
  const [first, boom, all, never] = await outcomes;
  assertEquals(first, { status: "fulfilled", value: "first" });
  assertInstanceOf(boom.status === "rejected" && boom.reason, RemoteError);
  assertEquals(all, { status: "fulfilled", value: [1, 2, 3] });
  assertInstanceOf(
    never.status === "rejected" && never.reason,
    AskTimeoutError,
  );
  assertEquals(ids, [1, 2, 3]);
});

Deno.test("a pool is one address for other nodes: what reaches it is routed, replies come back", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const log: string[] = [];
  b.system.spawnPool(Desk, desks("b", log), { name: "desks", size: 3 });
  const pool = a.remote.ref(Desk, addressOf(b, "desks"));
  const served = pool.askAll(
    ["x", "y", "z", "w"].map((text) => Desk.serve(text)),
  );
  await world.settle();
  assertEquals(
    (await served).map((outcome) =>
      outcome.status === "fulfilled" && outcome.value
    ),
    ["b1:x", "b2:y", "b3:z", "b1:w"],
  );
  const failed = assertRejects(() => pool.ask(Desk.fail("no")), RemoteError);
  await world.settle();
  assertEquals((await failed).message.includes("no"), true);
  pool.tell(Desk.note("n"));
  await world.settle();
  assertEquals(log, ["b3:n"]);
});

Deno.test("a pool without actors answers another node with the code of its error", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  b.system.spawnPool(Desk, desks("b", []), { name: "desks", size: 0 });
  const pool = a.remote.ref(Desk, addressOf(b, "desks"));
  const failed = assertRejects(() => pool.ask(Desk.serve("x")), RemoteError);
  await world.settle();
  const { remoteCode, outcome } = await failed;
  assertEquals([remoteCode, outcome], ["no_routees_error", "not_delivered"]);
});

Deno.test("a group mixes actors of this and of other nodes", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const spawn = (system: ActorSystem, where: string) =>
    system.spawn(Desk, desks(where, []), { name: "desk" });
  spawn(b.system, "b");
  const near = spawn(a.system, "a");
  const far = a.remote.ref(Desk, addressOf(b, "desk"));
  const group = a.system.spawnGroup(Desk, [near, far]);
  group.add(a.remote.ref(Desk, addressOf(b, "desk"))); // the same once more
  const served = group.askAll([Desk.serve("x"), Desk.serve("y")]);
  await world.settle();
  assertEquals(await served, [
    { status: "fulfilled", value: "a1:x" },
    { status: "fulfilled", value: "b1:y" },
  ]);
  group.remove(a.remote.ref(Desk, addressOf(b, "desk")));
  assertEquals(group.routees, [near]);
});

Deno.test("a group leaves out an actor of another node that has ended", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const there = [1, 2].map((n) =>
    b.system.spawn(Desk, desks(`b${n}-`, []), { name: `desk${n}` })
  ) as [ActorRef<typeof Desk>, ActorRef<typeof Desk>];
  const [one, two] = ["desk1", "desk2"].map((name) =>
    a.remote.ref(Desk, addressOf(b, name))
  ) as [ActorRef<typeof Desk>, ActorRef<typeof Desk>];
  const group = a.system.spawnGroup(Desk, [one, two]);
  await world.settle();
  assertEquals(group.routees, [one, two]);
  await b.system.stop(there[0]);
  await world.settle();
  assertEquals(group.routees, [two]);
  const served = group.askAll([Desk.serve("x"), Desk.serve("y")]);
  await world.settle();
  assertEquals(await served, [
    { status: "fulfilled", value: "b2-1:x" },
    { status: "fulfilled", value: "b2-1:y" },
  ]);
  group.add(one); // nobody lives there
  await world.settle();
  assertEquals(group.routees, [two]);
  assertEquals(a.deadLetters, []);
});

Deno.test("a group sends nothing to a node that is down, and goes on when that is reached again", async () => {
  await using world = new World();
  const remote = { nodeDownTimeout: 10_000 };
  const [a, b] = [await world.node("a", { remote }), await world.node("b")];
  b.system.spawn(Desk, desks("b", []), { name: "desk" });
  const near = a.system.spawn(Desk, desks("a", []), { name: "desk" });
  const far = a.remote.ref(Desk, addressOf(b, "desk"));
  const group = a.system.spawnGroup(Desk, [near, far]);
  await world.settle();
  world.network.cut("a", "b");
  await world.clock.advance(60_000);
  assertEquals(group.routees, [near]);
  for (const text of ["x", "y", "z"]) group.tell(Desk.note(text));
  assertEquals(a.deadLetters, []);
  world.network.heal("a", "b");
  await world.clock.advance(10_000);
  assertEquals(group.routees, [near, far]);
  const served = group.askAll([Desk.serve("x"), Desk.serve("y")]);
  await world.settle();
  assertEquals(await served, [
    { status: "fulfilled", value: "b1:x" },
    { status: "fulfilled", value: "a1:y" },
  ]);
});

Deno.test("a group whose remoting has ended has nobody of other nodes any more", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  b.system.spawn(Desk, desks("b", []), { name: "desk" });
  const near = a.system.spawn(Desk, desks("a", []), { name: "desk" });
  const group = a.system.spawnGroup(Desk, [
    near,
    a.remote.ref(Desk, addressOf(b, "desk")),
  ]);
  await world.settle();
  assertEquals(group.routees.length, 2);
  await world.drain(a);
  assertEquals(group.routees, [near]);
  const remote = await Remote.start(a.system, {
    transport: world.transport("a"),
    hostname: "a",
    insecure: true,
  });
  const far = remote.ref(Desk, addressOf(b, "desk"));
  group.add(far);
  await world.settle();
  assertEquals(group.routees, [near, far]);
  await world.drain({ ...a, remote });
});

Deno.test("scatterGatherFirst() takes the first reply, wherever it comes from", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  b.system.spawn(Desk, desks("b", []), { name: "desk" });
  const slow = a.system.spawn(Desk, () => ({
    ...desks("a", [])(),
    serve: () => new Promise<string>(() => {}),
  }));
  const far = a.remote.ref(Desk, addressOf(b, "desk"));
  const group = a.system.spawnGroup(Desk, [slow, far], {
    strategy: scatterGatherFirst(),
  });
  const served = group.ask(Desk.serve("x"));
  await world.settle();
  assertEquals(await served, "b1:x");
});
