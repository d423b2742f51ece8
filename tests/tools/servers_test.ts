import { assertEquals, assertRejects } from "@std/assert";
import {
  neededServers,
  type Server,
  startServers,
} from "../../tools/servers.ts";

interface FakeOptions {
  installed: boolean;
  installable?: boolean;
}

function fake(name: string, log: string[], options: FakeOptions): Server {
  let { installed } = options;
  return {
    name,
    start(scratch) {
      if (!installed) return Promise.resolve(undefined);
      log.push(`start ${name} in ${scratch}`);
      return Promise.resolve({
        env: { [name.toUpperCase()]: "here" },
        [Symbol.asyncDispose]() {
          log.push(`stop ${name}`);
          return Promise.resolve();
        },
      });
    },
    install() {
      log.push(`install ${name}`);
      installed = options.installable ?? true;
      return Promise.resolve();
    },
  };
}

Deno.test("startServers() starts what is installed and stops it in reverse order", async () => {
  const log: string[] = [];
  const servers = ["one", "two"].map((it) =>
    fake(it, log, { installed: true })
  );
  {
    await using running = await startServers(servers, "/scratch");
    assertEquals(running.env, { ONE: "here", TWO: "here" });
    assertEquals(running.missing, []);
    log.push("tests");
  }
  assertEquals(log, [
    "start one in /scratch",
    "start two in /scratch",
    "tests",
    "stop two",
    "stop one",
  ]);
});

Deno.test("startServers() installs nothing unless it is told to", async () => {
  const log: string[] = [];
  await using running = await startServers([
    fake("one", log, { installed: false }),
  ], "/scratch");
  assertEquals(running.missing, ["one"]);
  assertEquals(log, []);
});

Deno.test("startServers() installs what is missing when it is told to", async () => {
  const log: string[] = [];
  await using running = await startServers(
    [fake("one", log, { installed: false })],
    "/s",
    { install: true },
  );
  assertEquals(running.missing, []);
  assertEquals(log, ["install one", "start one in /s"]);
});

Deno.test("startServers() stops the others when an installed one cannot be started", async () => {
  const log: string[] = [];
  const servers = [
    fake("one", log, { installed: true }),
    fake("two", log, { installed: false, installable: false }),
  ];
  await assertRejects(
    () => startServers(servers, "/s", { install: true }),
    Error,
    "Cannot start two",
  );
  assertEquals(log, ["start one in /s", "install two", "stop one"]);
});

Deno.test("neededServers() leaves out those that no test of the run uses", () => {
  const one = fake("one", [], { installed: true });
  const two: Server = { ...one, name: "two", folder: "tests/interop/two" };
  const needed = (...args: string[]) =>
    neededServers([one, two], args).map(({ name }) => name);
  const all = ["one", "two"];
  assertEquals(needed(), all);
  assertEquals(needed("--filter", "Actor"), all);
  assertEquals(needed("."), all);
  assertEquals(needed("tests/"), all);
  assertEquals(needed("./tests/interop"), all);
  assertEquals(needed("tests/interop/two/a_test.ts"), all);
  assertEquals(needed("tests/interop/two_test.ts"), ["one"]);
  assertEquals(needed("tests/actor/a_test.ts", "docs/"), ["one"]);
});
