import { connect } from "node:tls";
import { assertEquals, assertRejects } from "@std/assert";
import { TlsTransport } from "../../../remote/tls/tls_transport.ts";
import { testTransport } from "../transport/transport_conformance.ts";
import { authority, foreign, tlsOf, uriOf } from "./tls_fixtures.ts";

const [one, two] = [await tlsOf("shop"), await tlsOf("shop")];
testTransport("TlsTransport", () => ({
  server: one,
  client: two,
  hostname: "127.0.0.1",
}));

Deno.test("TlsTransport gives nothing to read of a peer that is not let in", async () => {
  const server = await tlsOf("shop");
  await using listener = await server.listen({
    hostname: "127.0.0.1",
    port: 0,
  });
  const [stranger, accepted] = await Promise.all([
    server.connectAnonymously(listener),
    listener.accept(),
  ]);
  assertEquals(accepted?.refusal?.code, "certificate_missing");
  assertEquals(accepted?.certified?.identity, undefined);
  await stranger.write(new Uint8Array(1_000));
  await stranger.closeWrite();
  assertEquals(await accepted?.read(), undefined);
  stranger.close();
  accepted?.close();
});

Deno.test("TlsTransport speaks TLS 1.3, and 1.2 only when told so", async () => {
  const strict = await tlsOf("shop");
  const lenient = await tlsOf("shop", { minVersion: "TLSv1.2" });
  const versions: unknown[] = [];
  for (const server of [strict, lenient]) {
    const listener = await server.listen({ hostname: "127.0.0.1", port: 0 });
    const { cert, key } = await authority.issue({ uris: [uriOf("shop")] });
    const over = Promise.withResolvers<unknown>();
    const socket = connect({
      port: listener.port,
      host: "127.0.0.1",
      cert,
      key,
      ca: authority.cert,
      minVersion: "TLSv1.2",
      maxVersion: "TLSv1.2",
      checkServerIdentity: () => undefined,
    }, () => over.resolve(socket.getProtocol()));
    socket.on("error", () => over.resolve("refused"));
    versions.push(await over.promise);
    socket.destroy();
    await listener.close();
  }
  assertEquals(versions, ["refused", "TLSv1.2"]);
});

Deno.test("TlsTransport says what is wrong with certificates before it listens or dials", async () => {
  const { cert, key } = await authority.issue({ uris: [uriOf("shop")] });
  const ca = authority.cert;
  const old = await authority.issue({
    name: "old",
    uris: [uriOf("shop")],
    until: new Date(0),
    from: new Date(0),
  });
  const cases: [TlsTransport, string][] = [
    [
      new TlsTransport({ cert: "", key, ca }),
      "Cannot use TLS: the own certificate cannot be read (it has no certificate), PEM text was expected",
    ],
    [
      new TlsTransport({ cert, key: "x", ca }),
      "the private key cannot be read",
    ],
    [
      new TlsTransport({ ...old, ca }),
      'Cannot use TLS: the certificate "CN=old" expired at 1970-01-01T00:00:00.000Z',
    ],
    [
      await tlsOf("shop", {}, {}, foreign),
      'the certificate "CN=shop" was issued by "CN=Evil CA", which is foreign here',
    ],
  ];
  for (const [tls, text] of cases) {
    const place = { hostname: "127.0.0.1", port: 0 };
    await assertRejects(() => tls.listen(place), TypeError, text);
    await assertRejects(
      () => tls.connect({ ...place, port: 1 }),
      TypeError,
      text,
    );
  }
});

Deno.test("Nothing of TLS is loaded before it is used", async () => {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", "remote/tls/tls_transport.ts"],
    cwd: new URL("../../../", import.meta.url),
  }).output();
  assertEquals(success, true);
  interface Dependency {
    specifier: string;
    code?: unknown;
    isDynamic?: boolean;
  }
  const { modules }: { modules: { dependencies?: Dependency[] }[] } = JSON
    .parse(new TextDecoder().decode(stdout));
  const loaded = modules.flatMap(({ dependencies = [] }) => dependencies)
    .filter(({ code, isDynamic }) => code !== undefined && isDynamic !== true)
    .map(({ specifier }) => specifier)
    .filter((specifier) => /^node:(tls|net|crypto|stream)$/.test(specifier));
  assertEquals([...new Set(loaded)], []);
});
