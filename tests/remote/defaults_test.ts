import { assertEquals } from "@std/assert";
import { ActorSystem } from "../../actor/mod.ts";
import { Remote } from "../../remote/remote.ts";
import { checkedOptions } from "../../remote/remote_options.ts";
import { Box, BoxKind } from "./actors.ts";

Deno.test("Remote.start() with a host and a port alone serves, dials, and has limits for everything", async () => {
  await using there = new ActorSystem("there", { kinds: [BoxKind] });
  const place = { hostname: "127.0.0.1", port: 0 };
  await using far = await Remote.start(there, place);
  await using here = new ActorSystem("here", { kinds: [BoxKind] });
  await using near = await Remote.start(here, place);
  const one = await near.spawn(far.address, Box, { name: "one" });
  const two = await far.spawn(near.address, Box, { name: "two" });
  assertEquals([await one.ask(Box.echo(1)), await two.ask(Box.echo(2))], [
    1,
    2,
  ]);
  const { transport, security, ...limits } = checkedOptions({
    hostname: "127.0.0.1",
    port: 4001,
  });
  assertEquals(transport.scheme, "tcp");
  assertEquals([security.key, security.exposed], [undefined, []]);
  assertEquals(security.clientLimits, {
    messages: 1_000,
    bytes: 64 * 1024 * 1024,
    connections: 10,
  });
  assertEquals(limits, {
    hostname: "127.0.0.1",
    port: 4001,
    advertise: undefined,
    alternatives: [],
    budget: 4 * 1024 * 1024,
    maxMessageBytes: 16 * 1024 * 1024,
    connectTimeout: 5_000,
    handshakeTimeout: 5_000,
    silenceTimeout: 10_000,
    writeTimeout: 10_000,
    nodeDownTimeout: 10_000,
    stallTimeout: 10_000,
    idleTimeout: 30_000,
    drainTimeout: 5_000,
    connectionRate: { perSecond: 1_000, burst: 4_096 },
    maxHalfOpen: 256,
    maxLinks: 4_096,
    maxUnfinishedBytes: 256 * 1024 * 1024,
    redialDelay: { min: 50, max: 2_000 },
    metrics: undefined,
    compression: "auto",
    goakt: {},
  });
});
