import { assert, assertEquals } from "@std/assert";
import {
  ActorError,
  AskTimeoutError,
  NameTakenError,
  Pid,
  StartError,
  StoppedError,
  UnhandledError,
  UnknownKindError,
} from "../../actor/mod.ts";
import { describe } from "../../actor/errors.ts";

const pid = Pid.parse("goakt://test@:0/a");

Deno.test("every ActorError has its class in snake_case as code, an outcome and whether to retry", () => {
  const errors = [
    new AskTimeoutError(pid, "p.get", 5),
    new StoppedError(pid, "reach", "it has stopped"),
    new NameTakenError(pid),
    new UnknownKindError("x", []),
    new UnhandledError(pid, "p.get", "p"),
    new StartError(pid, new Error("no")),
  ];
  for (const error of errors) {
    assert(error instanceof ActorError && error instanceof Error);
    const snake = error.name.replace(/(?<!^)[A-Z]/g, "_$&").toLowerCase();
    assertEquals(error.code, snake);
    assertEquals(error.name, error.constructor.name);
    assertEquals(error.retryable, false);
    assertEquals(
      error.outcome,
      error instanceof AskTimeoutError ? "unknown" : "not_delivered",
    );
    assert(error.message.startsWith("Cannot "), error.message);
    assert(!error.message.endsWith("."), error.message);
  }
});

Deno.test("StartError keeps what led to it as cause, also when that is undefined", () => {
  const cause = new RangeError("no");
  assertEquals(new StartError(pid, cause).cause, cause);
  assertEquals("cause" in new StartError(pid, undefined), true);
  assertEquals("cause" in new NameTakenError(pid), false);
});

Deno.test("describe() says something about whatever was thrown", () => {
  const hostile = new Proxy({}, {
    getPrototypeOf() {
      throw new Error("hostile");
    },
  });
  const cases: [unknown, string][] = [
    [new RangeError("no"), "RangeError: no"],
    [new RangeError(), "RangeError"],
    ["text", "text"],
    [undefined, "undefined"],
    [null, "null"],
    [Symbol("s"), "Symbol(s)"],
    [Object.create(null), "a value that cannot be shown was thrown"],
    [hostile, "a value that cannot be shown was thrown"],
  ];
  for (const [thrown, text] of cases) assertEquals(describe(thrown), text);
});
