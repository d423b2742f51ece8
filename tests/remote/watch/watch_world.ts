/**
 * Actors that watch others, and note what they are told.
 * @module
 */

import {
  type ActorRef,
  type AnyProtocol,
  type Protocol,
  protocol,
  type Spec,
  tell,
  type Terminated,
} from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { RemoteError } from "../../../remote/errors.ts";
import type { Node } from "../world.ts";

/** What a guard understands. The references stay on its node. */
export type GuardProtocol = Protocol<"guard", {
  watch: Spec<ActorRef<AnyProtocol>, void>;
  unwatch: Spec<ActorRef<AnyProtocol>, void>;
  link: Spec<ActorRef<AnyProtocol>, void>;
  unlink: Spec<ActorRef<AnyProtocol>, void>;
  note: Spec<{ word: string; pad?: string }, void>;
  fail: Spec<string, void>;
  say: Spec<{ to: string; words: number; pad: string }, void>;
}>;

export const Guard: GuardProtocol = protocol("guard", {
  watch: tell<ActorRef<AnyProtocol>>(),
  unwatch: tell<ActorRef<AnyProtocol>>(),
  link: tell<ActorRef<AnyProtocol>>(),
  unlink: tell<ActorRef<AnyProtocol>>(),
  note: tell<{ word: string; pad?: string }>(),
  fail: tell<string>(),
  say: tell<{ to: string; words: number; pad: string }>(),
});

/** An actor with what it was told, in order. */
export interface GuardLog {
  readonly ref: ActorRef<GuardProtocol>;
  readonly told: string[];
  /** Everything of what it was told of ends. */
  readonly ends: Terminated[];
}

/** One line for an end. */
function line(verb: string, { pid, reason, error }: Terminated): string {
  const more = error === undefined
    ? ""
    : error instanceof RemoteError
    ? ` (${error.remoteCode}: ${error.text})`
    : ` (${(error as Error).message})`;
  return `${verb} ${pid.path} ${reason}${more}`;
}

/** Spawns a guard, which notes all it is told; with `"dies"` it has no hook for the ends of linked actors. */
export function guard(
  { system, remote }: Node,
  name: string,
  links: "survives" | "dies" = "survives",
): GuardLog {
  const told: string[] = [];
  const ends: Terminated[] = [];
  const ref = system.spawn(Guard, () => ({
    watch: (target, ctx) => ctx.watch(target),
    unwatch: (target, ctx) => ctx.unwatch(target),
    link: (target, ctx) => ctx.link(target),
    unlink: (target, ctx) => ctx.unlink(target),
    note: ({ word }) => void told.push(word),
    fail: (text) => {
      throw new RangeError(text);
    },
    say: ({ to, words, pad }, ctx) => {
      const target = remote.ref(Guard, to);
      for (let n = 0; n < words; n++) {
        ctx.tell(target, Guard.note({ word: `${n}`, ...(n === 0 && { pad }) }));
      }
    },
    onTerminated: (terminated: Terminated) => {
      ends.push(terminated);
      told.push(line("end of", terminated));
    },
    ...(links === "survives" && {
      onExit: (terminated: Terminated) => {
        ends.push(terminated);
        told.push(line("exit of", terminated));
      },
    }),
  }), { name });
  return { ref, told, ends };
}

/** How many watch an actor, or are linked with it. */
export function watchers({ system }: Node, path: string): number {
  const cell = internalsOf(system).find(path);
  return cell?.rareOrNone?.watch?.watchers ?? 0;
}
