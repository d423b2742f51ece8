import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type ActorRef,
  ActorSystem,
  type Handlers,
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../../actor/mod.ts";
import { seededRandom } from "../../../internal/random.ts";
import {
  bytes,
  ConnectError,
  DeliveryError,
  Inbox,
  type InboxOptions,
  type InboxProtocol,
  Outbox,
  type OutboxOptions,
  OverloadedError,
  RemoteError,
  spawnInbox,
} from "../../../remote/mod.ts";
import { upTo } from "../actors.ts";
import { addressOf, type Node, reasons, World } from "../world.ts";
import { below, pick, testSeed } from "../wire/wire_random.ts";

type BinProtocol = Protocol<"bin", {
  put: Spec<{ id: number; pad?: string }, void>;
  raw: Spec<Uint8Array, void>;
  later: Spec<number, void>;
}>;

const Bin: BinProtocol = protocol("bin", {
  put: tell<{ id: number; pad?: string }>(),
  raw: tell(bytes()),
  later: tell<number>(),
});

/** An actor that notes what it is given; `later` ends when it is let go. */
class Notes {
  readonly ids: number[] = [];
  readonly sizes: number[] = [];
  readonly going: (() => void)[] = [];

  get handlers(): Handlers<BinProtocol> {
    return {
      put: ({ id }: { id: number }): void => {
        if (id < 0) throw new RangeError(`${id} is negative`);
        this.ids.push(id);
      },
      raw: (body: Uint8Array): void => void this.sizes.push(body.length),
      later: (id: number): Promise<void> => {
        this.ids.push(id);
        return new Promise((resolve) => this.going.push(resolve));
      },
    };
  }
}

interface Pair {
  readonly world: World;
  readonly a: Node;
  readonly b: Node;
  readonly notes: Notes;
  readonly bin: ActorRef<BinProtocol>;
  readonly inbox: ActorRef<InboxProtocol>;
  /** An outbox at a for the inbox at b. */
  outbox(options?: OutboxOptions): Outbox<BinProtocol>;
  /** Moves time on until nothing is left in the outbox. */
  quiet(outbox: Outbox<BinProtocol>): Promise<void>;
}

async function withPair(
  run: (pair: Pair) => Promise<void>,
  inboxOptions: InboxOptions = {},
): Promise<void> {
  await using world = new World();
  const a = await world.node("a");
  const b = await world.node("b");
  const notes = new Notes();
  const bin = b.system.spawn(Bin, () => notes.handlers, { name: "bin" });
  spawnInbox(b.system, bin, { name: "inbox", ...inboxOptions });
  const inbox = a.remote.ref(Inbox, addressOf(b, "inbox"));
  await run({
    world,
    a,
    b,
    notes,
    bin,
    inbox,
    outbox: (options) => new Outbox(a.system, Bin, inbox, options),
    async quiet(outbox) {
      for (let step = 0; outbox.size > 0 && step < 400; step++) {
        await world.clock.advance(250);
      }
      assertEquals(outbox.size, 0, "the outbox does not come to rest");
    },
  });
}

Deno.test("Outbox.send() resolves once the message was handled on another node", async () => {
  await withPair(async ({ world, notes, outbox }) => {
    await using box = outbox();
    let isOver = false;
    const sent = box.send(Bin.later(7)).then(() => isOver = true);
    await world.settle();
    assertEquals([notes.ids, isOver, box.size], [[7], false, 1]);
    notes.going[0]?.();
    await world.clock.advance(50);
    await sent;
    assertEquals([box.size, box.bytes], [0, 0]);
  });
});

Deno.test("Outbox.tell() brings thousands of messages in order, no more at a time than the inbox lets in", async () => {
  await withPair(async ({ world, a, b, notes, outbox, quiet }) => {
    const box = outbox();
    for (const id of upTo(5_000)) assert(box.tell(Bin.put({ id })));
    await quiet(box);
    assertEquals(notes.ids.length, 5_000);
    assert(notes.ids.every((id, at) => id === at));
    // Handlers that take their time are not flooded.
    for (const id of upTo(1_000)) assert(box.tell(Bin.later(id)));
    await world.clock.advance(10_000);
    assertEquals(notes.going.length, 1);
    assertEquals([box.size, a.deadLetters, b.deadLetters], [1_000, [], []]);
    box.close();
    notes.going[0]?.();
    for (let at = 1; at < 100; at++) {
      await world.settle();
      notes.going[at]?.();
    }
    assertEquals(notes.ids.length, 5_000 + 32);
    assertEquals(reasons(a.deadLetters), { unknown: 32, disconnected: 968 });
  });
});

Deno.test("Outbox.send() of 20 MiB arrives, in parts, between two nodes that take 16 MiB", async () => {
  await withPair(async ({ notes, outbox, quiet }) => {
    const box = outbox();
    const sent = box.send(Bin.raw(new Uint8Array(20 * 1024 * 1024)));
    assert(!box.tell(Bin.raw(new Uint8Array(3)))); // there is no room besides
    await quiet(box);
    await sent;
    assert(box.tell(Bin.raw(new Uint8Array(3))));
    await quiet(box);
    assertEquals(notes.sizes, [20 * 1024 * 1024, 3]);
  });
});

Deno.test("Outbox.send() rejects with what the handler threw, and the next message follows", async () => {
  await withPair(async ({ notes, outbox, quiet }) => {
    const box = outbox();
    const wrong = box.send(Bin.put({ id: -1 }));
    wrong.catch(() => {});
    const right = box.send(Bin.put({ id: 1 }));
    await quiet(box);
    const error = await assertRejects(() => wrong, RemoteError);
    assertEquals([error.remoteCode, error.text, error.outcome], [
      "range_error",
      "RangeError: -1 is negative",
      "done",
    ]);
    await right;
    assertEquals(notes.ids, [1]);
  });
});

Deno.test("Outbox.send() rejects when nobody is behind the inbox, or the message is too large for it", async () => {
  await withPair(async ({ b, bin, a, outbox, quiet }) => {
    const box = outbox();
    const large = box.send(Bin.raw(new Uint8Array(100_001)));
    large.catch(() => {});
    await quiet(box);
    const tooLarge = await assertRejects(() => large, RemoteError);
    assertEquals([tooLarge.remoteCode, tooLarge.outcome], [
      "frame_error",
      "not_delivered",
    ]);
    assert(tooLarge.text.includes("at most 100000 bytes"), tooLarge.text);
    await b.system.stop(bin);
    const late = box.send(Bin.put({ id: 1 }));
    late.catch(() => {});
    box.tell(Bin.put({ id: 2 }));
    await quiet(box);
    const missing = await assertRejects(() => late, RemoteError);
    assertEquals([missing.remoteCode, missing.outcome], [
      "stopped_error",
      "not_delivered",
    ]);
    assertEquals(reasons(a.deadLetters), { missing: 1 });
  }, { maxMessageBytes: 100_000 });
});

Deno.test("Outbox gives a message up after its time, with an outcome that is true", async () => {
  await withPair(async ({ world, a, b, notes, inbox, outbox }) => {
    const box = outbox({ giveUpAfter: 5_000 });
    const begun = box.send(Bin.later(1));
    begun.catch(() => {});
    await world.settle();
    world.network.cut("a", "b");
    world.network.reset("a", "b");
    await world.clock.advance(6_000);
    const unknown = await assertRejects(() => begun, DeliveryError);
    assertEquals([unknown.outcome, unknown.code], [
      "unknown",
      "delivery_error",
    ]);
    const unsent = box.send(Bin.put({ id: 2 }));
    unsent.catch(() => {});
    box.tell(Bin.put({ id: 3 }));
    await world.clock.advance(10_000);
    const error = await assertRejects(() => unsent, DeliveryError);
    assertEquals(
      error.message,
      `Cannot deliver "bin.put" to "${inbox.pid}": its time is over; the last attempt ended with ConnectError: Cannot connect to "${b.name}:${b.remote.port}": there was no answer within 5000 ms, a listening node was expected, a confirmation was expected`,
    );
    assert(error.cause instanceof ConnectError);
    assertEquals(error.outcome, "not_delivered");
    const told = a.deadLetters.filter(({ message }) =>
      message.type === "bin.put"
    );
    assertEquals(told.map(({ reason }) => reason), ["disconnected"]);
    world.network.heal("a", "b");
    notes.going[0]?.();
    await world.settle();
    assertEquals([notes.ids, box.size], [[1], 0]);
  });
});

Deno.test("Outbox refuses what it has no room for, and ready() waits for room", async () => {
  await withPair(async ({ a, world, notes, outbox, quiet }) => {
    const box = outbox({ maxBytes: 10_000 });
    assert(box.tell(Bin.later(0)));
    assert(box.tell(Bin.put({ id: 1, pad: "x".repeat(6_000) })));
    const late = { id: 2, pad: "x".repeat(6_000) };
    assertEquals(box.tell(Bin.put(late)), false);
    await assertRejects(() => box.send(Bin.put(late)), OverloadedError);
    assertEquals(reasons(a.deadLetters), { overloaded: 1 });
    let isReady = false;
    const ready = box.ready().then(() => isReady = true);
    await world.settle();
    assertEquals(isReady, false);
    notes.going[0]?.();
    await quiet(box);
    await ready;
    assert(box.tell(Bin.put(late)));
    await quiet(box);
    assertEquals(notes.ids, [0, 1, 2]);
  });
});

Deno.test("Outbox with an inbox that was started anew sends again, or says that it does not know", async () => {
  for (const guarantee of ["at_least_once", "effectively_once"] as const) {
    await withPair(async ({ world, b, bin, notes, outbox, quiet }) => {
      const box = outbox({ guarantee });
      const sent = box.send(Bin.later(1));
      sent.catch(() => {});
      await world.settle();
      const old = b.system.find(Inbox, "inbox");
      assert(old !== undefined);
      await b.system.stop(old);
      spawnInbox(b.system, bin, { name: "inbox" });
      notes.going[0]?.();
      await world.clock.advance(500);
      if (guarantee === "at_least_once") {
        assertEquals(notes.ids, [1, 1]);
        notes.going[1]?.();
        await quiet(box);
        await sent;
      } else {
        await quiet(box);
        const { outcome } = await assertRejects(() => sent, DeliveryError);
        assertEquals([notes.ids, outcome], [[1], "unknown"]);
      }
      const next = box.send(Bin.put({ id: 2 }));
      await quiet(box);
      await next;
    });
  }
});

Deno.test("Outbox.drain() waits for what is not confirmed, takes nothing more, and leaves no timer", async () => {
  await withPair(async ({ world, notes, inbox, outbox }) => {
    const box = outbox();
    box.tell(Bin.later(1));
    await world.settle();
    let isOver = false;
    const drained = box.drain().then(() => isOver = true);
    await world.settle();
    assertEquals(isOver, false);
    const error = assertThrows(() => box.tell(Bin.put({ id: 2 })), TypeError);
    assertEquals(
      error.message,
      `Cannot send "bin.put" to "${inbox.pid}": the outbox is draining, an open one was expected`,
    );
    notes.going[0]?.();
    await world.clock.advance(50);
    await drained;
    await box.drain();
  });
});

Deno.test("Outbox and inbox of one system deliver without a network", async () => {
  await using system = new ActorSystem("local", { logger: null });
  const notes = new Notes();
  const bin = system.spawn(Bin, () => notes.handlers);
  await using box = new Outbox(system, Bin, spawnInbox(system, bin));
  const sent = upTo(500).map((id) => box.send(Bin.put({ id })));
  await Promise.all(sent);
  assertEquals(notes.ids, upTo(500));
});

Deno.test("Inbox takes so many outboxes, and another once it has forgotten one", async () => {
  await withPair(async ({ world, notes, outbox, quiet }) => {
    const one = outbox({ giveUpAfter: 20_000 });
    one.tell(Bin.put({ id: 1 }));
    await quiet(one);
    const two = outbox({ giveUpAfter: 600_000 });
    two.tell(Bin.put({ id: 2 }));
    await world.clock.advance(30_000);
    assertEquals([notes.ids, two.size], [[1], 1]);
    await quiet(two);
    assertEquals(notes.ids, [1, 2]);
    // It is a stranger now, and its next message is none that the inbox could have had.
    one.tell(Bin.put({ id: 3 }));
    two.close();
    await world.clock.advance(19_000);
    assertEquals([notes.ids, one.size], [[1, 2], 1]);
    one.close();
  }, { maxOutboxes: 1 });
});

Deno.test("Outbox and spawnInbox refuse limits that make no sense", async () => {
  await withPair(({ b, bin, outbox }) => {
    for (
      const options of [
        { maxBytes: 0 },
        { giveUpAfter: 1 },
        { resendAfter: 1.5 },
        { backoff: { min: 2, max: 1 } },
      ]
    ) assertThrows(() => outbox(options), RangeError);
    for (
      const options of [{ window: 0 }, { maxMessageBytes: -1 }, {
        maxOutboxes: 0,
      }]
    ) assertThrows(() => spawnInbox(b.system, bin, options), RangeError);
    return Promise.resolve();
  });
});

Deno.test("Outbox delivers each message once and in order, whatever happens to its links", async () => {
  const seed = testSeed();
  for (let round = 0; round < 15; round++) {
    const random = seededRandom(seed + round);
    await withPair(async ({ world, notes, outbox, quiet }) => {
      const guarantee = pick(random, [
        "at_least_once" as const,
        "effectively_once" as const,
      ]);
      const box = outbox({ guarantee });
      const sent: Promise<void>[] = [];
      const { network } = world;
      for (let step = 0; step < 40; step++) {
        for (let count = below(random, 8); count > 0; count--) {
          const pad = "x".repeat(pick(random, [0, 10, 60_000, 200_000]));
          sent.push(box.send(Bin.put({ id: sent.length, pad })));
        }
        const choice = below(random, 8);
        if (choice === 0) network.reset("a", "b");
        else if (choice === 1) network.halfClose("a", "b");
        else if (choice === 2) network.halfClose("b", "a");
        else if (choice === 3) network.cut("a", "b");
        else if (choice === 4) network.heal("a", "b");
        else await world.clock.advance(below(random, 300));
        if (box.bytes > 3_000_000) {
          network.heal("a", "b");
          await quiet(box);
        }
      }
      network.heal("a", "b");
      await quiet(box);
      const outcomes = await Promise.allSettled(sent);
      const failed = outcomes.filter(({ status }) => status === "rejected");
      assertEquals(failed, [], `seed ${seed + round}`);
      const order = notes.ids.join();
      assertEquals(order, upTo(sent.length).join(), `seed ${seed + round}`);
    });
  }
});
