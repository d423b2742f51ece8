import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ActorRef,
  ask,
  boundedMailbox,
  protocol,
  tell,
} from "../../../actor/mod.ts";
import { RemoteError } from "../../../remote/errors.ts";
import type {
  Connection,
  Transport,
} from "../../../remote/transport/transport.ts";
import { settle } from "../../../testing/settle.ts";
import { Box, BoxKind, spawnBox, upTo } from "../actors.ts";
import { addressOf, type Node, World } from "../world.ts";

const Clerk = protocol("clerk", {
  forward: ask<number | undefined, unknown>(),
  find: ask<string, string | undefined>(),
});

/** A clerk that asks `target`, which lives elsewhere, and says what became of it. */
function spawnClerk(
  node: Node,
  { target, asked }: {
    target: ActorRef<typeof Box>;
    asked: "never" | "boom";
  },
) {
  const seen: { remaining: number; aborted: () => boolean }[] = [];
  node.system.spawn(Clerk, () => ({
    forward(timeout, ctx) {
      const { signal, remaining } = ctx;
      seen.push({ remaining, aborted: () => signal.aborted });
      return ctx.ask(
        target,
        asked === "boom" ? Box.boom("too far") : Box.never(),
        timeout === undefined ? {} : { timeout },
      );
    },
    async find(address) {
      return (await node.remote.lookup(Box, address))?.pid.path;
    },
  }), { name: "clerk" });
  return seen;
}

async function twoNodes(world: World): Promise<[Node, Node]> {
  return [
    await world.node("a"),
    await world.node("b", { system: { kinds: [BoxKind] } }),
  ];
}

Deno.test("However much is sent to a node at once, two connections lead there and serve all of it", async () => {
  await using world = new World();
  const [a, b] = await twoNodes(world);
  for (const id of upTo(20)) spawnBox(b.system, `box${id}`);
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      upTo(20).flatMap((id) => {
        const address = addressOf(b, `box${id}`);
        return [
          a.remote.ref(Box, address).ask(Box.put({ id })),
          a.remote.lookup(Box, address),
          a.remote.spawn(b.remote.address, Box),
        ];
      }),
    );
    assertEquals([a.remote.connections, b.remote.connections], [2, 2]);
    assertEquals(world.network.connections, 2);
  }
});

Deno.test("Messages of one turn share a write, those of a later turn begin another", async () => {
  await using world = new World();
  const sizes: number[] = [];
  const transport = world.transport("a");
  const counting: Transport = {
    scheme: "counting",
    listen: (options) => transport.listen(options),
    async connect(options): Promise<Connection> {
      const connection = await transport.connect(options);
      const write = connection.write.bind(connection);
      connection.write = (bytes) => {
        sizes.push(bytes.length);
        return write(bytes);
      };
      return connection;
    },
  };
  const a = await world.node("a", { remote: { transport: counting } });
  const b = await world.node("b");
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  await ref.ask(Box.ids());
  sizes.length = 0;
  for (const id of upTo(1_000)) ref.tell(Box.put({ id }));
  await world.settle();
  assertEquals([sizes.length, box.ids.length], [1, 1_000]);
  ref.tell(Box.put({ id: 1_000 }));
  await world.settle();
  assertEquals([sizes.length, box.ids.length], [2, 1_001]);
});

Deno.test("Context.ask() of an actor on another node rejects inside the handler with its failure", async () => {
  await using world = new World();
  const [a, b] = await twoNodes(world);
  const caught: unknown[] = [];
  spawnBox(b.system, "box");
  const box = a.remote.ref(Box, addressOf(b, "box"));
  const asker = a.system.spawn(Clerk, () => ({
    async forward(_, ctx) {
      try {
        return await ctx.ask(box, Box.boom("too far"));
      } catch (error) {
        caught.push(error);
        return ctx.ask(box, Box.echo("and on"));
      }
    },
    find: () => undefined,
  }));
  assertEquals(await asker.ask(Clerk.forward(undefined)), "and on");
  const [error] = caught;
  assert(error instanceof RemoteError);
  assertEquals([error.remoteCode, error.text], [
    "range_error",
    "RangeError: too far",
  ]);
});

Deno.test("Remote.lookup() from inside a handler finds an actor of another node, or nobody", async () => {
  await using world = new World();
  const [a, b] = await twoNodes(world);
  const { ref } = spawnBox(b.system, "box");
  spawnClerk(a, { target: ref, asked: "never" });
  const clerk = a.system.find(Clerk, "clerk");
  assertEquals(await clerk?.ask(Clerk.find(addressOf(b, "box"))), "box");
  assertEquals(await clerk?.ask(Clerk.find(addressOf(b, "roof"))), undefined);
});

Deno.test("The timeout of an ask bounds what its handler asks on another node, and aborts its signal", async () => {
  await using world = new World();
  const [a, b] = await twoNodes(world);
  const { ref } = spawnBox(b.system, "box");
  const seen = spawnClerk(b, { target: ref, asked: "never" });
  using failures = b.system.events.subscribe({ types: ["actor_failed"] });
  const clerk = a.remote.ref(Clerk, addressOf(b, "clerk"));
  const asked = clerk.ask(Clerk.forward(undefined), { timeout: 300 });
  asked.catch(() => {});
  await world.settle();
  const [first] = seen;
  assertEquals([first?.remaining, first?.aborted()], [300, false]);
  await world.clock.advance(290);
  assertEquals(first?.aborted(), false);
  // Deadlines are looked at every 10 ms; the default of 5 s is far away.
  await world.clock.advance(50);
  await assertRejects(() => asked);
  assertEquals(first?.aborted(), true);
  failures.unsubscribe();
  const { value } = await failures.next();
  assertEquals(
    value?.error instanceof Error && value.error.name,
    "AskTimeoutError",
  );
});

Deno.test("A deadline that is exceeded on another node reaches the asker as its code", async () => {
  await using world = new World();
  const [a, b] = await twoNodes(world);
  const { ref } = spawnBox(b.system, "box");
  spawnClerk(b, { target: ref, asked: "never" });
  const clerk = a.remote.ref(Clerk, addressOf(b, "clerk"));
  const failed = assertRejects(
    () => clerk.ask(Clerk.forward(100)),
    RemoteError,
  );
  await world.settle();
  await world.clock.advance(200);
  const { remoteCode, text } = await failed;
  assertEquals(remoteCode, "ask_timeout_error");
  assert(text.includes("no reply within 100 ms"), text);
});

Deno.test("A full mailbox on another node reaches the asker as its code, and may be tried again", async () => {
  await using world = new World();
  const [a, b] = await twoNodes(world);
  const gate = Promise.withResolvers<void>();
  const Slow = protocol("slow", { work: ask<void, void>(), note: tell() });
  b.system.spawn(Slow, () => ({ work: () => gate.promise, note: () => {} }), {
    name: "slow",
    mailbox: boundedMailbox(1),
  });
  const slow = a.remote.ref(Slow, addressOf(b, "slow"));
  const working = slow.ask(Slow.work());
  await world.settle();
  const waiting = slow.ask(Slow.work());
  await world.settle();
  const error = await assertRejects(() => slow.ask(Slow.work()), RemoteError);
  assertEquals([error.remoteCode, error.outcome, error.retryable], [
    "mailbox_full_error",
    "not_delivered",
    true,
  ]);
  assert(error.text.includes(`"${addressOf(b, "slow")}"`), error.text);
  gate.resolve();
  await Promise.all([working, waiting]);
});

Deno.test("Remote.stop() runs the stop hook of the actor where it lives, before it resolves", async () => {
  await using world = new World();
  const [a, b] = await twoNodes(world);
  const log: string[] = [];
  b.system.spawn(Box, () => ({
    receive: () => {},
    onStop: (ctx) => void log.push(`stopped in ${ctx.system.name}`),
  }), { name: "box" });
  await a.remote.stop(a.remote.ref(Box, addressOf(b, "box")));
  assertEquals(log, ["stopped in b"]);
});

Deno.test("A program without actors looks an actor of another node up and asks it", async () => {
  await using world = new World();
  const [a, b] = await twoNodes(world);
  spawnBox(b.system, "box");
  const found = await a.remote.lookup(Box, addressOf(b, "box"));
  assertEquals(await found?.ask(Box.echo("hi")), "hi");
  assertEquals(a.system.select(Box, "**"), []);
});

Deno.test("Remote.drain() closes the listener and every connection, and the system goes on alone", async () => {
  await using world = new World();
  const [a, b] = await twoNodes(world);
  const box = spawnBox(b.system, "box");
  await a.remote.ref(Box, addressOf(b, "box")).ask(Box.ids());
  await b.remote.drain();
  await world.settle();
  assertEquals(world.network.connections, 0);
  const { host: hostname, port } = b.remote;
  await assertRejects(() => world.transport("c").connect({ hostname, port }));
  box.ref.tell(Box.put({ id: 1 }));
  await settle(b.system);
  assertEquals(box.ids, [1]);
});
