import { assert, assertEquals, assertRejects } from "@std/assert";
import { protocol, tell } from "../../../actor/mod.ts";
import { bytes, DeliveryError, Inbox, Outbox } from "../../../remote/mod.ts";
import { checkedOutboxOptions } from "../../../remote/delivery/outbox_options.ts";
import { reasons, World } from "../world.ts";

const MIB = 1_024 * 1_024;
const Bin = protocol("bin", { raw: tell(bytes()) });

Deno.test("The options of an outbox have the defaults that are documented", () => {
  assertEquals(checkedOutboxOptions({}), {
    guarantee: "at_least_once",
    maxBytes: 4 * MIB,
    giveUpAfter: 60_000,
    resendAfter: 2_000,
    backoff: { min: 50, max: 2_000 },
  });
});

Deno.test("Outbox holds 4 MiB for a node that is not there, and gives a message up after 60 s, unless told otherwise", async () => {
  await using world = new World();
  const a = await world.node("a");
  world.transport("b");
  const inbox = a.remote.ref(Inbox, "goakt://b@b:1/inbox");
  const outbox = new Outbox(a.system, Bin, inbox);
  let over = Infinity;
  const sent = assertRejects(
    () => outbox.send(Bin.raw(new Uint8Array(2 * MIB))),
    DeliveryError,
  ).finally(() => over = world.clock.now());
  assert(outbox.tell(Bin.raw(new Uint8Array(2 * MIB - 4_096))));
  assertEquals(outbox.tell(Bin.raw(new Uint8Array(8_192))), false);
  await world.clock.advance(59_999);
  assertEquals([over, outbox.size], [Infinity, 2]);
  await world.clock.advance(1);
  assertEquals([over, outbox.size], [60_000, 0]);
  const { outcome, message } = await sent;
  assertEquals(outcome, "not_delivered");
  assert(message.includes("its time is over"), message);
  assertEquals(reasons(a.deadLetters).overloaded, 1);
  outbox.close();
});
