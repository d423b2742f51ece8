import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ActorSystem,
  ask,
  data,
  PoisonPill,
  type Protocol,
  protocol,
  Reject,
  type Spec,
} from "../../actor/mod.ts";
import { MemoryNetwork } from "../../remote/transport/memory_transport.ts";
import { Remote, RemoteError } from "../../remote/mod.ts";

interface Missing {
  missing: number;
}

const Account: Protocol<
  "account",
  {
    withdraw: Spec<
      { amount: number },
      number,
      { InsufficientFunds: { format: undefined; types?: { data: Missing } } }
    >;
    wait: Spec<void, string>;
    seen: Spec<void, unknown>;
  }
> = protocol("account", {
  withdraw: ask({
    input: data<{ amount: number }>(),
    output: data<number>(),
    errors: {
      InsufficientFunds: data<Missing>() as {
        format: undefined;
        types?: { data: Missing };
      },
    },
  }),
  wait: ask<void, string>(),
  seen: ask<void, unknown>(),
});

/** Two nodes, and an account on the far one. */
async function nodes() {
  const network = new MemoryNetwork();
  const far = new ActorSystem("far", { logger: null });
  const near = new ActorSystem("near", { logger: null });
  const farRemote = await Remote.start(far, {
    transport: network.transport("far"),
    hostname: "far",
    insecure: true,
    port: 1,
  });
  const nearRemote = await Remote.start(near, {
    transport: network.transport("near"),
    hostname: "near",
    insecure: true,
    port: 1,
  });
  const state: { seen: unknown; begun: PromiseWithResolvers<void> } = {
    seen: undefined,
    begun: Promise.withResolvers<void>(),
  };
  const cancelled = Promise.withResolvers<unknown>();
  const actor = far.spawn(Account, () => ({
    withdraw({ amount }) {
      if (amount > 3) {
        throw Account.withdraw.errors.InsufficientFunds({
          missing: amount - 3,
        });
      }
      return 3 - amount;
    },
    wait(_body, ctx) {
      state.begun.resolve();
      return new Promise((resolve) =>
        ctx.signal.addEventListener("abort", () => {
          cancelled.resolve(ctx.signal.reason);
          resolve("cancelled");
        })
      );
    },
    seen: () => state.seen,
  }), { name: "a" });
  const ref = nearRemote.ref(Account, `goakt://${farRemote.address}/a`);
  return {
    far,
    near,
    farRemote,
    nearRemote,
    actor,
    ref,
    state,
    cancelled: cancelled.promise,
    async [Symbol.asyncDispose]() {
      await nearRemote.drain();
      await farRemote.drain();
      await near.drain();
      await far.drain();
    },
  };
}

Deno.test("a declared error reaches the asker of another node with its data, and is no failure", async () => {
  await using world = await nodes();
  using failures = world.far.events.subscribe({ types: ["actor_failed"] });
  const error = await assertRejects(() =>
    world.ref.ask(Account.withdraw({ amount: 10 }))
  );
  assert(error instanceof Reject);
  assert(Account.withdraw.errors.InsufficientFunds.is(error));
  assertEquals([error.code, error.data], ["InsufficientFunds", { missing: 7 }]);
  assertEquals(await world.ref.ask(Account.withdraw({ amount: 1 })), 2);
  failures.unsubscribe();
  assertEquals((await failures.next()).done, true);
});

Deno.test("an error that another message declares is a failure, and a RemoteError for the asker", async () => {
  await using world = await nodes();
  const wrong = world.far.spawn(Account, () => ({
    withdraw: () => 0,
    wait: () => "",
    seen() {
      throw Account.withdraw.errors.InsufficientFunds({ missing: 1 });
    },
  }), { name: "wrong" });
  await wrong.started();
  const ref = world.nearRemote.ref(
    Account,
    `goakt://${world.farRemote.address}/wrong`,
  );
  const error = await assertRejects(
    () => ref.ask(Account.seen()),
    RemoteError,
  );
  assertEquals(error.remoteCode, "InsufficientFunds");
});

Deno.test("an aborted ask aborts the signal of its handler on another node", async () => {
  await using world = await nodes();
  const abort = new AbortController();
  const asked = world.ref.ask(Account.wait(), { signal: abort.signal });
  await world.state.begun.promise;
  abort.abort(new Error("no longer"));
  await assertRejects(() => asked, Error, "no longer");
  const reason = await world.cancelled;
  assert(reason instanceof Error && reason.message.includes("gave up"));
  assertEquals(await world.ref.ask(Account.withdraw({ amount: 1 })), 2);
});

Deno.test("PoisonPill ends an actor of another node after the messages that came before it", async () => {
  await using world = await nodes();
  using ends = world.far.events.subscribe({ types: ["actor_stopped"] });
  const replies = [1, 2].map((amount) =>
    world.ref.ask(Account.withdraw({ amount }))
  );
  assert(world.ref.tell(PoisonPill));
  assertEquals(await Promise.all(replies), [2, 1]);
  assertEquals((await ends.next()).value?.pid.path, "a");
  const error = await assertRejects(() => world.ref.ask(Account.seen()));
  assertEquals((error as RemoteError).remoteCode, "stopped_error");
});
