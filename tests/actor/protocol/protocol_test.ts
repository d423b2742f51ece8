import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  ask,
  type Codec,
  PROTOCOL,
  protocol,
  RESERVED_NAMES,
  type Specs,
  type StandardSchema,
  tell,
} from "../../../actor/mod.ts";
import { quietSystem } from "../fixtures.ts";

function codec<T>(typeName?: string): Codec<T> {
  return {
    format: "test",
    ...(typeName === undefined ? {} : { typeName }),
    encode: () => new Uint8Array(),
    decode: () => undefined as T,
  };
}

function schema<T>(
  validate: StandardSchema<T>["~standard"]["validate"],
): StandardSchema<T> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

Deno.test("protocol() gives one constructor for each message, whose values have one shape", () => {
  const Counter = protocol("counter", {
    increment: tell<{ by: number }>(),
    get: ask<void, number>(),
  });
  const body = { by: 2 };
  const message = Counter.increment(body);
  assertEquals(Object.keys(message), ["protocol", "index", "type", "body"]);
  assertEquals(Object.keys(Counter.get()), Object.keys(message));
  assertEquals(
    [message.index, message.type, Counter.get().index, Counter.get().type],
    [0, "counter.increment", 1, "counter.get"],
  );
  assert(message.body === body && message.protocol === Counter[PROTOCOL]);
  assertEquals(Object.keys(Counter), ["increment", "get"]);
});

Deno.test("protocol() cannot be changed afterwards", () => {
  const Counter = protocol("counter", { get: ask<void, number>() });
  assert(Object.isFrozen(Counter) && Object.isFrozen(Counter[PROTOCOL]));
});

Deno.test("protocol() lists its messages by position and by wire name", () => {
  const input = codec<number>("acme.v1.Set");
  const output = codec<number>("acme.v1.Reply");
  const data = protocol("counter", {
    get: ask<void, number>({ output }),
    set: tell(input),
    swap: ask(codec<number>("acme.v1.Swap"), output),
  })[PROTOCOL];
  assertEquals(
    data.messages.map(({ name, type, index }) => [name, type, index]),
    [
      ["get", "counter.get", 0],
      ["set", "acme.v1.Set", 1],
      ["swap", "acme.v1.Swap", 2],
    ],
  );
  assert(data.byType.get("acme.v1.Set")?.input === input);
  assert(data.byType.get("acme.v1.Swap")?.output === output);
  assert(data.byType.get("counter.get")?.output === output);
  assertEquals(data.byType.size, 3);
});

for (const name of RESERVED_NAMES) {
  Deno.test(`protocol() refuses a message named "${name}" and lists the reserved names`, () => {
    assertThrows(
      () => protocol("p", Object.fromEntries([[name, tell()]]) as Specs),
      TypeError,
      `Cannot declare message "${name}" of protocol "p": the name is reserved, reserved are ${
        RESERVED_NAMES.join(", ")
      }`,
    );
  });
}

Deno.test("protocol() refuses names that cannot be methods, or protocols", () => {
  for (const name of ["1", "a b", "a-b", "", "a.b"]) {
    assertThrows(
      () => protocol("p", { [name]: tell() }),
      TypeError,
      `Cannot declare message "${name}" of protocol "p"`,
    );
  }
  for (const name of ["", "a b", "-a", "a/b"]) {
    assertThrows(
      () => protocol(name, {}),
      TypeError,
      `Cannot declare a protocol named "${name}"`,
    );
  }
});

Deno.test("protocol() refuses two messages with one wire name", () => {
  assertThrows(
    () =>
      protocol("p", {
        first: tell(codec<number>("google.protobuf.Empty")),
        second: ask(codec<number>("google.protobuf.Empty")),
      }),
    TypeError,
    'Cannot declare protocol "p": "first" and "second" share the wire name "google.protobuf.Empty", every message needs one of its own',
  );
});

Deno.test("a message whose body the schema refuses is refused where it is built, with the path", () => {
  const P = protocol("p", {
    set: tell(
      schema<{ by: number }>((value) =>
        (value as { by: unknown }).by === 1
          ? { value: value as { by: number } }
          : {
            issues: [
              { message: "not one", path: ["by"] },
              { message: "odd", path: [{ key: "list" }, 3, Symbol("s")] },
              { message: "wrong" },
            ],
          }
      ),
    ),
  });
  assertEquals(P.set({ by: 1 }).body, { by: 1 });
  assertThrows(
    () => P.set({ by: 2 }),
    TypeError,
    'Cannot build "p.set": not one at "$.by"; odd at "$.list[3].Symbol(s)"; wrong at "$"',
  );
});

Deno.test("a message carries what its schema made of the body", () => {
  const P = protocol("p", {
    set: tell(schema<number>((value) => ({ value: Number(value) }))),
  });
  assertEquals(P.set("5" as unknown as number).body, 5);
});

Deno.test("a schema that answers with a promise is refused, and its rejection is nobody's problem", () => {
  const P = protocol("p", {
    set: tell(schema<number>(() => Promise.reject(new Error("late")))),
  });
  assertThrows(
    () => P.set(1),
    TypeError,
    'Cannot build "p.set": the test schema answered with a promise, a synchronous schema was expected',
  );
});

Deno.test("messages may have the names of an object's own methods", async () => {
  await using system = quietSystem();
  const Odd = protocol("odd", {
    toString: ask<void, string>(),
    valueOf: ask<void, number>(),
    hasOwnProperty: ask<string, boolean>(),
    toLocaleString: ask<void, string>(),
    isPrototypeOf: tell<object>(),
  });
  class OddActor {
    toString(): string {
      return "s";
    }
    valueOf(): number {
      return 1;
    }
    hasOwnProperty(name: string): boolean {
      return name === "x";
    }
    toLocaleString(): string {
      return "l";
    }
    isPrototypeOf(): void {}
  }
  const literal = () => ({
    toString: () => "s",
    valueOf: () => 1,
    hasOwnProperty: (name: string) => name === "x",
    toLocaleString: () => "l",
    isPrototypeOf: () => {},
  });
  for (const create of [() => new OddActor(), literal]) {
    const odd = system.spawn(
      Odd,
      create as () => OddActor & { isPrototypeOf(): never },
    );
    assertEquals(
      await Promise.all([
        odd.ask(Odd.toString()),
        odd.ask(Odd.valueOf()),
        // deno-lint-ignore no-prototype-builtins -- a message of that name
        odd.ask(Odd.hasOwnProperty("x")),
        odd.ask(Odd.toLocaleString()),
        // deno-lint-ignore no-prototype-builtins -- a message of that name
        odd.ask(Odd.isPrototypeOf({})),
      ]),
      ["s", 1, true, "l", undefined],
    );
  }
});

Deno.test("a protocol without messages is one", () => {
  assertEquals(protocol("none", {})[PROTOCOL].messages, []);
});
