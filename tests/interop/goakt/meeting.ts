/**
 * A node of ours and a GoAkt node that know each other.
 * @module
 */

import { create } from "@bufbuild/protobuf";
import { type StringValue, StringValueSchema } from "@bufbuild/protobuf/wkt";
import {
  ask,
  type Handlers,
  type Kind,
  kind,
  oneForOne,
  type Protocol,
  protocol,
  type Spec,
} from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system.ts";
import { GoaktClient } from "../../../remote/goakt/client/goakt_client.ts";
import {
  type Compression,
  protobuf,
  type RemoteOptions,
  TcpTransport,
} from "../../../remote/mod.ts";
import { type Node, startNode } from "../../remote/world.ts";
import { GoNode, type GoNodeOptions } from "./go_node.ts";

/** Says something and is answered, on both sides. */
export type TalkProtocol = Protocol<"talk", {
  say: Spec<StringValue, StringValue>;
}>;

export const Talk: TalkProtocol = protocol("talk", {
  say: ask(protobuf(StringValueSchema), protobuf(StringValueSchema)),
});

export const text = (value: string): StringValue =>
  create(StringValueSchema, { value });

/** What one of several asks was answered with. */
export function hear(outcome: PromiseSettledResult<StringValue>): unknown {
  return outcome.status === "fulfilled" ? outcome.value.value : outcome.reason;
}

/** What an actor of ours has heard, and from whom. */
export interface TalkLog {
  readonly texts: string[];
  readonly senders: (string | undefined)[];
}

/** Repeats what it hears; fails, or says nothing, when it is told to. */
export function talker(log: TalkLog): Handlers<TalkProtocol> {
  return {
    say: ({ value }, ctx): StringValue | Promise<StringValue> => {
      log.texts.push(value);
      log.senders.push(ctx.sender?.pid.toString());
      if (value === "fail") throw new RangeError("it failed");
      if (value === "silent") return new Promise(() => {});
      return text(value);
    },
  };
}

/** Which kind of actor Go spawns here. */
export const TalkKind: Kind<TalkProtocol> = kind(
  Talk,
  () => talker({ texts: [], senders: [] }),
  { aliases: ["billing.TalkActor"] },
);

/** Both nodes; disposing ends them. */
export interface Meeting extends AsyncDisposable {
  readonly here: Node;
  readonly go: GoNode;
  /** A client of the vocabulary alone, for what references cannot ask for. */
  readonly control: GoaktClient;
  /** Spawns an actor of ours. */
  talker(name: string): TalkLog;
  /** Spawns an actor of ours that has failed and is suspended. */
  suspended(name: string): Promise<void>;
}

/** How the two are set. */
export interface MeetingOptions {
  compression?: Compression;
  remote?: RemoteOptions;
  go?: GoNodeOptions;
}

/** Starts both. */
export async function meet(options: MeetingOptions = {}): Promise<Meeting> {
  const { compression = "none", remote, go } = options;
  const there = await GoNode.start({ compression, ...go });
  const here = await startNode("shop", { kinds: [TalkKind] }, {
    drainTimeout: 1_000,
    ...remote,
    goakt: { compression, ...remote?.goakt },
  });
  const control = new GoaktClient({
    runtime: internalsOf(here.system).runtime,
    transport: new TcpTransport(),
    options: { compression },
  });
  return {
    here,
    go: there,
    control,
    talker: (name) => {
      const log: TalkLog = { texts: [], senders: [] };
      here.system.spawn(Talk, () => talker(log), { name });
      return log;
    },
    suspended: async (name) => {
      const log: TalkLog = { texts: [], senders: [] };
      const supervisor = oneForOne({ decide: () => "suspend" });
      const ref = here.system.spawn(Talk, () => talker(log), {
        name,
        supervisor,
      });
      await ref.ask(Talk.say(text("fail"))).catch(() => {});
    },
    [Symbol.asyncDispose]: async () => {
      control.close();
      await here.remote.drain();
      await here.system.drain({ timeout: 50 });
      await there[Symbol.asyncDispose]();
    },
  };
}
