/**
 * Actors for the tests of remoting.
 * @module
 */

import {
  type ActorRef,
  type ActorSystem,
  ask,
  type Handlers,
  type Kind,
  kind,
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../actor/mod.ts";
import { bytes } from "../../remote/codec/raw.ts";

/** What a box understands. */
export type BoxProtocol = Protocol<"box", {
  put: Spec<{ id: number; pad?: string }, void>;
  raw: Spec<Uint8Array, void>;
  ids: Spec<void, number[]>;
  echo: Spec<unknown, unknown>;
  echoRaw: Spec<Uint8Array, Uint8Array>;
  fill: Spec<number, Uint8Array>;
  boom: Spec<string, void>;
  never: Spec<void, void>;
}>;

export const Box: BoxProtocol = protocol("box", {
  put: tell<{ id: number; pad?: string }>(),
  raw: tell(bytes()),
  ids: ask<void, number[]>(),
  echo: ask<unknown, unknown>(),
  echoRaw: ask(bytes(), bytes()),
  fill: ask<number, Uint8Array>(undefined, bytes()),
  boom: ask<string, void>(),
  never: ask<void, void>(),
});

/** What a box has seen. */
export interface BoxLog {
  readonly ids: number[];
  readonly sizes: number[];
}

export function boxHandlers(log: BoxLog): Handlers<BoxProtocol> {
  return {
    put: ({ id }: { id: number }): void => void log.ids.push(id),
    raw: (body: Uint8Array): void => void log.sizes.push(body.length),
    ids: (): number[] => log.ids,
    echo: (body: unknown): unknown => body,
    echoRaw: (body: Uint8Array): Uint8Array => body,
    fill: (size: number): Uint8Array => new Uint8Array(size),
    boom: (text: string): never => {
      throw new RangeError(text);
    },
    never: (): Promise<never> => new Promise(() => {}),
  };
}

/** Spawns a box; what it has seen can be looked at. */
export function spawnBox(
  system: ActorSystem,
  name: string,
): BoxLog & { ref: ActorRef<BoxProtocol> } {
  const log: BoxLog = { ids: [], sizes: [] };
  const ref = system.spawn(Box, () => boxHandlers(log), { name });
  return { ...log, ref };
}

export const BoxKind: Kind<BoxProtocol> = kind(
  Box,
  () => boxHandlers({ ids: [], sizes: [] }),
);

/** The numbers from 0 to `count` - 1. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
