import { create } from "@bufbuild/protobuf";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ActorSystem, type Caller } from "../../../actor/mod.ts";
import { PROTOCOL } from "../../../actor/protocol/protocol.ts";
import { Pid } from "../../../actor/reference/pid.ts";
import type { BaseRef } from "../../../actor/reference/ref.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { DisconnectedError } from "../../../remote/errors.ts";
import { GoaktClient } from "../../../remote/goakt/client/goakt_client.ts";
import {
  type Compression,
  COMPRESSIONS,
} from "../../../remote/goakt/compression/compression.ts";
import { parseIdentity, ROLES } from "../../../remote/handshake/identity.ts";
import { Echo, echoHandlers, EchoKind } from "../goakt/fixtures.ts";
import { type Node, startNode } from "../world.ts";
import { tlsOf, uriOf } from "./tls_fixtures.ts";

/** What a GoAkt peer may want of a node: of its actor "echo", and of one that it creates. */
type Wish = (client: GoaktClient, place: Place) => Promise<unknown>;
type Place = { host: string; port: number };

const OPTIONS = { timeout: 5_000 };
const REFUSED = "GoAkt peers need the certificate of a node";

function echoAt(client: GoaktClient, place: Place): BaseRef<typeof Echo> {
  const pid = new Pid({ system: "shop", ...place, path: "echo" });
  return client.ref(Echo[PROTOCOL], pid) as BaseRef<typeof Echo>;
}

const text = create(StringValueSchema, { value: "hello" });
const WISHES: Readonly<Record<string, Wish>> = {
  ask: (client, place) => echoAt(client, place).ask(Echo.say(text), OPTIONS),
  lookup: (client, place) => client.lookup(place, "echo", OPTIONS),
  spawn: (client, place) => client.spawn(place, "test.echo", "new", OPTIONS),
  respawn: (client, place) => client.respawn(place, "echo", OPTIONS),
  reinstate: (client, place) => client.reinstate(place, "echo", OPTIONS),
  stop: (client, place) => client.stop(place, "echo", OPTIONS),
};

/** A GoAkt peer that shows the certificate of a role. */
async function goaktPeer(
  role: string,
  compression: Compression,
): Promise<{ client: GoaktClient; end(): Promise<void> }> {
  const system = new ActorSystem("mallory", { logger: null });
  const { runtime } = internalsOf(system);
  const transport = await tlsOf("shop", {}, {
    uris: [uriOf("shop", { role })],
  });
  const client = new GoaktClient({
    runtime,
    transport,
    options: { compression },
  });
  const end = async () => {
    client.close();
    await system.drain();
  };
  return { client, end };
}

function nextWarning({ system }: Node): Promise<string> {
  const warnings = system.events.subscribe({ types: ["warning"] });
  return warnings.next().then(({ value }) => {
    warnings.unsubscribe();
    return value?.text ?? "the system has ended";
  });
}

/** What there is of the two actors. */
function actors({ system }: Node): (string | undefined)[] {
  const internals = internalsOf(system);
  return ["echo", "new"].map((path) => internals.find(path)?.pid.toJSON());
}

for (const role of ROLES) {
  for (const compression of COMPRESSIONS) {
    const may = role === "node"
      ? "may speak GoAkt's protocol"
      : "may not speak GoAkt's protocol, not even to what is exposed";
    Deno.test(`Who shows the certificate of role ${role} ${may} (${compression})`, async () => {
      const b = await startNode("shop", { kinds: [EchoKind] }, {
        transport: await tlsOf("shop"),
        exposed: ["echo", "new"],
        goakt: {},
      });
      const callers: (Caller | undefined)[] = [];
      const log = { texts: [], senders: [], foreign: [], callers };
      b.system.spawn(Echo, () => echoHandlers(log), { name: "echo" });
      const { client, end } = await goaktPeer(role, compression);
      const place = { host: "127.0.0.1", port: b.remote.port };
      const before = actors(b);
      for (const [name, wish] of Object.entries(WISHES)) {
        if (role === "node") await wish(client, place);
        else {
          const warned = nextWarning(b);
          const error = await assertRejects(() => wish(client, place));
          assert(error instanceof DisconnectedError, name);
          assert((await warned).includes(REFUSED), await warned);
        }
      }
      await end();
      assertEquals(log.texts, role === "node" ? ["hello"] : []);
      const identity = parseIdentity(uriOf("shop", { role }));
      assert(identity !== undefined);
      const { trustDomain: _, ...names } = identity;
      const caller: Caller = { proof: "certificate", ...names };
      assertEquals(callers, role === "node" ? [caller] : []);
      const [echo, fresh] = actors(b);
      if (role === "node") {
        assertEquals([echo, b.warnings], [undefined, []]);
        assert(fresh !== undefined);
      } else assertEquals([echo, fresh], before);
      await b.remote.drain();
      await b.system.drain();
      assertEquals(b.remote.connections, 0);
    });
  }
}
