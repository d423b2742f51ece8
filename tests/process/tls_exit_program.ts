/**
 * Two nodes that talk over mutual TLS, one that is refused, and a connection that nobody takes; all of it is
 * drained, and then nothing keeps the process alive.
 * @module
 */
import { ActorSystem, ask, protocol } from "../../actor/mod.ts";
import { Remote } from "../../remote/remote.ts";
import {
  authority,
  foreign,
  tlsOf,
  uriOf,
} from "../remote/tls/tls_fixtures.ts";

const Echo = protocol("echo", { say: ask<string, string>() });
const a = new ActorSystem("shop", { logger: null });
const b = new ActorSystem("shop", { logger: null });
const far = await Remote.start(a, { transport: await tlsOf("shop") });
const near = await Remote.start(b, { transport: await tlsOf("shop") });
a.spawn(Echo, () => ({ say: (text) => text }), { name: "echo" });
const address = `goakt://shop@127.0.0.1:${far.port}/echo`;
const answer = await near.ref(Echo, address).ask(Echo.say("hello"));

const stranger = await tlsOf(
  "shop",
  {
    ca: [authority.cert, foreign.cert],
  },
  { uris: [uriOf("shop")] },
  foreign,
);
const refused = await stranger.connect({
  hostname: "127.0.0.1",
  port: far.port,
});
await refused.read();
const silent = await Deno.connect({ hostname: "127.0.0.1", port: far.port });

for (const remote of [near, far]) await remote.drain();
for (const system of [a, b]) await system.drain();
refused.close();
silent.close();
Deno.stdout.writeSync(new TextEncoder().encode(`${answer}\n`));
