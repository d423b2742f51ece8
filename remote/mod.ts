/**
 * Actors on other nodes: one port, typed references, back-pressure, an outcome for every message.
 * Needs `--allow-net` for the addresses it listens on and dials.
 *
 * @module
 */

export { DeliveryError } from "./delivery/delivery_error.ts";
export { spawnInbox } from "./delivery/inbox.ts";
export { Inbox } from "./delivery/inbox_protocol.ts";
export { Outbox } from "./delivery/outbox.ts";
export {
  CodecError,
  ConnectError,
  DeniedError,
  DisconnectedError,
  FrameError,
  HandshakeError,
  OverloadedError,
  QuarantinedError,
  RateError,
  RemoteError,
} from "./errors.ts";
export { json } from "./codec/json.ts";
export { MemoryRemoteMetrics } from "./metrics/metrics.ts";
export { protobuf } from "./codec/protobuf.ts";
export { bytes } from "./codec/raw.ts";
export { Remote } from "./remote.ts";
export { TcpTransport } from "./transport/tcp_transport.ts";
export { ListenError } from "./transport/transport.ts";
export { TlsTransport } from "./tls/tls_transport.ts";
export { UnixTransport } from "./transport/unix_transport.ts";

export type { InboxOptions } from "./delivery/inbox.ts";
export type {
  DeliveryFailure,
  DeliveryProgress,
  DeliveryReport,
} from "./delivery/inbox_core.ts";
export type {
  DeliveryQuestion,
  InboxProtocol,
  OpenDelivery,
  OpenedDelivery,
} from "./delivery/inbox_protocol.ts";
export type { DeliveryAnswer } from "./delivery/intake.ts";
export type {
  OutboxDrainOptions,
  OutboxOptions,
} from "./delivery/outbox_options.ts";
export type { DeliverySegment } from "./delivery/segment.ts";
export type { RemoteFailure } from "./errors.ts";
export type { GoaktClientOptions } from "./goakt/client/options.ts";
export type { Compression } from "./goakt/compression/compression.ts";
export type { GoaktOptions } from "./goakt/goakt.ts";
export type {
  LinkState,
  MemoryRemoteMetricsOptions,
  PeerMetrics,
  PeerSnapshot,
  RemoteMetrics,
  TrafficSnapshot,
} from "./metrics/metrics.ts";
export type { NetworkInterface } from "./node/own_address.ts";
export type { ProtobufSchema } from "./codec/protobuf.ts";
export type { RemoteWaitOptions } from "./node/control_request.ts";
export type { RemoteConnectOptions } from "./client.ts";
export type { MessageCompression } from "./codec/compression.ts";
export type { RemoteRefOptions, RemoteSpawnOptions } from "./remote_calls.ts";
export type { ConnectionRate } from "./node/gate.ts";
export type { RedialDelay } from "./node/redials.ts";
export type { RemoteOptions } from "./remote_options.ts";
export type {
  Authorize,
  ClientLimits,
  PeerAction,
  PeerRequest,
} from "./node/access.ts";
export type { RefusalReason } from "./handshake/handshake_acceptor.ts";
export type {
  CertifiedIdentity,
  CertifiedPeer,
  PeerIdentity,
  PeerRole,
} from "./handshake/identity.ts";
export type { SecurityOptions } from "./node/security_options.ts";
export type {
  TlsCertificates,
  TlsTransportOptions,
} from "./tls/tls_transport.ts";
export type { TcpTransportOptions } from "./transport/tcp_transport.ts";
export type {
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  Transport,
  TransportSecurity,
} from "./transport/transport.ts";
export type { UnixTransportOptions } from "./transport/unix_transport.ts";
