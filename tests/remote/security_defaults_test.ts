import { assert, assertEquals, assertRejects } from "@std/assert";
import { HandshakeError, RemoteError } from "../../remote/errors.ts";
import { Dialler } from "../../remote/handshake/handshake_dialler.ts";
import { shakeHands } from "../../remote/handshake/handshake_driver.ts";
import { checkedSecurity } from "../../remote/node/security_options.ts";
import { checkedOptions } from "../../remote/remote_options.ts";
import { Box, spawnBox, upTo } from "./actors.ts";
import { addressOf, type Node, reasons, World } from "./world.ts";

const MIB = 1_024 * 1_024;
const CLIENT_LIMITS = { messages: 1_000, bytes: 64 * MIB, connections: 10 };

/** A node that exposes its box, with the limits of clients that nobody has set. */
async function shop(world: World): Promise<Node> {
  const b = await world.node("b", { remote: { exposed: ["box"] } });
  spawnBox(b.system, "box");
  return b;
}

Deno.test("Remote.start() exposes nothing, knows no secret, and limits what clients do, unless told otherwise", () => {
  const expected = {
    key: undefined,
    role: undefined,
    exposed: [],
    authorize: undefined,
    clientLimits: CLIENT_LIMITS,
  };
  assertEquals(checkedSecurity({}), expected);
  assertEquals(checkedOptions({}).security, expected);
  // What is set leaves the rest as it is.
  for (const limits of [{ messages: 5 }, { bytes: 5 }, { connections: 5 }]) {
    const { clientLimits } = checkedSecurity({ clientLimits: limits });
    assertEquals(clientLimits, { ...CLIENT_LIMITS, ...limits });
  }
});

Deno.test("A client has 1,000 messages and requests a second, unless told otherwise", async () => {
  await using world = new World();
  const b = await shop(world);
  const c = await world.node("c", { remote: { role: "client" } });
  const ref = c.remote.ref(Box, addressOf(b, "box"));
  await Promise.all(upTo(1_000).map((n) => ref.ask(Box.echo(n))));
  const error = await assertRejects(() => ref.ask(Box.ids()), RemoteError);
  assert(error.text.includes("at most 1000 a second"), error.text);
  await world.clock.advance(1_000);
  await Promise.all(upTo(1_000).map((n) => ref.ask(Box.echo(n))));
  await assertRejects(() => ref.ask(Box.ids()), RemoteError);
});

Deno.test("A client has 64 MiB of messages a second, unless told otherwise", async () => {
  await using world = new World();
  const b = await shop(world);
  const c = await world.node("c", { remote: { role: "client" } });
  const ref = c.remote.ref(Box, addressOf(b, "box"));
  const body = new Uint8Array(16 * MIB - 1_024);
  for (const _ of upTo(4)) {
    assert(ref.tell(Box.raw(body)));
    await world.settle();
  }
  const small = new Uint8Array(8 * 1_024); // more than the four have left
  const error = await assertRejects(
    () => ref.ask(Box.echoRaw(small)),
    RemoteError,
  );
  assert(error.text.includes("at most 67108864 bytes a second"), error.text);
  assertEquals(reasons(b.deadLetters), { overloaded: 1 });
  await world.clock.advance(100);
  assertEquals((await ref.ask(Box.echoRaw(small))).length, small.length);
});

Deno.test("A client opens 10 connections a second, unless told otherwise", async () => {
  await using world = new World();
  const { remote: { host: hostname, port } } = await shop(world);
  const dial = async () => {
    const connection = await world.transport("wire").connect({
      hostname,
      port,
    });
    const self = { system: "wire", host: "w", port: 0, incarnation: "w1" };
    const dialler = new Dialler({
      self,
      hostname,
      port,
      lane: "data",
      role: "client",
    });
    await shakeHands(connection, dialler, world);
    connection.close();
    await world.settle();
  };
  for (const _ of upTo(10)) await dial();
  const error = await assertRejects(dial, HandshakeError);
  assert(error.message.includes("at most 10 connections a second"));
  await world.clock.advance(1_000);
  for (const _ of upTo(10)) await dial();
  await assertRejects(dial, HandshakeError);
});
