/**
 * Runs a handshake over a connection.
 * @module
 */

import { type Clock, systemClock } from "../../internal/clock.ts";
import {
  type Handshake,
  HANDSHAKE_TIMEOUT,
  type HandshakeEvent,
  type Session,
} from "./handshake.ts";
import type { Connection } from "../transport/transport.ts";

/** How long and on whose time a handshake runs. */
export interface ShakeHandsOptions {
  /**
   * Milliseconds until the connection is closed.
   * @default {5000}
   */
  timeout?: number;
  /**
   * The time that `timeout` is counted in.
   * @default {systemClock}
   */
  clock?: Clock;
  /** Closes the connection and rejects with `signal.reason`. No effect after the handshake. */
  signal?: AbortSignal | undefined;
}

/** How much of what a refused peer still sends is read, in bytes, so that it gets our answer. */
const LINGER_BYTES = 64 * 1024;

/**
 * Runs one end of a handshake, and has the only say over the connection meanwhile. When it resolves, the connection is the caller's again and the peer
 * has been welcomed or has welcomed us; when it rejects, the connection is closed.
 *
 * @returns What was agreed on. Frames may have come already: see {@linkcode Session.rest}.
 * @throws {HandshakeError} When the peer was refused, refused us, was silent, or is no such node.
 */
export async function shakeHands(
  connection: Connection,
  handshake: Handshake,
  options: ShakeHandsOptions = {},
): Promise<Session> {
  const { timeout = HANDSHAKE_TIMEOUT, clock = systemClock, signal } = options;
  const driver = new Driver(connection, timeout);
  const close = () => connection.close();
  const timer = clock.setTimer(timeout, () => driver.expire());
  signal?.addEventListener("abort", close);
  try {
    signal?.throwIfAborted();
    const session = await driver.run(handshake);
    signal?.throwIfAborted();
    return session;
  } catch (error) {
    connection.close();
    throw signal?.aborted ? signal.reason : error;
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", close);
  }
}

/** The loop between a handshake and its connection. */
class Driver {
  readonly #connection: Connection;
  readonly #timeout: number;
  #state: "running" | "expired" | "over" = "running";

  constructor(connection: Connection, timeout: number) {
    this.#connection = connection;
    this.#timeout = timeout;
  }

  /** Ends whatever waits for the connection. */
  expire(): void {
    if (this.#state === "over") return;
    this.#state = "expired";
    this.#connection.close();
  }

  async run(handshake: Handshake): Promise<Session> {
    let event: HandshakeEvent = { kind: "opened" };
    while (true) {
      let next: HandshakeEvent | undefined;
      for (const effect of handshake.step(event)) {
        switch (effect.kind) {
          case "send":
            next = await this.#send(effect.bytes);
            break;
          case "established":
            this.#state = "over";
            return effect.session;
          case "failed":
            if (next?.kind === "sent") await this.#linger();
            throw effect.error;
        }
      }
      next ??= await this.#receive();
      // Nothing waits between this look and the next step, so time cannot run out unnoticed.
      event = this.#state === "expired"
        ? { kind: "timeout", after: this.#timeout }
        : next;
    }
  }

  async #send(bytes: Uint8Array): Promise<HandshakeEvent> {
    try {
      await this.#connection.write(bytes);
      return { kind: "sent" };
    } catch (cause) {
      return { kind: "ended", cause };
    }
  }

  async #receive(): Promise<HandshakeEvent> {
    try {
      const bytes = await this.#connection.read();
      return bytes === undefined
        ? { kind: "ended" }
        : { kind: "received", bytes };
    } catch (cause) {
      return { kind: "ended", cause };
    }
  }

  /**
   * Lets the peer take our last words: closing while it still sends would reset the connection,
   * and it could lose them. Ends with the handshake's time at the latest.
   */
  async #linger(): Promise<void> {
    await this.#connection.closeWrite();
    let left = LINGER_BYTES;
    while (left > 0) {
      const event = await this.#receive();
      if (event.kind !== "received") return;
      left -= event.bytes.length;
    }
  }
}
