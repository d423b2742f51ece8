/**
 * Whether a node keeps strangers out, found out by being one.
 * @module
 */

import type { Clock } from "../../internal/clock.ts";
import { HandshakeError } from "../errors.ts";
import type { NodeIdentity } from "../handshake/handshake.ts";
import { Dialler } from "../handshake/handshake_dialler.ts";
import { shakeHands } from "../handshake/handshake_driver.ts";
import { SharedKey } from "../handshake/shared_key.ts";
import {
  type Connection,
  formatAddress,
  type Transport,
} from "../transport/transport.ts";

/** Why strangers are turned away. */
export const STRANGER: readonly string[] = ["certificate_missing", "key"];

/** What is tested. */
export interface SelfTest {
  /** How the node is reached. */
  readonly transport: Transport;
  /** Where it listens. */
  readonly hostname: string;
  /** Where it listens. */
  readonly port: number;
  /** What it says of itself. */
  readonly self: NodeIdentity;
  /** How long connecting may take, in milliseconds. */
  readonly connectTimeout: number;
  /** How long a handshake may take, in milliseconds. */
  readonly handshakeTimeout: number;
  /** The source of time. */
  readonly clock: Clock;
}

/**
 * Dials the own node without a certificate, and with a key that was made up.
 *
 * @throws {HandshakeError} When the node welcomes the stranger, or turns it away for another reason than that.
 * @throws {ConnectError} When the node cannot be reached from here.
 */
export async function testSelf(test: SelfTest): Promise<void> {
  const { hostname: bound, port, transport, self, connectTimeout } = test;
  const hostname = LOCAL[bound] ?? bound;
  const dial = transport.connectAnonymously ?? transport.connect;
  const timeout = connectTimeout;
  const connection: Connection = await dial.call(
    transport,
    { hostname, port, timeout },
  );
  const node = formatAddress(hostname, port);
  const dialler = new Dialler({
    // Another run, or the node would refuse itself instead of the stranger.
    self: { ...self, port: 0, incarnation: crypto.randomUUID() },
    hostname,
    port,
    lane: "control",
    certified: connection.certified,
    key: await SharedKey.of(crypto.getRandomValues(new Uint8Array(32))),
  });
  try {
    await shakeHands(connection, dialler, {
      timeout: test.handshakeTimeout,
      clock: test.clock,
    });
  } catch (error) {
    const isStranger = error instanceof HandshakeError &&
      STRANGER.includes(error.reason);
    if (isStranger && dialler.wasRefused) return;
    throw new HandshakeError(
      node,
      "self_test",
      "the node did not refuse a dialler without proof for that reason",
      "a refusal was expected",
      { cause: error },
    );
  } finally {
    connection.close();
  }
}

/** Where a node that listens on all addresses is reached from its own machine. */
const LOCAL: Readonly<Record<string, string | undefined>> = {
  "0.0.0.0": "127.0.0.1",
  "::": "::1",
  "[::]": "::1",
};
