import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ActorSystem, protocol, tell } from "../../actor/mod.ts";
import type { StandardSchema } from "../../actor/protocol/codec.ts";
import {
  json,
  MemoryRemoteMetrics,
  Outbox,
  Remote,
  type RemoteOptions,
  spawnInbox,
  TcpTransport,
  TlsTransport,
  UnixTransport,
} from "../../remote/mod.ts";
import { checkedOptions } from "../../remote/remote_options.ts";

/** Options that TypeScript does not see through, as those from a file. */
function given<Options>(options: object | null | string): Options {
  return options as Options;
}

/** What `run` throws, as `name: text`. */
function thrown(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return `${error}`;
  }
  return "nothing";
}

const HIGHEST = Number.MAX_SAFE_INTEGER;

Deno.test("Remote.start() refuses options of another type, and says what was found and wanted", async () => {
  const cases: [object, string][] = [
    [{ hostname: "" }, 'hostname is "", a text that is not empty'],
    [{ hostname: 7 }, "hostname is 7, a text that is not empty"],
    [{ port: "80" }, 'port is "80", a number'],
    [{ insecure: "false" }, 'insecure is "false", true or false'],
    [{ insecure: 1 }, "insecure is 1, true or false"],
    [{ key: [1, 2] }, "key is an array of 2, a Uint8Array or a text"],
    [{ authorize: "no" }, 'authorize is "no", a function'],
    [{ authorize: null }, "authorize is null, a function"],
    [{ exposed: "orders" }, 'exposed is "orders", an array, each part a text'],
    [{ exposed: [1] }, "exposed is an array of 1, an array, each part a text"],
    [{ interfaces: [] }, "interfaces is an array of 0, a function"],
    [{ advertise: "a" }, 'advertise is "a", an object'],
    [{ advertise: { hostname: 1 } }, "advertise.hostname is 1, a text"],
    [{ connectTimeout: "5" }, 'connectTimeout is "5", a number'],
    [{ redialDelay: { min: "5" } }, 'redialDelay.min is "5", a number'],
    [{ clientLimits: { bytes: "5" } }, 'clientLimits.bytes is "5", a number'],
    [{ metrics: {} }, "metrics is an object, an object with forPeer()"],
    [{ goakt: true }, "goakt is true, an object or null"],
    [{ role: ["node"] }, "role is an array of 1, a text"],
    [
      { compression: "constructor" },
      'compression is "constructor", one of "auto", "none", "zstd", "gzip", "brotli"',
    ],
    [
      { transport: { listen() {} } },
      'transport is an object, an object with listen() and connect(), and with one of "open", "private", "encrypted", "mutual" or nothing as its security,',
    ],
    [
      { transport: { listen() {}, connect() {}, security: "mutal" } },
      'transport is an object, an object with listen() and connect(), and with one of "open", "private", "encrypted", "mutual" or nothing as its security,',
    ],
    [
      { hostname: Array(70).fill("a") },
      "hostname is an array of 70, a text that is not empty",
    ],
  ];
  await using system = new ActorSystem("s", { logger: null });
  for (const [options, text] of cases) {
    const error = await assertRejects(
      () => Remote.start(system, given(options)),
      TypeError,
    );
    assertEquals(error.message, `Cannot start remoting: ${text} was expected`);
  }
  await assertRejects(
    () => Remote.start(system, given("10.0.0.7")),
    TypeError,
    'Cannot start remoting: the options are "10.0.0.7", an object was expected',
  );
});

Deno.test("Remote.start() and connect() refuse options that there are not, and list those that there are", async () => {
  const all =
    'one of "authorize", "clientLimits", "compression", "connectTimeout", "drainTimeout", "exposed", "goakt", "handshakeTimeout", "idleTimeout", "key", "maxLinks", "maxMessageBytes", "maxUnfinishedBytes", "metrics", "nodeDownTimeout", "outboundBudget", "redialDelay", "role", "silenceTimeout", "stallTimeout", "transport", "writeTimeout", ';
  const ofNodes =
    `${all}"advertise", "connectionRate", "hostname", "insecure", "interfaces", "maxHalfOpen", "port" was expected`;
  const ofClients = `${all}"name", "system" was expected`;
  await using system = new ActorSystem("s", { logger: null });
  for (const name of ["expose", "authorise", "constructor"]) {
    const options = { [name]: [] };
    const found = await assertRejects(
      () => Remote.start(system, given(options)),
      TypeError,
    );
    assertEquals(
      found.message,
      `Cannot start remoting: there is no option "${name}", ${ofNodes}`,
    );
  }
  for (const name of ["hostname", "insecure", "Key"]) {
    const options = { [name]: "localhost" };
    const found = await assertRejects(
      () => Remote.connect(given(options)),
      TypeError,
    );
    assertEquals(
      found.message,
      `Cannot make a client: there is no option "${name}", ${ofClients}`,
    );
  }
  await assertRejects(
    () => Remote.connect(given({ name: 1 })),
    TypeError,
    "Cannot make a client: name is 1, a text was expected",
  );
  await assertRejects(
    () => Remote.start(system, given({ connectionRate: { perMinute: 5 } })),
    TypeError,
    'there is no option "connectionRate.perMinute", one of "connectionRate.perSecond", "connectionRate.burst" was expected',
  );
});

Deno.test("Remote.start() checks what is to be done with GoAkt peers", () => {
  const integer = (lowest: number) => `an integer from ${lowest} to ${HIGHEST}`;
  const number = `a number from 1 to ${HIGHEST}`;
  const cases: [object, string][] = [
    [
      { aliases: [""] },
      "TypeError: Cannot start remoting: goakt.aliases is an array of 1, an array, each part a text that is not empty",
    ],
    [
      { accepts: ["zstd", "lz4"] },
      'TypeError: Cannot start remoting: goakt.accepts is an array of 2, an array, each part one of "none", "zstd", "gzip", "brotli", and not empty',
    ],
    [
      { accepts: [] },
      'TypeError: Cannot start remoting: goakt.accepts is an array of 0, an array, each part one of "none", "zstd", "gzip", "brotli", and not empty',
    ],
    [
      { compression: "lz4" },
      'TypeError: Cannot start remoting: goakt.compression is "lz4", one of "none", "zstd", "gzip", "brotli"',
    ],
    ...([
      ["maxServed", 0, integer(1)],
      ["maxServed", Infinity, integer(1)],
      ["maxUnfinishedBytes", NaN, integer(1)],
      ["maxCodecBytes", 0, integer(1)],
      ["maxIdle", -1, integer(0)],
      ["maxConnections", 1.5, integer(1)],
      ["maxWaiting", 0, integer(1)],
      ["budget", 0, integer(1)],
      ["serverIdleTimeout", -5, "a number from 1 to Infinity"],
      ["idleTimeout", NaN, "a number from 1 to Infinity"],
      ["connectTimeout", 0, number],
      ["answerTimeout", Infinity, number],
    ] as const).map(([name, value, wanted]): [object, string] => [
      { [name]: value },
      `RangeError: Cannot start remoting: goakt.${name} is ${value}, ${wanted}`,
    ]),
  ];
  for (const [goakt, text] of cases) {
    const found = thrown(() => checkedOptions({ goakt }));
    assertEquals(found, `${text} was expected`);
  }
  assertThrows(
    () => checkedOptions(given<RemoteOptions>({ goakt: { limit: 5 } })),
    TypeError,
    'there is no option "goakt.limit", one of "goakt.accepts", "goakt.aliases", "goakt.answerTimeout"',
  );
  const most = { serverIdleTimeout: Infinity, idleTimeout: Infinity };
  assertEquals(checkedOptions({ goakt: most }).goakt, most);
});

Deno.test("TlsTransport refuses what would leave it less safe than it was to be", async () => {
  const pems = { cert: "", key: "", ca: [""] };
  const cases: [object, string][] = [
    [
      { authentication: "mutal" },
      'TypeError: Cannot make a TLS transport: authentication is "mutal", one of "mutual", "server"',
    ],
    [
      { minVersion: "TLSv1.0" },
      'TypeError: Cannot make a TLS transport: minVersion is "TLSv1.0", one of "TLSv1.2", "TLSv1.3"',
    ],
    [
      { systems: "bank" },
      'TypeError: Cannot make a TLS transport: systems is "bank", an array, each part a text',
    ],
    [
      { handshakeTimeout: -1 },
      `RangeError: Cannot make a TLS transport: handshakeTimeout is -1, a number from 1 to ${HIGHEST}`,
    ],
    [
      { maxHalfOpen: 0 },
      `RangeError: Cannot make a TLS transport: maxHalfOpen is 0, an integer from 1 to ${HIGHEST}`,
    ],
    [
      { maxHalfOpen: NaN },
      `RangeError: Cannot make a TLS transport: maxHalfOpen is NaN, an integer from 1 to ${HIGHEST}`,
    ],
    [
      { now: 5 },
      "TypeError: Cannot make a TLS transport: now is 5, a function",
    ],
    [
      { clock: {} },
      "TypeError: Cannot make a TLS transport: clock is an object, an object with now() and setTimer()",
    ],
    [
      { ca: 5 },
      "TypeError: Cannot make a TLS transport: ca is 5, a text, or an array, each part a text",
    ],
    [
      { key: undefined },
      "TypeError: Cannot make a TLS transport: key is undefined, a text",
    ],
    [
      { minversion: "TLSv1.3" },
      'TypeError: Cannot make a TLS transport: there is no option "minversion", one of "cert", "key", "ca", "authentication", "systems", "minVersion", "handshakeTimeout", "maxHalfOpen", "transport", "clock", "now"',
    ],
  ];
  for (const [options, text] of cases) {
    const found = thrown(() =>
      new TlsTransport(given({ ...pems, ...options }))
    );
    assertEquals(found, `${text} was expected`);
  }
  const transport = new TlsTransport(pems);
  await assertRejects(
    () => transport.reload(given({ cert: "", key: "", ca: "", systems: [] })),
    TypeError,
    'Cannot use TLS: there is no option "systems", one of "cert", "key", "ca" was expected',
  );
});

Deno.test("TcpTransport, UnixTransport and MemoryRemoteMetrics check what they are given", () => {
  const cases: [() => unknown, string][] = [
    [
      () => new TcpTransport(given({ timeout: 5 })),
      'TypeError: Cannot make a TCP transport: there is no option "timeout", one of "clock" was expected',
    ],
    [
      () => new TcpTransport(given({ clock: Date })),
      "TypeError: Cannot make a TCP transport: clock is a function, an object with now() and setTimer() was expected",
    ],
    [
      () => new UnixTransport({ directory: "" }),
      'TypeError: Cannot make a Unix transport: directory is "", a text that is not empty was expected',
    ],
    [
      () => new UnixTransport(given({})),
      "TypeError: Cannot make a Unix transport: directory is undefined, a text that is not empty was expected",
    ],
    [
      () => new UnixTransport(given("/run/shop")),
      'TypeError: Cannot make a Unix transport: the options are "/run/shop", an object was expected',
    ],
    [
      () => new MemoryRemoteMetrics(given({ maxPeer: 5 })),
      'TypeError: Cannot keep figures of peers: there is no option "maxPeer", one of "maxPeers" was expected',
    ],
  ];
  for (const [run, text] of cases) assertEquals(thrown(run), text);
});

Deno.test("Outbox and spawnInbox() check what they are given", async () => {
  const Orders = protocol("orders", { place: tell<number>() });
  await using system = new ActorSystem("s", { logger: null });
  const orders = system.spawn(Orders, () => ({ place: () => {} }));
  const inbox = spawnInbox(system, orders);
  const cases: [() => unknown, string][] = [
    [
      () => new Outbox(system, Orders, inbox, given({ guarantee: "once" })),
      'guarantee is "once", one of "at_least_once", "effectively_once" was expected',
    ],
    [
      () => new Outbox(system, Orders, inbox, given({ retries: 5 })),
      'there is no option "retries", one of "guarantee", "maxBytes", "giveUpAfter", "resendAfter", "backoff" was expected',
    ],
    [
      () => new Outbox(system, Orders, inbox, given({ backoff: { min: "1" } })),
      'backoff.min is "1", a number was expected',
    ],
    [
      () => spawnInbox(system, orders, given({ windows: 5 })),
      'there is no option "windows", one of "name", "window", "maxMessageBytes", "maxOutboxes" was expected',
    ],
    [
      () => spawnInbox(system, orders, given({ window: "5" })),
      'window is "5", a number was expected',
    ],
  ];
  for (const [run, text] of cases) assertThrows(run, TypeError, text);
});

Deno.test("json() refuses what is no schema when it is made", () => {
  const wanted =
    'TypeError: Cannot make a JSON codec: the schema has no "~standard" with validate(), a Standard Schema was expected';
  for (const schema of [null, {}, "text", { "~standard": {} }]) {
    assertEquals(
      thrown(() => json(given<StandardSchema<unknown>>(schema))),
      wanted,
    );
  }
});
