/**
 * A simple model of one actor with a child and a parent, for comparison with the real one.
 *
 * @module
 */
import type { Directive } from "../../../actor/mod.ts";

/** What the failed actor, and then its parent, decide. */
export interface Plan {
  /** What the actor's supervisor says. */
  readonly self: Directive;
  /** What the parent's says, should it come to that. */
  readonly parent: Directive;
}

/** Something that happens to the actor. */
export type Event =
  | { readonly do: "tell" | "pend" | "resolve" | "stop" | "drain" | "watch" }
  | { readonly do: "kidTell" | "kidStop" | "spawn" | "spawnPending" }
  | { readonly do: "spawnFailing" | "poison" | "restart" | "reinstate" }
  | { readonly do: "kidReinstate" }
  | { readonly do: "fail" | "reject" | "kidFail"; readonly plan: Plan };

const PLANS: readonly Plan[] = [
  { self: "resume", parent: "resume" },
  { self: "restart", parent: "resume" },
  { self: "stop", parent: "resume" },
  { self: "escalate", parent: "resume" },
  { self: "escalate", parent: "restart" },
  { self: "escalate", parent: "stop" },
  { self: "suspend", parent: "resume" },
];

/** Everything that can happen. */
export const EVENTS: readonly Event[] = [
  { do: "tell" },
  { do: "pend" },
  { do: "resolve" },
  { do: "stop" },
  { do: "drain" },
  { do: "watch" },
  { do: "kidTell" },
  { do: "kidStop" },
  { do: "spawn" },
  { do: "spawnPending" },
  { do: "spawnFailing" },
  { do: "poison" },
  { do: "restart" },
  { do: "reinstate" },
  { do: "kidReinstate" },
  ...PLANS.flatMap((plan): Event[] => [
    { do: "fail", plan },
    { do: "reject", plan },
    { do: "kidFail", plan },
  ]),
];

/** One line for an event. */
export function nameOf(event: Event): string {
  return "plan" in event
    ? `${event.do}(${event.plan.self}, ${event.plan.parent})`
    : event.do;
}

type Item = "tell" | "pend" | "poison" | Plan;

/** What is expected when every event is followed by rest. */
export class Model {
  /** Where the actor is in its life. */
  state:
    | "starting"
    | "running"
    | "restarting"
    | "suspended"
    | "stopping"
    | "stopped" = "running";
  /** Messages that a handler saw. */
  handled = 0;
  /** Messages that no handler saw. */
  dead = 0;
  /** Calls of `onRestart`. */
  restarts = 0;
  /** Calls of `onStop`. */
  stops = 0;
  /** Ends that the watcher was told of. */
  told = 0;
  #busy = false;
  #watched = false;
  #queue: Item[] = [];
  #kid: {
    state: "running" | "suspended" | "stopped";
    queue: (Plan | "tell")[];
  } = {
    state: "running",
    queue: [],
  };
  /** What the child failed with, while nobody has decided about it. */
  #failure: Plan | undefined = undefined;
  /** Whether the child goes on when the suspended actor does. */
  #isKidHeld = false;

  /** Applies an event and everything that it leads to. */
  apply(event: Event): void {
    switch (event.do) {
      case "tell":
      case "pend":
        this.#send(event.do);
        break;
      case "fail":
        this.#send(event.plan);
        break;
      case "resolve":
        this.#settle(undefined);
        break;
      case "reject":
        this.#settle(event.plan);
        break;
      case "stop":
        this.#stop();
        break;
      case "drain":
        if (this.state === "suspended") this.#stop();
        else if (this.#isAlive) this.#queue.push("poison");
        break;
      case "poison":
        if (this.#isAlive) this.#queue.push("poison");
        break;
      case "restart":
        this.#restart();
        break;
      case "reinstate":
        this.#reinstate();
        break;
      case "kidReinstate":
        if (this.#kid.state === "suspended") this.#resumeKid();
        break;
      case "watch":
        if (this.state === "stopped") this.told++;
        else this.#watched = true;
        break;
      case "kidTell":
        this.#sendKid("tell");
        break;
      case "kidFail":
        this.#sendKid(event.plan);
        break;
      case "kidStop":
        this.#endKid();
        break;
      default:
        this.#spawn(event.do);
    }
    this.#run();
  }

  get #isAlive(): boolean {
    return this.state !== "stopping" && this.state !== "stopped";
  }

  #send(item: Item): void {
    if (this.#isAlive) this.#queue.push(item);
    else this.dead++;
  }

  #sendKid(item: Plan | "tell"): void {
    if (this.#kid.state === "stopped") this.dead++;
    else this.#kid.queue.push(item);
  }

  #spawn(how: "spawn" | "spawnPending" | "spawnFailing"): void {
    if (this.state !== "stopped" || how === "spawnFailing") return;
    this.#watched = false;
    this.state = how === "spawn" ? "running" : "starting";
    this.#busy = how === "spawnPending";
    if (how === "spawn") this.#kid = { state: "running", queue: [] };
  }

  #settle(plan: Plan | undefined): void {
    if (!this.#busy) return;
    this.#busy = false;
    if (this.state === "starting") {
      if (plan === undefined) {
        this.state = "running";
        this.#kid = { state: "running", queue: [] };
      } else {
        this.#end();
      }
    } else if (this.state === "stopping") {
      this.#finish(plan);
    } else if (this.state === "restarting") {
      this.#renew(); // whatever the handler ended with
    } else if (plan !== undefined) {
      this.#decide(plan);
    }
  }

  #restart(): void {
    if (this.state !== "running" && this.state !== "suspended") return;
    if (this.#busy) this.state = "restarting";
    else this.#renew();
  }

  /** A fresh instance takes the place of the one that there is. */
  #renew(): void {
    this.restarts++;
    this.#endKid();
    this.state = "running";
    this.#kid = { state: "running", queue: [] };
  }

  #reinstate(): void {
    if (this.state !== "suspended") return;
    this.state = "running";
    if (!this.#isKidHeld) return;
    this.#resumeKid();
    this.#runKid(); // it is woken before the actor is
  }

  #resumeKid(): void {
    this.#kid.state = "running";
    this.#failure = undefined;
    this.#isKidHeld = false;
  }

  /** Which of the two a stopping actor waited for decides whether there is an instance to stop. */
  #wasStarting = false;

  #finish(plan: Plan | undefined): void {
    if (this.#wasStarting && plan !== undefined) return this.#end();
    this.stops++;
    this.#end();
  }

  #stop(): void {
    if (!this.#isAlive) return;
    this.dead += this.#queue.filter((item) => item !== "poison").length;
    this.#queue = [];
    this.#wasStarting = this.state === "starting";
    if (this.#busy) {
      this.state = "stopping";
      return;
    }
    this.stops++;
    this.#end();
  }

  #end(): void {
    this.dead += this.#queue.filter((item) => item !== "poison").length;
    this.#queue = [];
    this.#endKid();
    this.state = "stopped";
    if (this.#watched) this.told++;
    this.#watched = false;
  }

  #endKid(): void {
    this.dead += this.#kid.queue.length;
    this.#kid = { state: "stopped", queue: [] };
    this.#failure = undefined;
    this.#isKidHeld = false;
  }

  #decide({ self, parent }: Plan): void {
    if (self === "escalate") this.#runKid(); // it was woken before the parent was
    if (self === "resume" || (self === "escalate" && parent === "resume")) {
      if (this.#kid.state === "suspended" && this.#failure === undefined) {
        this.#kid.state = "running";
        if (self === "escalate") this.#runKid(); // it is woken before the actor is
      }
    } else if (self === "suspend") {
      this.state = "suspended";
      this.#isKidHeld = this.#kid.state === "suspended" &&
        this.#failure === undefined;
    } else if (self === "restart") {
      this.#renew();
    } else {
      this.#stop();
    }
  }

  /** The actor goes on until nothing is left for it; then its child does. */
  #run(): void {
    for (;;) {
      const canHandle = this.state === "running" && !this.#busy;
      if (canHandle && this.#failure !== undefined) {
        const plan = this.#failure;
        this.#failure = undefined;
        this.#decide(plan);
      } else if (canHandle && this.#queue.length > 0) {
        this.#runItem();
      } else if (!this.#runKid()) {
        return;
      }
    }
  }

  #runItem(): void {
    const item = this.#queue.shift();
    if (item === "poison") {
      this.state = "stopping";
      this.#runKid();
      this.state = "running";
      this.#stop();
      return;
    }
    this.handled++;
    if (item === "pend") this.#busy = true;
    else if (item !== "tell" && item !== undefined) this.#decide(item);
  }

  /** Lets the child handle what waits for it, up to its next failure; false when nothing did. */
  #runKid(): boolean {
    let hasRun = false;
    while (this.#kid.state === "running" && this.#kid.queue.length > 0) {
      hasRun = true;
      const item = this.#kid.queue.shift();
      this.handled++;
      if (item === "tell" || item === undefined) continue;
      if (this.state === "stopping") this.#endKid();
      else {
        this.#kid.state = "suspended";
        this.#failure = item;
      }
    }
    return hasRun;
  }
}
