/**
 * What nodes of ours and GoAkt nodes talk about.
 * @module
 */

import { create } from "@bufbuild/protobuf";
import { type StringValue, StringValueSchema } from "@bufbuild/protobuf/wkt";
import {
  ask,
  type Handlers,
  type Kind,
  kind,
  type Protocol,
  protocol,
  type Spec,
} from "../../../actor/mod.ts";
import { protobuf } from "../../../remote/mod.ts";

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
