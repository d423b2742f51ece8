import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  AskTimeoutError,
  PoisonPill,
  withHeaders,
} from "../../../actor/mod.ts";
import { ConnectError } from "../../../remote/errors.ts";
import { decodeMetadata } from "../../../remote/metadata.ts";
import { Code } from "../../../remote/goakt/gen/internalpb/error_pb.ts";
import { RemoteTellRequestSchema } from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { decodeMessage } from "../../../remote/goakt/messages.ts";
import { fromAny } from "../../../remote/goakt/payload.ts";
import { ClientWorld } from "./client_world.ts";
import { Echo } from "./fixtures.ts";
import {
  echo,
  failed,
  replied,
  said,
  textsOf,
  TOLD,
} from "./scripted_answers.ts";

Deno.test("GoaktRef.tell() sends in order on one connection and does not wait for answers", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const ref = world.ref();
  for (const text of ["1", "2", "3"]) ref.tell(Echo.say(said(text)));
  await world.settle();
  assertEquals(world.requests.map(textsOf), [["1"], ["2"], ["3"]]);
  assertEquals(world.accepted, 1);
  for (const asked of world.requests) await asked.answer(TOLD);
  await world.settle();
  assertEquals(world.reasons, []);
  assertEquals(world.client.connections, 1);
});

Deno.test("GoaktRef.tell() and ask() send headers, and tells with other headers apart", async () => {
  await using world = new ClientWorld();
  await world.listen();
  world.onRequest = echo;
  const ref = world.ref();
  const traced = (trace: string) => withHeaders(ref, { traceparent: trace });
  await traced("1").ask(Echo.say(said("a")));
  const second = traced("2");
  for (let n = 0; n < 40; n++) second.tell(Echo.say(said(`${n}`)));
  ref.tell(Echo.say(said("plain")));
  await ref.ask(Echo.say(said("b")));
  const seen = world.requests.flatMap((asked) => {
    const trace = asked.metadata &&
      decodeMetadata(asked.metadata).headers.get("traceparent");
    return textsOf(asked).map((text) => `${text} ${trace}`);
  });
  const middle = Array.from({ length: 40 }, (_, n) => `${n} 2`);
  assertEquals(seen, ["a 1", ...middle, "plain undefined", "b undefined"]);
});

Deno.test("GoaktRef.ask() goes behind what was told to the same actor before, and to no other", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const ref = world.ref("a");
  ref.tell(Echo.say(said("1")));
  ref.tell(Echo.say(said("2")));
  const asked = ref.ask(Echo.say(said("3")));
  const other = world.ref("b").ask(Echo.say(said("4")));
  await world.settle();
  const names = () => world.requests.map(({ name }) => name.slice(17, -7));
  assertEquals(names().toSorted(), ["Ask", "Tell", "Tell"]);
  const [tells, asks] = ["Tell", "Ask"].map((kind) =>
    world.requests.filter(({ name }) => name.includes(kind))
  );
  await tells?.[0]?.answer(TOLD);
  await world.settle();
  ref.tell(Echo.say(said("5")));
  await world.settle();
  assertEquals(names().length, 4);
  await tells?.[1]?.answer(TOLD);
  await world.settle();
  assertEquals(names().length, 5);
  assertEquals(names().at(-1), "Ask");
  await asks?.[0]?.answer(replied("4"));
  await world.requests.at(-1)?.answer(replied("3"));
  assertEquals([(await asked).value, (await other).value], ["3", "4"]);
});

Deno.test("GoaktRef.ask() behind tells that are lost goes all the same, or not at all once given up", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const ref = world.ref("a");
  ref.tell(Echo.say(said("1")));
  const asked = ref.ask(Echo.say(said("2")));
  const given = assertRejects(
    () => ref.ask(Echo.say(said("3")), { timeout: 50 }),
    AskTimeoutError,
  );
  await world.clock.advance(100);
  await given;
  assertEquals(world.requests.length, 1);
  world.requests[0]?.hangUp();
  await world.settle();
  assertEquals(world.reasons, ["unknown"]);
  assertEquals(world.requests.length, 2);
  await world.requests[1]?.answer(replied("2"));
  assertEquals((await asked).value, "2");
});

Deno.test("GoaktRef.tell() gathers messages to one receiver while answers are outstanding", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const [a, b] = [world.ref("a"), world.ref("b")];
  const wanted: string[] = [];
  for (let i = 0; i < 400; i++) {
    const text = `${i}`;
    wanted.push(text);
    (i % 100 === 99 ? b : a).tell(Echo.say(said(text)));
  }
  await world.settle();
  // A run of messages to one receiver is one request.
  assertEquals(world.requests.length, 8);
  world.onRequest = echo;
  world.requests.forEach(echo);
  await world.settle();
  assertEquals(world.requests.flatMap(textsOf), wanted);
  assertEquals(world.reasons, []);
});

Deno.test("GoaktRef.tell() to nobody is a dead letter that says so", async () => {
  await using world = new ClientWorld();
  await world.listen();
  world.onRequest = (asked) =>
    void asked.answer(failed({ code: Code.NOT_FOUND, message: "nobody" }));
  assertEquals(world.ref().tell(Echo.say(said("1"))), true);
  await world.settle();
  assertEquals(world.reasons, ["missing"]);
});

Deno.test("GoaktRef.tell() tells what was on the way from what was not when the peer hangs up", async () => {
  await using world = new ClientWorld();
  await world.listen();
  const refs = [world.ref("a"), world.ref("b")];
  for (let i = 0; i < 20; i++) refs[i % 2]?.tell(Echo.say(said(`${i}`)));
  await world.settle();
  assertEquals(world.requests.length, 16);
  await world.unlisten();
  await world.settle();
  const counts = Map.groupBy(world.reasons, (reason) => reason);
  assertEquals(counts.get("unknown")?.length, 16);
  assertEquals(counts.get("disconnected")?.length, 4);
  assertEquals(world.deadLetters.length, 20);
});

Deno.test("GoaktRef.tell() to a node that is not there is a dead letter; asks reject", async () => {
  await using world = new ClientWorld();
  const ref = world.ref();
  assertEquals(ref.tell(Echo.say(said("1"))), true);
  await world.settle();
  assertEquals(world.reasons, ["disconnected"]);
  await assertRejects(() => ref.ask(Echo.say(said("2"))), ConnectError);
});

Deno.test("GoaktRef.tell() is given up when the answer stays away", async () => {
  await using world = new ClientWorld({ answerTimeout: 2_000 });
  await world.listen();
  world.ref().tell(Echo.say(said("1")));
  await world.clock.advance(2_000);
  assertEquals(world.reasons, ["unknown"]);
  assertEquals(world.client.connections, 0);
});

Deno.test("GoaktRef.ready() waits while half of the room is in use, so that a batch fits", async () => {
  await using world = new ClientWorld({ budget: 1_000 });
  await world.listen();
  const ref = world.ref();
  let isReady = false;
  const settled = async () => {
    void ref.ready().then(() => isReady = true);
    await world.settle();
    return isReady;
  };
  ref.tell(Echo.say(said("x")));
  assertEquals(await settled(), true);
  isReady = false;
  ref.tell(Echo.say(said("x".repeat(400))));
  assertEquals(await settled(), false);
  world.requests.forEach(echo);
  await world.settle();
  assertEquals([isReady, world.reasons], [true, []]);
});

Deno.test("GoaktRef.tell() is refused when there is no room, which ready() waits for", async () => {
  await using world = new ClientWorld({ budget: 1_000 });
  await world.listen();
  const ref = world.ref();
  let taken = 0;
  while (ref.tell(Echo.say(said("x".repeat(100))))) taken++;
  assert(taken >= 3 && taken < 10, `${taken} were taken`);
  assertEquals(world.reasons, ["overloaded"]);
  let isReady = false;
  await world.settle();
  const large = world.ref("b");
  large.tell(Echo.say(said("y")));
  const ready = ref.ready().then(() => isReady = true);
  await world.settle();
  world.onRequest = echo;
  world.requests.forEach(echo);
  await ready;
  assertEquals(isReady, true);
  assertEquals(ref.tell(Echo.say(said("z"))), true);
});

Deno.test("GoaktRef.tell() makes a dead letter of a message above the limit", async () => {
  await using world = new ClientWorld({ limit: 16 * 1024 });
  await world.listen();
  world.onRequest = echo;
  world.ref().tell(Echo.say(said("x".repeat(20_000))));
  world.ref().tell(Echo.say(said("small")));
  await world.settle();
  assertEquals(world.reasons, ["not_encodable"]);
  assertEquals(world.requests.map(textsOf), [["small"]]);
});

Deno.test("GoaktRef.tell() of a PoisonPill sends GoAkt's", async () => {
  await using world = new ClientWorld();
  await world.listen();
  world.onRequest = echo;
  world.ref().tell(PoisonPill);
  await world.settle();
  const { body } = world.requests[0] ?? { body: new Uint8Array() };
  const [message] = decodeMessage(RemoteTellRequestSchema, body).remoteMessages;
  assertEquals(fromAny(message?.message).typeName, "goaktpb.PoisonPill");
});
