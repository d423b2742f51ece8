/**
 * The tests of Unix sockets. The runtime wants the permission of every single socket, so
 * `unix_transport_test.ts` runs these in a process that may use all.
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Remote } from "../../../remote/remote.ts";
import { ListenError } from "../../../remote/transport/transport.ts";
import { UnixTransport } from "../../../remote/transport/unix_transport.ts";
import { Box, spawnBox } from "../actors.ts";
import { testTransport } from "./transport_conformance.ts";
import { addressOf, startNode } from "../world.ts";

testTransport("UnixTransport", () => {
  const unix = new UnixTransport({ directory: Deno.makeTempDirSync() });
  return { server: unix, client: unix, hostname: "till" };
});

Deno.test("UnixTransport.listen() lets only the own user connect", async () => {
  const directory = await Deno.makeTempDir();
  const unix = new UnixTransport({ directory });
  await using listener = await unix.listen({ hostname: "till", port: 7 });
  const { isSocket, mode } = await Deno.lstat(`${directory}/till-7.sock`);
  assertEquals([isSocket, (mode ?? 0) & 0o777], [true, 0o600]);
  assertEquals(listener.port, 7);
});

Deno.test("UnixTransport.listen() replaces the socket of a process that was killed", async () => {
  const directory = await Deno.makeTempDir();
  const unix = new UnixTransport({ directory });
  const module = new URL(
    "../../../remote/transport/unix_transport.ts",
    import.meta.url,
  );
  const script = `
    import { UnixTransport } from "${module}";
    const unix = new UnixTransport({ directory: ${JSON.stringify(directory)} });
    const listener = await unix.listen({ hostname: "till", port: 7 });
    console.log("listening");
    await listener.accept();
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-net",
      "--allow-read",
      "--allow-write",
      `data:text/javascript,${encodeURIComponent(script)}`,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = child.stdout.getReader();
  await output.read();
  await assertRejects(
    () => unix.listen({ hostname: "till", port: 7 }),
    ListenError,
    'Cannot listen on "till:7": it is in use',
  );
  child.kill("SIGKILL");
  await child.status;
  await output.cancel();
  assert((await Deno.lstat(`${directory}/till-7.sock`)).isSocket);
  await using _ = await unix.listen({ hostname: "till", port: 7 });
  using dialled = await unix.connect({ hostname: "till", port: 7 });
  assertEquals(dialled.remote, "till:7");
});

Deno.test("UnixTransport.listen() leaves a file that is no socket alone", async () => {
  const directory = await Deno.makeTempDir();
  await Deno.writeTextFile(`${directory}/till-7.sock`, "precious");
  const unix = new UnixTransport({ directory });
  await assertRejects(
    () => unix.listen({ hostname: "till", port: 7 }),
    ListenError,
    "it is in use",
  );
  assertEquals(
    await Deno.readTextFile(`${directory}/till-7.sock`),
    "precious",
  );
});

Deno.test("UnixTransport refuses a host that is no part of a file's name, and names a missing directory", async () => {
  const directory = `${await Deno.makeTempDir()}/none`;
  const unix = new UnixTransport({ directory });
  for (const hostname of ["../till", "", "a/b", "x".repeat(65)]) {
    await assertRejects(() => unix.listen({ hostname, port: 1 }), TypeError);
    await assertRejects(() => unix.connect({ hostname, port: 1 }), TypeError);
  }
  await assertRejects(
    () => unix.listen({ hostname: "till", port: 0 }),
    ListenError,
    "No such file or directory",
  );
});

Deno.test("A node over Unix sockets takes connections however often they come", async () => {
  const transport = new UnixTransport({ directory: await Deno.makeTempDir() });
  const b = await startNode("b", {}, {
    transport,
    hostname: "b",
    connectionRate: { perSecond: 1, burst: 1 },
  });
  const a = await startNode("a", {}, { transport, hostname: "a" });
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  assertEquals(await ref.ask(Box.echo(1)), 1);
  assert(await a.remote.lookup(Box, addressOf(b, "box")) !== undefined);
  assertEquals([b.remote.connections, b.warnings], [2, []]);
  for (const { remote } of [a, b]) await remote.drain();
  for (const { system } of [a, b]) await system.drain();
});

Deno.test("Nodes over Unix sockets tell, ask and reply, without the word insecure", async () => {
  const transport = new UnixTransport({ directory: await Deno.makeTempDir() });
  const a = await startNode("a", {}, { transport, hostname: "a" });
  const b = await startNode("b", {}, { transport, hostname: "b" });
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  ref.tell(Box.put({ id: 1 }));
  assertEquals(await ref.ask(Box.ids()), [1]);
  assertEquals(box.ids, [1]);
  assertEquals(await a.remote.lookup(Box, addressOf(b, "none")), undefined);
  for (const { remote } of [a, b]) await remote.drain();
  for (const { system } of [a, b]) await system.drain();
  assertEquals([a.warnings, b.warnings], [[], []]);
  assert(a.remote instanceof Remote);
});
