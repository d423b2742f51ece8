import { assertEquals } from "@std/assert";
import { seededRandom } from "../../../internal/random.ts";
import {
  type LargeMessage,
  LargeMessages,
  type Progress,
} from "../../../remote/link/large_messages.ts";
import { below, testSeed } from "../wire/wire_random.ts";

let number = 0;

function message(receiver: string, size: number, sender = ""): LargeMessage {
  return {
    kind: 1,
    receiver,
    sender,
    type: `${number++}`,
    correlation: receiver === "" ? number : 0,
    deadline: Infinity,
    payload: new Uint8Array(size),
    compression: undefined,
    mail: undefined,
    target: undefined,
  };
}

/** Writes 10 bytes of a message at a time and notes to whom. */
function writer(log: string[]): (progress: Progress) => boolean {
  return (progress) => {
    const { message: { receiver, payload } } = progress;
    progress.offset = Math.min(progress.offset + 10, payload.length);
    log.push(receiver);
    return progress.offset === payload.length;
  };
}

Deno.test("LargeMessages lets pairs take turns, part by part", () => {
  const large = new LargeMessages(1_000);
  const log: string[] = [];
  large.add(message("a", 30));
  large.add(message("a", 5));
  large.add(message("b", 20));
  while (large.turn(writer(log)));
  assertEquals(log, ["a", "b", "a", "b", "a", "a"]);
  assertEquals([large.isEmpty, large.bytes], [true, 0]);
});

Deno.test("LargeMessages knows the pairs that wait, with and without incarnation", () => {
  const large = new LargeMessages(1_000);
  large.add(message("/a#1", 30, "s"));
  assertEquals(
    [["/a", "s"], ["/a#1", "s"], ["/a#2", "s"], ["/a", ""], ["/ab", "s"]]
      .map(([receiver, sender]) => large.has(receiver!, sender!)),
    [true, true, true, false, false],
  );
  while (large.turn(writer([])));
  assertEquals(large.has("/a", "s"), false);
});

Deno.test("LargeMessages begins no more than the peer takes at once", () => {
  const large = new LargeMessages(30);
  const log: string[] = [];
  for (const receiver of ["a", "b", "c"]) large.add(message(receiver, 30));
  while (large.turn(writer(log)));
  assertEquals(log.join(""), "ababab" + "ccc");
});

Deno.test("LargeMessages takes one that is larger than allowed by itself", () => {
  const large = new LargeMessages(10);
  const log: string[] = [];
  large.add(message("a", 50));
  large.add(message("b", 10));
  while (large.turn(writer(log)));
  assertEquals(log.join(""), "aaaaab");
});

Deno.test("LargeMessages tells of all that is lost and is empty then", () => {
  const large = new LargeMessages(1_000);
  const sent = [message("a", 30), message("", 20), message("a", 10)];
  for (const it of sent) large.add(it);
  large.turn(writer([]));
  const lost: LargeMessage[] = [];
  large.lose((it) => lost.push(it));
  assertEquals([lost.length, new Set(lost)], [3, new Set(sent)]);
  assertEquals([large.isEmpty, large.bytes, large.turn(writer([]))], [
    true,
    0,
    false,
  ]);
});

Deno.test("LargeMessages keeps the order inside each pair, whatever comes when", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const large = new LargeMessages(60);
  const sent = new Map<string, string[]>();
  const done = new Map<string, string[]>();
  const underWay = new Set<LargeMessage>();
  const write = (progress: Progress): boolean => {
    const { message } = progress;
    underWay.add(message);
    const bytes = [...underWay].reduce((sum, it) => sum + it.payload.length, 0);
    assertEquals(bytes <= 120, true, `${bytes} under way, seed ${seed}`);
    progress.offset = Math.min(progress.offset + 7, message.payload.length);
    if (progress.offset < message.payload.length) return false;
    underWay.delete(message);
    note(done, message);
    return true;
  };
  for (let step = 0; step < 3_000; step++) {
    if (below(random, 3) === 0) {
      const it = message(`/${below(random, 5)}`, below(random, 61));
      note(sent, it);
      large.add(it);
    } else large.turn(write);
  }
  while (large.turn(write));
  assertEquals(
    [...done].sort(),
    [...sent].sort(),
    `seed ${seed}`,
  );
});

function note(to: Map<string, string[]>, { receiver, type }: LargeMessage) {
  to.set(receiver, [...to.get(receiver) ?? [], type]);
}
