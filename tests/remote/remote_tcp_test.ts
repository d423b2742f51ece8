import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConnectError, DisconnectedError } from "../../remote/errors.ts";
import { FrameKind } from "../../remote/wire/kinds.ts";
import { Box, BoxKind, spawnBox, upTo } from "./actors.ts";
import { addressOf, type Node, startNode, warned } from "./world.ts";
import { encode } from "./wire/wire_peer.ts";

/** Two nodes on loopback, drained at the end. */
async function withPair(
  run: (a: Node, b: Node) => Promise<void>,
): Promise<void> {
  const a = await startNode("a", {}, { drainTimeout: 1_000 });
  const b = await startNode("b", { kinds: [BoxKind] }, { drainTimeout: 1_000 });
  try {
    await run(a, b);
  } finally {
    for (const { remote } of [a, b]) await remote.drain();
    for (const { system } of [a, b]) await system.drain({ timeout: 50 });
  }
  assertEquals([a.remote.connections, b.remote.connections], [0, 0]);
}

/** Resolves with the text of the next warning. */
async function nextWarning({ system }: Node): Promise<string> {
  for await (
    const { text } of system.events.subscribe({ types: ["warning"] })
  ) {
    return text;
  }
  return "the system has ended";
}

async function readAll(connection: Deno.Conn): Promise<string> {
  return await new Response(connection.readable).text();
}

Deno.test("Nodes on TCP spawn, tell, ask, look up and stop", async () => {
  await withPair(async (a, b) => {
    const ref = await a.remote.spawn(b.remote.address, Box, { name: "box" });
    for (const id of upTo(5_000)) assert(ref.tell(Box.put({ id })));
    assertEquals(await ref.ask(Box.ids()), upTo(5_000));
    const large = crypto.getRandomValues(new Uint8Array(65_536));
    const body = new Uint8Array(3_000_000);
    for (let at = 0; at < body.length; at += large.length) {
      body.set(large.subarray(0, body.length - at), at);
    }
    const back = await ref.ask(Box.echoRaw(body));
    assertEquals(back.length, body.length);
    assert(back.every((byte, at) => byte === body[at]));
    const found = await a.remote.lookup(Box, addressOf(b, "box"));
    assertEquals(found?.pid.equals(ref.pid), true);
    await a.remote.stop(ref);
    assertEquals(await a.remote.lookup(Box, ref.pid), undefined);
    assertEquals([a.warnings, b.warnings], [[], []]);
  });
});

Deno.test("A port where nobody listens is refused and named", async () => {
  await withPair(async (a, b) => {
    const { port } = b.remote;
    await b.remote.drain();
    const ref = a.remote.ref(Box, `goakt://b@127.0.0.1:${port}/box`);
    const error = await assertRejects(() => ref.ask(Box.ids()), ConnectError);
    assertEquals(
      error.message,
      `Cannot connect to "127.0.0.1:${port}": the connection was refused, a listening node was expected`,
    );
    assert(warned(a).includes(error.message));
  });
});

Deno.test("A host that cannot be dialled is named", async () => {
  await withPair(async (a) => {
    const ref = a.remote.ref(Box, "goakt://b@no-such-host.invalid:9/box");
    const error = await assertRejects(() => ref.ask(Box.ids()), ConnectError);
    assertEquals([error.node, error.outcome], [
      "no-such-host.invalid:9",
      "not_delivered",
    ]);
  });
});

Deno.test("HTTP clients and garbage on the port are answered or dropped, the rest goes on", async () => {
  await withPair(async (a, b) => {
    const { port } = b.remote;
    const box = spawnBox(b.system, "box");
    const ref = a.remote.ref(Box, addressOf(b, "box"));
    await ref.ask(Box.echo(1));
    let warning = nextWarning(b);
    const response = await fetch(`http://127.0.0.1:${port}/`);
    assertEquals(response.status, 400);
    assert((await response.text()).includes("does not speak HTTP"));
    assert((await warning).includes("HTTP"), await warning);
    warning = nextWarning(b);
    const connection = await Deno.connect({ port });
    await connection.write(new TextEncoder().encode("nonsense"));
    assertEquals(await readAll(connection), "");
    assert((await warning).includes("Cannot shake hands"), await warning);
    ref.tell(Box.put({ id: 1 }));
    await ref.ask(Box.echo(2));
    assertEquals([box.ids, b.remote.connections], [[1], 1]);
  });
});

Deno.test("A listener that is no node fails what is sent to it, whatever it answers", async () => {
  await withPair(async (a) => {
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response("hello"),
    );
    const { port } = server.addr;
    const ref = a.remote.ref(Box, `goakt://b@127.0.0.1:${port}/box`);
    await assertRejects(
      () => ref.ask(Box.ids()),
      Error,
      `Cannot shake hands with "127.0.0.1:${port}"`,
    );
  });
});

Deno.test("A node that resets its connections fails asks as unknown, then serves again", async () => {
  await withPair(async (a, b) => {
    // A relay that can be cut without a word to either side.
    const relay = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = relay.addr as Deno.NetAddr;
    const ends: Deno.TcpConn[] = [];
    const relaying = (async () => {
      for await (const near of relay) {
        const far = await Deno.connect({ port: b.remote.port });
        ends.push(near, far);
        near.readable.pipeTo(far.writable).catch(() => {});
        far.readable.pipeTo(near.writable).catch(() => {});
      }
    })();
    const cut = () => {
      for (const end of ends.splice(0)) {
        try {
          end.close();
        } catch {
          // It ended by itself.
        }
      }
    };
    spawnBox(b.system, "box");
    const ref = a.remote.ref(Box, `goakt://b@127.0.0.1:${port}/box`);
    spawnBox(b.system, "stuck");
    const stuck = a.remote.ref(Box, `goakt://b@127.0.0.1:${port}/stuck`);
    const asked = stuck.ask(Box.never());
    asked.catch(() => {});
    assertEquals(await ref.ask(Box.echo(1)), 1);
    cut();
    const error = await assertRejects(() => asked, DisconnectedError);
    assertEquals([error.outcome, error.node], ["unknown", `127.0.0.1:${port}`]);
    assertEquals(await ref.ask(Box.echo(2)), 2);
    await a.remote.drain();
    cut();
    relay.close();
    await relaying;
  });
});

Deno.test("A link that is ended because of what came over TCP says so before it closes", async () => {
  await withPair(async (_a, b) => {
    const { shakeHands } = await import(
      "../../remote/handshake/handshake_driver.ts"
    );
    const { Dialler } = await import(
      "../../remote/handshake/handshake_dialler.ts"
    );
    const { TcpTransport } = await import(
      "../../remote/transport/tcp_transport.ts"
    );
    const { WirePeer } = await import("./wire/wire_peer.ts");
    const { host: hostname, port } = b.remote;
    const connection = await new TcpTransport().connect({ hostname, port });
    const dialler = new Dialler({
      self: { system: "w", host: "w", port: 1, incarnation: "w1" },
      hostname,
      port,
      lane: "data",
    });
    await shakeHands(connection, dialler);
    const peer = new WirePeer(connection);
    const warning = nextWarning(b);
    // Much follows the frame that is wrong; closing at once would reset the connection.
    await peer.connection.write(
      new Uint8Array([...encode({ kind: 99 }), ...new Uint8Array(100_000)]),
    );
    const goodbye = await peer.expect(FrameKind.GOODBYE);
    assertEquals(
      goodbye.failure?.text,
      "Cannot read a frame: it is of kind 99, a kind of this version was expected",
    );
    assert((await warning).includes("kind 99"));
    connection.close();
  });
});
