import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Pid, protocol, StoppedError, tell } from "../../../actor/mod.ts";
import { Probe } from "../../../testing/mod.ts";
import { quietSystem, Worker, worker, type WorkerRef } from "../fixtures.ts";

const Other = protocol("other", { note: tell<string>() });

Deno.test("ActorSystem.find() gives the living actor at a path, of any depth", async () => {
  await using system = quietSystem();
  const top = system.spawn(Worker, () => worker(), { name: "a" });
  const child = await top.ask(
    Worker.run((ctx) => ctx.spawn(Worker, () => worker(), { name: "b" })),
  ) as WorkerRef;
  assertStrictEquals(system.find(Worker, "a"), top);
  assertStrictEquals(system.find(Worker, "a/b"), child);
  for (const path of ["b", "a/c", "a/b/c", "", "/", "a/", "$", "$1!", "$zz"]) {
    assertEquals(system.find(Worker, path), undefined, path);
  }
  await system.stop(top);
  assertEquals(system.find(Worker, "a"), undefined);
});

Deno.test("ActorSystem.find() knows an actor without a name by its exact path only", async () => {
  await using system = quietSystem();
  const { pid } = system.spawn(Worker, () => worker());
  const number = pid.path.slice(1);
  for (const path of [`$${number}!`, `$0${number}`, `$ ${number}`, number]) {
    assertEquals(system.find(Worker, path), undefined, path);
  }
  assertEquals(system.find(Worker, pid.path)?.pid.equals(pid), true);
});

Deno.test("ActorSystem.find() of an actor that speaks another protocol is an error", async () => {
  await using system = quietSystem();
  system.spawn(Worker, () => worker(), { name: "a" });
  assertThrows(
    () => system.find(Other, "a"),
    TypeError,
    'Cannot refer to "goakt://test@:0/a" as an actor of protocol "other": it speaks protocol "worker"',
  );
  const Twin = protocol("worker", { note: tell<string>() });
  assertThrows(
    () => system.find(Twin, "a"),
    TypeError,
    'it speaks another protocol that is also named "worker"',
  );
});

Deno.test("ActorSystem.ref() gives the actor at an address of this system", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  assertStrictEquals(system.ref(Worker, actor.pid), actor);
  assertStrictEquals(system.ref(Worker, String(actor.pid)), actor);
  assertStrictEquals(system.ref(Worker, actor.pid.toJSON()), actor);
});

Deno.test("ActorSystem.ref() never reaches a later actor of the same name", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const first = system.spawn(Worker, () => worker(log), { name: "a" });
  const { pid } = first;
  await system.stop(first);
  const second = system.spawn(Worker, () => worker(log), { name: "a" });
  assertEquals(system.ref(Worker, pid).tell(Worker.note("old")), false);
  assertEquals(system.ref(Worker, String(pid)).tell(Worker.note("any")), true);
  await second.ask(Worker.note("end"));
  assertEquals(log, ["any", "end"]);
});

Deno.test("ActorSystem.ref() to nobody rejects asks, starts and room, and ends a watch, at once", async () => {
  await using system = quietSystem();
  const nobody = system.ref(Worker, "goakt://test@:0/nobody");
  assertEquals([nobody.isLocal, nobody.pid.path], [true, "nobody"]);
  assertEquals(nobody.tell(Worker.note("x")), false);
  for (
    const wait of [
      () => nobody.ask(Worker.note("x")),
      () => nobody.started(),
      () => nobody.ready(),
    ]
  ) await assertRejects(wait, StoppedError, "there is no such actor");
  const probe = new Probe(system, Worker);
  assertEquals((await probe.expectTerminated(nobody)).reason, "missing");
  await probe.unwatch(nobody);
  assertEquals(system.deadLetters, 2);
});

Deno.test("ActorSystem.ref() to another node needs remoting", async () => {
  await using system = quietSystem();
  for (const address of ["goakt://test@h:1/a", "goakt://other@:0/a"]) {
    assertThrows(
      () => system.ref(Worker, address),
      TypeError,
      `Cannot refer to "${address}": it is not of this system, which has no remoting`,
    );
  }
  assertThrows(() => system.ref(Worker, "h:1/a"), TypeError, "goakt://system@");
});

Deno.test("ActorRef.ready() resolves while the actor lives and rejects afterwards", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker());
  await actor.ready();
  await system.stop(actor);
  await assertRejects(() => actor.ready(), StoppedError);
});

Deno.test("ActorRef.toString() is the address", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  assertEquals(`${actor}`, "goakt://test@:0/a");
  assert(Pid.parse(`${actor}`).matches(actor.pid));
});
