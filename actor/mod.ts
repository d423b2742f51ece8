/**
 * Actors inside one process: typed protocols, supervision, asks with deadlines. Needs no permission
 * and no dependency.
 *
 * @module
 */

export { AskCycleError } from "./ask_chain.ts";
export { CircuitBreaker } from "./circuit_breaker.ts";
export { CircuitOpenError } from "./circuit_breaker_errors.ts";
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
export { kind } from "./kind.ts";
export { isLifecycleMail, messageIn, senderIn } from "./mailbox.ts";
export { boundedMailbox } from "./mailboxes/bounded.ts";
export { fairMailbox } from "./mailboxes/fair.ts";
export { priorityMailbox } from "./mailboxes/priority.ts";
export { consoleLogger } from "./logger.ts";
export { MemoryMetrics } from "./metrics.ts";
export { Pid } from "./pid.ts";
export { withHeaders } from "./propagation.ts";
export {
  ask,
  data,
  input,
  PROTOCOL,
  protocol,
  RESERVED_NAMES,
  tell,
} from "./protocol.ts";
export { Reject } from "./reject.ts";
export { provide, resourceKey } from "./resources.ts";
export {
  ScheduleNotFoundError,
  SchedulerClosedError,
  ScheduleTakenError,
} from "./scheduler_errors.ts";
export { ShutdownHookError } from "./shutdown_hooks.ts";
export { StashOverflowError } from "./stash.ts";
export { broadcast, scatterGatherFirst } from "./routing/broadcast.ts";
export { consistentHash } from "./routing/consistent_hash.ts";
export { leastMailbox } from "./routing/least_mailbox.ts";
export { randomRouting } from "./routing/random.ts";
export { roundRobin } from "./routing/round_robin.ts";
export { tailChopping } from "./routing/tail_chopping.ts";
export { PipeTimeoutError } from "./pipe.ts";
export { PoisonPill } from "./signals.ts";
export { oneForAll, oneForOne, restForOne } from "./supervisor.ts";
export { ActorSystem } from "./system.ts";
export { topic } from "./topics.ts";
export {
  childTrace,
  formatTraceparent,
  parseTraceparent,
  traceContext,
} from "./trace_context.ts";

export type { Backoff } from "./backoff.ts";
export type { ActorOptions } from "./actor_options.ts";
export type { PipeOptions, PipeTaskOptions, PipeTo } from "./pipe.ts";
export type { Passivation, PassivationLimits } from "./passivation.ts";
export type { EvictionOptions, EvictionPolicy } from "./eviction.ts";
export type { Reentrancy } from "./interleaving.ts";
export type { Clock, Timer } from "../internal/clock.ts";
export type { Random } from "../internal/random.ts";
export type { AskOutcomes } from "./batch.ts";
export type { Subscription } from "./bounded_queue.ts";
export type {
  Codec,
  StandardIssue,
  StandardResult,
  StandardSchema,
} from "./codec.ts";
export type {
  CircuitBreakerOptions,
  CircuitChange,
  CircuitMetrics,
  CircuitPermit,
  CircuitState,
} from "./circuit_breaker_options.ts";
export type { Context } from "./context.ts";
export type { ActorErrorOptions, Outcome, Silence, Silent } from "./errors.ts";
export type { EventStream, SubscribeOptions } from "./event_stream.ts";
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
} from "./events.ts";
export type {
  Awaitable,
  Behavior,
  ForeignMessage,
  Handlers,
  Hooks,
  PartialHandlers,
  Receiver,
} from "./handlers.ts";
export type { Group, GroupOptions, SpawnGroup } from "./group.ts";
export type { AnyKind, Kind, KindOptions } from "./kind.ts";
export type { HistogramBucket, HistogramSnapshot } from "./histogram.ts";
export type { KindMetrics, KindSnapshot, Metrics } from "./metrics.ts";
export type { Log, LogFields, LogLevel, LogRecord } from "./log.ts";
export type { Logger } from "./logger.ts";
export type {
  Mailbox,
  MailboxFactory,
  MailEnvelope,
  MailItem,
} from "./mailbox.ts";
export type { Overflow } from "./mailboxes/bounded.ts";
export type { Message } from "./message.ts";
export type { PidParts } from "./pid.ts";
export type { MessageHeaders, Propagator } from "./propagation.ts";
export type {
  Pool,
  PoolKindArguments,
  PoolKindOptions,
  PoolOptions,
  SpawnPool,
} from "./pool.ts";
export type { Router, RouterOptions } from "./router.ts";
export type { ScatterGatherOptions } from "./routing/broadcast.ts";
export type { RoutingKeys } from "./routing/consistent_hash.ts";
export type { RoutingStrategy } from "./routing/strategy.ts";
export type { TailChoppingOptions } from "./routing/tail_chopping.ts";
export type {
  ErrorData,
  ErrorSpecs,
  RejectType,
  RejectTypes,
} from "./reject.ts";
export type {
  AnyProtocol,
  AskSpec,
  BodyOf,
  DataSpec,
  ErrorsOf,
  Format,
  InputOf,
  MessageConstructor,
  MessageOf,
  MessageReply,
  MessageType,
  NameOf,
  NoErrors,
  Protocol,
  ProtocolData,
  ProtocolOptions,
  ReplyOf,
  Spec,
  Specs,
  SpecsOf,
} from "./protocol.ts";
export type {
  ActorRef,
  AskOptions,
  Terminated,
  TerminationReason,
} from "./ref.ts";
export type { ExitSignal } from "./exit_signals.ts";
export type { SimulatedCodecs, SimulatedWire } from "./simulation.ts";
export type { ProvidedResource, ResourceKey } from "./resources.ts";
export type { ScheduledJob, ScheduledJobState } from "./scheduled_job.ts";
export type { ScheduleOptions, Scheduler } from "./scheduler.ts";
export type { DelayOptions, Timers } from "./timers.ts";
export type { Calendar, IntervalOptions } from "./timing.ts";
export type { DrainOptions } from "./shutdown.ts";
export type {
  ShutdownHook,
  ShutdownHookOptions,
  ShutdownHookPolicy,
  ShutdownHookRun,
} from "./shutdown_hooks.ts";
export type {
  Spawn,
  SpawnKindArguments,
  SpawnKindOptions,
  SpawnOptions,
} from "./spawn.ts";
export type { Poison } from "./signals.ts";
export type {
  ActorFigures,
  ActorSnapshot,
  ActorState,
  SystemSnapshot,
} from "./snapshot.ts";
export type { StartOptions } from "./start.ts";
export type {
  Directive,
  ErrorMatch,
  Rule,
  Strategy,
  Supervisor,
  SupervisorOptions,
} from "./supervisor.ts";
export type { ActorSystemOptions, ShutdownOptions } from "./system_options.ts";
export type { TraceParent } from "./trace_context.ts";
export type {
  Topic,
  TopicListenOptions,
  Topics,
  TopicStatistics,
} from "./topics.ts";
