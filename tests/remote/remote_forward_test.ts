import { assertEquals, assertRejects } from "@std/assert";
import {
  type ActorRef,
  ask,
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../actor/mod.ts";
import { RemoteError } from "../../remote/errors.ts";
import { addressOf, type Node, World } from "./world.ts";

type DeskProtocol = Protocol<"desk", {
  serve: Spec<string, string>;
  left: Spec<void, number>;
  wait: Spec<void, string>;
  note: Spec<string, void>;
}>;

const Desk: DeskProtocol = protocol("desk", {
  serve: ask<string, string>(),
  left: ask<void, number>(),
  wait: ask<void, string>(),
  note: tell<string>(),
});

/** Signals and senders that a clerk has seen. */
interface Seen {
  readonly signals: AbortSignal[];
  readonly notes: string[];
}

function spawnClerk({ system }: Node): Seen {
  const seen: Seen = { signals: [], notes: [] };
  system.spawn(Desk, () => ({
    serve: (name, ctx) => `${ctx.system.name} serves ${name}`,
    left: (_, ctx) => ctx.remaining,
    wait(_, { signal }) {
      seen.signals.push(signal);
      if (signal.aborted) return "";
      return new Promise((resolve) =>
        signal.addEventListener("abort", () => resolve(""))
      );
    },
    note(text, ctx) {
      seen.notes.push(`${text} of ${ctx.sender?.pid.system}`);
      if (ctx.sender !== undefined) ctx.tell(ctx.sender, Desk.note("thanks"));
    },
  }), { name: "clerk" });
  return seen;
}

/** Hands everything on, once `open` lets it. */
function spawnFront(
  { system }: Node,
  to: ActorRef<DeskProtocol>,
  open?: Promise<void>,
): ActorRef<DeskProtocol> {
  return system.spawn(Desk, () => ({
    async receive(_message, ctx) {
      await open;
      ctx.forward(to);
    },
  }), { name: "front" });
}

/** The asker's node, the one in the middle, and the one where messages end. */
async function three(world: World, open?: Promise<void>) {
  const [a, b, c] = [
    await world.node("a"),
    await world.node("b"),
    await world.node("c"),
  ];
  const seen = spawnClerk(c);
  spawnFront(b, b.remote.ref(Desk, addressOf(c, "clerk")), open);
  return { a, b, c, seen, front: a.remote.ref(Desk, addressOf(b, "front")) };
}

Deno.test("Context.forward() over two links has a third node answer the asker", async () => {
  await using world = new World();
  const { front } = await three(world);
  assertEquals(await front.ask(Desk.serve("Ada")), "c serves Ada");
});

Deno.test("Context.forward() over two links keeps the sender, who can be told back", async () => {
  await using world = new World();
  const { a, front, seen } = await three(world);
  const heard: string[] = [];
  const talker = a.system.spawn(Desk, () => ({
    serve(text, ctx) {
      ctx.tell(front, Desk.note(text));
      return "sent";
    },
    receive: (message, ctx) =>
      void heard.push(
        `${"body" in message && message.body} of ${ctx.sender?.pid.system}`,
      ),
  }));
  await talker.ask(Desk.serve("hello"));
  await world.settle();
  assertEquals([seen.notes, heard], [["hello of a"], ["thanks of c"]]);
});

Deno.test("a forwarded ask takes the time that is left along, from here and from afar", async () => {
  await using world = new World();
  const open = Promise.withResolvers<void>();
  const { a, c, front } = await three(world, open.promise);
  const own = spawnFront(
    a,
    a.remote.ref(Desk, addressOf(c, "clerk")),
    open.promise,
  );
  const asked = [own, front].map((ref) =>
    ref.ask(Desk.left(), { timeout: 1_000 })
  );
  await world.clock.advance(400);
  open.resolve();
  assertEquals(await Promise.all(asked), [600, 600]);
});

Deno.test("an asker who gives up is noticed where a forwarded ask has come to, from here and from afar", async () => {
  await using world = new World();
  const { a, c, front, seen } = await three(world);
  const own = spawnFront(a, a.remote.ref(Desk, addressOf(c, "clerk")));
  for (const ref of [own, front]) {
    const controller = new AbortController();
    const asked = ref.ask(Desk.wait(), { signal: controller.signal });
    await world.settle();
    const signal = seen.signals.pop();
    assertEquals(signal?.aborted, false);
    controller.abort(new Error("changed my mind"));
    await assertRejects(() => asked, Error, "changed my mind");
    await world.settle();
    assertEquals(signal?.aborted, true);
  }
});

Deno.test("an ask that is forwarded after its asker gave up is handled with a signal that has aborted", async () => {
  await using world = new World();
  const open = Promise.withResolvers<void>();
  const { a, c, front, seen } = await three(world, open.promise);
  const own = spawnFront(
    a,
    a.remote.ref(Desk, addressOf(c, "clerk")),
    open.promise,
  );
  for (const ref of [own, front]) {
    const controller = new AbortController();
    const asked = ref.ask(Desk.wait(), { signal: controller.signal });
    await world.settle();
    controller.abort(new Error("changed my mind"));
    await assertRejects(() => asked, Error, "changed my mind");
  }
  await world.settle();
  open.resolve();
  await world.settle();
  assertEquals(seen.signals.map(({ aborted }) => aborted), [true, true]);
});

Deno.test("an asker is told when the actor that an ask was forwarded to is not there", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnFront(b, b.remote.ref(Desk, "goakt://c@c:4000/clerk"));
  const error = await assertRejects(
    () =>
      a.remote.ref(Desk, addressOf(b, "front")).ask(Desk.serve("Ada"), {
        timeout: 60_000,
      }),
    RemoteError,
  );
  assertEquals(error.remoteCode, "connect_error");
});
