import { assert, assertEquals, assertRejects } from "@std/assert";
import { HandshakeError } from "../../../remote/errors.ts";
import { Allowance } from "../../../remote/link/allowance.ts";
import { MemoryRemoteMetrics } from "../../../remote/metrics/metrics.ts";
import { Gate } from "../../../remote/node/gate.ts";
import { MemoryNetwork } from "../../../remote/transport/memory_transport.ts";
import type {
  Connection,
  ListenOptions,
  Transport,
} from "../../../remote/transport/transport.ts";
import { Box, spawnBox, upTo } from "../actors.ts";
import { InstantClock } from "../instant_clock.ts";
import { addressOf, type Node, reasons, World } from "../world.ts";

Deno.test("Allowance gives a burst after a rest, and so much a second for long", () => {
  const allowance = new Allowance({ perSecond: 10, burst: 3 }, 0);
  const taken = (now: number, times: number) =>
    upTo(times).filter(() => allowance.take(now)).length;
  assertEquals([taken(0, 9), taken(99, 9), taken(100, 9)], [3, 0, 1]);
  assertEquals([taken(350, 9), taken(99_999, 9)], [2, 3]);
});

Deno.test("Allowance lets pass what costs more than there ever is, and makes it pay", () => {
  const allowance = new Allowance({ perSecond: 10, burst: 10 }, 0);
  assertEquals(allowance.take(0, 25), true);
  assertEquals([allowance.take(1_500), allowance.take(1_600)], [false, true]);
  assertEquals(allowance.take(2_000, 25), false); // not before all is there
  assertEquals(allowance.take(2_600, 25), true);
});

Deno.test("Allowance without a limit has none", () => {
  const pace = { perSecond: 1, burst: Infinity };
  const allowance = new Allowance(pace, 0);
  assertEquals(upTo(10_000).filter(() => allowance.take(0)).length, 10_000);
});

/** A gate, and what it says to connections from a place to another. */
async function gate() {
  const clock = new InstantClock();
  const warnings: string[] = [];
  const network = new MemoryNetwork();
  const inner = network.transport("b");
  let asked: ListenOptions = { hostname: "", port: 0 };
  const transport: Transport = {
    scheme: "memory",
    connect: (options) => inner.connect(options),
    listen: (options) => {
      asked = options;
      return inner.listen(options);
    },
  };
  const it = await Gate.listen(transport, { hostname: "b", port: 1 }, {
    rate: { perSecond: 1, burst: 2 },
    clock,
    warn: (text) => void warnings.push(text),
  });
  const admits = (host: string, local = "b:1") =>
    asked.admits?.({ local, remote: `${host}:50000` });
  return { it, clock, warnings, admits, listens: () => asked };
}

Deno.test("Gate tells hosts apart, and takes a network of IPv6 addresses for one", async () => {
  const { it, clock, admits, warnings } = await gate();
  const hosts = ["1.1.1.1", "1.1.1.2", "[2001:db8::1]", "[2001:db8::2]"];
  const round = () => hosts.map((host) => admits(host));
  assertEquals(round(), [true, true, true, true]);
  assertEquals(round(), [true, true, false, false]);
  clock.advance(1_000);
  assertEquals(round(), [true, true, true, false]);
  assertEquals(warnings, [
    'a connection from "[2001:db8::1]:50000" was closed: too many come from there, at most 1 a second and 2 at once were expected',
  ]);
  await it.close();
  assertEquals(warnings.slice(1), [
    '2 more connections were closed that came too often: 2 from "2001:db8:0:0"',
  ]);
  assertEquals(clock.pending, 0);
});

Deno.test("Gate hands on what its transport warns of", async () => {
  const { it, warnings, listens } = await gate();
  listens().warn?.("a connection was closed");
  assertEquals(warnings, ["a connection was closed"]);
  await it.close();
});

Deno.test("Gate remembers 4,096 places, those that were heard of last", async () => {
  const { it, admits } = await gate();
  const drained = (host: string) => [admits(host), admits(host), admits(host)];
  assertEquals(drained("first"), [true, true, false]);
  assertEquals(drained("second"), [true, true, false]);
  assertEquals(admits("first"), false);
  for (const n of upTo(4_095)) admits(`host${n}`);
  assertEquals([admits("first"), admits("second")], [false, true]);
  await it.close();
});

Deno.test("Gate lets the node in that dials itself, free of charge, and nobody else because of that", async () => {
  const { it, admits } = await gate();
  const others: unknown[] = [];
  const own: unknown[] = [];
  await it.ownVisit(() => {
    others.push(...upTo(3).map(() => admits("evil")));
    own.push(...upTo(9).map(() => admits("127.0.0.1", "127.0.0.1:1")));
    return Promise.resolve();
  });
  assertEquals(others, [true, true, false]);
  assertEquals(own, Array(9).fill(true));
  const after = upTo(3).map(() => admits("127.0.0.1", "127.0.0.1:1"));
  assertEquals(after, [true, true, false]);
  await assertRejects(() => it.ownVisit(() => Promise.reject(new Error("no"))));
  assertEquals(admits("127.0.0.1", "127.0.0.1:1"), false);
  await it.close();
});

/** What comes over connections until they end, in bytes; `open` for those that do not. */
async function whatComes(
  world: World,
  connections: readonly Connection[],
): Promise<(number | "open")[]> {
  const seen: (number | "open")[] = connections.map(() => "open");
  connections.forEach(async (connection, at) => {
    let bytes = 0;
    for (;;) {
      const chunk = await connection.read();
      if (chunk === undefined) break;
      bytes += chunk.length;
    }
    seen[at] = bytes;
  });
  await world.settle();
  return seen;
}

async function dialFrom(
  world: World,
  host: string,
  { remote: { host: hostname, port } }: Node,
  times: number,
): Promise<Connection[]> {
  const connections: Connection[] = [];
  for (const _ of upTo(times)) {
    const options = { hostname, port };
    connections.push(await world.transport(host).connect(options));
  }
  return connections;
}

Deno.test("An address that connects too often is cut off unread, and nobody else", async () => {
  await using world = new World();
  const metrics = new MemoryRemoteMetrics();
  const b = await world.node("b", {
    remote: { connectionRate: { perSecond: 10, burst: 5 }, metrics },
  });
  const c = await world.node("c");
  spawnBox(b.system, "box");
  const evil = await dialFrom(world, "evil", b, 50);
  assertEquals(await whatComes(world, evil), [
    ...Array(5).fill("open"),
    ...Array(45).fill(0),
  ]);
  const box = c.remote.ref(Box, addressOf(b, "box"));
  assertEquals(await box.ask(Box.echo(1)), 1);
  assertEquals(metrics.refusedConnections, 45);
  const texts = () => b.warnings.map(({ text }) => text);
  assertEquals(texts().length, 1);
  assert(texts()[0]?.includes("at most 10 a second and 5 at once"), texts()[0]);
  await world.clock.advance(300);
  const later = await dialFrom(world, "evil", b, 4);
  assertEquals(await whatComes(world, later), ["open", "open", "open", 0]);
  for (const connection of [...evil, ...later]) connection.close();
  await world.clock.advance(10_000);
  assertEquals(texts().filter((text) => text.includes("came too often")), [
    '45 more connections were closed that came too often: 45 from "evil"',
  ]);
});

Deno.test("A node that is cut off because its address connects too often is told, and gets in later", async () => {
  await using world = new World();
  const b = await world.node("b", {
    remote: { connectionRate: { perSecond: 1, burst: 1 } },
  });
  const c = await world.node("c");
  const log = spawnBox(b.system, "box");
  const box = c.remote.ref(Box, addressOf(b, "box"));
  assertEquals(await box.ask(Box.echo(1)), 1);
  const looking = c.remote.lookup(Box, addressOf(b, "box"));
  const error = await assertRejects(() => looking, HandshakeError);
  assertEquals([error.reason, error.outcome, error.retryable], [
    "closed",
    "not_delivered",
    true,
  ]);
  assert(error.message.includes("are dialled too often"), error.message);
  await world.clock.advance(1_000);
  assert(await c.remote.lookup(Box, addressOf(b, "box")) !== undefined);
  // The same of messages: what waits for the link is accounted for.
  await world.drain(c);
  const d = await world.node("c", { system: {}, remote: {} });
  const again = d.remote.ref(Box, addressOf(b, "box"));
  again.tell(Box.put({ id: 2 }));
  await world.settle();
  assertEquals([log.ids, reasons(d.deadLetters)], [[], { disconnected: 1 }]);
  await world.clock.advance(1_000);
  again.tell(Box.put({ id: 3 }));
  await world.clock.advance(100);
  assertEquals(log.ids, [3]);
});
