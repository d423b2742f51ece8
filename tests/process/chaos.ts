/**
 * Two nodes that tell and ask each other over links on which anything may happen, and that account for every
 * message.
 *
 * @module
 */
import {
  ActorError,
  type ActorRef,
  ActorSystem,
  ask,
  type DeadLetter,
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../actor/mod.ts";
import { internalsOf } from "../../actor/system/system.ts";
import { type Random, seededRandom } from "../../internal/random.ts";
import { Remote } from "../../remote/mod.ts";
import { ChaosProxy, type Fault, FAULTS, pause } from "./chaos_proxy.ts";

/** How long, and with which chances. */
export interface ChaosOptions {
  /** Decides what is sent and what happens to the links, if not when. */
  readonly seed: number;
  /** Called about ten times a second; false ends the run. */
  readonly goesOn: (sent: number) => boolean;
}

/** What was counted. */
export interface ChaosReport {
  sent: number;
  handled: number;
  /** Asks that were answered. */
  answered: number;
  /** Messages that were lost and not handled, by reason. */
  readonly lost: Record<string, number>;
  /** Messages of which the sender does not know, and that were handled all the same. */
  unsure: number;
  readonly faults: Record<Fault, number>;
  /** How many connections there were. */
  connections: number;
  /** What does not add up, in sentences. Nothing when all is well. */
  readonly problems: string[];
}

interface Item {
  readonly id: number;
  readonly pad: string;
}

type SinkProtocol = Protocol<"sink", {
  put: Spec<Item, void>;
  echo: Spec<Item, number>;
}>;

const Sink: SinkProtocol = protocol("sink", {
  put: tell<Item>(),
  echo: ask<Item, number>(),
});

/** Pairs of a sender and a receiver in each direction. */
const PAIRS = 3;
/** Lengths of what is sent besides a number: small ones are by far the most. */
const SIZES = [0, 0, 0, 10, 100, 100, 1_000, 5_000, 60_000, 70_000, 300_000];
/** A pause between two disturbances, in milliseconds. */
const CALM = 40;
const PROBLEMS = 20;

/** What is known of a message, as bits. */
const SEEN = 1;
const LOST = 2;
const UNKNOWN = 4;

/** One sender and one receiver. */
class Pair {
  readonly name: string;
  readonly ref: ActorRef<SinkProtocol>;
  readonly #problems: string[];
  /** By number of the message; grows with them. */
  #known: Uint8Array = new Uint8Array(1_024);
  /** Why messages were lost, by reason. */
  readonly reasons: Map<number, string> = new Map();
  sent = 0;
  answered = 0;
  #last = -1;

  constructor(
    name: string,
    ref: ActorRef<SinkProtocol>,
    problems: string[],
  ) {
    this.name = name;
    this.ref = ref;
    this.#problems = problems;
  }

  next(): number {
    if (this.sent === this.#known.length) {
      const larger = new Uint8Array(2 * this.sent);
      larger.set(this.#known);
      this.#known = larger;
    }
    return this.sent++;
  }

  /** The receiver has handled a message. */
  saw(id: number): void {
    if (id === this.#last) this.problem(`${id} was handled twice`);
    else if (id < this.#last) {
      this.problem(`${id} was handled behind ${this.#last}`);
    }
    this.#last = id;
    this.#note(id, SEEN);
  }

  /** The sender has been told that a message is lost, or may be. */
  lost(id: number, reason: string): void {
    this.#note(id, reason === "unknown" ? UNKNOWN : LOST);
    this.reasons.set(id, reason);
  }

  problem(text: string): void {
    if (this.#problems.length < PROBLEMS) {
      this.#problems.push(`${this.name}: ${text}`);
    }
  }

  /** Adds up what is known of all messages. */
  account(report: ChaosReport): void {
    report.sent += this.sent;
    report.answered += this.answered;
    for (let id = 0; id < this.sent; id++) {
      const known = this.#known[id] ?? 0;
      const isSeen = (known & SEEN) !== 0;
      if (isSeen) report.handled++;
      if (known === 0) this.problem(`${id} is gone without a word`);
      else if (isSeen && (known & LOST) !== 0) {
        this.problem(
          `${id} was handled, and is lost as ${this.reasons.get(id)}`,
        );
      } else if (isSeen && (known & UNKNOWN) !== 0) report.unsure++;
      else if (!isSeen) {
        const reason = this.reasons.get(id) ?? "nothing";
        report.lost[reason] = (report.lost[reason] ?? 0) + 1;
      }
    }
  }

  #note(id: number, bit: number): void {
    this.#known[id] = (this.#known[id] ?? 0) | bit;
  }
}

/** One of the nodes. */
class Side implements AsyncDisposable {
  readonly name: string;
  readonly system: ActorSystem;
  readonly remote: Remote;
  readonly proxy: ChaosProxy;

  constructor(
    name: string,
    system: ActorSystem,
    remote: Remote,
    random: Random,
  ) {
    this.name = name;
    this.system = system;
    this.remote = remote;
    this.proxy = new ChaosProxy(remote.port, random);
  }

  static async start(name: string, random: Random): Promise<Side> {
    const system = new ActorSystem(name, { logger: null, random });
    const remote = await Remote.start(system, {
      silenceTimeout: 1_000,
      writeTimeout: 1_000,
      stallTimeout: 2_000,
      redialDelay: { min: 5, max: 100 },
      outboundBudget: 2_000_000,
      drainTimeout: 3_000,
    });
    return new Side(name, system, remote, random);
  }

  /** What this node sends to actors of the other one. */
  pairs(to: Side, problems: string[]): Pair[] {
    const pairs = Array.from({ length: PAIRS }, (_, at) => {
      const address = `goakt://${to.name}@127.0.0.1:${to.proxy.port}/sink${at}`;
      const ref = this.remote.ref(Sink, address);
      const pair = new Pair(`${this.name} to sink ${at}`, ref, problems);
      to.system.spawn(Sink, () => ({
        put: ({ id }) => pair.saw(id),
        echo: ({ id }) => {
          pair.saw(id);
          return id;
        },
      }), { name: `sink${at}` });
      return pair;
    });
    const { events } = internalsOf(this.system).runtime;
    events.tap(["dead_letter"], (event) => {
      const { target, message, reason } = event as DeadLetter;
      const pair = pairs.find(({ ref }) => ref.pid.equals(target));
      if (pair === undefined) {
        problems.push(`a dead letter for "${target}": ${reason}`);
      } else pair.lost((message.body as Item).id, reason);
    });
    return pairs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remote.drain();
    await this.proxy[Symbol.asyncDispose]();
    await this.system.drain({ timeout: 1_000 });
  }
}

/** Sends bursts of tells with an ask now and then, until it is told to stop. */
async function send(
  pair: Pair,
  random: Random,
  isOver: () => boolean,
): Promise<void> {
  const pick = () => SIZES[Math.floor(random.next() * SIZES.length)] ?? 0;
  const asks = new Set<Promise<void>>();
  while (!isOver()) {
    for (let left = random.next() * 20; left > 0; left--) {
      const id = pair.next();
      pair.ref.tell(Sink.put({ id, pad: "x".repeat(pick()) }));
    }
    const id = pair.next();
    const message = Sink.echo({ id, pad: "x".repeat(pick()) });
    const timeout = 50 + random.next() * 3_000;
    const asked = pair.ref.ask(message, { timeout }).then((reply) => {
      pair.answered++;
      if (reply !== id) pair.problem(`${id} was answered with ${reply}`);
    }, (error) => {
      if (!(error instanceof ActorError)) pair.problem(`${id}: ${error}`);
      // What is not delivered is a dead letter, and counted there.
      else if (error.outcome === "unknown") pair.lost(id, "unknown");
    });
    asks.add(asked);
    asked.finally(() => asks.delete(asked));
    if (asks.size > 4) await Promise.race(asks);
    if (random.next() < 0.8) await pair.ref.ready();
    await pause(random.next() * 5);
  }
  await Promise.all(asks);
}

/** Runs, and says what came of it. */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const random = seededRandom(options.seed);
  const problems: string[] = [];
  const report: ChaosReport = {
    sent: 0,
    handled: 0,
    answered: 0,
    lost: {},
    unsure: 0,
    faults: { delay: 0, stall: 0, "half_close": 0, cut: 0 },
    connections: 0,
    problems,
  };
  const a = await Side.start("a", random);
  const b = await Side.start("b", random);
  const sides = [a, b];
  const pairs = [...a.pairs(b, problems), ...b.pairs(a, problems)];
  let isOver = false;
  const sending = pairs.map((pair) => send(pair, random, () => isOver));
  for (let round = 0; !isOver; round++) {
    for (const { proxy } of sides) if (random.next() < 0.5) proxy.disturb();
    await pause(CALM);
    if (round % 3 === 0) {
      isOver = !options.goesOn(pairs.reduce((sum, { sent }) => sum + sent, 0));
    }
  }
  for (const { proxy } of sides) proxy.calm();
  await Promise.all(sending);
  for (const { remote } of sides) await remote.drain();
  // What was on its way has arrived, or its link has ended.
  for (const { proxy } of sides) await proxy[Symbol.asyncDispose]();
  for (const { system } of sides) await system.drain({ timeout: 1_000 });
  for (const pair of pairs) pair.account(report);
  for (const { name, remote, system, proxy } of sides) {
    const { asks } = internalsOf(system).runtime;
    const left = [remote.connections, asks.size, proxy.connections];
    if (left.some((it) => it > 0)) {
      problems.push(
        `${name} has ${left[0]} connections, ${left[1]} asks and ${
          left[2]
        } sockets left`,
      );
    }
    report.connections += proxy.taken;
    for (const fault of FAULTS) report.faults[fault] += proxy.faults[fault];
  }
  return report;
}
