import { assertEquals } from "@std/assert";
import { MessageValue } from "../../../actor/protocol/message.ts";
import { Pid } from "../../../actor/reference/pid.ts";
import { PROTOCOL } from "../../../actor/protocol/protocol.ts";
import { seededRandom } from "../../../internal/random.ts";
import { Outstanding } from "../../../remote/link/outstanding.ts";
import { Box } from "../actors.ts";
import { below, testSeed } from "../wire/wire_random.ts";

const target = {
  pid: new Pid({ system: "s", host: "h", port: 1, path: "p" }),
};

function mail(body: number): MessageValue {
  return new MessageValue(Box[PROTOCOL], 0, "box.put", body);
}

/** Which were lost, and whether they were written. */
function lost(outstanding: Outstanding, written: number): [unknown, boolean][] {
  const all: [unknown, boolean][] = [];
  outstanding.lose(written, (it, _target, isWritten) => {
    all.push([(it as MessageValue).body, isWritten]);
  });
  return all;
}

Deno.test("Outstanding counts the bytes from its oldest to its newest frame", () => {
  const outstanding = new Outstanding();
  assertEquals([outstanding.size, outstanding.bytes], [0, 0]);
  outstanding.add(mail(1), target, 10, 10);
  outstanding.add(mail(2), target, 5, 35); // 20 bytes of other frames came between
  assertEquals([outstanding.size, outstanding.bytes], [2, 35]);
  assertEquals(outstanding.acknowledge(1, 35), true);
  assertEquals([outstanding.size, outstanding.bytes], [1, 5]);
  assertEquals(outstanding.acknowledge(2, 35), true);
  assertEquals([outstanding.size, outstanding.bytes], [0, 0]);
});

Deno.test("Outstanding takes a frame for written when its own bytes are, not those before it", () => {
  const outstanding = new Outstanding();
  outstanding.add(mail(1), target, 10, 10);
  outstanding.add(mail(2), target, 10, 20);
  assertEquals(outstanding.acknowledge(1, 20), true);
  outstanding.add(mail(3), target, 10, 50); // behind 20 bytes that are not counted
  assertEquals(lost(outstanding, 35), [[2, true], [3, false]]);
  outstanding.add(mail(4), target, 10, 60);
  assertEquals(lost(outstanding, 51), [[4, true]]);
  outstanding.add(mail(5), target, 10, 70);
  assertEquals(lost(outstanding, 60), [[5, false]]);
});

Deno.test("Outstanding refuses acknowledgements of what was not sent, not written, or taken back", () => {
  const outstanding = new Outstanding();
  assertEquals(outstanding.acknowledge(1, 100), false);
  outstanding.add(mail(1), target, 10, 10);
  outstanding.add(mail(2), target, 10, 20);
  assertEquals(outstanding.acknowledge(3, 20), false);
  assertEquals(outstanding.acknowledge(2, 10), false);
  assertEquals(outstanding.acknowledge(1, 10), true);
  assertEquals(outstanding.acknowledge(0, 20), false);
  assertEquals(outstanding.acknowledge(1, 20), true);
  assertEquals(outstanding.acknowledge(2, 20), true);
});

Deno.test("Outstanding behaves as a plain list does", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  for (let round = 0; round < 30; round++) {
    const outstanding = new Outstanding();
    let model: { id: number; start: number; end: number }[] = [];
    let [end, acked, id] = [0, 0, 0];
    for (let step = 0; step < 300; step++) {
      for (let count = below(random, 80); count > 0; count--) {
        end += below(random, 3) === 0 ? below(random, 50) : 0;
        const size = 1 + below(random, 100);
        end += size;
        model.push({ id, start: end - size, end });
        outstanding.add(mail(id++), target, size, end);
      }
      const news = below(random, Math.min(model.length, 90) + 1);
      assertEquals(outstanding.acknowledge(acked += news, end), true);
      model = model.slice(news);
      const bytes = model.length === 0 ? 0 : end - model[0]!.start;
      // Bytes behind the newest frame do not count.
      const behind = end - (model.at(-1)?.end ?? end);
      assertEquals(
        [outstanding.size, outstanding.bytes],
        [model.length, bytes - behind],
        `seed ${seed}, round ${round}, step ${step}`,
      );
    }
    const written = end - below(random, 200);
    assertEquals(
      lost(outstanding, written),
      model.map((it) => [it.id, it.start < written] as [unknown, boolean]),
    );
  }
});
