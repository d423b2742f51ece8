import { assert, assertEquals } from "@std/assert";
import { MemoryNetwork } from "../../../remote/transport/memory_transport.ts";
import type {
  Connection,
  Listener,
} from "../../../remote/transport/transport.ts";
import { ManualClock } from "../../../testing/manual_clock.ts";
import { upTo } from "../actors.ts";
import { tlsOf, uriOf } from "./tls_fixtures.ts";

const AT = { hostname: "b", port: 1 };

interface Scene {
  readonly clock: ManualClock;
  readonly listener: Listener;
  readonly warnings: string[];
  /** Begins a TLS handshake and does not go on. */
  dawdle(): Promise<void>;
  /** Dials as an honest client does; ends when it has its own end of the connection, or none. */
  dial(): Promise<Connection | undefined>;
}

/** A listener with room for two from which nobody accepts. */
async function scene(run: (it: Scene) => Promise<void>): Promise<void> {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ clock });
  const names = { uris: [uriOf("shop", { node: "b" })] };
  const [here, there] = [network.transport("b"), network.transport("a")];
  const options = { maxHalfOpen: 2, clock, transport: here };
  const server = await tlsOf("shop", options, names);
  const client = await tlsOf("shop", { clock, transport: there });
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  const listener = await server.listen({ ...AT, warn });
  const open: Connection[] = [];
  await run({
    clock,
    listener,
    warnings,
    dawdle: async () => {
      const connection = await there.connect(AT);
      await connection.write(Uint8Array.of(22, 3, 1));
      open.push(connection);
      await clock.settle();
    },
    dial: async () => {
      try {
        const connection = await client.connect(AT);
        open.push(connection);
        return connection;
      } catch {
        return undefined;
      }
    },
  });
  for (const connection of open) connection.close();
  await listener.close();
  await clock.settle();
  assertEquals([network.connections, clock.pending], [0, 0]);
}

/** What there is to be accepted: why it was refused, or that it was not. */
async function acceptAll({ listener, clock }: Scene): Promise<string[]> {
  const found: string[] = [];
  const accepting = (async () => {
    for (;;) {
      const connection = await listener.accept();
      if (connection === undefined) return;
      found.push(connection.refusal?.found ?? "good");
      connection.close();
    }
  })();
  await clock.settle();
  const all = [...found];
  await listener.close();
  await accepting;
  return all;
}

Deno.test("TlsListener keeps as many failed handshakes to be reported as may be under way, and tells of the others", async () => {
  await scene(async (it) => {
    // Two may be under way: the first five have to go for others.
    for (const _ of upTo(7)) await it.dawdle();
    const why =
      "the TLS handshake failed, others came, and it has taken longest";
    assertEquals(it.warnings.map((text) => text.replace(/a:\d+/, "a:?")), [
      `a connection from "a:?" was closed: ${why}, a peer that speaks TLS was expected`,
    ]);
    // The other two when their time is over.
    await it.clock.advance(10_000);
    assertEquals(it.warnings.slice(1), [
      '4 more connections were closed that there was no room for: 4 from "a"',
    ]);
    assertEquals(await acceptAll(it), [why, why]);
    assertEquals(it.warnings.length, 2);
  });
});

Deno.test("TlsListener keeps as many connections to be accepted as handshakes may be under way, and tells of the others", async () => {
  await scene(async (it) => {
    assert(await it.dial() !== undefined);
    await it.clock.settle();
    // Both are under way while there is room for one.
    await Promise.all([it.dial(), it.dial()]);
    await it.clock.settle();
    const full =
      'a connection from "a:?" was closed: 2 wait to be accepted after their TLS handshake, fewer were expected';
    const warnings = () =>
      it.warnings.map((text) => text.replace(/a:\d+/, "a:?"));
    assertEquals(warnings(), [full]);
    // There is none for those that come now.
    assertEquals([await it.dial(), await it.dial()], [undefined, undefined]);
    assertEquals(await acceptAll(it), ["good", "good"]);
    assertEquals(warnings(), [
      full,
      '2 more connections were closed that there was no room for: 2 from "a"',
    ]);
  });
});
