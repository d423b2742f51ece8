import { assertEquals } from "@std/assert";
import { Remote } from "../../../remote/remote.ts";
import { ShortVisits } from "../../../remote/node/short_visits.ts";
import { ManualClock } from "../../../testing/manual_clock.ts";
import { Box, spawnBox, upTo } from "../actors.ts";
import { addressOf, World } from "../world.ts";

const text = (place: string) =>
  `100 clients from "${place}" came and went within 60 s, each in less than 5 s, one that a program keeps for as long as it runs was expected`;

/** What is said of visits, and a way to make some: `lasted` milliseconds each, one every `every` milliseconds. */
function watched(): {
  said: string[];
  clock: ManualClock;
  visit(
    count: number,
    options?: {
      place?: string;
      lasted?: number;
      every?: number;
      port?: number;
    },
  ): Promise<void>;
} {
  const clock = new ManualClock();
  const said: string[] = [];
  const visits = new ShortVisits(clock, (text) => said.push(text));
  let last = 0;
  return {
    said,
    clock,
    async visit(count, options = {}) {
      const { place = "a", lasted = 1, every = 1, port = 0 } = options;
      for (let at = 0; at < count; at++) {
        await clock.advance(every);
        const peer = { port, incarnation: `run-${++last}` };
        visits.ended(peer, place, clock.now() - lasted);
      }
    },
  };
}

Deno.test("ShortVisits warns of a hundred short clients of a place in a minute, and again after an hour", async () => {
  const { said, clock, visit } = watched();
  await visit(99);
  await visit(99, { place: "b" });
  assertEquals(said, []);
  await visit(1);
  assertEquals(said.splice(0), [text("a")]);
  await visit(1_000);
  assertEquals(said, []);
  await visit(1, { place: "b" });
  assertEquals(said.splice(0), [text("b")]);
  await clock.advance(60 * 60_000);
  await visit(99);
  assertEquals(said, []);
  await visit(1);
  assertEquals(said, [text("a")]);
});

Deno.test("ShortVisits says nothing of clients that stay, that come now and then, and of nodes", async () => {
  const { said, visit } = watched();
  await visit(300, { lasted: 5_000 });
  await visit(300, { port: 4001 });
  await visit(300, { every: 607 });
  assertEquals(said, []);
  await visit(200, { every: 600 });
  assertEquals(said, [text("a")]);
});

Deno.test("ShortVisits counts a client once, however often it connects, and remembers 128 places", async () => {
  const clock = new ManualClock();
  const said: string[] = [];
  const visits = new ShortVisits(clock, (text) => said.push(text));
  const end = (run: number, place: string) =>
    visits.ended({ port: 0, incarnation: `${run}` }, place, clock.now());
  for (let at = 0; at < 1_000; at++) end(at % 99, "a");
  assertEquals(said, []);
  for (let place = 0; place < 128; place++) end(0, `${place}`);
  for (let run = 99; run < 198; run++) end(run, "a"); // forgotten meanwhile
  assertEquals(said, []);
  end(198, "a");
  assertEquals(said, [text("a")]);
  await clock.settle();
});

Deno.test("A node warns once of programs that make a client for each call, and not of one that keeps its client", async () => {
  await using world = new World();
  const b = await world.node("b");
  spawnBox(b.system, "box");
  const { clock } = world;
  /** A program on a host of its own, whose client asks `calls` times. */
  const run = async (host: string, calls: number) => {
    const client = await Remote.connect({
      transport: world.transport(host),
      idleTimeout: 50,
      silenceTimeout: 200,
      system: { clock },
    });
    const ref = client.ref(Box, addressOf(b, "box"));
    for (let call = 0; call < calls; call++) {
      assertEquals(await ref.ask(Box.echo(call)), call);
      if (calls === 1) break;
      await clock.advance(400); // its connection is idle, and closed
      assertEquals(client.connections, 0);
    }
    const drained = client.drain();
    await clock.advance(100);
    await drained;
  };
  await run("kept", 150);
  for (const _ of upTo(99)) await run("hasty", 1);
  assertEquals(b.warnings, []);
  for (const _ of upTo(50)) await run("hasty", 1);
  assertEquals(b.warnings.map(({ text }) => text), [text("hasty")]);
});
