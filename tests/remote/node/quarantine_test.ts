import { assert, assertEquals, assertRejects } from "@std/assert";
import { HandshakeError, QuarantinedError } from "../../../remote/errors.ts";
import type { NodeIdentity } from "../../../remote/handshake/handshake.ts";
import {
  type Introduced,
  Quarantine,
} from "../../../remote/node/quarantine.ts";
import type { FrameFields } from "../../../remote/wire/fields.ts";
import { DefinitionKind, FrameKind } from "../../../remote/wire/kinds.ts";
import { Box, spawnBox } from "../actors.ts";
import { addressOf, type Node, warned, World } from "../world.ts";
import { WirePeer } from "../wire/wire_peer.ts";

const A = { system: "a", host: "a", port: 1 };

class FakeLink implements Introduced {
  readonly peer: NodeIdentity | undefined;
  refused: unknown = undefined;

  constructor(peer: NodeIdentity | undefined) {
    this.peer = peer;
  }

  refuse(error: unknown): void {
    this.refused = error;
  }
}

Deno.test("Quarantine dials an address once, however many claim it, and believes who answers", async () => {
  const before = new FakeLink({ ...A, incarnation: "one" });
  const other = new FakeLink({ ...A, port: 2, incarnation: "one" });
  const links = new Set([before, other, new FakeLink(undefined)]);
  const answer = Promise.withResolvers<string>();
  let dialled = 0;
  const quarantine = new Quarantine(links, () => {
    dialled++;
    return answer.promise;
  });
  assertEquals(quarantine.admit({ ...A, incarnation: "one" }), undefined);
  assertEquals(
    quarantine.admit({ ...A, port: 0, incarnation: "two" }),
    undefined,
  );
  const admitted = quarantine.admit({ ...A, incarnation: "two" });
  const refused = assertRejects(
    () => quarantine.admit({ ...A, incarnation: "three" }) ?? Promise.resolve(),
    QuarantinedError,
    'Cannot talk to run "three" of node "a@a:1": another run answers at that address',
  );
  answer.resolve("two");
  await admitted;
  await refused;
  assertEquals(dialled, 1);
  assert(before.refused instanceof QuarantinedError);
  assertEquals([before.refused.incarnation, other.refused], ["one", undefined]);
  assertEquals(
    ["one", "two", "three"].map((incarnation) =>
      quarantine.refusal({ ...A, incarnation })?.code
    ),
    ["quarantined", undefined, "quarantined"],
  );
});

Deno.test("Quarantine lets a run back that answers at its address", () => {
  const link = new FakeLink({ ...A, incarnation: "one" });
  const quarantine = new Quarantine(new Set([link]), () => Promise.reject());
  quarantine.proved({ ...A, incarnation: "two" });
  assertEquals(
    quarantine.refusal({ ...A, incarnation: "one" })?.found,
    'another run than "one" answers at "a@a:1"',
  );
  quarantine.proved({ ...A, incarnation: "one" });
  assertEquals(quarantine.refusal({ ...A, incarnation: "one" }), undefined);
});

Deno.test("Quarantine dials 64 addresses at the same time and remembers 1,024 runs, at most", async () => {
  const links = new Set<FakeLink>();
  const answers: PromiseWithResolvers<string>[] = [];
  const quarantine = new Quarantine(links, () => {
    const answer = Promise.withResolvers<string>();
    answers.push(answer);
    return answer.promise;
  });
  for (let port = 1; port <= 100; port++) {
    links.add(new FakeLink({ ...A, port, incarnation: "one" }));
  }
  const admitted = Array.from(
    { length: 100 },
    (_, at) => quarantine.admit({ ...A, port: at + 1, incarnation: "two" }),
  );
  assertEquals(answers.length, 64);
  for (const answer of answers) answer.reject(new Error("nobody"));
  await Promise.all(admitted); // nobody is pushed out on a word alone
  assertEquals([...links].filter(({ refused }) => refused).length, 0);
  for (let n = 0; n < 2_000; n++) {
    links.clear();
    links.add(new FakeLink({ ...A, incarnation: `run ${n}` }));
    quarantine.proved({ ...A, incarnation: "now" });
  }
  assertEquals(quarantine.size, 1_024);
});

/** A tell of `{"id":N}` to the actor "box", with the numbers that it needs. */
function put(id: number): FrameFields {
  return {
    kind: FrameKind.TELL,
    receiver: 1,
    type: 1,
    definitions: [
      { number: 1, table: DefinitionKind.ADDRESS, value: "/box" },
      { number: 1, table: DefinitionKind.TYPE_NAME, value: "box.put" },
    ],
    payload: new TextEncoder().encode(`{"id":${id}}`),
  };
}

/** A peer that says it is a run of the node "wire" at wire:7. */
function run(
  world: World,
  to: Node,
  incarnation: string,
  replaces?: Uint8Array,
): Promise<WirePeer> {
  return WirePeer.dial(world, to, "data", undefined, undefined, {
    incarnation,
    ...(replaces && { replaces }),
  });
}

Deno.test("A run of a node is told that another has taken its place, and nothing of it is handled any more", async () => {
  await using world = new World();
  const b = await world.node("b");
  const box = spawnBox(b.system, "box");
  const old = await run(world, b, "wire1");
  await old.send(put(1));
  await world.settle();
  const next = await world.node("wire", { remote: { port: 7 } });
  const ref = next.remote.ref(Box, addressOf(b, "box"));
  ref.tell(Box.put({ id: 2 }));
  await old.send(put(3)).catch(() => {}); // crosses the news
  assertEquals(await ref.ask(Box.echo(0)), 0);
  const goodbye = await old.expect(FrameKind.GOODBYE);
  assertEquals(goodbye.failure?.code, "quarantined_error");
  assert(goodbye.failure?.text.includes('run "wire1" of node "wire@wire:7"'));
  await old.rest();
  assertEquals(box.ids.filter((id) => id !== 3), [1, 2]);
  // It may not come back either.
  const error = await assertRejects(
    () => run(world, b, "wire1"),
    HandshakeError,
  );
  assertEquals([error.reason, error.retryable], ["quarantined", false]);
  await world.settle();
  ref.tell(Box.put({ id: 4 }));
  assertEquals((await ref.ask(Box.ids())).at(-1), 4);
  assertEquals(next.warnings, []);
});

Deno.test("A Hello with the address of a living node pushes nobody out, and who said it is refused", async () => {
  await using world = new World();
  const b = await world.node("b");
  const box = spawnBox(b.system, "box");
  const real = await world.node("wire", { remote: { port: 7 } });
  const ref = real.remote.ref(Box, addressOf(b, "box"));
  ref.tell(Box.put({ id: 1 }));
  assertEquals(await ref.ask(Box.echo(1)), 1);
  const { connections } = b.remote;
  const spoofed = await run(world, b, "zzz"); // a later run, by its name
  await spoofed.send(put(66)).catch(() => {});
  const goodbye = await spoofed.expect(FrameKind.GOODBYE);
  assertEquals(goodbye.failure?.code, "quarantined_error");
  await spoofed.rest();
  await world.settle();
  ref.tell(Box.put({ id: 2 }));
  assertEquals(await ref.ask(Box.ids()), [1, 2]);
  assertEquals([box.ids, b.remote.connections], [[1, 2], connections]);
  assertEquals([real.warnings, real.deadLetters], [[], []]);
});

Deno.test("A Hello with address and run of a living node pushes nobody out, one that knows its link does", async () => {
  await using world = new World();
  const b = await world.node("b");
  const box = spawnBox(b.system, "box");
  const first = await run(world, b, "wire1");
  await first.send(put(1));
  const spoofed = await run(world, b, "wire1", new Uint8Array(16));
  await world.settle();
  await first.send(put(2));
  await world.settle();
  assertEquals([box.ids, b.remote.connections], [[1, 2], 2]);
  const again = await run(world, b, "wire1", first.token);
  await world.settle();
  assertEquals(await first.connection.read().then(() => "over"), "over");
  await first.rest();
  await again.send(put(3));
  await world.settle();
  assertEquals([box.ids, b.remote.connections], [[1, 2, 3], 2]);
  assert(warned(b).includes("the peer has dialled anew"), warned(b));
  assertEquals([first.token.length, again.token.length], [16, 16]);
  assert(first.token.toHex() !== again.token.toHex());
  spoofed.connection.close();
  again.connection.close();
  await world.settle();
});

Deno.test("Two runs of a node that cannot be dialled are both served", async () => {
  await using world = new World();
  const b = await world.node("b");
  const box = spawnBox(b.system, "box");
  const one = await run(world, b, "wire1"); // nobody listens at wire:7
  const two = await run(world, b, "wire2");
  await one.send(put(1));
  await two.send(put(2));
  await world.settle();
  assertEquals([box.ids.toSorted(), b.remote.connections], [[1, 2], 2]);
  one.connection.close();
  two.connection.close();
  await world.settle();
});

Deno.test("Two nodes that dial each other at the same moment keep a link each", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const boxes = [spawnBox(a.system, "box"), spawnBox(b.system, "box")];
  const toB = a.remote.ref(Box, addressOf(b, "box"));
  const toA = b.remote.ref(Box, addressOf(a, "box"));
  for (let id = 0; id < 100; id++) {
    toB.tell(Box.put({ id }));
    toA.tell(Box.put({ id }));
  }
  assertEquals(
    await Promise.all([toB.ask(Box.echo(1)), toA.ask(Box.echo(2))]),
    [
      1,
      2,
    ],
  );
  const ids = Array.from({ length: 100 }, (_, id) => id);
  assertEquals(boxes.map((box) => box.ids), [ids, ids]);
  assertEquals([a, b].map(({ remote }) => remote.connections), [2, 2]);
  assertEquals([a.warnings, b.warnings], [[], []]);
});
