/**
 * A system at full speed whose actors fail, stop and come back at random, and that loses no message.
 *
 * @module
 */
import {
  ActorSystem,
  broadcast,
  consistentHash,
  type DeadLetterReason,
  leastMailbox,
  MemoryMetrics,
  NameTakenError,
  oneForOne,
  PoisonPill,
  type Pool,
  randomRouting,
  scatterGatherFirst,
  StoppedError,
  topic,
} from "../../actor/mod.ts";
import { internalsOf } from "../../actor/system/system.ts";
import { seededRandom } from "../../internal/random.ts";
import type { ManualClock } from "../../testing/mod.ts";
import {
  type Load,
  Site,
  type Tally,
  Work,
  type WorkRef,
} from "./soak_actors.ts";

/** How long, and with which chances. */
export interface SoakOptions {
  /** The same seed with the same manual clock is the same run. */
  readonly seed: number;
  /** Called after each round; false ends the soak. */
  readonly goesOn: (round: number, tally: Tally) => boolean;
  /** Time that only the soak moves; that of the platform when it is not given. */
  readonly clock?: ManualClock;
}

/** What was counted, by the soak itself and by the system. */
export interface SoakReport {
  /** What the actors counted. */
  readonly tally: Tally;
  /** Lost messages, by reason, as the events said. */
  readonly deadLetters: Partial<Record<DeadLetterReason, number>>;
  /** How many there were, as the system counted. */
  readonly lost: number;
  /** Failures by directive. */
  readonly directives: Record<string, number>;
  /** What does not add up, in sentences. Nothing when all is well. */
  readonly problems: readonly string[];
}

/** Top-level actors with workers below them, one for each policy and mailbox. */
const CREWS = 12;
/** Workers below each of them. */
const CREW = 6;
/** What is done to the system in one round. */
const DEEDS = 400;
/** Messages on their way above which no more are begun. */
const MOST_WAITING = 20_000;

/** How long the end may take, in milliseconds; far less is needed. */
const DRAIN = 20_000;

const News = topic<Load>("news");

/** Runs a soak and says whether everything was accounted for. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { seed, goesOn, clock } = options;
  const random = seededRandom(seed);
  const metrics = new MemoryMetrics();
  const system = new ActorSystem("soak", {
    logger: null,
    metrics,
    random,
    ...(clock === undefined ? {} : { clock }),
  });
  const deadLetters: Partial<Record<DeadLetterReason, number>> = {};
  const directives: Record<string, number> = {};
  const hangs: string[] = [];
  let lostTicks = 0;
  internalsOf(system).runtime.events.tap(
    ["dead_letter", "actor_failed", "warning"],
    (event) => {
      if (event.type === "dead_letter") {
        if (event.message.type === Work.tick().type) return void lostTicks++;
        deadLetters[event.reason] = (deadLetters[event.reason] ?? 0) + 1;
      } else if (event.type === "actor_failed") {
        const { directive = "none" } = event;
        directives[directive] = (directives[directive] ?? 0) + 1;
      } else if (event.type === "warning" && system.state !== "running") {
        hangs.push(event.text);
      }
    },
  );
  const site = new Site(random);
  const { tally } = site;
  const driver = new Driver(system, site);
  const rest = () =>
    clock === undefined
      ? new Promise<void>((resolve) => setImmediate(resolve))
      : clock.advance(1);
  for (let round = 0; goesOn(round, tally); round++) {
    for (let deed = 0; deed < DEEDS; deed++) driver.act();
    driver.mend();
    do await rest(); while (
      tally.sent - tally.handled - system.deadLetters > MOST_WAITING
    );
  }
  let isDrained = false;
  const drained = system.drain({ timeout: DRAIN }).then(() => {
    isDrained = true;
  });
  if (clock === undefined) await drained;
  else while (!isDrained) await clock.advance(100);
  await rest(); // the last asks are answered
  const { delivered, dropped } = system.topics.statistics();
  tally.sent += delivered + dropped;
  const problems = [
    ...hangs,
    ...check(system, metrics, tally, deadLetters, lostTicks),
  ];
  return {
    tally,
    deadLetters,
    lost: system.deadLetters - lostTicks,
    directives,
    problems,
  };
}

/** Does things to a system, by chance. */
class Driver {
  readonly #system: ActorSystem;
  readonly #site: Site;
  readonly #pools: Pool<typeof Work>[];
  /** Routers that give a message to all their actors. */
  readonly #spreading: readonly Pool<typeof Work>[];

  constructor(system: ActorSystem, site: Site) {
    this.#system = system;
    this.#site = site;
    for (let crew = 0; crew < CREWS; crew++) this.#hire(crew);
    const make = () => site.worker();
    const keys = { carry: keyOf, weigh: keyOf, tick: () => 0 };
    const supervisor = oneForOne({ maxRestarts: Infinity });
    const options = { maxReplacements: 50, within: 100, supervisor };
    this.#pools = [
      system.spawnPool(Work, make, options),
      system.spawnPool(Work, make, { ...options, strategy: randomRouting() }),
      system.spawnPool(Work, make, { ...options, strategy: leastMailbox() }),
      system.spawnPool(Work, make, {
        ...options,
        strategy: consistentHash(Work, keys),
      }),
    ];
    this.#spreading = [broadcast(), scatterGatherFirst()].map((strategy) =>
      system.spawnPool(Work, make, { ...options, strategy, size: 2 })
    );
    const group = system.spawnGroup(Work, this.#pools);
    site.places.push(...this.#pools, group);
  }

  /** Sends something or, now and then, ends, restarts or changes somebody. */
  act(): void {
    const site = this.#site;
    const ref = site.anybody();
    const dice = site.below(1_000);
    if (dice < 700) site.tell(ref, site.load(3));
    else if (dice < 900) site.ask(ref, site.load(1), 1 + site.below(50));
    else if (dice < 930) this.#spread();
    else if (dice < 950) this.#system.topics.publish(News, site.load(0));
    else if (dice < 953) void this.#system.stop(ref);
    else if (dice < 956) ref.tell(PoisonPill);
    else if (dice < 959) void this.#system.restart(ref).catch(() => {});
    else if (dice < 962) this.#respawn(ref);
    else if (dice < 966) this.#resize();
    else if (dice < 970) {
      this.#system.topics.subscribe(News, ref, (load) => Work.carry(load));
    } else this.#system.reinstate(ref);
  }

  /** Makes top-level actors anew that have ended, and routers as well. */
  mend(): void {
    for (let crew = 0; crew < CREWS; crew++) {
      if (this.#system.find(Work, `crew-${crew}`) === undefined) {
        this.#hire(crew);
      }
    }
    const { places } = this.#site;
    for (const [at, pool] of this.#pools.entries()) {
      if (this.#system.select(Work, "*").includes(pool)) continue;
      const fresh = this.#system.spawnPool(Work, () => this.#site.worker());
      places[places.indexOf(pool)] = fresh;
      this.#pools[at] = fresh;
    }
  }

  #hire(crew: number): void {
    try {
      this.#system.spawn(Work, () => this.#site.crew(crew * CREW, CREW), {
        name: `crew-${crew}`,
        supervisor: oneForOne({ maxRestarts: Infinity }),
      });
    } catch (error) {
      // The one before is still ending, which the next round will see.
      if (!(error instanceof NameTakenError)) throw error;
    }
  }

  /** Gives one message to all actors of a pool; who they are is known right afterwards. */
  #spread(): void {
    const site = this.#site;
    const pool = this.#spreading[site.below(2)] as Pool<typeof Work>; // there are two
    if (site.below(2) === 0) site.tell(pool, site.load(0), 0);
    else site.ask(pool, site.load(0), 50, 0);
    site.tally.sent += Math.max(1, pool.routees.length);
  }

  #resize(): void {
    const pool = this.#pools[this.#site.below(this.#pools.length)];
    if (pool === undefined) return;
    try {
      pool.resizeTo(1 + this.#site.below(6));
    } catch (error) {
      if (!(error instanceof StoppedError)) throw error; // it ends, and is replaced soon
    }
  }

  /** Whoever watches the old one makes another in its place, so this one need not stay. */
  #respawn(ref: WorkRef): void {
    this.#system.respawn(ref).then((fresh) => {
      this.#site.tell(fresh, this.#site.load(1));
      void this.#system.stop(fresh);
    }, () => {}); // it has ended already, or the system ends
  }
}

function keyOf({ key }: Load): number {
  return key;
}

function check(
  system: ActorSystem,
  metrics: MemoryMetrics,
  tally: Tally,
  deadLetters: Partial<Record<DeadLetterReason, number>>,
  lostTicks: number,
): string[] {
  const problems: string[] = [];
  const expectEqual = (what: string, found: number, wanted: number) => {
    if (found !== wanted) {
      problems.push(`${what}: found ${found}, wanted ${wanted}`);
    }
  };
  const { sent, handled, started, ended, asked, answered, ticks } = tally;
  const reasons = Object.values(deadLetters);
  const lost = reasons.reduce((sum, count) => sum + count, 0);
  expectEqual("sent = handled + dead letters", handled + lost, sent);
  expectEqual(
    "dead letters as counted and as events",
    system.deadLetters,
    lost + lostTicks,
  );
  expectEqual("instances started and ended", ended, started);
  expectEqual("asks begun and answered", answered, asked);
  let [processed, counted, live, waiting] = [0, 0, 0, 0];
  for (const figures of metrics.snapshot().values()) {
    processed += figures.processed;
    live += figures.live;
    waiting += figures.waiting;
    for (const count of Object.values(figures.deadLetters)) counted += count;
  }
  expectEqual("handled, by the metrics", processed, handled + ticks);
  expectEqual("dead letters, by the metrics", counted, lost + lostTicks);
  expectEqual("living actors in the end, by the metrics", live, 0);
  expectEqual("waiting messages in the end, by the metrics", waiting, 0);
  const { asks, dispatcher } = internalsOf(system).runtime;
  expectEqual("messages of timers after the end", tally.strays, 0);
  expectEqual("open asks in the end", asks.size, 0);
  if (!dispatcher.isIdle) problems.push("actors still run in the end");
  if (system.state !== "stopped") problems.push(`the system: ${system.state}`);
  return problems;
}
