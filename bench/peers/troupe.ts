/**
 * The scenarios with Troupe.
 * @module
 */

import {
  type ActorRef,
  ActorSystem,
  ask,
  type Handlers,
  type Protocol,
  protocol,
  type Spec,
  tell as told,
} from "../../actor/mod.ts";
import { Volley } from "../local/volley.ts";
import { inFlight } from "../measure.ts";
import {
  askRate,
  type Crowd,
  idleHeap,
  type Load,
  pingPongRate,
  spawnRate,
  tellRate,
} from "./scenarios.ts";

interface Addition {
  readonly by: number;
}

const Counter: Protocol<
  "counter",
  { add: Spec<Addition, void>; next: Spec<Addition, number> }
> = protocol("counter", {
  add: told<Addition>(),
  next: ask<Addition, number>(),
});

class CounterActor implements Handlers<typeof Counter> {
  #count = 0;

  add({ by }: Addition): void {
    this.#count += by;
  }

  next({ by }: Addition): number {
    return this.#count += by;
  }
}

/** `ref.tell()` from plain code; an `ask` behind the last message has the count. */
export async function tell(load: Load): Promise<number> {
  await using system = new ActorSystem("bench");
  const counter = system.spawn(Counter, () => new CounterActor());
  return await tellRate(load, (size) => {
    for (let i = 0; i < size; i++) counter.tell(Counter.add({ by: i & 7 }));
    return counter.ask(Counter.next({ by: 0 }));
  });
}

/** `ctx.tell()` between two actors. */
export async function pingPong(load: Load): Promise<number> {
  await using system = new ActorSystem("bench");
  const volley = new Volley(system);
  return await pingPongRate(load, async (balls) => {
    await volley.play(balls);
    return volley.hits;
  });
}

/** `ref.ask()`, each when the last was answered. */
export function askSequential(load: Load): Promise<number> {
  return asks(load, 1);
}

/** `ref.ask()` from 64 loops. */
export function askInFlight(load: Load): Promise<number> {
  return asks(load, 64);
}

async function asks(load: Load, width: number): Promise<number> {
  await using system = new ActorSystem("bench");
  const counter = system.spawn(Counter, () => new CounterActor());
  const call = () => counter.ask(Counter.next({ by: 1 }));
  return await askRate(
    load,
    (count, take) => inFlight(width, count, call, take),
  );
}

/** `system.spawn()`, an instance of a class for each actor. */
export function spawn(load: Load): Promise<number> {
  return spawnRate(load, new TroupeCrowd());
}

/** The same actors at rest. */
export function idle(load: Load): Promise<number> {
  return idleHeap(load, new TroupeCrowd());
}

class TroupeCrowd implements Crowd {
  readonly #system = new ActorSystem("bench"); // not drained: the process ends after this
  readonly #refs: ActorRef<typeof Counter>[] = [];
  #started = 0;

  async grow(count: number): Promise<number> {
    const create = () => {
      this.#started++;
      return new CounterActor();
    };
    for (let i = 0; i < count; i++) {
      this.#refs.push(this.#system.spawn(Counter, create));
    }
    await this.#refs.at(-1)?.started(); // they start in order
    return this.#started;
  }

  ask(index: number): Promise<number> {
    return this.#refs[index]!.ask(Counter.next({ by: 1 })); // grown before
  }
}
