import { assertEquals } from "@std/assert";
import { abort } from "../../internal/abort.ts";

Deno.test("abort() calls all listeners, and tells what one throws instead of ending the process", () => {
  const controller = new AbortController();
  const { signal } = controller;
  const log: unknown[] = [];
  signal.addEventListener("abort", () => {
    throw new Error("on purpose");
  });
  signal.onabort = () => {
    throw "another";
  };
  signal.addEventListener("abort", () => log.push(signal.reason));
  abort(controller, "enough", (error) => log.push(`${error}`));
  assertEquals(log, ["Error: on purpose", "another", "enough"]);
  abort(controller, "again", (error) => log.push(error));
  assertEquals([log.length, signal.reason], [3, "enough"]);
});

Deno.test("abort() within abort() tells each its own", () => {
  const [outer, inner] = [new AbortController(), new AbortController()];
  const log: string[] = [];
  inner.signal.addEventListener("abort", () => {
    throw new Error("inner");
  });
  outer.signal.addEventListener(
    "abort",
    () => abort(inner, undefined, (error) => log.push(`inner told ${error}`)),
  );
  outer.signal.addEventListener("abort", () => {
    throw new Error("outer");
  });
  abort(outer, undefined, (error) => log.push(`outer told ${error}`));
  assertEquals(log, ["inner told Error: inner", "outer told Error: outer"]);
});
