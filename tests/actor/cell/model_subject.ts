/**
 * The real actor that is compared with the model, and what must hold for it whatever happens.
 *
 * @module
 */
import {
  type ActorSystem,
  type Context,
  type Handlers,
  type Message,
  oneForOne,
  PoisonPill,
  type SpawnOptions,
} from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { ManualClock } from "../../../testing/mod.ts";
import { gate, quietSystem, Worker, type WorkerRef } from "../fixtures.ts";
import type { Event, Plan } from "./model.ts";

/** A failure that carries what is to be decided about it. */
class Planned extends Error {
  readonly plan: Plan;
  constructor(plan: Plan) {
    super("planned");
    this.plan = plan;
  }
}

/** One instance of the actor. */
interface Instance {
  phase: "starting" | "started" | "ended";
  busy: boolean;
  ends: number;
}

/** An actor with a child and a parent, and a record of everything that happens to it. */
export class Subject {
  readonly clock: ManualClock = new ManualClock();
  readonly system: ActorSystem = quietSystem({ clock: this.clock });
  readonly problems: string[] = [];
  readonly #warnings: string[] = [];
  readonly handled: Set<number> = new Set();
  readonly dead: Set<number> = new Set();
  restarts = 0;
  stops = 0;
  told = 0;
  #ids: WeakMap<Message, number> = new WeakMap();
  #sent = 0;
  #openAsks = 0;
  #useAsk: boolean;
  #instances: Instance[] = [];
  #pending: PromiseWithResolvers<void> | undefined = undefined;
  #parent: Context | undefined = undefined;
  #watcher: Context | undefined = undefined;
  #subject: WorkerRef | undefined = undefined;
  #kid: WorkerRef | undefined = undefined;

  /** Everything is sent with `ask`, or with `tell`. */
  constructor(useAsk: boolean) {
    this.#useAsk = useAsk;
    const { events } = internalsOf(this.system).runtime;
    events.tap(["dead_letter", "warning"], (event) => {
      if (event.type === "dead_letter") {
        this.#note(this.dead, this.#ids.get(event.message));
      } else if (event.type === "warning") this.#warnings.push(event.text);
    });
    this.system.spawn(Worker, () => ({
      receive() {},
      onStart: (ctx) => void (this.#watcher = ctx),
      onTerminated: () => void this.told++,
    }));
  }

  /** Makes the parent and the actor. */
  async begin(): Promise<void> {
    await this.#spawn("spawn");
    await this.clock.settle();
  }

  /** Where the actor is in its life, in the words of the model. */
  get state(): string {
    const path = this.#subject?.pid.path ?? "";
    const cell = internalsOf(this.system).find(path);
    if (cell === undefined || cell.ref !== this.#subject as unknown) {
      return "stopped";
    }
    if (cell.state === "draining") return "stopping";
    return cell.state === "new" ? "starting" : cell.state;
  }

  /** Lets an event happen, without rest. */
  async apply(event: Event): Promise<void> {
    const subject = this.#subject as WorkerRef; // made by begin()
    switch (event.do) {
      case "tell":
        return this.#send(subject, () => {});
      case "pend":
        return this.#send(subject, () => (this.#pending = gate()).promise);
      case "fail":
        return this.#send(subject, () => {
          throw new Planned(event.plan);
        });
      case "resolve":
        return this.#pending?.resolve();
      case "reject":
        return this.#pending?.reject(new Planned(event.plan));
      case "stop":
        return void this.system.stop(subject);
      case "drain":
        return internalsOf(this.system).find(subject.pid.path)?.drain();
      case "poison":
        return void subject.tell(PoisonPill);
      case "restart": // rejects when a stop comes first, which the model says
        return void this.system.restart(subject).catch(() => {});
      case "reinstate":
        return this.system.reinstate(subject);
      case "kidReinstate":
        return this.system.reinstate(this.#kid as WorkerRef);
      case "watch":
        return this.#watcher?.watch(subject);
      case "kidTell":
        return this.#send(this.#kid as WorkerRef, () => {});
      case "kidFail":
        return this.#send(this.#kid as WorkerRef, () => {
          throw new Planned(event.plan);
        });
      case "kidStop":
        return void this.system.stop(this.#kid as WorkerRef);
      default:
        await this.#spawn(event.do);
    }
  }

  /** Ends the system and adds what is wrong to the problems. */
  async end(how: "drain" | "abandon"): Promise<void> {
    const drained = this.system.drain({ timeout: 10 });
    if (how === "drain") {
      for (let i = 0; i < 20; i++) {
        this.#pending?.resolve();
        await this.clock.settle();
      }
    }
    await this.clock.advance(10);
    await drained;
    if (how === "drain") this.problems.push(...this.#warnings); // none has to be left behind
    this.#pending?.resolve();
    await this.clock.settle();
    this.#check();
  }

  #check(): void {
    const { problems } = this;
    for (const [number, { ends, phase }] of this.#instances.entries()) {
      const wanted = phase === "starting" ? 0 : 1;
      if (ends !== wanted) {
        problems.push(`instance ${number} (${phase}) ended ${ends} times`);
      }
    }
    if (this.handled.size + this.dead.size !== this.#sent) {
      problems.push(
        `${this.#sent} sent, ${this.handled.size} handled, ${this.dead.size} dead letters`,
      );
    }
    if (this.#openAsks > 0) problems.push(`${this.#openAsks} asks are open`);
    if (this.clock.pending > 0) problems.push(`${this.clock.pending} timers`);
    if (this.system.state !== "stopped") problems.push(this.system.state);
    if (this.system.deadLetters !== this.dead.size) {
      problems.push(`${this.system.deadLetters} dead letters were counted`);
    }
  }

  #note(set: Set<number>, id: number | undefined): void {
    if (id === undefined) {
      return this.problems.push("an unknown message"), void 0;
    }
    if (this.handled.has(id) || this.dead.has(id)) {
      this.problems.push(`message ${id} has two outcomes`);
    }
    set.add(id);
  }

  #send(ref: WorkerRef, job: () => unknown): void {
    const id = ++this.#sent;
    const message = Worker.run(() => {
      this.#note(this.handled, id);
      return job();
    });
    this.#ids.set(message, id);
    if (!this.#useAsk) return void ref.tell(message);
    this.#openAsks++;
    const settled = () => void this.#openAsks--;
    ref.ask(message).then(settled, settled);
  }

  async #spawn(how: "spawn" | "spawnPending" | "spawnFailing"): Promise<void> {
    if (this.#subject !== undefined && this.state !== "stopped") return;
    if (this.system.find(Worker, "parent") === undefined) {
      const parent = this.system.spawn(Worker, () => ({
        receive() {},
        onStart: (ctx) => void (this.#parent = ctx),
      }), { name: "parent", ...decideBy("parent") });
      await parent.started();
    }
    if (how === "spawnFailing") {
      this.#parent?.spawn(Worker, () => {
        throw new Error("a start that fails");
      });
      return;
    }
    let isFirst = true;
    this.#subject = this.#parent?.spawn(Worker, () => {
      const waits = how === "spawnPending" && isFirst;
      isFirst = false;
      return this.#instance(waits);
    }, { ...decideBy("self"), start: { tries: 1 } });
  }

  #instance(waits: boolean): Handlers<typeof Worker> {
    const instance: Instance = { phase: "starting", busy: false, ends: 0 };
    this.#instances.push(instance);
    const started = (ctx: Context) => {
      instance.phase = "started";
      this.#kid = ctx.system.state === "stopped" ? this.#kid : spawnKid(ctx);
    };
    const ended = () => {
      if (instance.busy) this.problems.push("ended while it was busy");
      instance.phase = "ended";
      instance.ends++;
    };
    return {
      onStart: (ctx: Context): void | Promise<void> => {
        if (!waits) return started(ctx);
        return (this.#pending = gate()).promise.then(() => started(ctx));
      },
      onStop: (): void => {
        this.stops++;
        ended();
      },
      onRestart: (): void => {
        this.restarts++;
        ended();
      },
      run: (job: (ctx: Context) => unknown, ctx: Context): unknown => {
        if (instance.busy) this.problems.push("two messages at a time");
        if (instance.phase !== "started") this.problems.push(instance.phase);
        const result = job(ctx);
        if (!(result instanceof Promise)) return result;
        instance.busy = true;
        return result.finally(() => instance.busy = false);
      },
      note() {},
    };
  }
}

/** A child that always passes its failures on; none where its parent is about to end. */
function spawnKid(ctx: Context): WorkerRef {
  try {
    return ctx.spawn(Worker, () => ({
      run: (job, ctx) => job(ctx),
      note() {},
    }), { supervisor: oneForOne({ decide: () => "escalate" }) });
  } catch {
    return ctx.self as unknown as WorkerRef; // its parent, which refuses everything from here on
  }
}

function decideBy(level: keyof Plan): SpawnOptions {
  return {
    supervisor: oneForOne({
      maxRestarts: Infinity,
      decide: (error) => error instanceof Planned ? error.plan[level] : "stop",
    }),
  };
}
