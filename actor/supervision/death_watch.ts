/**
 * Who is told of whose end.
 * @module
 */

import type { BaseRef, Terminated, Watcher } from "../reference/ref.ts";

/** Both directions of death watch for one actor. Emptied when it has stopped. */
export class DeathWatch {
  #watchers: Set<Watcher> | undefined = undefined;
  /** By identity, since there may be several references to one actor of another node. */
  #watched: Map<unknown, BaseRef> | undefined = undefined;

  /** How many will be told of the actor's end. */
  get watchers(): number {
    return this.#watchers?.size ?? 0;
  }

  /** Will tell `watcher` of the actor's end. */
  addWatcher(watcher: Watcher): void {
    (this.#watchers ??= new Set()).add(watcher);
  }

  /** Will not tell it any more. */
  removeWatcher(watcher: Watcher): void {
    this.#watchers?.delete(watcher);
  }

  /** Notes that the actor watches `ref`; false when it did already. */
  begin(ref: BaseRef): boolean {
    const watched = this.#watched ??= new Map<unknown, BaseRef>();
    if (watched.has(ref.identity)) return false;
    watched.set(ref.identity, ref);
    return true;
  }

  /** Notes that the watch of `ref` is over; false when there was none. */
  end(ref: BaseRef): boolean {
    return this.#watched?.delete(ref.identity) ?? false;
  }

  /** Ends all watches of `watcher`, which has stopped, and tells those who watched it. */
  close(watcher: Watcher, ref: BaseRef, terminated: () => Terminated): void {
    for (const watched of this.#watched?.values() ?? []) {
      watched.unwatch(watcher);
    }
    this.#watched = undefined;
    const watchers = this.#watchers;
    this.#watchers = undefined;
    for (const each of watchers ?? []) each.terminated(terminated(), ref);
  }
}
