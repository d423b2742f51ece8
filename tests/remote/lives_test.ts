import { assert, assertEquals, assertRejects } from "@std/assert";
import { ask, kind, oneForOne, protocol } from "../../actor/mod.ts";
import { ConnectError, RemoteError } from "../../remote/errors.ts";
import { startChild } from "../process/child_node.ts";
import { Box } from "./actors.ts";
import { addressOf, startNode, World } from "./world.ts";

const Counter = protocol("counter", {
  add: ask<number, number>(),
  fail: ask<void, void>(),
});
const CounterKind = kind(Counter, () => {
  let total = 0;
  return {
    add: (n) => total += n,
    fail: () => {
      throw new RangeError("broken");
    },
  };
});

/** What fails is suspended. */
const system = {
  kinds: [CounterKind],
  supervisor: oneForOne({ decide: () => "suspend" }),
};

Deno.test("Remote.respawn() puts a fresh actor in the place of one on another node, and refers to it exactly", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b", { system })];
  const old = await a.remote.spawn(b.remote.address, Counter, {
    name: "till",
  });
  assertEquals(await old.ask(Counter.add(5)), 5);
  const fresh = await a.remote.respawn(old);
  assertEquals(String(fresh.pid), addressOf(b, "till"));
  assert(fresh.pid.incarnation !== old.pid.incarnation);
  assertEquals(await fresh.ask(Counter.add(1)), 1);
  const error = await assertRejects(
    () => old.ask(Counter.add(1)),
    RemoteError,
  );
  assertEquals(error.remoteCode, "stopped_error");
});

Deno.test("Remote.state() and Remote.reinstate() show a suspended actor on another node and let it go on", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b", { system })];
  const till = await a.remote.spawn(b.remote.address, Counter, {
    name: "till",
  });
  await till.ask(Counter.add(7));
  const states = [await a.remote.state(till)];
  await assertRejects(() => till.ask(Counter.fail()), RemoteError);
  await world.settle();
  states.push(await a.remote.state(till));
  const waiting = till.ask(Counter.add(1));
  await a.remote.reinstate(till);
  assertEquals(await waiting, 8); // with its state
  states.push(await a.remote.state(till));
  await a.remote.reinstate(till); // does nothing
  assertEquals(states, ["running", "suspended", "running"]);
});

Deno.test("Remote.state() of an actor on another node says how its life goes", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const local = b.system.spawn(Box, () => ({
    onStart: () => opened.promise,
    onStop: () => closed.promise,
    receive: () => {},
  }), { name: "slow" });
  const far = a.remote.ref(Box, addressOf(b, "slow"));
  await world.settle();
  const states = [await a.remote.state(far)];
  opened.resolve();
  await world.settle();
  states.push(await a.remote.state(far));
  const stopped = b.system.stop(local);
  await world.settle();
  states.push(await a.remote.state(far));
  closed.resolve();
  await stopped;
  assertEquals(states, ["starting", "running", "stopping"]);
});

Deno.test("Remote.respawn(), reinstate() and state() of an actor of the own node ask nobody", async () => {
  await using world = new World();
  const b = await world.node("b", { system });
  const till = b.system.spawn(CounterKind, { name: "till" });
  await till.ask(Counter.add(3));
  assertEquals(await b.remote.state(till), "running");
  await till.ask(Counter.fail()).catch(() => {});
  await world.settle();
  assertEquals(await b.remote.state(till), "suspended");
  await b.remote.reinstate(till);
  assertEquals(await till.ask(Counter.add(1)), 4);
  const fresh = await b.remote.respawn(till);
  assertEquals(await fresh.ask(Counter.add(1)), 1);
  assertEquals(b.remote.connections, 0);
});

Deno.test("Remote.stop(), respawn(), reinstate() and state() name an actor that is missing on its node", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const { remote } = a;
  const ref = remote.ref(Counter, addressOf(b, "nobody"));
  const calls: [() => Promise<unknown>, string][] = [
    [() => remote.stop(ref), "stop"],
    [() => remote.respawn(ref), "respawn"],
    [() => remote.reinstate(ref), "reinstate"],
    [() => remote.state(ref), "ask for the state of"],
  ];
  for (const [call, action] of calls) {
    const error = await assertRejects(call, RemoteError);
    assertEquals([error.remoteCode, error.outcome], [
      "stopped_error",
      "not_delivered",
    ]);
    assertEquals(
      error.text,
      `Cannot ${action} "${
        addressOf(b, "nobody")
      }": there is no such actor, a running actor was expected`,
    );
    assert(error.message.startsWith(`Cannot ${action} "${ref.pid}"`));
  }
});

Deno.test("Remote.respawn(), reinstate() and state() fail with the cause when a node cannot be reached", async () => {
  await using world = new World();
  const a = await world.node("a");
  const { remote } = a;
  const ref = remote.ref(Counter, "goakt://b@a:9/till");
  await assertRejects(() => remote.respawn(ref), ConnectError);
  const later = [remote.reinstate(ref), remote.state(ref)].map((call) =>
    assertRejects(() => call, ConnectError)
  );
  await world.clock.advance(200);
  await Promise.all(later);
});

Deno.test("An actor that cannot start again is reported by Remote.respawn()", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  let starts = 0;
  b.system.spawn(Box, () => {
    if (++starts > 1) throw new RangeError("once only");
    return { receive: () => {} };
  }, { name: "once" });
  const error = await assertRejects(
    () => a.remote.respawn(a.remote.ref(Box, addressOf(b, "once"))),
    RemoteError,
  );
  assertEquals(error.remoteCode, "start_error");
  assert(error.text.includes("once only"), error.text);
});

Deno.test("An actor of another process is respawned, and its state is told", async () => {
  const here = await startNode("here", {}, {});
  await using child = await startChild();
  const box = await here.remote.spawn(child.address, Box, { name: "box" });
  box.tell(Box.put({ id: 1 }));
  assertEquals(await box.ask(Box.ids()), [1]);
  const fresh = await here.remote.respawn(box);
  assertEquals(await here.remote.state(fresh), "running");
  const error = await assertRejects(() => here.remote.state(box), RemoteError);
  assertEquals(error.remoteCode, "stopped_error");
  await here.remote.drain();
  await here.system.drain();
});
