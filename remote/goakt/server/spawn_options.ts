/**
 * How an actor behaves that a GoAkt peer spawns.
 * @module
 */

import type { ActorOptions } from "../../../actor/cell/actor_options.ts";
import type { Reentrancy } from "../../../actor/cell/interleaving.ts";
import type { Passivation } from "../../../actor/time/passivation.ts";
import {
  type Directive,
  oneForAll,
  oneForOne,
  type Supervisor,
} from "../../../actor/supervision/supervisor.ts";
import {
  type PassivationStrategy,
  type ReentrancyConfig,
  ReentrancyMode,
  SupervisorDirective,
  type SupervisorSpec,
  SupervisorStrategy,
} from "../gen/internalpb/actor_pb.ts";
import type { RemoteSpawnRequest } from "../gen/internalpb/remoting_pb.ts";
import { fromDuration } from "../time.ts";

/** Go's name for what a handler throws. */
const PANIC = "PanicError";

/**
 * What a request says of the new actor; where it says nothing the kind decides. Stashing needs no option here,
 * relocation and roles belong to clusters.
 */
export function spawnOptions(request: RemoteSpawnRequest): ActorOptions {
  const { supervisor, reentrancy, passivationStrategy } = request;
  const passivation = passivationStrategy &&
    passivationOf(passivationStrategy);
  const interleaving = reentrancy && reentrancyOf(reentrancy);
  return {
    ...(supervisor && { supervisor: supervisorOf(supervisor) }),
    ...(interleaving && { reentrancy: interleaving }),
    ...(passivation && { passivation }),
  };
}

function supervisorOf(spec: SupervisorSpec): Supervisor {
  const within = spec.timeout === undefined ? 0 : fromDuration(spec.timeout);
  const make = spec.strategy === SupervisorStrategy.ONE_FOR_ALL
    ? oneForAll
    : oneForOne;
  return make({
    // Without a window, and without a number of retries, Go restarts without end.
    within: within > 0 ? within : Number.MAX_SAFE_INTEGER,
    maxRestarts: spec.maxRetries > 0
      ? spec.maxRetries
      : Number.MAX_SAFE_INTEGER,
    decide: deciderOf(spec),
  });
}

function deciderOf(
  { anyErrorDirective, directives }: SupervisorSpec,
): (error: unknown) => Directive {
  if (anyErrorDirective !== undefined) {
    const directive = directiveOf(anyErrorDirective);
    return () => directive;
  }
  const byType = new Map(
    directives.map(({ errorType, directive }) => [
      errorType.slice(errorType.lastIndexOf(".") + 1),
      directiveOf(directive),
    ]),
  );
  return (error) => {
    const name = error instanceof Error ? error.name : "";
    return byType.get(name) ?? byType.get(PANIC) ?? "suspend";
  };
}

function directiveOf(directive: SupervisorDirective): Directive {
  switch (directive) {
    case SupervisorDirective.RESUME:
      return "resume";
    case SupervisorDirective.RESTART:
      return "restart";
    case SupervisorDirective.ESCALATE:
      return "escalate";
    default:
      return "stop";
  }
}

/** Limits of zero mean nothing. */
function passivationOf(
  { strategy }: PassivationStrategy,
): Passivation | undefined {
  switch (strategy.case) {
    case "timeBased": {
      const { passivateAfter } = strategy.value;
      const idle = passivateAfter === undefined
        ? 0
        : fromDuration(passivateAfter);
      return idle >= 1 ? { idle } : undefined;
    }
    case "messagesCountBased": {
      const messages = Number(strategy.value.maxMessages);
      return messages >= 1 ? { messages } : undefined;
    }
    case "longLived":
      return "never";
    default:
      return undefined;
  }
}

function reentrancyOf(
  { mode, maxInFlight }: ReentrancyConfig,
): Reentrancy | undefined {
  if (mode === ReentrancyMode.OFF) return undefined;
  return {
    mode: mode === ReentrancyMode.ALLOW_ALL ? "all" : "call_chain",
    ...(maxInFlight > 0 && { maxInFlight }),
  };
}
