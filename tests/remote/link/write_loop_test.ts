import { assert, assertEquals } from "@std/assert";
import { WriteLoop } from "../../../remote/link/write_loop.ts";
import type { Connection } from "../../../remote/transport/transport.ts";

const PIECE = new Uint8Array(64 * 1024);

Deno.test("WriteLoop gives way to other sockets while its writes need not wait", async () => {
  let now = 0;
  let writes = 0;
  const clock = { now: () => now, setTimer: () => ({ cancel() {} }) };
  const connection: Connection = {
    local: "here",
    remote: "there",
    read: () => Promise.resolve(undefined),
    write: () => {
      now += 0.25;
      writes++;
      return Promise.resolve();
    },
    closeWrite: () => Promise.resolve(),
    close() {},
    [Symbol.dispose]() {},
  };
  const rested = Promise.withResolvers<void>();
  let wanted = 1_000;
  const loop = new WriteLoop(
    {
      takeWrite: () => wanted-- > 0 ? PIECE : undefined,
      wrote() {},
      rested: () => rested.resolve(),
    },
    clock,
    rested.reject,
  );
  loop.attach(connection);
  const counts: number[] = [];
  const look = () => {
    counts.push(writes);
    if (writes < 1_000) setImmediate(look);
  };
  setImmediate(look);
  await rested.promise;
  await new Promise((resolve) => setImmediate(resolve));
  assertEquals(counts.at(-1), 1_000);
  const most = Math.max(
    ...counts.map((count, index) => count - (counts[index - 1] ?? 0)),
  );
  // Of 2 ms, at 0.25 ms each; the first pause may come later.
  assert(most <= 16, `${most} writes passed between two turns`);
});
