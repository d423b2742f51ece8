import { assert, assertEquals } from "@std/assert";
import { StoppedError } from "../../actor/errors.ts";
import { Pid } from "../../actor/reference/pid.ts";
import { OverloadedError, RemoteError } from "../../remote/errors.ts";
import { errorOf, failureOf, outcomeFor } from "../../remote/failure.ts";

const pid = new Pid({ system: "s", host: "h", port: 1, path: "p" });
const other = new Pid({ system: "s", host: "h", port: 1, path: "q" });

function summary(error: unknown) {
  const { code, text, outcome, retryable } = failureOf(error);
  return { code, text, outcome, retryable };
}

Deno.test("failureOf() says code and text of whatever was thrown", () => {
  class OrderRefused extends Error {
    override name = "OrderRefused";
  }
  assertEquals(summary(new OrderRefused("sold out")), {
    code: "order_refused",
    text: "OrderRefused: sold out",
    outcome: 0,
    retryable: false,
  });
  assertEquals(summary("just text"), {
    code: "error",
    text: "just text",
    outcome: 0,
    retryable: false,
  });
  const hostile = new Error("x");
  Object.defineProperty(hostile, "name", {
    get() {
      throw new Error("no name");
    },
  });
  assertEquals(summary(hostile).code, "error");
  for (const thrown of [undefined, null, 7, Symbol("s"), Object.create(null)]) {
    assertEquals(summary(thrown).code, "error");
  }
});

Deno.test("failureOf() cuts long texts and never carries a stack", () => {
  const { text } = failureOf(new Error("x".repeat(10_000)));
  assertEquals(text.length, 4_097);
  assert(!failureOf(new Error("short")).text.includes("failure_test"));
});

Deno.test("failureOf() keeps what an ActorError knows, unless its message was handled", () => {
  const error = new OverloadedError("n:1", "tell");
  const first = failureOf(error);
  assertEquals([first.code, first.outcome, first.retryable], [
    "overloaded_error",
    0,
    true,
  ]);
  const handled = failureOf(error, "done");
  assertEquals([handled.outcome, handled.retryable], [2, false]);
});

Deno.test("failureOf() passes on the words of a far error", () => {
  const far = new RemoteError("n:1", "do it", {
    code: "odd_error",
    text: "Odd",
    outcome: "unknown",
    retryable: true,
  });
  const { code, text, outcome } = failureOf(far);
  assertEquals([code, text, outcome], ["odd_error", "Odd", 1]);
});

Deno.test("outcomeFor() believes errors about the receiver only", () => {
  const stopped = (target: Pid) => new StoppedError(target, "tell", "gone");
  assertEquals(outcomeFor(pid, stopped(pid)), "not_delivered");
  assertEquals(outcomeFor(pid, stopped(other)), "done");
  assertEquals(outcomeFor(pid, new Error("x")), "done");
  assertEquals(outcomeFor(pid, new OverloadedError("n:1", "x")), "done");
});

Deno.test("errorOf() makes do with a failure that says nothing or too much", () => {
  const bare = errorOf("n:1", "do it", undefined);
  assertEquals(
    [bare.remoteCode, bare.outcome, bare.message],
    [
      "unknown",
      "unknown",
      'Cannot do it: node "n:1" reported unknown "no reason was given", success was expected',
    ],
  );
  const strange = errorOf("n:1", "do it", {
    ...failureOf("x"),
    outcome: 99,
  });
  assertEquals(strange.outcome, "unknown");
});
