/**
 * What the types promise about replies, declared errors, batches, behaviors and routers. Nothing here
 * runs; `deno task check` reads it.
 *
 * @module
 */
import {
  type ActorRef,
  type ActorSystem,
  ask,
  type Context,
  data,
  type ErrorsOf,
  type Handlers,
  kind,
  type MessageOf,
  type MessageReply,
  type PartialHandlers,
  PoisonPill,
  type Pool,
  protocol,
  type Reject,
  type Spec,
  type StandardSchema,
  tell,
} from "../../actor/mod.ts";
import { Published } from "./published.ts";

declare const schema: StandardSchema<{ amount: number }>;
declare const reply: StandardSchema<string[]>;

const Account = protocol("account", {
  deposit: tell<{ amount: number }>(),
  balance: ask<void, number>(),
  rename: ask(schema, reply),
  withdraw: ask({
    input: data<{ amount: number }>(),
    output: data<number>(),
    errors: {
      InsufficientFunds: data<{ missing: number }>(),
      Locked: data<void>(),
      Refused: schema,
    },
  }),
  peek: ask({ input: data<void>(), output: data<boolean>(), readOnly: true }),
});
const Other = protocol("other", {
  withdraw: ask({ errors: { Locked: data<void>() } }),
});

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends
  (<T>() => T extends B ? 1 : 2) ? true : false;
/** True for `any` alone: no other type takes in both. */
type IsAny<T> = Equal<T, unknown> extends true ? false
  : 0 extends (1 & T) ? true
  : false;
function same<A, B>(_: Equal<A, B>): void {}
function notAny<T>(_: IsAny<T> extends true ? never : T): void {}

// The probes themselves can tell: each of these would be refused otherwise.
// @ts-expect-error: any is found
notAny(0 as unknown as ReturnType<typeof JSON.parse>);
// @ts-expect-error: different types are found
same<string, number>(true);
// @ts-expect-error: any is not the same as anything
same<ReturnType<typeof JSON.parse>, number>(true);

async function replies(
  account: ActorRef<typeof Account>,
  ctx: Context<typeof Account>,
): Promise<void> {
  const balance = await account.ask(Account.balance());
  notAny(balance);
  same<typeof balance, number>(true);
  const names = await account.ask(Account.rename({ amount: 1 }));
  notAny(names);
  same<typeof names, string[]>(true);
  const done = await account.ask(Account.deposit({ amount: 1 }));
  same<typeof done, void>(true);
  const inside = await ctx.ask(account, Account.withdraw({ amount: 1 }));
  notAny(inside);
  same<typeof inside, number>(true);
  const either = await account.ask(
    Math.random() < 0.5 ? Account.balance() : Account.peek(),
  );
  notAny(either);
  same<typeof either, number | boolean>(true);
  same<MessageReply<ReturnType<typeof Account.rename>>, string[]>(true);

  // @ts-expect-error: the body of a schema is checked
  Account.rename({ amount: "1" });
  // @ts-expect-error: the reply is a list
  const text: string = await account.ask(Account.rename({ amount: 1 }));
  // @ts-expect-error: the reply of another message
  const number: number = await account.ask(Account.peek());
  // @ts-expect-error: a poison pill has no reply
  await account.ask(PoisonPill);
  account.tell(PoisonPill);
  ctx.tell(account, PoisonPill);
  // @ts-expect-error: a tell does not resolve
  account.tell(Account.balance()).then();
  // @ts-expect-error: a timeout in words
  await account.ask(Account.balance(), { timeout: "5 s" });
  // @ts-expect-error: what asks is a message, not its constructor
  await account.ask(Account.balance);
  void [text, number];
}

async function batches(account: ActorRef<typeof Account>): Promise<void> {
  const outcomes = await account.askAll([
    Account.balance(),
    Account.peek(),
    Account.rename({ amount: 1 }),
  ]);
  same<
    typeof outcomes,
    [
      PromiseSettledResult<number>,
      PromiseSettledResult<boolean>,
      PromiseSettledResult<string[]>,
    ]
  >(true);
  const [first] = outcomes;
  if (first.status === "fulfilled") notAny(first.value);
  const many = await account.askAll([1, 2].map(() => Account.balance()));
  notAny(many);
  const [one] = many;
  if (one?.status === "fulfilled") same<typeof one.value, number>(true);
  account.tellAll([Account.deposit({ amount: 1 }), Account.balance()]);
  // @ts-expect-error: a message of another protocol
  account.tellAll([Account.balance(), Other.withdraw()]);
  // @ts-expect-error: a message of another protocol
  await account.askAll([Account.balance(), Other.withdraw()]);
  // @ts-expect-error: there is no fourth
  outcomes[3];
}

function errors(error: unknown): void {
  const { InsufficientFunds, Locked, Refused } = Account.withdraw.errors;
  const made = InsufficientFunds({ missing: 5 });
  notAny(made);
  same<typeof made, Reject<"InsufficientFunds", { missing: number }>>(true);
  Locked();
  Refused({ amount: 1 });
  if (InsufficientFunds.is(error)) {
    notAny(error.data);
    same<typeof error.data, { missing: number }>(true);
    same<typeof error.code, "InsufficientFunds">(true);
    // @ts-expect-error: the data has another property
    error.data.amount;
  }
  same<
    keyof typeof Account.withdraw.errors,
    "InsufficientFunds" | "Locked" | "Refused"
  >(true);
  same<keyof typeof Account.balance.errors, never>(true);
  notAny<ErrorsOf<Spec<void, void>>>({});

  // @ts-expect-error: a code that the message does not declare
  Account.withdraw.errors.Unknown({});
  // @ts-expect-error: a message that declares none
  Account.balance.errors.Locked();
  // @ts-expect-error: a tell declares none
  Account.deposit.errors.Locked();
  // @ts-expect-error: data of another type
  InsufficientFunds({ missing: "5" });
  // @ts-expect-error: data with another property
  InsufficientFunds({ amount: 5 });
  // @ts-expect-error: no data where some is needed
  InsufficientFunds();
  // @ts-expect-error: data where there is none
  Locked({ missing: 5 });
  // @ts-expect-error: data that the schema does not give
  Refused({ amount: "5" });
}

function declarations(): void {
  // @ts-expect-error: a spec that is none
  protocol("p", { m: 5 });
  // @ts-expect-error: a name that is no text
  protocol(5, { m: tell() });
  // @ts-expect-error: an option that there is not
  ask({ input: data<void>(), outputs: data<void>() });
  // @ts-expect-error: an error that is no format
  ask({ errors: { Locked: 5 } });
  // @ts-expect-error: a word where a truth value belongs
  ask({ readOnly: "yes" });
}

function behaviors(ctx: Context<typeof Account>): void {
  const all: Handlers<typeof Account> = {
    deposit() {},
    balance: () => 1,
    rename: () => [],
    withdraw({ amount }, inner) {
      notAny(amount);
      notAny(inner);
      same<typeof inner, Context<typeof Account>>(true);
      throw Account.withdraw.errors.Locked();
    },
    peek: () => Promise.resolve(true),
  };
  ctx.become(all);
  ctx.becomeStacked({ ...all, balance: () => 2 });
  ctx.become({ balance: () => 1, receive() {} });
  // @ts-expect-error: handlers are missing, and there is no receive
  ctx.become({ balance: () => 1 });
  // @ts-expect-error: a reply of another type
  ctx.become({ ...all, balance: () => "1" });
  // @ts-expect-error: a reply of another type beside a receive
  ctx.becomeStacked({ balance: () => "1", receive() {} });
  const partial: PartialHandlers<typeof Account> = {
    receive(message) {
      notAny(message);
      if ("bytes" in message) same<typeof message.bytes, Uint8Array>(true);
      else same<typeof message, MessageOf<typeof Account>>(true);
    },
  };
  ctx.become(partial);
  // @ts-expect-error: a receive that is no function
  ctx.become({ receive: 5 });
  // @ts-expect-error: a hook that wants something else
  ctx.become({ ...all, onExit: (_: string) => {} });
}

function hooks(system: ActorSystem): void {
  const look = (ctx: Context): void => void ctx.self;
  const rest = { balance: () => 1, receive() {} };
  const ref = system.spawn(Account, () => ({ ...rest, onStart: look }));
  same<typeof ref, ActorRef<typeof Account>>(true);
  const Kind = kind(Account, () => ({ ...rest, onStop: look }));
  same<typeof Kind.protocol, typeof Account>(true);
  const pool = system.spawnPool(Account, () => ({ ...rest, onStart: look }));
  same<typeof pool, Pool<typeof Account>>(true);
}

function routers(system: ActorSystem, account: ActorRef<typeof Account>): void {
  const pool = system.spawnPool(Account, () => ({ receive() {} }), { size: 2 });
  pool.tell(Account.deposit({ amount: 1 }));
  const group = system.spawnGroup(Account, [account]);
  group.add(account);
  // @ts-expect-error: a message of another protocol
  pool.tell(Other.withdraw());
  // @ts-expect-error: handlers are missing
  system.spawnPool(Account, () => ({ balance: () => 1 }));
  // @ts-expect-error: a size in words
  system.spawnPool(Account, () => ({ receive() {} }), { size: "2" });
  // @ts-expect-error: an option that there is not
  system.spawnPool(Account, () => ({ receive() {} }), { count: 2 });
  // @ts-expect-error: no factory
  system.spawnPool(Account, { size: 2 });
  // @ts-expect-error: an actor of another protocol
  system.spawnGroup(Other, [account]);
  // @ts-expect-error: an actor of another protocol
  group.add(system.ref(Other, "goakt://shop@:0/a"));
  // @ts-expect-error: an ordinary reference is not resized
  account.resizeTo(2);
}

function options(system: ActorSystem): void {
  const create = () => ({ receive() {} });
  system.spawn(Account, create, { reentrancy: { mode: "call_chain" } });
  // @ts-expect-error: a mode that there is not
  system.spawn(Account, create, { reentrancy: { mode: "some" } });
  // @ts-expect-error: no mode
  system.spawn(Account, create, { reentrancy: { maxInFlight: 2 } });
  // @ts-expect-error: a bound in words
  system.spawn(Account, create, { stashCapacity: "2" });
  // @ts-expect-error: an option that there is not
  system.spawn(Account, create, { mailBox: undefined });
}

async function published(store: ActorRef<typeof Published>): Promise<void> {
  store.tell(Published.put({ key: "a" }));
  const taken = await store.ask(Published.take({ key: "a" }));
  notAny(taken);
  same<typeof taken, number>(true);
  const error: unknown = Published.take.errors.Missing({ key: "a" });
  if (Published.take.errors.Missing.is(error)) {
    same<typeof error.data, { key: string }>(true);
  }
  // @ts-expect-error: a body of another type
  Published.put({ key: 5 });
  // @ts-expect-error: an error that is not declared
  Published.put.errors.Missing({ key: "a" });
}

void [
  replies,
  batches,
  errors,
  declarations,
  behaviors,
  hooks,
  routers,
  options,
  published,
];
