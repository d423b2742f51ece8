import { assertEquals } from "@std/assert";
import { bytes } from "../../../remote/codec/raw.ts";
import { ask, protocol, tell } from "../../../actor/mod.ts";
import { addressOf, startNode } from "../world.ts";

const LARGE: number = 1024 * 1024;
const SMALL = 100;
const COUNT = 10_000;

const Ledger = protocol("ledger", {
  enter: tell(bytes()),
  close: ask<void, { entered: number; flaws: string[] }>(),
});

/** A body that begins with its number. */
function numbered(size: number, number: number): Uint8Array {
  const body = new Uint8Array(size);
  new DataView(body.buffer).setUint32(0, number);
  return body;
}

Deno.test("10,000 tells of 1 MiB and of 100 bytes in turn arrive in order over TCP, each whole", async () => {
  const [a, b] = [await startNode("a", {}, {}), await startNode("b", {}, {})];
  b.system.spawn(Ledger, () => {
    let entered = 0;
    const flaws: string[] = [];
    return {
      enter: (body) => {
        const number = new DataView(body.buffer, body.byteOffset).getUint32(0);
        const size = number % 2 === 0 ? LARGE : SMALL;
        if (number !== entered || body.length !== size) {
          flaws.push(`${number} with ${body.length} bytes came as ${entered}`);
        }
        entered++;
      },
      close: () => ({ entered, flaws: flaws.slice(0, 5) }),
    };
  }, { name: "ledger" });
  const ref = a.remote.ref(Ledger, addressOf(b, "ledger"));
  let refused = 0;
  for (let number = 0; number < COUNT; number += 2) {
    await ref.ready();
    for (const [size, at] of [[LARGE, number], [SMALL, number + 1]] as const) {
      if (!ref.tell(Ledger.enter(numbered(size, at)))) refused++;
    }
  }
  const { entered, flaws } = await ref.ask(Ledger.close(), { timeout: 60_000 });
  assertEquals({ entered, flaws, refused }, {
    entered: COUNT,
    flaws: [],
    refused: 0,
  });
  assertEquals([a.deadLetters, b.deadLetters, a.warnings, b.warnings], [
    [],
    [],
    [],
    [],
  ]);
  for (const { remote } of [a, b]) await remote.drain();
  for (const { system } of [a, b]) await system.drain();
});
