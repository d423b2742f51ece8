/**
 * The scenarios with XState.
 * @module
 */

import {
  type Actor,
  type ActorRefFrom,
  assign,
  createActor,
  createMachine,
  fromTransition,
  type TransitionActorLogic,
} from "xstate";
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
  readonly type: "add";
  readonly by: number;
  readonly reply?: (count: number) => void;
}

interface Ball {
  readonly type: "ball";
  readonly left: number;
}

type Player = Actor<TransitionActorLogic<Count, Ball, undefined>>;

interface Count {
  readonly count: number;
}

function add(state: Count, { by, reply }: Addition): Count {
  const count = state.count + by;
  reply?.(count);
  return { count };
}

const counterLogic = fromTransition(add, { count: 0 });

type Counter = ActorRefFrom<typeof counterLogic>;

const counterMachine = createMachine({
  types: {} as { context: Count; events: Addition },
  context: { count: 0 },
  on: {
    add: {
      actions: assign({
        count: ({ context, event }) => context.count + event.by,
      }),
    },
  },
});

/** XState has no request with a reply: the event carries the function that takes it. */
function next(counter: Counter, by: number): Promise<number> {
  return new Promise((reply) => counter.send({ type: "add", by, reply }));
}

/** `send()` to the actor of a transition function. */
export function tell(load: Load): Promise<number> {
  const counter = createActor(counterLogic).start();
  return tellRate(load, (size) => {
    for (let i = 0; i < size; i++) counter.send({ type: "add", by: i & 7 });
    return next(counter, 0);
  });
}

/** `send()` to the actor of a machine with one action. */
export function tellMachine(load: Load): Promise<number> {
  const counter = createActor(counterMachine).start();
  return tellRate(load, (size) => {
    for (let i = 0; i < size; i++) counter.send({ type: "add", by: i & 7 });
    return Promise.resolve(counter.getSnapshot().context.count);
  });
}

/** `send()` between two actors. */
export function pingPong(load: Load): Promise<number> {
  let over: () => void = () => {};
  const player = (other: () => Player) =>
    fromTransition((state: Count, { left }: Ball): Count => {
      if (left === 0) over();
      else other().send({ type: "ball", left: left - 1 });
      return { count: state.count + 1 };
    }, { count: 0 });
  const ping: Player = createActor(player(() => pong)).start();
  const pong: Player = createActor(player(() => ping)).start();
  return pingPongRate(load, async (balls) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    over = resolve;
    ping.send({ type: "ball", left: balls - 1 });
    await promise;
    return ping.getSnapshot().context.count + pong.getSnapshot().context.count;
  });
}

/** An event with the function for the reply, each when the last was answered. */
export function askSequential(load: Load): Promise<number> {
  return asks(load, 1);
}

/** The same from 64 loops. */
export function askInFlight(load: Load): Promise<number> {
  return asks(load, 64);
}

function asks(load: Load, width: number): Promise<number> {
  const counter = createActor(counterLogic).start();
  const call = () => next(counter, 1);
  return askRate(load, (count, take) => inFlight(width, count, call, take));
}

/** `createActor().start()`: each is the root of a system of its own. */
export function spawn(load: Load): Promise<number> {
  return spawnRate(load, new XStateCrowd());
}

/** The same actors at rest. */
export function idle(load: Load): Promise<number> {
  return idleHeap(load, new XStateCrowd());
}

class XStateCrowd implements Crowd {
  readonly #actors: Counter[] = [];
  #started = 0;
  readonly #logic = fromTransition(add, () => {
    this.#started++;
    return { count: 0 };
  });

  grow(count: number): Promise<number> {
    for (let i = 0; i < count; i++) {
      this.#actors.push(createActor(this.#logic).start());
    }
    return Promise.resolve(this.#started);
  }

  ask(index: number): Promise<number> {
    return next(this.#actors[index]!, 1); // grown before
  }
}
