import { assertEquals } from "@std/assert";
import { Dialler } from "../../../remote/handshake/handshake_dialler.ts";
import { shakeHands } from "../../../remote/handshake/handshake_driver.ts";
import { SettingsComparison } from "../../../remote/handshake/settings.ts";
import type { Session } from "../../../remote/handshake/handshake.ts";
import { Box, BoxKind, spawnBox } from "../actors.ts";
import { addressOf, type Node, World } from "../world.ts";
import { WirePeer } from "../wire/wire_peer.ts";

function texts({ warnings }: Node): string[] {
  return warnings.map(({ text }) => text);
}

Deno.test("Nodes whose limits differ warn of it once, naming both", async () => {
  await using world = new World();
  const system = { kinds: [BoxKind] };
  const a = await world.node("a", { system });
  const b = await world.node("b", {
    system,
    remote: { maxMessageBytes: 1_048_576, idleTimeout: 3_000 },
  });
  spawnBox(a.system, "box");
  const ref = await a.remote.spawn(b.remote.address, Box);
  const back = b.remote.ref(Box, addressOf(a, "box"));
  for (let round = 0; round < 3; round++) {
    ref.tell(Box.put({ id: 1 }));
    back.tell(Box.put({ id: 1 }));
    await world.clock.advance(40_000); // links end in between
    assertEquals(a.remote.connections, 0);
  }
  const [ofA, ofB] = [a, b].map(({ remote, name }) => `${name}:${remote.port}`);
  assertEquals(texts(a), [
    `node "${ofB}" and this one have different settings: it takes messages up to 1048576 bytes, this one up to 16777216 bytes, so that none above 1048576 bytes passes between them`,
  ]);
  assertEquals(texts(b), [
    `node "${ofA}" and this one have different settings: it takes messages up to 16777216 bytes, this one up to 1048576 bytes, so that none above 1048576 bytes passes between them`,
  ]);
});

Deno.test("Nodes with the same settings say nothing of them", async () => {
  await using world = new World();
  const remote = { maxMessageBytes: 1_048_576 };
  const [a, b] = [
    await world.node("a", { remote }),
    await world.node("b", { remote: { ...remote, stallTimeout: 3_000 } }),
  ];
  spawnBox(b.system, "box");
  await a.remote.ref(Box, addressOf(b, "box")).ask(Box.ids());
  assertEquals([texts(a), texts(b)], [[], []]);
});

Deno.test("A node whose compression a peer does not read warns of it once, and of what it only prefers not at all", async () => {
  await using world = new World();
  const named = await world.node("a", { remote: { compression: "gzip" } });
  const auto = await world.node("c", { remote: { compression: "auto" } });
  const none = await world.node("b", { remote: { compression: "none" } });
  spawnBox(none.system, "box");
  for (const { remote } of [named, auto]) {
    const ref = remote.ref(Box, addressOf(none, "box"));
    for (let round = 0; round < 2; round++) {
      ref.tell(Box.put({ id: 1 }));
      await world.clock.advance(600_000); // the link ends in between
      assertEquals(remote.connections, 0);
    }
  }
  assertEquals(texts(named), [
    `node "b:${none.remote.port}" and this one have different settings: it reads no gzip, so that messages to it are sent as they are`,
  ]);
  assertEquals([texts(auto), texts(none)], [[], []]);

  const both = await world.node("d", { remote: { compression: "brotli" } });
  spawnBox(both.system, "box");
  named.remote.ref(Box, addressOf(both, "box")).tell(Box.put({ id: 1 }));
  await world.settle();
  assertEquals([texts(both), texts(named).length], [[], 1]);
});

Deno.test("A session has what the peer says of its settings, at both ends", async () => {
  await using world = new World();
  const b = await world.node("b", { remote: { maxMessageBytes: 100_000 } });
  const { host: hostname, port } = b.remote;
  const connection = await world.transport("wire").connect({ hostname, port });
  const dialler = new Dialler({
    self: { system: "wire", host: "wire", port: 7, incarnation: "wire1" },
    hostname,
    port,
    lane: "data",
    maxFrameBytes: 50_000,
    versions: { min: 1, max: 9 },
  });
  const { settings } = await shakeHands(connection, dialler, {
    clock: world.clock,
  });
  assertEquals(settings, { maxFrameBytes: 100_000, maxVersion: 1 });
  connection.close();
  await world.settle();
  assertEquals(texts(b), [
    'node "wire:7" and this one have different settings: it takes messages up to 50000 bytes, this one up to 100000 bytes, so that none above 50000 bytes passes between them',
  ]);
});

Deno.test("A peer of a newer version is no news, one of an older version is named with both", async () => {
  await using world = new World();
  const b = await world.node("b");
  const peer = await WirePeer.dial(world, b, "data", { min: 1, max: 2 });
  peer.connection.close();
  await world.settle();
  assertEquals(texts(b), []);

  const warned: string[] = [];
  const comparison = new SettingsComparison(
    { maxFrameBytes: 100, versions: { min: 1, max: 3 } },
    (text) => warned.push(text),
  );
  const session = (maxVersion: number, run: string, port = 1) =>
    ({
      peer: { system: "s", host: "n", port, incarnation: run },
      settings: { maxFrameBytes: 100, maxVersion },
      compressions: [] as readonly number[],
    }) as Session;
  comparison.compare(session(3, "one"));
  comparison.compare(session(4, "one"));
  assertEquals(warned, []);
  comparison.compare(session(2, "one"));
  comparison.compare(session(2, "one"));
  const text =
    'node "n:1" and this one have different settings: it speaks the protocol up to version 2, this one versions 1 to 3';
  assertEquals(warned, [text]);
  comparison.compare(session(2, "two"));
  assertEquals(warned, [text, text]);
  // What is remembered is bounded: the oldest are forgotten.
  for (let port = 2; port <= 1_025; port++) {
    comparison.compare(session(2, "one", port));
  }
  assertEquals(warned.length, 1_026);
  comparison.compare(session(2, "one", 1_025));
  assertEquals(warned.length, 1_026);
  comparison.compare(session(2, "two"));
  assertEquals(warned.length, 1_027);
});
