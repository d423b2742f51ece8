// deno-lint-ignore-file no-console -- a program that reports what it measured
/**
 * Measures what actors hold and leave behind, in bytes of the heap. Needs `--v8-flags=--expose-gc`.
 *
 * @module
 */
import {
  type ActorRef,
  ActorSystem,
  ask,
  type Handlers,
  protocol,
  tell,
} from "../../actor/mod.ts";
import { settle } from "../../testing/mod.ts";

const Counter = protocol("counter", {
  increment: tell<{ by: number }>(),
  keep: tell<Uint8Array>(),
  get: ask<void, number>(),
});

class CounterActor implements Handlers<typeof Counter> {
  #count = 0;
  increment({ by }: { by: number }): void {
    this.#count += by;
  }
  keep(): void {}
  get(): number {
    return this.#count;
  }
}

const { gc } = globalThis as unknown as { gc: () => void }; // the flag puts it there
const system = new ActorSystem("memory", { logger: null });
const spawn = () => system.spawn(Counter, () => new CounterActor());

async function heap(): Promise<number> {
  await settle(system);
  gc();
  gc();
  return Deno.memoryUsage().heapUsed;
}

async function spawnAndStop(rounds: number, count: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const refs = Array.from({ length: count }, spawn);
    for (const ref of refs) ref.tell(Counter.increment({ by: 1 }));
    await settle(system);
    await Promise.all(refs.map((ref) => system.stop(ref)));
  }
}

/** A million actors that live at the same time. */
async function idle(count: number): Promise<number> {
  const before = await heap();
  const refs = new Array<ActorRef<typeof Counter>>(count);
  for (let i = 0; i < count; i++) refs[i] = spawn();
  const after = await heap();
  for (let i = 0; i < count; i++) void system.stop(refs[i] as typeof refs[0]);
  return (after - before) / count;
}

/** Actors that are stopped with mail waiting, their references kept. */
async function killed(): Promise<number> {
  const refs = Array.from({ length: 1_000 }, spawn);
  await settle(system);
  const before = await heap();
  for (const ref of refs) {
    for (let i = 0; i < 100; i++) {
      ref.tell(Counter.keep(new Uint8Array(100)));
      ref.ask(Counter.get()).catch(() => {});
    }
    void system.stop(ref);
  }
  const grown = await heap() - before;
  if (refs.length === 0) throw new Error("the references are kept until here");
  return grown;
}

/** Whether the body of a handled message can be collected while its actor lives. */
async function handled(): Promise<boolean> {
  const ref = spawn();
  const body = new WeakRef(new Uint8Array(1));
  const send = () => ref.tell(Counter.keep(body.deref() as Uint8Array));
  send();
  await heap();
  await new Promise<void>((resolve) => setImmediate(resolve));
  await heap();
  return body.deref() === undefined && await ref.ask(Counter.get()) === 0;
}

await spawnAndStop(2, 10_000);
const base = await heap();
await spawnAndStop(20, 50_000);
const churned = await heap() - base;
const isCollected = await handled();
const killedGrowth = await killed();
const idleBytes = await idle(1_000_000);
await system.drain();
console.log(
  JSON.stringify({ churned, isCollected, killedGrowth, idleBytes }),
);
