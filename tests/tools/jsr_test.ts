import { assertEquals } from "@std/assert";
import {
  answers,
  isCached,
  isJsrAvailable,
  type JsrProbes,
} from "../../tools/jsr.ts";

function probes(
  cached: boolean,
  online: boolean,
): { asked: string[]; probes: JsrProbes } {
  const asked: string[] = [];
  return {
    asked,
    probes: {
      isCached(specifiers) {
        asked.push(`cache ${specifiers.join(" ")}`);
        return Promise.resolve(cached);
      },
      answers() {
        asked.push("registry");
        return Promise.resolve(online);
      },
    },
  };
}

Deno.test("isJsrAvailable() asks the registry only for what the cache lacks", async () => {
  const cached = probes(true, false);
  assertEquals(await isJsrAvailable(["jsr:a"], cached.probes), true);
  assertEquals(cached.asked, ["cache jsr:a"]);

  const online = probes(false, true);
  assertEquals(await isJsrAvailable(["jsr:a"], online.probes), true);
  assertEquals(online.asked, ["cache jsr:a", "registry"]);

  const offline = probes(false, false);
  assertEquals(await isJsrAvailable(["jsr:a"], offline.probes), false);

  const none = probes(false, false);
  assertEquals(await isJsrAvailable([], none.probes), true);
  assertEquals(none.asked, []);
});

Deno.test("isCached() tells a module that loads without network from one that does not", async () => {
  assertEquals(await isCached(["node:assert"]), true);
  assertEquals(
    await isCached(["jsr:@troupe/never-published-anywhere@9"]),
    false,
  );
});

Deno.test("answers() is true for a file that is served", async () => {
  await using server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
  }, () => new Response("{}"));
  assertEquals(
    await answers(
      AbortSignal.timeout(2000),
      `http://127.0.0.1:${server.addr.port}/`,
    ),
    true,
  );
});

Deno.test("answers() is false for an error page", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("blocked", { status: 403 }),
  );
  assertEquals(
    await answers(
      AbortSignal.timeout(2000),
      `http://127.0.0.1:${server.addr.port}/`,
    ),
    false,
  );
});

Deno.test("answers() is false when nothing listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  assertEquals(
    await answers(AbortSignal.timeout(2000), `http://127.0.0.1:${port}/`),
    false,
  );
});

Deno.test("answers() is false when the time is over before the answer", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const abort = new AbortController();
  const asked = answers(
    abort.signal,
    `http://127.0.0.1:${listener.addr.port}/`,
  );
  using _silent = await listener.accept();
  abort.abort();
  assertEquals(await asked, false);
});
