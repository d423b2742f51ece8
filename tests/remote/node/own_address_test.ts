import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ActorSystem, type Warning } from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import {
  type NetworkInterface,
  ownAddress,
} from "../../../remote/node/own_address.ts";
import { Remote } from "../../../remote/remote.ts";

import { Box, spawnBox } from "../actors.ts";
import { IN_CLEAR_TEXT, World } from "../world.ts";

function nic(name: string, address: string): NetworkInterface {
  return { name, address, family: address.includes(":") ? "IPv6" : "IPv4" };
}

const LOOPBACK = [nic("lo", "127.0.0.1"), nic("lo", "::1")];

/** What is advertised by a machine with these addresses. */
function chosen(hostname: string, ...found: NetworkInterface[]): string {
  const { hostname: first, others } = ownAddress(hostname, () => found);
  return [first, ...others].join(" or ");
}

Deno.test("ownAddress() takes an address that others can use, private before public, IPv4 before IPv6", () => {
  const many = [
    ...LOOPBACK,
    nic("eth0", "169.254.3.4"),
    nic("eth0", "fe80::1"),
    nic("eth1", "2001:db8::7"),
    nic("eth1", "fd00::7"),
    nic("eth1", "8.8.4.4"),
    nic("docker0", "172.17.0.1"),
    nic("br-1f2e", "172.18.0.1"),
    nic("eth2", "10.1.2.3"),
  ];
  assertEquals(chosen("0.0.0.0", ...many), "10.1.2.3");
  assertEquals(chosen("::", ...many), "10.1.2.3");
  const without = (...names: string[]) =>
    many.filter(({ address }) => !names.includes(address));
  assertEquals(chosen("0.0.0.0", ...without("10.1.2.3")), "8.8.4.4");
  assertEquals(chosen("::", ...without("10.1.2.3", "8.8.4.4")), "fd00::7");
  assertEquals(
    chosen("::", ...without("10.1.2.3", "8.8.4.4", "fd00::7")),
    "2001:db8::7",
  );
  // Inside a container only such a name may be left.
  assertEquals(
    chosen("0.0.0.0", ...without("10.1.2.3", "8.8.4.4")),
    "172.17.0.1 or 172.18.0.1",
  );
  assertEquals(chosen("0.0.0.0", nic("eth0", "172.20.0.5")), "172.20.0.5");
  assertEquals(chosen("0.0.0.0", nic("eth0", "100.64.0.5")), "100.64.0.5");
});

Deno.test("ownAddress() says that it found nothing, or may not look", () => {
  const only = [...LOOPBACK, nic("eth0", "fe80::1"), nic("eth0", "fd00::7")];
  assertThrows(
    () => ownAddress("0.0.0.0", () => only),
    TypeError,
    'Cannot start remoting on "0.0.0.0": no interface of this machine has an address that others can use, an address for others or the option "advertise" was expected',
  );
  assertThrows(
    () =>
      ownAddress("0.0.0.0", () => {
        throw new Error("no such thing");
      }),
    TypeError,
    "the addresses of this machine cannot be read",
  );
});

Deno.test({
  name:
    "Remote.start() on all addresses names the permission that it needs to find its own",
  permissions: { net: ["127.0.0.1"], sys: false },
  async fn() {
    const system = new ActorSystem("s", { logger: null });
    for (const hostname of ["0.0.0.0", "::"]) {
      await assertRejects(
        () => Remote.start(system, { hostname, insecure: true }),
        TypeError,
        `Cannot start remoting on "${hostname}": the addresses of this machine may not be read without the permission --allow-sys=networkInterfaces, an address for others or the option "advertise" was expected`,
      );
    }
    await system.drain();
  },
});

Deno.test("Remote.start() on all addresses says to others where it can be reached", async () => {
  await using world = new World();
  const a = await world.node("a");
  const system = new ActorSystem("wide", { clock: world.clock, logger: null });
  const warnings: Warning[] = [];
  internalsOf(system).runtime.events.tap(["warning"], (event) => {
    const isNews = event.type === "warning" && !IN_CLEAR_TEXT.test(event.text);
    if (isNews) warnings.push(event);
  });
  const interfaces = [...LOOPBACK, nic("eth0", "10.0.0.7")];
  const remote = await Remote.start(system, {
    hostname: "0.0.0.0",
    port: 4001,
    insecure: true,
    interfaces: () => interfaces,
    transport: world.transport("10.0.0.7"),
  });
  assertEquals([remote.address, warnings], ["wide@10.0.0.7:4001", []]);
  const { ids } = spawnBox(system, "box");
  const ref = a.remote.ref(Box, `goakt://${remote.address}/box`);
  ref.tell(Box.put({ id: 7 }));
  await world.settle();
  assertEquals(ids, [7]);
  await world.drain({ ...a, remote });

  interfaces.push(nic("eth1", "10.1.0.7"));
  const again = await Remote.start(system, {
    hostname: "0.0.0.0",
    port: 4001,
    insecure: true,
    interfaces: () => interfaces,
    transport: world.transport("10.0.0.7"),
  });
  assertEquals(warnings.map(({ text }) => text), [
    'this node says that it can be reached at "10.0.0.7", one of several addresses of this machine; if "10.1.0.7" is meant, use the option "advertise"',
  ]);
  await world.drain({ ...a, remote: again });
  await system.drain();
});
