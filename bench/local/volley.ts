/**
 * Two actors that return one ball to each other.
 * @module
 */

import {
  type ActorRef,
  type ActorSystem,
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../actor/mod.ts";

/** The body of a ball. */
export interface Ball {
  /** How often it is still to be returned. */
  readonly left: number;
}

const Player: Protocol<"player", { ball: Spec<Ball, void> }> = protocol(
  "player",
  { ball: tell<Ball>() },
);

/** Two actors that play. */
export class Volley {
  readonly #players: ActorRef<typeof Player>[] = [];
  #hits = 0;
  #over: () => void = () => {};

  constructor(system: ActorSystem) {
    for (const other of [1, 0]) {
      const player = system.spawn(Player, () => ({
        ball: ({ left }, ctx) => {
          this.#hits++;
          if (left === 0) this.#over();
          else ctx.tell(this.#player(other), Player.ball({ left: left - 1 }));
        },
      }));
      this.#players.push(player);
    }
  }

  /** How many balls were received since the beginning. */
  get hits(): number {
    return this.#hits;
  }

  /** Sends a ball and resolves when it was received `balls` times. */
  play(balls: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#over = resolve;
    this.#player(0).tell(Player.ball({ left: balls - 1 }));
    return promise;
  }

  #player(index: number): ActorRef<typeof Player> {
    return this.#players[index]!; // two were spawned
  }
}
