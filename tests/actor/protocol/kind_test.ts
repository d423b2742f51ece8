import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  ActorSystem,
  kind,
  PROTOCOL,
  protocol,
  tell,
  UnknownKindError,
} from "../../../actor/mod.ts";
import { KindRegistry } from "../../../actor/protocol/kind.ts";

const Account = protocol("Account", { close: tell() });
const Till = protocol("till", { close: tell() });
const create = () => ({ close() {} });

Deno.test("kind() is named after its protocol in lower case unless told otherwise", () => {
  assertEquals(kind(Account, create).name, "account");
  const named = kind(Account, create, {
    name: " Savings ",
    aliases: ["Billing.AccountActor"],
  });
  assertEquals([named.name, named.aliases], [
    "savings",
    ["billing.accountactor"],
  ]);
  assert(Object.isFrozen(named) && Object.isFrozen(named.aliases));
});

Deno.test("kind() refuses names that are empty or hold white space", () => {
  for (const name of ["", "  ", "a b", "a\tb"]) {
    assertThrows(() => kind(Account, create, { name }), TypeError, "a kind");
    assertThrows(
      () => kind(Account, create, { aliases: [name] }),
      TypeError,
      `Cannot name a kind "${name}"`,
    );
  }
});

Deno.test("KindRegistry.get() finds a kind by name and alias, whatever the case", () => {
  const savings = kind(Account, create, {
    name: "savings",
    aliases: ["billing.accountactor"],
  });
  const kinds = new KindRegistry([savings, kind(Till, create)]);
  for (const name of ["savings", "SAVINGS", " Billing.AccountActor "]) {
    assertStrictEquals(kinds.get(name), savings);
  }
  assertEquals(kinds.names, ["billing.accountactor", "savings", "till"]);
});

Deno.test("KindRegistry.get() of an unknown name lists what is registered", () => {
  const error = assertThrows(
    () =>
      new KindRegistry([kind(Till, create), kind(Account, create)]).get("x"),
    UnknownKindError,
    'Cannot create an actor of kind "x": it is not registered, registered are "account", "till"',
  );
  assertEquals([error.kind, error.code], ["x", "unknown_kind_error"]);
  assertThrows(
    () => new KindRegistry([]).get("x"),
    UnknownKindError,
    "registered are no kinds",
  );
});

Deno.test("KindRegistry.ofProtocol() needs exactly one kind, and lists several", () => {
  const one = kind(Account, create, { aliases: ["other"] });
  assertStrictEquals(
    new KindRegistry([one]).ofProtocol(Account[PROTOCOL]),
    one,
  );
  const two = kind(Account, create, { name: "savings" });
  assertThrows(
    () => new KindRegistry([one, two]).ofProtocol(Account[PROTOCOL]),
    TypeError,
    'Cannot choose a kind for protocol "Account": found "account", "savings", wanted one of them by name',
  );
  assertThrows(
    () => new KindRegistry([one]).ofProtocol(Till[PROTOCOL]),
    UnknownKindError,
  );
});

Deno.test("ActorSystem refuses two kinds that share a name or alias", () => {
  assertThrows(
    () =>
      new ActorSystem("test", {
        kinds: [kind(Account, create), kind(Till, create, { name: "ACCOUNT" })],
      }),
    TypeError,
    'Cannot register kind "account" of protocol "till": the name is taken by a kind of protocol "Account", every kind needs names of its own',
  );
});

Deno.test("ActorSystem takes the same kind twice, and a kind whose alias is its name", async () => {
  const same = kind(Account, create, { aliases: ["account"] });
  await using _system = new ActorSystem("test", { kinds: [same, same] });
});
