/**
 * What the types of timers, schedules and pipes let pass and refuse. Nothing here runs; `deno task check` reads
 * it.
 *
 * @module
 */
import {
  type ActorRef,
  type ActorSystem,
  CircuitBreaker,
  type Context,
  type Passivation,
  protocol,
  tell,
} from "../../actor/mod.ts";

const Shop = protocol("shop", {
  priced: tell<number>(),
  unpriced: tell<unknown>(),
});
const Other = protocol("other", { priced: tell<number>() });

function pipes(ctx: Context<typeof Shop>, text: Promise<string>): void {
  const breaker = new CircuitBreaker();
  ctx.pipeTo(text, ctx.self, (it) => Shop.priced(it.length));
  ctx.pipeTo(() => 1, ctx.self, Shop.priced, { breaker, timeout: 1 });
  ctx.pipeTo(
    async (signal) => {
      signal.throwIfAborted();
      return await text;
    },
    ctx.self,
    (it) => Shop.priced(it.length),
    { onError: Shop.unpriced },
  );

  // @ts-expect-error: the promise holds text, the message takes a number
  ctx.pipeTo(text, ctx.self, Shop.priced);
  // @ts-expect-error: a message of another protocol
  ctx.pipeTo(() => 1, ctx.self, Other.priced);
  // @ts-expect-error: an error is no number
  ctx.pipeTo(() => 1, ctx.self, Shop.priced, { onError: Shop.priced });
  // @ts-expect-error: a call that was made already cannot be guarded
  ctx.pipeTo(Promise.resolve(1), ctx.self, Shop.priced, { breaker });
}

function timers(ctx: Context<typeof Shop>): void {
  ctx.timers.start("a", { delay: 1 }, Shop.priced(1));
  ctx.timers.start("b", { every: 1, initial: 0 }, Shop.priced(1));
  ctx.timers.setReceiveTimeout(1, Shop.unpriced(1));

  // @ts-expect-error: a message of another protocol
  ctx.timers.start("a", { delay: 1 }, Other.priced(1));
  // @ts-expect-error: no time
  ctx.timers.start("a", {}, Shop.priced(1));
}

function schedules(system: ActorSystem, shop: ActorRef<typeof Shop>): void {
  system.scheduler.scheduleOnce(1, shop, Shop.priced(1));
  system.scheduler.schedule({ next: (it) => it + 1 }, shop, Shop.priced(1));
  system.spawn(Shop, () => ({ priced: () => {}, unpriced: () => {} }), {
    passivation: { idle: 1 },
  });

  // @ts-expect-error: a message of another protocol
  system.scheduler.schedule(1, shop, Other.priced(1));
  // @ts-expect-error: no such policy
  const soon: Passivation = "soon";
  void soon;
}

void [pipes, timers, schedules];
