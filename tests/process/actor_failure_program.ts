// deno-lint-ignore-file no-console -- a program that reports what it did
/**
 * Fails in every way that an actor can, and prints that it is still there.
 *
 * @module
 */
import {
  ActorSystem,
  ask,
  type Context,
  oneForOne,
  protocol,
} from "../../actor/mod.ts";

const Worker = protocol("worker", {
  run: ask<(ctx: Context) => unknown, unknown>(),
});
const boom = () => new Error("boom");
const throws = (): never => {
  throw boom();
};
const rejects = () => Promise.reject(boom());
const handlers = {
  run: (job: (ctx: Context) => unknown, ctx: Context) => job(ctx),
};

globalThis.addEventListener("unhandledrejection", (event) => {
  console.log("unhandled", event.reason);
});

const system = new ActorSystem("test", {
  supervisor: oneForOne({ maxRestarts: Infinity }),
  logger: { warn: throws, error: throws },
});
const actor = system.spawn(Worker, () => handlers);
for (
  const thrown of [
    undefined,
    null,
    "text",
    Symbol("s"),
    Object.freeze({}),
    boom(),
  ]
) {
  actor.tell(Worker.run(() => {
    throw thrown;
  }));
  actor.tell(Worker.run(() => Promise.reject(thrown)));
}
const hostile = new Proxy({}, {
  get: throws,
  has: throws,
  getPrototypeOf: throws,
});
actor.tell(Worker.run(() => {
  throw hostile;
}));
actor.tell(Worker.run(() => hostile));
actor.tell(Worker.run(() => Object.create(Promise.prototype)));
actor.tell(Worker.run(() => ({ then: throws })));
actor.tell(Worker.run(async () => {
  await null;
  throw boom();
}));
for (const fails of [throws, rejects]) {
  for (const hook of ["onStart", "onStop", "onRestart"]) {
    const failing = system.spawn(
      Worker,
      () => ({ ...handlers, [hook]: fails }),
    );
    failing.tell(Worker.run(throws));
    failing.tell(Worker.run((ctx) => void ctx.stop()));
  }
  const eye = system.spawn(
    Worker,
    () => ({ ...handlers, onTerminated: fails }),
  );
  eye.tell(Worker.run((ctx) => {
    const child = ctx.spawn(Worker, () => handlers);
    ctx.watch(child);
    void ctx.stop(child);
  }));
  const policy = system.spawn(Worker, () => handlers, {
    supervisor: oneForOne({ decide: fails as () => never }),
  });
  policy.tell(Worker.run(throws));
}
system.spawn(Worker, throws);
system.spawn(Worker, rejects as never);
console.log("asked", await actor.ask(Worker.run(() => "alive")));
await system.drain();
console.log("drained");

const escalating = new ActorSystem("escalating", { logger: null });
escalating.spawn(Worker, () => handlers, {
  supervisor: oneForOne({ decide: () => "escalate" }),
}).tell(Worker.run(throws));
await escalating.spawn(Worker, () => handlers).started();
await escalating.drain();
console.log("escalated", (escalating.failure?.error as Error).message);
