import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ConnectError } from "../../../remote/errors.ts";
import { TcpTransport } from "../../../remote/transport/tcp_transport.ts";
import { ListenError } from "../../../remote/transport/transport.ts";
import { upTo } from "../actors.ts";
import { InstantClock } from "../instant_clock.ts";
import { testTransport } from "./transport_conformance.ts";

testTransport("TcpTransport", () => {
  const tcp = new TcpTransport();
  return { server: tcp, client: tcp, hostname: "127.0.0.1" };
});

Deno.test("TcpTransport.connect() rejects with ConnectError when the timeout is over", async () => {
  const clock = new InstantClock();
  const tcp = new TcpTransport({ clock });
  await using listener = await tcp.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener;
  // The operating system answers in a later turn of the event loop, so time can run out first.
  const attempt = tcp.connect({ hostname, port, timeout: 250 });
  clock.advance(250);
  await assertRejects(
    () => attempt,
    ConnectError,
    `"127.0.0.1:${port}": there was no answer within 250 ms`,
  );
});

Deno.test("TcpTransport.connect() waits 5 s by default and leaves no timer", async () => {
  const clock = new InstantClock();
  const tcp = new TcpTransport({ clock });
  await using listener = await tcp.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener;
  const attempt = tcp.connect({ hostname, port });
  clock.advance(4_999);
  using _dialled = await attempt;
  using _accepted = await listener.accept();
  assertEquals(clock.pending, 0);
});

Deno.test({
  name: "TcpTransport keeps a thousand connections until they are accepted",
  ignore: Deno.build.os !== "linux", // others keep 128, unless they are set up otherwise
  async fn() {
    const tcp = new TcpTransport();
    await using listener = await tcp.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = listener;
    const dials = upTo(1_000).map(() =>
      tcp.connect({ hostname, port, timeout: 30_000 })
    );
    const all = await Promise.allSettled(dials);
    const open = all.filter((dial) => dial.status === "fulfilled");
    for (const { value } of open) value.close();
    assertEquals(open.length, 1_000);
  },
});

Deno.test("TcpTransport sends without delay and keeps alive at both ends", async () => {
  for (const setting of ["setNoDelay", "setKeepAlive"]) {
    const tcp = new TcpTransport();
    await using listener = await tcp.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = listener;
    const plain = await Deno.connect({ hostname, port });
    (await listener.accept())?.close();
    plain.close();
    const shared = Object.getPrototypeOf(plain);
    const original = shared[setting];
    const calls: unknown[] = [];
    shared[setting] = function (...args: unknown[]) {
      calls.push(args[0]);
      return original.apply(this, args);
    };
    try {
      using _dialled = await tcp.connect({ hostname, port });
      using _accepted = await listener.accept();
    } finally {
      shared[setting] = original;
    }
    assertEquals([setting, ...calls], [setting, true, true]);
  }
});

Deno.test("TcpTransport.connect() takes a socket connected to itself for a refusal", async () => {
  const tcp = new TcpTransport();
  await using listener = await tcp.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener;
  const original = Deno.connect;
  // The system does this once in thousands of dials to a free port, so here it is made up.
  const connectToItself = async (): Promise<unknown> => {
    const conn = await original({ hostname, port });
    const { remoteAddr } = conn;
    return { localAddr: remoteAddr, remoteAddr, close: () => conn.close() };
  };
  Object.assign(Deno, { connect: connectToItself });
  try {
    await assertRejects(
      () => tcp.connect({ hostname, port }),
      ConnectError,
      "the connection was refused",
    );
  } finally {
    Object.assign(Deno, { connect: original });
  }
  (await listener.accept())?.close();
});

Deno.test("TcpTransport names the permission that is missing", async () => {
  const tcp = new TcpTransport();
  await assertRejects(
    () => tcp.connect({ hostname: "127.0.0.2", port: 1 }),
    ConnectError,
    "--allow-net",
  );
  await assertRejects(
    () => tcp.listen({ hostname: "127.0.0.2", port: 0 }),
    ListenError,
    "--allow-net",
  );
});

Deno.test("TcpTransport reports unknown hosts, foreign addresses and IPv6 clearly", async () => {
  // A child, because the tests may use 127.0.0.1 only.
  const transport = new URL(
    "../../../remote/transport/tcp_transport.ts",
    import.meta.url,
  );
  const script = `
    import { TcpTransport } from "${transport}";
    const tcp = new TcpTransport();
    const report = (error) => console.log(error.code, error.message);
    await tcp.connect({ hostname: "node.invalid", port: 80 }).catch(report);
    await tcp.connect({ hostname: "::1", port: 1 }).catch(report);
    await tcp.listen({ hostname: "192.0.2.1", port: 0 }).catch(report);
    await tcp.connect({ hostname: "", port: 80 }).catch(report);
  `;
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-net",
      `data:text/javascript,${encodeURIComponent(script)}`,
    ],
    stderr: "inherit",
  }).output();
  const [unknown, six, foreign, empty] = new TextDecoder().decode(stdout).split(
    "\n",
  );
  assertEquals(success, true);
  assertMatch(
    unknown!,
    /^connect_error Cannot connect to "node.invalid:80": the host is unknown/,
  );
  assertMatch(six!, /^connect_error Cannot connect to "\[::1\]:1": /);
  assertEquals(
    foreign,
    `listen_error Cannot listen on "192.0.2.1:0": it is not an address of this machine, a free local address was expected`,
  );
  assertMatch(empty!, /^connect_error Cannot connect to ":80": .*empty host/);
});
