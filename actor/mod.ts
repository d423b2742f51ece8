/**
 * Actors inside one process: typed protocols, supervision, asks with deadlines. Needs no permission
 * and no dependency.
 *
 * @module
 */

export { AskCycleError } from "./asks/ask_chain.ts";
export { CircuitBreaker } from "./circuit_breaker/circuit_breaker.ts";
export { CircuitOpenError } from "./circuit_breaker/circuit_breaker_errors.ts";
export {
  ActorError,
  AskTimeoutError,
  LinkedActorError,
  MailboxFailedError,
  MailboxFullError,
  NameTakenError,
  NoRouteesError,
  RouteesFailedError,
  StartError,
  StoppedError,
  UnhandledError,
  UnknownKindError,
} from "./errors.ts";
export { kind } from "./protocol/kind.ts";
export { isLifecycleMail, messageIn, senderIn } from "./mailboxes/mailbox.ts";
export { boundedMailbox } from "./mailboxes/bounded.ts";
export { fairMailbox } from "./mailboxes/fair.ts";
export { priorityMailbox } from "./mailboxes/priority.ts";
export { consoleLogger } from "./logging/logger.ts";
export { MemoryMetrics } from "./metrics/metrics.ts";
export { Pid } from "./reference/pid.ts";
export { withHeaders } from "./propagation/propagation.ts";
export { PROTOCOL, protocol, RESERVED_NAMES } from "./protocol/protocol.ts";
export { ask, data, input, tell } from "./protocol/specs.ts";
export { Reject } from "./protocol/reject.ts";
export { provide, resourceKey } from "./system/resources.ts";
export {
  ScheduleNotFoundError,
  SchedulerClosedError,
  ScheduleTakenError,
} from "./time/scheduler_errors.ts";
export { ShutdownHookError } from "./system/shutdown_hooks.ts";
export { StashOverflowError } from "./cell/stash.ts";
export { broadcast, scatterGatherFirst } from "./routing/broadcast.ts";
export { consistentHash } from "./routing/consistent_hash.ts";
export { leastMailbox } from "./routing/least_mailbox.ts";
export { randomRouting } from "./routing/random.ts";
export { roundRobin } from "./routing/round_robin.ts";
export { tailChopping } from "./routing/tail_chopping.ts";
export { PipeTimeoutError } from "./asks/pipe.ts";
export { PoisonPill } from "./cell/signals.ts";
export { oneForAll, oneForOne, restForOne } from "./supervision/supervisor.ts";
export { ActorSystem } from "./system/system.ts";
export { topic } from "./events/topics.ts";
export {
  childTrace,
  formatTraceparent,
  parseTraceparent,
  traceContext,
} from "./propagation/trace_context.ts";

export type { Backoff } from "./supervision/backoff.ts";
export type { ActorOptions } from "./cell/actor_options.ts";
export type { PipeOptions, PipeTaskOptions, PipeTo } from "./asks/pipe.ts";
export type { Passivation, PassivationLimits } from "./time/passivation.ts";
export type { EvictionOptions, EvictionPolicy } from "./time/eviction.ts";
export type { Reentrancy } from "./cell/interleaving.ts";
export type { Caller } from "./protocol/caller.ts";
export type { Clock, Timer } from "../internal/clock.ts";
export type { Random } from "../internal/random.ts";
export type { AskOutcomes } from "./reference/batch.ts";
export type { Subscription } from "./mailboxes/bounded_queue.ts";
export type {
  Codec,
  StandardIssue,
  StandardResult,
  StandardSchema,
} from "./protocol/codec.ts";
export type {
  CircuitBreakerOptions,
  CircuitChange,
  CircuitMetrics,
  CircuitPermit,
  CircuitState,
} from "./circuit_breaker/circuit_breaker_options.ts";
export type { Context } from "./cell/context.ts";
export type { ActorErrorOptions, Outcome, Silence, Silent } from "./errors.ts";
export type { EventStream, SubscribeOptions } from "./events/event_stream.ts";
export type {
  ActorFailed,
  ActorReinstated,
  ActorRestarted,
  ActorStarted,
  ActorStopped,
  ActorSuspended,
  DeadLetter,
  DeadLetterReason,
  RestartBudget,
  SystemEvent,
  Warning,
} from "./events/events.ts";
export type {
  Awaitable,
  Behavior,
  ForeignMessage,
  Handlers,
  Hooks,
  PartialHandlers,
  Receiver,
} from "./protocol/handlers.ts";
export type { Group, GroupOptions, SpawnGroup } from "./routing/group.ts";
export type { AnyKind, Kind, KindOptions } from "./protocol/kind.ts";
export type {
  HistogramBucket,
  HistogramSnapshot,
} from "./metrics/histogram.ts";
export type { KindMetrics, KindSnapshot, Metrics } from "./metrics/metrics.ts";
export type { Log, LogFields, LogLevel, LogRecord } from "./logging/log.ts";
export type { Logger } from "./logging/logger.ts";
export type {
  Mailbox,
  MailboxFactory,
  MailEnvelope,
  MailItem,
} from "./mailboxes/mailbox.ts";
export type { Overflow } from "./mailboxes/bounded.ts";
export type { Message } from "./protocol/message.ts";
export type { PidParts } from "./reference/pid.ts";
export type { MessageHeaders, Propagator } from "./propagation/propagation.ts";
export type {
  Pool,
  PoolKindArguments,
  PoolKindOptions,
  PoolOptions,
  SpawnPool,
} from "./routing/pool.ts";
export type { Router, RouterOptions } from "./routing/router.ts";
export type { ScatterGatherOptions } from "./routing/broadcast.ts";
export type { RoutingKeys } from "./routing/consistent_hash.ts";
export type { RoutingStrategy } from "./routing/strategy.ts";
export type { TailChoppingOptions } from "./routing/tail_chopping.ts";
export type {
  ErrorData,
  ErrorSpecs,
  RejectType,
  RejectTypes,
} from "./protocol/reject.ts";
export type {
  AnyProtocol,
  BodyOf,
  ErrorsOf,
  InputOf,
  MessageConstructor,
  MessageOf,
  MessageReply,
  MessageType,
  NameOf,
  Protocol,
  ProtocolData,
  ProtocolOptions,
  ReplyOf,
  SpecsOf,
} from "./protocol/protocol.ts";
export type {
  AskSpec,
  DataSpec,
  Format,
  NoErrors,
  Spec,
  Specs,
} from "./protocol/specs.ts";
export type {
  ActorRef,
  AskOptions,
  Terminated,
  TerminationReason,
} from "./reference/ref.ts";
export type { ExitSignal } from "./system/exit_signals.ts";
export type { SimulatedCodecs, SimulatedWire } from "./system/simulation.ts";
export type { ProvidedResource, ResourceKey } from "./system/resources.ts";
export type { ScheduledJob, ScheduledJobState } from "./time/scheduled_job.ts";
export type { ScheduleOptions, Scheduler } from "./time/scheduler.ts";
export type { DelayOptions, Timers } from "./time/timers.ts";
export type { Calendar, IntervalOptions } from "./time/timing.ts";
export type { DrainOptions } from "./system/shutdown.ts";
export type {
  ShutdownHook,
  ShutdownHookOptions,
  ShutdownHookPolicy,
  ShutdownHookRun,
} from "./system/shutdown_hooks.ts";
export type {
  Spawn,
  SpawnKindArguments,
  SpawnKindOptions,
  SpawnOptions,
} from "./cell/spawn.ts";
export type { Poison } from "./cell/signals.ts";
export type {
  ActorFigures,
  ActorSnapshot,
  ActorState,
  SystemSnapshot,
} from "./cell/snapshot.ts";
export type { StartOptions } from "./cell/start.ts";
export type {
  Directive,
  ErrorMatch,
  Rule,
  Strategy,
  Supervisor,
  SupervisorOptions,
} from "./supervision/supervisor.ts";
export type {
  ActorSystemOptions,
  ShutdownOptions,
} from "./system/system_options.ts";
export type { TraceParent } from "./propagation/trace_context.ts";
export type {
  Topic,
  TopicListenOptions,
  Topics,
  TopicStatistics,
} from "./events/topics.ts";
