/**
 * The actors that the other process runs.
 * @module
 */

import {
  ActorSystem,
  ask,
  type Handlers,
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../actor/mod.ts";
import {
  bytes,
  protobuf,
  Remote,
  type RemoteOptions,
} from "../../remote/mod.ts";
import { type Reading, ReadingSchema } from "../gen/reading_pb.ts";
import { readSequence } from "./numbered.ts";

/** A body that is sent as JSON. */
export interface Note {
  /** Its number. */
  readonly sequence: number;
  /** What brings it to its size. */
  readonly text: string;
}

/** What a sink has got. */
export interface Total {
  /** How many messages. */
  readonly count: number;
  /** The sum of their numbers. */
  readonly sum: number;
}

/** Takes numbered messages in three formats. */
export const Sink: Protocol<"sink", {
  bytes: Spec<Uint8Array, void>;
  json: Spec<Note, void>;
  protobuf: Spec<Reading, void>;
  total: Spec<void, Total>;
}> = protocol("sink", {
  bytes: tell(bytes()),
  json: tell<Note>(),
  protobuf: tell(protobuf(ReadingSchema)),
  total: ask<void, Total>(),
});

/** Sends back what it gets. */
export const Echo: Protocol<"echo", {
  say: Spec<Uint8Array, Uint8Array>;
}> = protocol("echo", { say: ask(bytes(), bytes()) });

class SinkActor implements Handlers<typeof Sink> {
  #count = 0;
  #sum = 0;

  bytes(body: Uint8Array): void {
    this.#add(readSequence(body, 0));
  }

  json({ sequence }: Note): void {
    this.#add(sequence);
  }

  protobuf({ sequence }: Reading): void {
    this.#add(sequence);
  }

  total(): Total {
    return { count: this.#count, sum: this.#sum };
  }

  #add(sequence: number): void {
    this.#count++;
    this.#sum += sequence;
  }
}

/** Runs `sink` and `echo` in a system named `peer`, and resolves with the port. */
export async function serveActors(): Promise<number> {
  return (await startActors({})).port;
}

/** The same, as the options say. */
export async function startActors(options: RemoteOptions): Promise<Remote> {
  const system = new ActorSystem("peer");
  const remote = await Remote.start(system, options);
  system.spawn(Sink, () => new SinkActor(), { name: "sink" });
  system.spawn(Echo, () => ({ say: (body) => body }), { name: "echo" });
  return remote;
}
