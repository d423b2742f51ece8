import { assertThrows } from "@std/assert";
import { ActorSystem, protocol, tell } from "../../../actor/mod.ts";
import type { Cell } from "../../../actor/cell/cell.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { OverloadedError } from "../../../remote/errors.ts";
import type { Link } from "../../../remote/link/link.ts";
import { WatchServer } from "../../../remote/watch/watch_server.ts";
import type { DecodedFrame } from "../../../remote/wire/fields.ts";
import { ManualClock } from "../../../testing/manual_clock.ts";

const Idle = protocol("idle", { nothing: tell() });
const encoder = new TextEncoder();

Deno.test("WatchServer counts the links that there are: those that end make room, those never made do not", async () => {
  const clock = new ManualClock();
  await using system = new ActorSystem("s", { clock, logger: null });
  const spawn = (name: string) =>
    system.spawn(Idle, () => ({ nothing() {}, onExit() {} }), { name });
  const { find } = internalsOf(system);
  const cellOf = (name: string) => {
    const ref = spawn(name);
    return { ref, cell: find(name) as Cell };
  };
  const far = ["far1", "far2"].map(spawn);
  const here = ["a", "b", "c"].map(cellOf);
  const link = {
    node: "peer:1",
    peer: { system: "s", host: "peer", port: 1 },
    whenClosed() {},
  } as unknown as Link;
  const server = new WatchServer({
    settled: () => undefined,
    // In place of one on another node.
    sender: ({ path }) => internalsOf(system).find(path)?.ref as never,
  }, 1);
  const frame = (name: string) =>
    ({
      payload: () => encoder.encode(`goakt://s@peer:1/${name}`),
    }) as unknown as DecodedFrame;
  const join = (index: number, name: string) =>
    server.link(link, here[index]?.cell as Cell, frame(name));
  const isFull = () => {
    assertThrows(() => join(2, "far2"), OverloadedError);
  };
  join(0, "far1");
  isFull();
  server.unlink(link, here[1]?.cell, frame("far2")); // there is none
  isFull();
  server.unlink(link, here[0]?.cell, frame("far1"));
  join(0, "far1");
  isFull();
  await system.stop(here[0]?.ref as never); // one end
  join(1, "far1");
  isFull();
  await system.stop(far[0] as never); // the other
  await clock.settle();
  join(2, "far2");
  isFull();
});
