/**
 * What peers may ask of this node besides messages: look-up, spawn, stop.
 * @module
 */

import {
  type ActorError,
  StoppedError,
  UnknownKindError,
} from "../../actor/errors.ts";
import type { AnyKind } from "../../actor/protocol/kind.ts";
import { Pid } from "../../actor/reference/pid.ts";
import { PROTOCOL } from "../../actor/protocol/protocol.ts";
import type { Cell } from "../../actor/cell/cell.ts";
import type { SystemInternals } from "../../actor/system/system.ts";
import type { Access, PeerAction } from "./access.ts";
import { DeniedError, FrameError, OverloadedError } from "../errors.ts";
import { MOST_COMMANDS, MOST_COMMANDS_OF_ALL } from "../link/caps.ts";
import { failureOf } from "../failure.ts";
import type { Link } from "../link/link.ts";
import { codecOf } from "../codec/message_codecs.ts";
import type { DecodedFrame, FrameFields, Spawn } from "../wire/fields.ts";
import { WatchServer, type WatchServerHost } from "../watch/watch_server.ts";
import { FrameKind } from "../wire/kinds.ts";
import { CONTROL, MAX_VALUE_BYTES } from "../wire/tables.ts";

/** What requests are called where it is decided about them. */
const ACTIONS: Readonly<Record<number, PeerAction>> = {
  [FrameKind.LOOKUP]: "lookup",
  [FrameKind.STOP]: "stop",
  [FrameKind.SPAWN]: "spawn",
  [FrameKind.WATCH]: "watch",
  [FrameKind.LINK]: "link",
  [FrameKind.UNLINK]: "link",
  [FrameKind.RESPAWN]: "respawn",
  [FrameKind.REINSTATE]: "reinstate",
  [FrameKind.STATE]: "state",
};

/** What an answer says besides the address of the actor. */
type Answer = Pick<FrameFields, "address" | "payload">;
type Awaitable<T> = T | Promise<T>;

/** Longest address or name in a request, in characters. */
const LONGEST_TEXT = 2 * MAX_VALUE_BYTES;

const encoder = new TextEncoder();
const NOBODY = { role: "peer", node: "" };

/** Carries out requests of peers. Each is answered once. */
export class Commands {
  readonly #internals: SystemInternals;
  readonly #access: Access;
  readonly #watches: WatchServer;
  /** Requests that are not answered yet, by the link over which they came. */
  readonly #waiting: WeakMap<Link, number> = new WeakMap();
  #total = 0;

  constructor(
    internals: SystemInternals,
    access: Access,
    host: WatchServerHost,
  ) {
    this.#internals = internals;
    this.#access = access;
    this.#watches = new WatchServer(host);
  }

  /** Takes a request off a link. Kinds of frames that this version does not know are refused. */
  take(link: Link, frame: DecodedFrame): void {
    const { kind, correlation, address, spawn } = frame;
    const error = flawOfTexts(frame) ?? this.#denied(link, frame);
    if (error !== undefined) {
      if (correlation === 0) throw error;
      const failure = failureOf(error);
      return link.outbound.frame({
        kind: FrameKind.FAILURE,
        correlation,
        failure,
      });
    }
    switch (kind) {
      case FrameKind.LOOKUP:
        return this.#answer(
          link,
          correlation,
          FrameKind.LOOKUP_REPLY,
          () => this.#lookUp(address),
        );
      case FrameKind.STOP:
        return this.#answer(
          link,
          correlation,
          FrameKind.STOPPED,
          () => this.#stop(address),
        );
      case FrameKind.SPAWN:
        return this.#answer(
          link,
          correlation,
          FrameKind.SPAWNED,
          () => this.#spawn(spawn),
        );
      case FrameKind.RESPAWN:
        return this.#answer(
          link,
          correlation,
          FrameKind.RESPAWNED,
          () => this.#respawn(address),
        );
      case FrameKind.REINSTATE:
        return this.#answer(link, correlation, FrameKind.REINSTATED, () => {
          const { ref, pid } = this.#living(address, "reinstate");
          this.#internals.runtime.system.reinstate(ref);
          return pid.toJSON();
        });
      case FrameKind.STATE:
        return this.#answer(link, correlation, FrameKind.STATE_REPLY, () => {
          const { state, pid } = this.#living(address, "ask for the state of");
          return { address: pid.toJSON(), payload: encoder.encode(state) };
        });
      case FrameKind.WATCH:
        return this.#answer(link, correlation, FrameKind.WATCHED, () => {
          const cell = this.#living(address, "watch");
          this.#watches.watch(link, correlation, cell);
          return cell.pid.toJSON();
        });
      case FrameKind.UNWATCH:
        return this.#watches.unwatch(link, correlation);
      case FrameKind.LINK:
        return this.#answer(link, correlation, FrameKind.LINKED, () => {
          const cell = this.#living(address, "link");
          this.#watches.link(link, cell, frame);
          return cell.pid.toJSON();
        });
      case FrameKind.UNLINK:
        return this.#answer(link, correlation, FrameKind.UNLINKED, () => {
          const { cell } = this.#find(address, "unlink");
          this.#watches.unlink(link, cell, frame);
          return address;
        });
      case FrameKind.CANCEL:
        return link.asks.cancel(correlation);
      default:
        throw new FrameError(
          "read a frame",
          `it is of kind ${kind}`,
          "a kind of this version was expected",
        );
    }
  }

  /** What stands against the request, if anything. */
  #denied(
    { identity }: Link,
    { kind, address, spawn, size }: DecodedFrame,
  ): ActorError | undefined {
    // Of its own asks and watches; how many come is counted where they are read.
    if (kind === FrameKind.CANCEL || kind === FrameKind.UNWATCH) {
      return undefined;
    }
    if (identity !== undefined && this.#access.isFree(identity)) {
      return undefined;
    }
    const { name } = this.#internals.runtime;
    const target = spawn === undefined
      ? parsed(address)
      : new Pid({ system: name, host: "", port: 0, path: spawn.name });
    const action = ACTIONS[kind] ?? "other";
    if (identity === undefined) {
      return new DeniedError(action, target, NOBODY, "nobody is known to ask");
    }
    const type = spawn === undefined ? "" : spawn.kind || spawn.inputType;
    return this.#access.enter(identity, action, target, size) ??
      this.#access.judge(identity, target, { action, type, body: undefined });
  }

  #answer(
    link: Link,
    correlation: number,
    kind: number,
    run: () => Awaitable<string | Answer>,
  ): void {
    if (correlation === 0) {
      throw new FrameError(
        "read a request",
        "it has no number",
        "a number that its answer can have was expected",
      );
    }
    const answer = (said: string | Answer) =>
      link.outbound.frame({
        kind,
        correlation,
        ...(typeof said === "string" ? { address: said } : said),
      });
    const fail = (error: unknown) =>
      link.outbound.frame({
        kind: FrameKind.FAILURE,
        correlation,
        failure: failureOf(error),
      });
    let said: Awaitable<string | Answer>;
    try {
      this.#checkRoom(link);
      said = run();
    } catch (error) {
      return fail(error);
    }
    if (!(said instanceof Promise)) return answer(said);
    this.#waiting.set(link, (this.#waiting.get(link) ?? 0) + 1);
    this.#total++;
    said.finally(() => {
      this.#waiting.set(link, (this.#waiting.get(link) ?? 1) - 1);
      this.#total--;
    }).then(answer, fail);
  }

  /** What waits for an actor here may wait for ever. */
  #checkRoom(link: Link): void {
    const waiting = this.#waiting.get(link) ?? 0;
    if (waiting < MOST_COMMANDS && this.#total < MOST_COMMANDS_OF_ALL) return;
    throw new OverloadedError(
      link.node,
      "carry out a request",
      `${Math.max(waiting, this.#total)} requests are being carried out`,
      "fewer were expected",
    );
  }

  #lookUp(address: string): Awaitable<string> {
    const cell = this.#living(address, "look up");
    const found = cell.pid.toJSON();
    return cell.state === "running" ? found : cell.started().then(() => found);
  }

  async #stop(address: string): Promise<string> {
    const cell = this.#living(address, "stop");
    await this.#internals.runtime.commands.stop(cell.ref, undefined);
    return address;
  }

  async #respawn(address: string): Promise<string> {
    const { ref } = this.#living(address, "respawn");
    const fresh = await this.#internals.runtime.system.respawn(ref);
    await fresh.started();
    return fresh.pid.toJSON();
  }

  async #spawn(spawn: Spawn | undefined): Promise<string> {
    if (spawn === undefined) {
      throw new FrameError(
        "spawn an actor",
        "the request does not say what",
        "a kind was expected",
      );
    }
    const kind = this.#kind(spawn);
    const input = codecOf(kind.protocol[PROTOCOL].input).decode(spawn.input);
    const { system } = this.#internals.runtime;
    const options = {
      input: input as never,
      ...(spawn.name === "" ? {} : { name: spawn.name }),
    };
    const ref = system.spawn(kind as never, options);
    await ref.started();
    return ref.pid.toJSON();
  }

  #kind({ kind, inputType }: Spawn): AnyKind {
    const { kinds } = this.#internals;
    if (kind !== "") {
      const named = kinds.get(kind);
      const { name } = named.protocol[PROTOCOL];
      if (name === inputType) return named;
      throw new TypeError(
        `Cannot spawn kind "${kind}": it is of protocol "${name}", one of protocol "${inputType}" was expected`,
      );
    }
    const ofProtocol = new Set(
      kinds.names.map((name) => kinds.get(name)).filter(({ protocol }) =>
        protocol[PROTOCOL].name === inputType
      ),
    );
    const [first, ...others] = ofProtocol;
    if (first === undefined) throw new UnknownKindError(inputType, kinds.names);
    if (others.length === 0) return first;
    const list = [...ofProtocol].map(({ name }) => `"${name}"`).join(", ");
    throw new TypeError(
      `Cannot choose a kind for protocol "${inputType}": found ${list}, wanted one of them by name`,
    );
  }

  /** The living actor at an address; an error that names it when there is none. */
  #living(address: string, action: string): Cell {
    const { pid, cell } = this.#find(address, action);
    if (cell !== undefined) return cell;
    throw new StoppedError(pid, action, "there is no such actor");
  }

  #find(address: string, action: string): { pid: Pid; cell: Cell | undefined } {
    const pid = Pid.parse(address);
    const { name } = this.#internals.runtime;
    if (pid.system !== name) {
      throw new StoppedError(
        pid,
        action,
        `this node belongs to system "${name}"`,
      );
    }
    const cell = this.#internals.find(pid.path);
    // How this node is addressed may differ from how it advertises itself; which actor is meant may not.
    const meant = cell !== undefined &&
      (pid.incarnation === "" || pid.incarnation === cell.pid.incarnation);
    return { pid, cell: meant ? cell : undefined };
  }
}

/** What is wrong when a name or address cannot be written into one line of a log. */
function flawOfTexts({ address, spawn }: DecodedFrame): FrameError | undefined {
  const texts = spawn === undefined
    ? [address]
    : [address, spawn.kind, spawn.name, spawn.inputType];
  for (const text of texts) {
    const found = text.length > LONGEST_TEXT
      ? `${text.length} characters`
      : CONTROL.test(text)
      ? "a control character"
      : undefined;
    if (found === undefined) continue;
    return new FrameError(
      "read a request",
      `a name in it has ${found}`,
      `texts of one line and at most ${LONGEST_TEXT} characters were expected`,
    );
  }
  return undefined;
}

/** What an address means; nowhere when it is none, which is found out when it is used. */
function parsed(address: string): Pid {
  try {
    return Pid.parse(address);
  } catch {
    return new Pid({ system: "", host: "", port: 0, path: "" });
  }
}
