import { create } from "@bufbuild/protobuf";
import { type StringValue, StringValueSchema } from "@bufbuild/protobuf/wkt";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ActorRef } from "../../../actor/mod.ts";
import { Pid } from "../../../actor/reference/pid.ts";
import {
  ConnectError,
  DisconnectedError,
  OverloadedError,
} from "../../../remote/errors.ts";
import type { GoaktOptions } from "../../../remote/mod.ts";
import { Guard, guard, watchers } from "../watch/watch_world.ts";
import { type Node, reasons, World } from "../world.ts";
import { Echo, echoHandlers, type EchoProtocol } from "./fixtures.ts";
import { ClientWorld } from "./client_world.ts";
import { GoLike } from "./go_like.ts";
import { RemoteTellResponseSchema } from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { encodeMessage } from "../../../remote/goakt/messages.ts";

const text = (value: string): StringValue =>
  create(StringValueSchema, { value });

const TOLD = encodeMessage(
  RemoteTellResponseSchema,
  create(RemoteTellResponseSchema),
);

/** What a peer is, and how this node knows. */
const PEERS = {
  troupe: "a Troupe node",
  found: "a Go node that is found out",
  said: 'a Go node with peer: "goakt"',
} as const;
type PeerSort = keyof typeof PEERS;
const SORTS: readonly PeerSort[] = ["troupe", "found", "said"];

const REFUSED =
  'no link to "there:9000" could be opened: ConnectError: Cannot connect to "there:9000": the connection was refused, a listening node was expected';

/** This node, and a place where a peer may be. Disposing ends all of it. */
class Meeting implements AsyncDisposable {
  readonly world: World;
  readonly here: Node;
  readonly ref: ActorRef<EchoProtocol>;
  readonly #sort: PeerSort;
  #go: GoLike | undefined = undefined;

  private constructor(world: World, here: Node, sort: PeerSort) {
    this.world = world;
    this.here = here;
    this.#sort = sort;
    this.ref = this.refTo("a");
  }

  static async of(
    sort: PeerSort,
    goakt: GoaktOptions = { compression: "none" },
  ): Promise<Meeting> {
    const world = new World();
    const here = await world.node("here", { remote: { goakt } });
    // The host is there, and refuses.
    const place = { hostname: "there", port: 9000 };
    await (await world.transport("there").listen(place)).close();
    return new Meeting(world, here, sort);
  }

  /** Starts the peer, with an actor that echoes, or two. */
  async begin(): Promise<void> {
    const log = { texts: [], senders: [], foreign: [] };
    if (this.#sort === "troupe") {
      const remote = { port: 9000 };
      const { system } = await this.world.node("there", { remote });
      system.spawn(Echo, () => echoHandlers(log), { name: "a" });
    } else {
      const compression = "none";
      this.#go = await new GoLike(this.world, { compression }).listen();
      for (const name of ["a", "b"]) {
        this.#go.system.spawn(Echo, () => echoHandlers(log), { name });
      }
    }
  }

  /** Kills a Go node. */
  async kill(): Promise<void> {
    await this.#go?.unlisten();
    await this.world.settle();
  }

  /** Starts a Go node again. */
  async revive(): Promise<void> {
    await this.#go?.listen();
  }

  /** Asks, which fails, and moves time on as far as that may take. */
  async fails(): Promise<void> {
    const failed = assertRejects(
      () => this.ref.ask(Echo.say(text("no"))),
      ConnectError,
    );
    await this.world.clock.advance(2_500);
    await failed;
  }

  async asks(word: string): Promise<string> {
    const asked = this.ref.ask(Echo.say(text(word)));
    await this.world.clock.advance(2_500);
    return (await asked).value;
  }

  get warnings(): string[] {
    return this.here.warnings.map(({ text }) => text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world.drain(this.here);
    await this.#go?.[Symbol.asyncDispose]();
    await this.world[Symbol.asyncDispose]();
  }

  refTo(name: string): ActorRef<EchoProtocol> {
    const { remote } = this.here;
    const system = this.#sort === "troupe" ? "there" : "go";
    const address = `goakt://${system}@there:9000/${name}`;
    return this.#sort === "said"
      ? remote.ref(Echo, address, { peer: "goakt" })
      : remote.ref(Echo, address);
  }
}

for (const sort of SORTS) {
  const name = PEERS[sort];
  Deno.test(`An outage of ${name} is told once, its end too, and asks meanwhile are dead letters`, async () => {
    await using it = await Meeting.of(sort);
    for (let n = 0; n < 3; n++) await it.fails();
    assertEquals(it.warnings, [REFUSED]);
    assertEquals(reasons(it.here.deadLetters), { disconnected: 3 });
    await it.begin();
    assertEquals(await it.asks("back"), "back");
    const back =
      '"there:9000" is reached again; 2 more failures of the links to it went unsaid';
    assertEquals(it.warnings, [REFUSED, back]);
    assertEquals(await it.asks("again"), "again");
    await it.world.drain(it.here);
    assertEquals(it.warnings, [REFUSED, back]);
    assertEquals(it.here.deadLetters.length, 3);
  });

  const where = sort === "troupe" ? `${name} out of reach` : name;
  Deno.test(`Context.watch() of an actor on ${where} tells node_down, with the reason`, async () => {
    await using it = await Meeting.of(sort);
    const watcher = guard(it.here, "watcher");
    if (sort !== "troupe") await it.begin();
    watcher.ref.tell(Guard.watch(it.ref));
    await it.world.clock.advance(sort === "troupe" ? 10_000 : 0);
    const pid = Pid.parse(it.ref.pid.toJSON());
    const why = sort === "troupe"
      ? 'actors of "there:9000": it was out of reach for 10000 ms, an open connection was expected'
      : `"${pid}": it is on a GoAkt node, which tells nobody of an end; an actor of a Troupe node was expected`;
    assertEquals(watcher.told, [`end of a node_down (Cannot watch ${why})`]);
    assertEquals(watcher.ends[0]?.pid, it.ref.pid);
    // The watch is over, and another one is told again.
    watcher.ref.tell(Guard.unwatch(it.ref));
    watcher.ref.tell(Guard.watch(it.ref));
    await it.world.clock.advance(sort === "troupe" ? 10_000 : 0);
    assertEquals(watcher.told.length, 2);
  });
}

for (const sort of ["found", "said"] as const) {
  const name = PEERS[sort];
  Deno.test(`The end of ${name} in the middle of an ask is told, and the ask a dead letter`, async () => {
    await using it = await Meeting.of(sort);
    await it.begin();
    assertEquals(await it.asks("1"), "1");
    const lost = assertRejects(
      () => it.refTo("b").ask(Echo.say(text("never"))),
      DisconnectedError,
    );
    await it.world.settle();
    await it.kill();
    assertEquals((await lost).outcome, "unknown");
    const ended =
      'the link to "there:9000" ended: DisconnectedError: Cannot wait for "there:9000": it has closed the connection instead of answering "internalpb.RemoteAskRequest", an open connection was expected';
    assertEquals(it.warnings, [ended]);
    assertEquals(reasons(it.here.deadLetters), { unknown: 1 });
    for (let n = 0; n < 2; n++) await it.fails();
    assertEquals(it.warnings, [ended, REFUSED]);
    await it.revive();
    assertEquals(await it.asks("2"), "2");
    assertEquals(it.warnings.slice(2), [
      '"there:9000" is reached again; 1 more failure of the links to it went unsaid',
    ]);
  });

  Deno.test(`The end of ${name} that nothing was expected of is no outage`, async () => {
    await using it = await Meeting.of(sort);
    await it.begin();
    assertEquals(await it.asks("1"), "1");
    await it.kill();
    await it.revive();
    assertEquals(await it.asks("2"), "2");
    assertEquals(it.warnings, []);
    assertEquals(it.here.deadLetters, []);
  });

  Deno.test(`Another compression of ${name} is told once, in words that name it`, async () => {
    await using it = await Meeting.of(sort, { compression: "gzip" });
    await it.begin();
    const errors: Error[] = [];
    for (let n = 0; n < 3; n++) {
      const failed = assertRejects(
        () => it.ref.ask(Echo.say(text("no"))),
        Error,
        'compression is not "gzip"',
      );
      await it.world.clock.advance(2_500);
      errors.push(await failed);
    }
    const [error] = errors;
    assertEquals(it.warnings, [
      `no link to "there:9000" could be opened: ${error?.name}: ${error?.message}`,
    ]);
    assertEquals(it.here.deadLetters.length, 3);
    await it.world.drain(it.here);
    assertEquals(it.warnings.slice(1), [
      '"there:9000" was not reached again; 2 more failures of the links to it went unsaid',
    ]);
  });
}

Deno.test("A Go node that says nothing for a while is told of once, and is reached again", async () => {
  await using it = await Meeting.of("said");
  await it.begin();
  const timeout = 1_000;
  await it.ref.ask(Echo.say(text("1")), { timeout });
  it.world.network.degrade("here", "there", { stalled: true });
  const late = ["2", "3"].map((word) =>
    assertRejects(() => it.ref.ask(Echo.say(text(word)), { timeout }))
  );
  await it.world.clock.advance(6_000);
  await Promise.all(late);
  assertEquals(it.warnings.length, 1);
  assert(it.warnings[0]?.includes("none came within"), it.warnings[0]);
  it.world.network.heal("here", "there");
  assertEquals(await it.asks("4"), "4");
  assertEquals(it.warnings.slice(1), [
    '"there:9000" is reached again; 1 more failure of the links to it went unsaid',
  ]);
});

Deno.test("A Go node that answers on one connection while others fail is reached again by the next answer", async () => {
  const log: string[] = [];
  await using world = new ClientWorld({}, undefined, {
    failed: (node, text, reason) => log.push(`${node} ${text}: ${reason}`),
    reached: (node) => log.push(`${node} is reached`),
  });
  await world.listen();
  world.onRequest = ({ connection, hangUp, answer }) => {
    if (connection === 1) void answer(TOLD);
    else if (connection === 3) hangUp();
  };
  const tell = () => world.ref().tell(Echo.say(text("told")));
  const lookUp = (name: string) => {
    const timeout = 1_000;
    return assertRejects(
      () =>
        world.client.lookup({ host: "there", port: 9000 }, name, { timeout }),
      DisconnectedError,
    );
  };
  tell();
  const silent = lookUp("a");
  await lookUp("b");
  const reached = "there:9000 is reached";
  const ended = (what: string) =>
    `there:9000 no link to "there:9000" could be opened: DisconnectedError: Cannot ${what}`;
  const hungUp =
    'wait for "there:9000": it has closed the connection instead of answering "internalpb.RemoteLookupRequest", most likely because its compression is not "none" or it does not know the type of the request, an open connection was expected';
  assertEquals(log, [reached, ended(hungUp)]);
  tell();
  await world.settle();
  tell();
  await world.settle();
  assertEquals(log.slice(2), [reached]);
  await world.clock.advance(1_000);
  await silent;
  tell();
  await world.settle();
  const silence =
    'get an answer to "internalpb.RemoteLookupRequest" from "there:9000": none came within 1000 ms, which is also how GoAkt nodes treat a request that they have no handler for, an open connection was expected';
  assertEquals(log.slice(3), [ended(silence), reached]);
  assertEquals(world.accepted, 3);
});

Deno.test("An ask that finds no connection to a Go node is a dead letter, as one to a node of ours", async () => {
  await using it = await Meeting.of("said", {
    compression: "none",
    maxConnections: 1,
    maxWaiting: 1,
  });
  await it.begin();
  const kept = it.ref.ask(Echo.say(text("kept")));
  await assertRejects(() => it.ref.ask(Echo.say(text("no"))), OverloadedError);
  assertEquals((await kept).value, "kept");
  assertEquals(reasons(it.here.deadLetters), { overloaded: 1 });
});

for (const sort of ["found", "said"] as const) {
  Deno.test(`Context.link() with an actor on ${PEERS[sort]} is felt as node_down`, async () => {
    await using it = await Meeting.of(sort);
    await it.begin();
    const linked = guard(it.here, "linked");
    for (let time = 1; time <= 2; time++) {
      linked.ref.tell(Guard.link(it.ref));
      await it.world.settle();
      assertEquals(linked.ends.map(({ reason }) => reason), [
        ...Array<string>(time).fill("node_down"),
      ]);
    }
    assertEquals(linked.told[0]?.slice(0, 16), "exit of a node_d");
    assertEquals(linked.told.length, 2);
    assertEquals(watchers(it.here, "linked"), 0, "something of a link is left");
  });
}
