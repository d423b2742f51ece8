import { assertEquals } from "@std/assert";
import type { RemoteOptions } from "../../../remote/remote_options.ts";
import type { TlsTransportOptions } from "../../../remote/tls/tls_transport.ts";
import { MemoryNetwork } from "../../../remote/transport/memory_transport.ts";
import type { Connection } from "../../../remote/transport/transport.ts";
import { ManualClock } from "../../../testing/manual_clock.ts";
import { startNode } from "../world.ts";
import { tlsOf } from "./tls_fixtures.ts";

const FAILED = "the TLS handshake failed, ";
const OUTDONE = `${FAILED}others came, and it has taken longest`;

/**
 * What a node says of three peers that begin a TLS handshake and do not go on, when `time` has passed: how many
 * milliseconds it took, and why it was.
 */
async function refused(
  { remote, tls = {}, time }: {
    remote: RemoteOptions;
    tls?: Partial<TlsTransportOptions>;
    time: number;
  },
): Promise<[after: number, found: string][]> {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ clock });
  const hostname = "127.0.0.1";
  const inner = network.transport("b");
  const node = await startNode("shop", { clock }, {
    hostname: "b",
    port: 1,
    advertise: { hostname },
    transport: await tlsOf("shop", { ...tls, clock, transport: inner }),
    goakt: null,
    ...remote,
  });
  const open: Connection[] = [];
  for (let count = 0; count < 3; count++) {
    const dialler = network.transport("slow");
    const connection = await dialler.connect({ hostname: "b", port: 1 });
    await connection.write(Uint8Array.of(22, 3, 1)); // and no more
    open.push(connection);
  }
  await clock.settle();
  const found: [number, string][] = [];
  const note = (after: number) => {
    for (const { text } of node.warnings.splice(0)) {
      const at = text.indexOf(FAILED);
      found.push([
        after,
        at < 0 ? text : text.slice(at).replace(/,[^,]*$/, ""),
      ]);
    }
  };
  note(0);
  await clock.advance(time - 1);
  note(time - 1);
  await clock.advance(1);
  note(time);
  for (const connection of open) connection.close();
  await node.remote.drain();
  await node.system.drain();
  await clock.settle();
  assertEquals([network.connections, clock.pending], [0, 0]);
  return found;
}

/** Why a handshake was given up that took too long. */
function late(time: number): string {
  return `${FAILED}it did not come to an end within ${time} ms`;
}

Deno.test("The handshakeTimeout of a node holds for TLS handshakes, unless the transport has its own", async () => {
  const all = (time: number) => Array(3).fill([time, late(time)]);
  const longer = { remote: { handshakeTimeout: 9_000 }, time: 9_000 };
  assertEquals(await refused(longer), all(9_000));
  assertEquals(await refused({ remote: {}, time: 5_000 }), all(5_000));
  const own = { ...longer, tls: { handshakeTimeout: 3_000 }, time: 3_000 };
  assertEquals(await refused(own), all(3_000));
});

Deno.test("The maxHalfOpen of a node holds for TLS handshakes, unless the transport has its own", async () => {
  const time = 5_000;
  const [outdone, over] = [[0, OUTDONE], [time, late(time)]];
  const fewer = { remote: { maxHalfOpen: 2 }, time };
  assertEquals(await refused(fewer), [outdone, over, over]);
  const own = { ...fewer, tls: { maxHalfOpen: 1 } };
  assertEquals(await refused(own), [outdone, outdone, over]);
});
