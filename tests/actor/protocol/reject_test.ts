import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  ActorError,
  type ActorRef,
  type ActorSystem,
  ask,
  type Context,
  data,
  protocol,
  Reject,
  type StandardSchema,
} from "../../../actor/mod.ts";
import { settle } from "../../../testing/mod.ts";
import { quietSystem, record } from "../fixtures.ts";

/** A schema for numbers above 0. */
const positive: StandardSchema<number> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value === "number" && value > 0
        ? { value }
        : { issues: [{ message: "not above 0" }] },
  },
};

const Account = protocol("account", {
  withdraw: ask({
    input: data<() => unknown>(),
    output: data<unknown>(),
    errors: {
      InsufficientFunds: data<{ missing: number }>(),
      Locked: data<void>(),
      Above: positive,
    },
  }),
  close: ask({
    input: data<() => unknown>(),
    output: data<unknown>(),
    errors: { Locked: data<void>() },
  }),
});
const { InsufficientFunds, Locked, Above } = Account.withdraw.errors;

function account() {
  return {
    withdraw: (job: () => unknown) => job(),
    close: (job: () => unknown) => job(),
  };
}

function throwing(error: unknown): () => never {
  return () => {
    throw error;
  };
}

/** Spawns an account whose restarts are counted. */
function spawn(system: ActorSystem) {
  const counter = { made: 0 };
  const failures = record(system, "actor_failed");
  const ref: ActorRef<typeof Account> = system.spawn(
    Account,
    () => (counter.made++, account()),
  );
  return { ref, counter, failures };
}

Deno.test("a declared error reaches the asker as it is, and is no failure for the supervisor", async () => {
  await using system = quietSystem();
  const { ref, counter, failures } = spawn(system);
  const thrown = InsufficientFunds({ missing: 5 });
  for (
    const job of [throwing(thrown), () => Promise.reject(thrown)]
  ) {
    const error = await assertRejects(() => ref.ask(Account.withdraw(job)));
    assertStrictEquals(error, thrown);
  }
  await settle(system);
  assertEquals([counter.made, failures.length], [1, 0]);
  assert(thrown instanceof Reject && thrown instanceof ActorError);
  assertEquals(
    [
      thrown.code,
      thrown.data,
      thrown.type,
      thrown.outcome,
      thrown.retryable,
      thrown.name,
      thrown.message,
    ],
    [
      "InsufficientFunds",
      { missing: 5 },
      "account.withdraw",
      "done",
      false,
      "Reject",
      'Cannot do "account.withdraw": the actor rejected it with InsufficientFunds',
    ],
  );
});

Deno.test("a declared error of a message that was told is neither a failure nor a dead letter", async () => {
  await using system = quietSystem();
  const { ref, counter, failures } = spawn(system);
  ref.tell(Account.withdraw(throwing(Locked())));
  await settle(system);
  assertEquals([counter.made, failures.length, system.deadLetters], [1, 0, 0]);
});

Deno.test("is() tells the errors of one message apart, and from everything else", () => {
  const error: unknown = InsufficientFunds({ missing: 1 });
  assertEquals(InsufficientFunds.is(error), true);
  const closing = Account.close.errors.Locked;
  const impostor = {
    __proto__: Reject.prototype,
    type: "account.withdraw",
    code: "Locked",
    data: undefined,
  };
  const trap = new Proxy({}, {
    get: () => {
      throw new Error("touched");
    },
  });
  for (
    const other of [
      error,
      closing(),
      impostor,
      trap,
      new Error("Locked"),
      null,
      undefined,
      "Locked",
    ]
  ) assertEquals(Locked.is(other), false);
  assertEquals([Locked.is(Locked()), closing.is(Locked())], [true, false]);
});

Deno.test("the errors that another message declares are failures, also under the same name", async () => {
  await using system = quietSystem();
  const { ref, counter, failures } = spawn(system);
  await ref.started();
  for (
    const [message, error] of [
      [Account.withdraw, Account.close.errors.Locked()],
      [Account.close, Locked()],
      [Account.close, InsufficientFunds({ missing: 1 })],
    ] as const
  ) {
    const made = counter.made;
    const found = await assertRejects(() => ref.ask(message(throwing(error))));
    assertStrictEquals(found, error);
    await settle(system);
    assertEquals(counter.made, made + 1);
  }
  assertEquals(failures.map(({ directive }) => directive), [
    "restart",
    "restart",
    "restart",
  ]);
});

Deno.test("a Reject with a code that its message does not declare is a failure", async () => {
  await using system = quietSystem();
  const { ref, counter } = spawn(system);
  let made = 1;
  for (const code of ["Forged", "toString", "constructor", "__proto__"]) {
    const forged = new Reject("account.withdraw", code, {});
    await assertRejects(() => ref.ask(Account.withdraw(throwing(forged))));
    await settle(system);
    assertEquals(counter.made, ++made, code);
  }
});

Deno.test("a declared error of the actor that was asked is a failure of the one that lets it pass", async () => {
  await using system = quietSystem();
  const { ref, counter } = spawn(system);
  let made = 0;
  const teller = system.spawn(Account, () => {
    made++;
    return {
      ...account(),
      close: (_: () => unknown, ctx: Context) =>
        ctx.ask(ref, Account.withdraw(throwing(Locked()))),
    };
  });
  const error = await assertRejects(() => teller.ask(Account.close(() => 1)));
  assert(Locked.is(error));
  await settle(system);
  assertEquals([counter.made, made], [1, 2]);
});

Deno.test("a declared error that is returned is a reply", async () => {
  await using system = quietSystem();
  const { ref } = spawn(system);
  const error = Locked();
  assertStrictEquals(await ref.ask(Account.withdraw(() => error)), error);
});

Deno.test("data that the schema of an error refuses is a TypeError, and a failure when thrown", async () => {
  assertThrows(
    () => Above(-1),
    TypeError,
    'Cannot build Above of "account.withdraw": not above 0 at "$"',
  );
  assertEquals(Above(1).data, 1);
  await using system = quietSystem();
  const { ref, counter } = spawn(system);
  await assertRejects(
    () => ref.ask(Account.withdraw(() => throwing(Above(0))())),
    TypeError,
  );
  await settle(system);
  assertEquals(counter.made, 2);
});

Deno.test("receive() rejects with the errors of the message that it was given", async () => {
  await using system = quietSystem();
  let made = 0;
  const ref = system.spawn(Account, () => {
    made++;
    return { receive: throwing(Locked()) };
  });
  for (
    const [message, expected] of [[Account.withdraw, 1], [
      Account.close,
      2,
    ]] as const
  ) {
    const error = await assertRejects(() => ref.ask(message(() => 1)));
    assert(Locked.is(error));
    await settle(system);
    assertEquals(made, expected);
  }
});

Deno.test("protocol() refuses error names that do not look like classes", () => {
  for (const name of ["insufficient", "Not Now", "", "É", "__proto__x"]) {
    assertThrows(
      () => protocol("p", { m: ask({ errors: { [name]: data<void>() } }) }),
      TypeError,
      `Cannot declare error "${name}" of message "p.m"`,
    );
  }
});

Deno.test("the errors of a message cannot be changed, and a message without any has none", () => {
  const Plain = protocol("plain", { go: ask<void, void>() });
  assertEquals(Object.keys(Plain.go.errors), []);
  assertThrows(
    () => Object.assign(Account.withdraw.errors, { More: () => {} }),
    TypeError,
  );
});
