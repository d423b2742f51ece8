import { assertEquals } from "@std/assert";
import type { Cell } from "../../../actor/cell/cell.ts";
import { Pid } from "../../../actor/reference/pid.ts";
import { json } from "../../../remote/codec/json.ts";
import type { Link } from "../../../remote/link/link.ts";
import { OpenAsks } from "../../../remote/link/open_asks.ts";
import { RemoteReply } from "../../../remote/link/remote_reply.ts";
import type { FrameFields } from "../../../remote/wire/fields.ts";
import { directCodec } from "../../../remote/wire/payload.ts";

const pid = new Pid({ system: "s", host: "h", port: 1, path: "p" });
const codec = directCodec(json());
const codecs = { input: codec, output: codec, errors: new Map() };

/** A link that only notes what is sent. */
function make() {
  const sent: unknown[] = [];
  const asks = new OpenAsks();
  const outbound = {
    reply: (correlation: number) => void sent.push(correlation),
    frame: (frame: FrameFields) => void sent.push(-(frame.correlation ?? 0)),
  };
  // The parts of both that a reply uses.
  const link = { asks, outbound, node: "h:1" } as unknown as Link;
  const open = (correlation: number) =>
    new RemoteReply(link, { pid } as Cell, correlation, 1, "a.b", codecs);
  return { asks, sent, open };
}

/** What tells a handler that nobody waits, and how often it did. */
function listen(reply: RemoteReply): unknown[] {
  const told: unknown[] = [];
  reply.carrier = { abandon: (_ask, reason) => void told.push(reason) };
  return told;
}

Deno.test("OpenAsks forgets an ask with its answer, whichever that is", () => {
  const { asks, sent, open } = make();
  const replies = [1, 2, 3].map(open);
  assertEquals(asks.size, 3);
  replies[0]?.succeed("fine");
  replies[1]?.fail(new Error("not so"));
  replies[2]?.succeed("first");
  replies[2]?.fail("second");
  assertEquals([asks.size, sent], [0, [1, -2, 3]]);
});

Deno.test("OpenAsks tells a handler once, however late it asks, and keeps nothing of it", () => {
  const { asks, sent, open } = make();
  const [early, late, done] = [open(1), open(2), open(3)];
  const told = listen(early);
  asks.cancel(1);
  asks.cancel(1);
  asks.cancel(2);
  done.succeed("");
  asks.cancel(3);
  assertEquals([told.length, listen(late).length], [1, 1]);
  assertEquals([listen(done).length, asks.size], [0, 0]);
  early.succeed("nobody hears it");
  late.fail("nor this");
  assertEquals(sent, [3]);
});

Deno.test("OpenAsks.close() tells all that are open, and none that comes after its end is kept", () => {
  const { asks, sent, open } = make();
  const told = [listen(open(1)), listen(open(2))];
  asks.close();
  asks.close();
  assertEquals([told.map(({ length }) => length), asks.size], [[1, 1], 0]);
  const after = open(3);
  assertEquals([listen(after).length, asks.size], [1, 0]);
  after.succeed("");
  assertEquals(sent, []);
});

Deno.test("OpenAsks keeps the newer ask when the older one of its number is answered", () => {
  const { asks, sent, open } = make();
  const older = open(1);
  const newer = open(1);
  older.succeed("old");
  assertEquals([asks.size, sent], [1, []]);
  newer.succeed("new");
  assertEquals([asks.size, sent], [0, [1]]);
});
