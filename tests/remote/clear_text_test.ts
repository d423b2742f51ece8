import { assertEquals } from "@std/assert";
import type { RemoteOptions } from "../../remote/remote_options.ts";
import type {
  Transport,
  TransportSecurity,
} from "../../remote/transport/transport.ts";
import { startNode, World } from "./world.ts";

/** What a node warns of when it is started, used by another node, and ended. */
async function warnings(
  options: RemoteOptions,
  security: TransportSecurity,
): Promise<string[]> {
  await using world = new World();
  const { clock } = world;
  const inner = world.transport(options.hostname ?? "127.0.0.1");
  const transport: Transport = {
    scheme: "memory",
    security,
    listen: (options) => inner.listen(options),
    connect: (options) => inner.connect(options),
  };
  const node = await startNode("b", { clock }, { transport, ...options });
  await world.settle();
  await world.drain(node);
  await node.system.drain();
  return node.warnings.map(({ text }) => text);
}

Deno.test("Remote.start() warns once of an address that others can reach and that nothing protects", async () => {
  const hostname = "10.0.0.7";
  const key = "k".repeat(32);
  const text = (found: string) =>
    `this node listens on "10.0.0.7:4001": others can reach it and ${found}, as the option "insecure" allows, mutual TLS or TLS with a shared key was expected`;
  const given = { hostname, port: 4001, insecure: true };
  const cases: [RemoteOptions, TransportSecurity, string[]][] = [
    [given, "open", [text("nothing is encrypted")]],
    [{ ...given, key }, "open", [text("read what is said")]],
    [given, "encrypted", [text("nothing tells who they are")]],
    [{ ...given, key }, "encrypted", []],
    [given, "mutual", []],
    [given, "private", []],
    [{ ...given, hostname: "127.0.0.1" }, "open", []],
    [{ ...given, hostname: "localhost" }, "open", []],
  ];
  for (const [options, security, expected] of cases) {
    const about = `${options.hostname} ${security} ${options.key}`;
    assertEquals(await warnings(options, security), expected, about);
  }
});
