import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { HandshakeError } from "../../remote/errors.ts";
import { encodePlain } from "../../remote/frame.ts";
import {
  ChallengeSchema,
  HelloSchema,
  ProofSchema,
  RefusalSchema,
  WelcomeSchema,
} from "../../remote/gen/troupe/remote/v1/handshake_pb.ts";
import { FrameReader } from "../../remote/goakt/frame_reader.ts";
import { Dialler } from "../../remote/handshake/handshake_dialler.ts";
import { shakeHands } from "../../remote/handshake/handshake_driver.ts";
import { SharedKey } from "../../remote/handshake/shared_key.ts";
import { TcpTransport } from "../../remote/transport/tcp_transport.ts";
import type { Connection } from "../../remote/transport/transport.ts";
import { Box } from "./actors.ts";
import { attacked, nextWarning, pipe, readAll } from "./attacked.ts";
import { type Node, startNode } from "./world.ts";

const KEY = "a secret that both nodes of this test share";
const TCP = new TcpTransport();

/** Understands what is said in a handshake. */
class Ear {
  readonly #connection: Connection;
  readonly #reader: FrameReader = new FrameReader();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The body of the next message, which must be of that type. */
  async body({ typeName }: { typeName: string }): Promise<Uint8Array> {
    for (;;) {
      const frame = this.#reader.next();
      if (frame !== undefined) {
        assertEquals(frame.name, typeName);
        return frame.body.slice();
      }
      const bytes = await this.#connection.read();
      assert(bytes !== undefined, `it ended before ${typeName}`);
      this.#reader.push(bytes);
    }
  }
}

/** Says a message of a handshake; what was heard of somebody else will do. */
function say(
  connection: Connection,
  { typeName }: { typeName: string },
  body: Uint8Array,
): Promise<void> {
  return connection.write(encodePlain(typeName, body));
}

/** A node that dials somebody who does what `answer` says; why it does not talk to him. */
async function dialled(
  answer: (near: Connection, a: Node) => Promise<void>,
): Promise<HandshakeError> {
  const a = await startNode("shop", {}, { key: KEY });
  const listener = await TCP.listen({ hostname: "127.0.0.1", port: 0 });
  const ref = a.remote.ref(Box, `goakt://shop@127.0.0.1:${listener.port}/x`);
  const asked = assertRejects(() => ref.ask(Box.ids()), HandshakeError);
  const near = await listener.accept();
  assert(near !== undefined);
  await answer(near, a);
  const error = await asked;
  near.close();
  await listener.close();
  await a.remote.drain();
  await a.system.drain();
  assertEquals(a.remote.connections, 0);
  return error;
}

Deno.test("Over TCP a node's own words that a mirror sends back are refused in both directions", async () => {
  const { reason, message } = await dialled(async (near, a) => {
    const warned = nextWarning(a);
    const { host: hostname, port } = a.remote;
    const far = await TCP.connect({ hostname, port });
    await Promise.all([pipe(near, far), pipe(far, near)]);
    const text = await warned;
    assert(text.includes('leads back to the own node "shop"'), text);
    far.close();
  });
  assertEquals(reason, "self", message);
});

Deno.test("Over TCP a dialler's own words are no answer to it, and it proves nothing to who repeats them", async () => {
  // As they are.
  const plain = await dialled(async (near) => {
    await say(near, HelloSchema, await new Ear(near).body(HelloSchema));
    assertEquals(await readAll(near), "");
  });
  assertEquals(plain.reason, "type", plain.message);
  // In the place of the answer that is waited for.
  const asked = await dialled(async (near) => {
    const body = await new Ear(near).body(HelloSchema);
    const { system, host, port, incarnation, nonce } = fromBinary(
      HelloSchema,
      body,
    );
    const challenge = { system, host, port, incarnation, nonce };
    const bytes = create(ChallengeSchema, challenge);
    await say(near, ChallengeSchema, toBinary(ChallengeSchema, bytes));
    assertEquals(await readAll(near), "");
  });
  assertEquals(asked.reason, "self", asked.message);
  // Under another name, its own proof as that of the other end.
  const proved = await dialled(async (near) => {
    const ear = new Ear(near);
    const hello = fromBinary(HelloSchema, await ear.body(HelloSchema));
    const { nonce, maxFrameBytes } = hello;
    const self = { system: "shop", host: "h", port: 1, incarnation: "evil1" };
    const challenge = create(ChallengeSchema, { ...self, nonce });
    await say(near, ChallengeSchema, toBinary(ChallengeSchema, challenge));
    const { proof } = fromBinary(ProofSchema, await ear.body(ProofSchema));
    const words = { ...self, version: 1, maxFrameBytes, proof };
    const welcome = create(WelcomeSchema, words);
    await say(near, WelcomeSchema, toBinary(WelcomeSchema, welcome));
    assertEquals(await readAll(near), "");
  });
  assertEquals(proved.reason, "key", proved.message);
});

/** Listens in on an honest node that dials another and is let in: what the two say, each in one piece. */
async function listenIn(
  { remote: { host: hostname, port } }: Node,
  dial: (port: number) => Promise<void>,
): Promise<{ near: Uint8Array; far: Uint8Array }> {
  const listener = await TCP.listen({ hostname: "127.0.0.1", port: 0 });
  const dialling = dial(listener.port);
  const near = await listener.accept();
  assert(near !== undefined);
  const far = await TCP.connect({ hostname, port });
  const heard: { near: Uint8Array[]; far: Uint8Array[] } = {
    near: [],
    far: [],
  };
  const pipes = [pipe(near, far, heard.near), pipe(far, near, heard.far)];
  await dialling;
  await Promise.all(pipes);
  near.close();
  far.close();
  await listener.close();
  const whole = async (parts: Uint8Array[]) =>
    new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
  return { near: await whole(heard.near), far: await whole(heard.far) };
}

/** The bodies of the first two messages. */
function firstTwo(
  bytes: Uint8Array,
  types: readonly { typeName: string }[],
): Uint8Array[] {
  const reader = new FrameReader();
  reader.push(bytes);
  return types.map(({ typeName }) => {
    const frame = reader.next();
    assertEquals(frame?.name, typeName);
    return frame?.body.slice() ?? new Uint8Array();
  });
}

Deno.test("Over TCP what an honest node said to be let in opens no door a second time", async () => {
  await attacked({ key: KEY }, async ({ b, warning }) => {
    const { near } = await listenIn(b, async (port) => {
      const c = await startNode("shop", {}, { key: KEY });
      const ref = c.remote.ref(Box, `goakt://shop@127.0.0.1:${port}/box`);
      assertEquals(await ref.ask(Box.echo(3)), 3);
      await c.remote.drain();
      await c.system.drain();
    });
    const [hello, proof] = firstTwo(near, [HelloSchema, ProofSchema]);
    assert(hello !== undefined && proof !== undefined);
    // The same words are said again, each when it is asked for.
    const warned = warning();
    const { host: hostname, port } = b.remote;
    const replay = await TCP.connect({ hostname, port });
    const ear = new Ear(replay);
    await say(replay, HelloSchema, hello);
    await ear.body(ChallengeSchema);
    await say(replay, ProofSchema, proof);
    const { code, text } = fromBinary(
      RefusalSchema,
      await ear.body(RefusalSchema),
    );
    assertEquals([code, text], [
      "key",
      "the dialler does not know the shared key, a node with the same key was expected",
    ]);
    assertEquals(await readAll(replay), "");
    assert((await warned).includes(text), await warned);
    // All at once, everything that followed included.
    const flood = await TCP.connect({ hostname, port });
    await flood.write(near);
    const answer = await readAll(flood);
    assert(!answer.includes(WelcomeSchema.typeName), answer);
    assert(answer.includes(RefusalSchema.typeName), answer);
  });
});

Deno.test("Over TCP what a node said to who dialled it makes nobody else that node", async () => {
  await attacked({ key: KEY }, async ({ b }) => {
    const key = await SharedKey.of(KEY);
    const dial = async (port: number) => {
      const hostname = "127.0.0.1";
      const connection = await TCP.connect({ hostname, port });
      const dialler = new Dialler({
        self: { system: "shop", host: "", port: 0, incarnation: "c1" },
        hostname,
        // As if the address were the same, so that nothing but chance tells the two apart.
        port: 7,
        lane: "data",
        role: "client",
        key,
      });
      await shakeHands(connection, dialler);
      connection.close();
    };
    const { far } = await listenIn(b, dial);
    const [challenge, welcome] = firstTwo(far, [
      ChallengeSchema,
      WelcomeSchema,
    ]);
    assert(challenge !== undefined && welcome !== undefined);
    const listener = await TCP.listen({ hostname: "127.0.0.1", port: 0 });
    const refused = assertRejects(() => dial(listener.port), HandshakeError);
    const near = await listener.accept();
    assert(near !== undefined);
    const ear = new Ear(near);
    await ear.body(HelloSchema);
    await say(near, ChallengeSchema, challenge);
    await ear.body(ProofSchema);
    await say(near, WelcomeSchema, welcome);
    const { reason, message } = await refused;
    assertEquals(reason, "key", message);
    assert(message.includes("the node does not know the shared key"), message);
    near.close();
    await listener.close();
  });
});
