/**
 * An actor of another node, and who watches it.
 * @module
 */

import { Pid } from "../../actor/reference/pid.ts";
import type {
  BaseRef,
  TerminationReason,
  Watcher,
} from "../../actor/reference/ref.ts";

/** How an actor is watched. */
export interface Watching {
  /** The reference that was watched. */
  readonly ref: BaseRef;
  /** The actor of this node that the watched one is linked with. */
  readonly linked: BaseRef | undefined;
}

/** One watched actor. */
export class WatchedActor {
  /** As it was named. */
  readonly pid: Pid;
  /** With its incarnation, once the other node has said which. */
  exact: Pid | undefined;
  /** What the current link calls the watch; 0 for nothing. */
  number = 0;
  readonly watchers: Map<Watcher, Watching> = new Map();

  constructor(pid: Pid) {
    this.pid = pid;
    this.exact = pid.incarnation === "" ? undefined : pid;
  }

  /** The other node has said which actor it is; what else it says of its own address does not matter here. */
  found(address: string): void {
    if (this.exact !== undefined) return;
    try {
      const { incarnation } = Pid.parse(address);
      this.exact = new Pid({ ...this.pid, incarnation });
    } catch {
      // It goes on being known by the name that it was watched by.
    }
  }

  /** Tells all who watch that it lives. */
  live(): void {
    for (const [watcher, { ref }] of [...this.watchers]) {
      watcher.watching?.(ref);
    }
  }

  /** Tells all who watch of the end, once. */
  tell(reason: TerminationReason, error: unknown): void {
    const { watchers, pid } = this;
    const terminated = {
      pid: this.exact ?? pid,
      reason,
      ...(error === undefined ? {} : { error }),
    };
    const told = [...watchers];
    watchers.clear();
    for (const [watcher, { ref }] of told) watcher.terminated(terminated, ref);
  }
}
