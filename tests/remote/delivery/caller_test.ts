import { assert, assertEquals } from "@std/assert";
import {
  ActorSystem,
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../../actor/mod.ts";
import { Inbox, json, Outbox, spawnInbox } from "../../../remote/mod.ts";
import type { DeliverySegment } from "../../../remote/delivery/segment.ts";
import { addressOf, type Node, World } from "../world.ts";

type DoorProtocol = Protocol<"door", { knock: Spec<string, void> }>;

const Door: DoorProtocol = protocol("door", { knock: tell<string>() });

/** What was said, and by whom. */
type Knocks = [string, string | undefined][];

/** An inbox "inbox" in front of an actor that notes who has brought what. */
function spawnDoor(system: ActorSystem): Knocks {
  const knocks: Knocks = [];
  const door = system.spawn(Door, () => ({
    knock: (text, ctx) => void knocks.push([text, ctx.caller?.node]),
  }));
  spawnInbox(system, door, { name: "inbox" });
  return knocks;
}

/** The first segment of a session, as an outbox of that name would send it. */
function segmentOf(
  producer: string,
  session: number | null,
  text: string,
): DeliverySegment {
  const part = json().encode(text);
  assert(session !== null);
  const total = part.length;
  return { producer, session, number: 1, type: "door.knock", total, part };
}

Deno.test("Context.caller of a message from an inbox is the node that its outbox is on", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const knocks = spawnDoor(b.system);
  const inbox = a.remote.ref(Inbox, addressOf(b, "inbox"));
  const box = new Outbox(a.system, Door, inbox);
  const sent = box.send(Door.knock("from a"));
  await world.clock.advance(200);
  await sent;
  box.close();
  assertEquals(knocks, [["from a", "a"]]);
});

Deno.test("Context.caller of a message from an inbox is nobody when its outbox is on the own node", async () => {
  await using system = new ActorSystem("local", { logger: null });
  const knocks = spawnDoor(system);
  const inbox = system.find(Inbox, "inbox");
  assert(inbox !== undefined);
  await using box = new Outbox(system, Door, inbox);
  await box.send(Door.knock("from here"));
  assertEquals(knocks, [["from here", undefined]]);
});

Deno.test("Inbox keeps outboxes of two nodes apart that say the same name", async () => {
  await using world = new World();
  const [a, b, c] = [
    await world.node("a"),
    await world.node("b"),
    await world.node("c"),
  ];
  const knocks = spawnDoor(b.system);
  const at = (node: Node) => node.remote.ref(Inbox, addressOf(b, "inbox"));
  const open = (node: Node, session: number) =>
    at(node).ask(
      Inbox.open({ producer: "box", session, retention: 60_000 }),
    );
  const honest = await open(a, 1);
  const liar = await open(c, 2);
  assert(honest.key !== null && liar.key !== null && honest.key !== liar.key);
  // A session of another node is not known, whatever it is called.
  at(c).tell(Inbox.segment(segmentOf("box", honest.key, "forged")));
  await world.settle();
  at(a).tell(Inbox.segment(segmentOf("box", honest.key, "mine")));
  at(c).tell(Inbox.segment(segmentOf("box", liar.key, "own")));
  await world.settle();
  assertEquals(knocks, [["mine", "a"], ["own", "c"]]);
  await world.clock.advance(20);
});
