import { assert, assertEquals } from "@std/assert";
import type {
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  Transport,
} from "../../../remote/transport/transport.ts";
import { Box, BoxKind, spawnBox, upTo } from "../actors.ts";
import { Guard, guard } from "../watch/watch_world.ts";
import { addressOf, World } from "../world.ts";

/** A transport of which a test holds up single connections, in the order in which they were dialled. */
class LaneTransport implements Transport {
  readonly scheme: string;
  readonly dialled: StallingConnection[] = [];
  readonly #inner: Transport;

  constructor(inner: Transport) {
    this.#inner = inner;
    this.scheme = inner.scheme;
  }

  listen(options: ListenOptions): Promise<Listener> {
    return this.#inner.listen(options);
  }

  async connect(options: ConnectOptions): Promise<Connection> {
    const connection = await this.#inner.connect(options);
    const stalling = new StallingConnection(connection);
    this.dialled.push(stalling);
    return stalling;
  }
}

/** A connection that a test holds up in both directions. */
class StallingConnection implements Connection {
  readonly #inner: Connection;
  #gate: PromiseWithResolvers<void> | undefined = undefined;

  constructor(inner: Connection) {
    this.#inner = inner;
  }

  get remote(): string {
    return this.#inner.remote;
  }

  get local(): string {
    return this.#inner.local;
  }

  /** Nothing passes until {@linkcode StallingConnection.release}. */
  stall(): void {
    this.#gate ??= Promise.withResolvers();
  }

  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await this.#inner.read();
    await this.#gate?.promise;
    return bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#gate?.promise;
    await this.#inner.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#inner.closeWrite();
  }

  close(): void {
    this.release();
    this.#inner.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

Deno.test("Requests do not wait for messages: with the lane of those stalled they are carried out all the same", async () => {
  await using world = new World();
  const transport = new LaneTransport(world.transport("a"));
  const a = await world.node("a", { remote: { transport } });
  const b = await world.node("b", { system: { kinds: [BoxKind] } });
  const box = spawnBox(b.system, "box");
  const watched = spawnBox(b.system, "watched");
  const linked = spawnBox(b.system, "linked");
  const watcher = guard(a, "watcher");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  assertEquals(await ref.ask(Box.echo(1)), 1);
  assertEquals(transport.dialled.length, 1); // the lane of messages
  transport.dialled[0]?.stall();
  // Large ones and small ones wait, and a request whose answer comes over the same lane.
  const large = new Uint8Array(1_000_000);
  for (const _ of upTo(3)) assert(ref.tell(Box.raw(large)));
  for (const id of upTo(100)) assert(ref.tell(Box.put({ id })));
  const over: string[] = [];
  const note = (word: string, work: Promise<unknown>): Promise<unknown> =>
    work.then(() => over.push(word), (error) => over.push(`${word}: ${error}`));
  const waiting = note("ask", ref.ask(Box.echo(2)));

  const requests: Promise<unknown>[] = [
    note("lookup", a.remote.lookup(Box, addressOf(b, "box"))),
    note("spawn", a.remote.spawn(b.remote.address, Box, { name: "new" })),
    note("started", ref.started()),
    note("state", a.remote.state(ref)),
    note("reinstate", a.remote.reinstate(ref)),
  ];
  for (
    const [verb, { ref }] of [["watch", watched], ["link", linked]] as const
  ) {
    const target = a.remote.ref(Box, ref.pid);
    watcher.ref.tell(Guard[verb](target as never));
  }
  await world.settle();
  assertEquals(over.toSorted(), [
    "lookup",
    "reinstate",
    "spawn",
    "started",
    "state",
  ]);
  await Promise.all(requests);
  const respawned = a.remote.ref(Box, addressOf(b, "new"));
  requests.push(note("respawn", a.remote.respawn(respawned)));
  for (const path of ["watched", "linked"]) {
    const target = a.remote.ref(Box, addressOf(b, path));
    requests.push(note(`stop ${path}`, a.remote.stop(target)));
  }
  await world.settle();
  assertEquals(over.slice(5).toSorted(), [
    "respawn",
    "stop linked",
    "stop watched",
  ]);
  assertEquals(watcher.told.toSorted(), [
    "end of watched stopped",
    "exit of linked stopped",
  ]);
  assertEquals([box.ids, box.sizes, over.includes("ask")], [[], [], false]);

  transport.dialled[0]?.release();
  await waiting;
  assertEquals([box.ids, box.sizes], [upTo(100), Array(3).fill(1_000_000)]);
  assertEquals([a.deadLetters, b.deadLetters], [[], []]);
  assertEquals([a.warnings, b.warnings], [[], []]);
});
