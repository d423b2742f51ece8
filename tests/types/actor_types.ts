/**
 * What the types of actors let pass and refuse. Nothing here runs; `deno task check` reads it.
 *
 * @module
 */
import {
  type ActorRef,
  ActorSystem,
  ask,
  type Handlers,
  input,
  kind,
  type MessageOf,
  protocol,
  tell,
} from "../../actor/mod.ts";

const Counter = protocol("counter", {
  increment: tell<{ by: number }>(),
  reset: tell(),
  get: ask<void, number>(),
  compare: ask<{ to: number }, "less" | "more">(),
});
const Other = protocol("other", { increment: tell<{ by: number }>() });
const Shop = protocol("shop", { close: tell() }, {
  input: input<{ name: string }>(),
});

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends
  (<T>() => T extends B ? 1 : 2) ? true : false;
function same<A, B>(_: Equal<A, B>): void {}

async function messages(
  counter: ActorRef<typeof Counter>,
): Promise<void> {
  counter.tell(Counter.increment({ by: 1 }));
  counter.tell(Counter.reset());

  // @ts-expect-error: a message of another protocol
  counter.tell(Other.increment({ by: 1 }));
  // @ts-expect-error: a name that the protocol does not have
  counter.tell(Counter.decrement({ by: 1 }));
  // @ts-expect-error: a body with another property
  counter.tell(Counter.increment({ amount: 1 }));
  // @ts-expect-error: a body with a property of another type
  counter.tell(Counter.increment({ by: "1" }));
  // @ts-expect-error: no body where one is needed
  counter.tell(Counter.increment());
  // @ts-expect-error: a body where there is none
  counter.tell(Counter.reset({ by: 1 }));
  // @ts-expect-error: something that is no message
  counter.tell({ by: 1 });

  const count = await counter.ask(Counter.get());
  same<typeof count, number>(true);
  const order = await counter.ask(Counter.compare({ to: 1 }));
  same<typeof order, "less" | "more">(true);
  const nothing = await counter.ask(Counter.reset());
  same<typeof nothing, void>(true);
  // @ts-expect-error: the reply is a number
  const text: string = await counter.ask(Counter.get());
  // @ts-expect-error: a message of another protocol
  await counter.ask(Other.increment({ by: 1 }));
  // @ts-expect-error: an option that there is not
  await counter.ask(Counter.get(), { timeOut: 5 });
  void text;
}

function literals(system: ActorSystem): void {
  const all = {
    increment() {},
    reset() {},
    get: () => 1,
    compare: () => "less" as const,
  };
  system.spawn(Counter, () => all);
  system.spawn(Counter, () => ({
    ...all,
    increment({ by }, ctx) {
      same<typeof by, number>(true);
      ctx.self.tell(Counter.reset());
      // @ts-expect-error: a message of another protocol, also to itself
      ctx.self.tell(Other.increment({ by }));
      ctx.tell(ctx.self, Counter.increment({ by }));
      // @ts-expect-error: a message of another protocol, also through the context
      ctx.tell(ctx.self, Other.increment({ by }));
      const reply = ctx.ask(ctx.self, Counter.get());
      same<typeof reply, Promise<number>>(true);
    },
  }));
  system.spawn(Counter, () => ({
    increment: async () => await Promise.resolve(),
    reset: () => Promise.resolve(),
    get: () => Promise.resolve(1),
    compare: async () => await Promise.resolve("more" as const),
    async onStart(ctx) {
      await ctx.self.ask(Counter.get());
    },
    onRestart: (error) => same<typeof error, unknown>(true),
    onTerminated: ({ pid }) => void pid.path,
    onStop() {},
  }));

  // @ts-expect-error: no handler for compare
  system.spawn(Counter, () => ({ increment() {}, reset() {}, get: () => 1 }));
  // @ts-expect-error: a reply of another type
  system.spawn(Counter, () => ({ ...all, get: () => "1" }));
  // @ts-expect-error: the promise of a reply of another type
  system.spawn(Counter, () => ({ ...all, get: () => Promise.resolve("1") }));
  // @ts-expect-error: a reply outside of what was declared
  system.spawn(Counter, () => ({ ...all, compare: () => "equal" }));
  // @ts-expect-error: a handler that wants another body
  system.spawn(Counter, () => ({
    ...all,
    increment(_: { amount: number }) {},
  }));
  // @ts-expect-error: a hook that is no function
  system.spawn(Counter, () => ({ ...all, onStop: 5 }));

  system.spawn(Counter, () => ({ get: () => 1, receive() {} }));
  // @ts-expect-error: a reply of another type, also beside a receive
  system.spawn(Counter, () => ({ get: () => "1", receive() {} }));
}

class Complete implements Handlers<typeof Counter> {
  increment(_: { by: number }): void {}
  reset(): void {}
  get(): number {
    return 1;
  }
  compare(): Promise<"less" | "more"> {
    return Promise.resolve("less");
  }
}

// @ts-expect-error: no handler for compare
class _Incomplete implements Handlers<typeof Counter> {
  increment(): void {}
  reset(): void {}
  get(): number {
    return 1;
  }
}

class _WrongReply implements Handlers<typeof Counter> {
  increment(): void {}
  reset(): void {}
  // @ts-expect-error: a reply of another type
  get(): string {
    return "1";
  }
  compare(): "less" {
    return "less";
  }
}

class _WrongBody implements Handlers<typeof Counter> {
  // @ts-expect-error: a handler that wants another body
  increment(_: { amount: number }): void {}
  reset(): void {}
  get(): number {
    return 1;
  }
  compare(): "less" {
    return "less";
  }
}

function kinds(system: ActorSystem): void {
  const ShopKind = kind(Shop, ({ name }) => {
    same<typeof name, string>(true);
    return { close() {} };
  });
  const CounterKind = kind(Counter, () => new Complete());
  const shop = system.spawn(ShopKind, { input: { name: "till" } });
  same<typeof shop, ActorRef<typeof Shop>>(true);
  system.spawn(CounterKind);
  system.spawn(CounterKind, { name: "till" });
  void new ActorSystem("shop", { kinds: [ShopKind, CounterKind] });

  // @ts-expect-error: no input where one is needed
  system.spawn(ShopKind);
  // @ts-expect-error: no input where one is needed
  system.spawn(ShopKind, { name: "till" });
  // @ts-expect-error: an input of another type
  system.spawn(ShopKind, { input: { name: 5 } });
  // @ts-expect-error: a factory without all handlers
  kind(Counter, () => ({ increment() {} }));
}

function references(
  system: ActorSystem,
  counter: ActorRef<typeof Counter>,
): void {
  const found = system.find(Counter, "till");
  same<typeof found, ActorRef<typeof Counter> | undefined>(true);
  // @ts-expect-error: it may not be there
  found.tell(Counter.reset());
  system.ref(Counter, "goakt://shop@:0/till").tell(Counter.reset());
  // @ts-expect-error: a reference to an actor of another protocol
  const other: ActorRef<typeof Other> = counter;
  void other;
}

function values(message: MessageOf<typeof Counter>): void {
  // @ts-expect-error: a message is never changed
  message.index = 1;
  // @ts-expect-error: nor is its body replaced
  message.body = undefined;
}

void [messages, literals, kinds, references, values];
