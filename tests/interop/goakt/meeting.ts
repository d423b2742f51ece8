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
import {
  type Compression,
  protobuf,
  TcpTransport,
  type TlsTransport,
} from "../../../remote/mod.ts";
import { authority, tlsOf, uriOf } from "../../remote/tls/tls_fixtures.ts";
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

/** Repeats what it hears, but to nobody before it has been asked `size` times. */
function crowded(log: TalkLog, size: number): Handlers<TalkProtocol> {
  const all = Promise.withResolvers<void>();
  return {
    say: async ({ value }): Promise<StringValue> => {
      if (log.texts.push(value) === size) all.resolve();
      await all.promise;
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

/** Milliseconds for a thousand handshakes or asks at once: they take their time where the cores are few. */
export const PATIENCE = 30_000;

/** What GoAkt looks for in the certificates of our nodes; see `node/secure.go`. */
const HOST = "troupe.test";

/** A transport whose certificate names us as our own nodes and as GoAkt's want it. */
function ownTls(): Promise<TlsTransport> {
  const certificate = { uris: [uriOf("shop")], hosts: [HOST] };
  const options = { systems: ["gopher"], handshakeTimeout: PATIENCE };
  return tlsOf("shop", options, certificate);
}

/** Arguments that give the GoAkt node a certificate, in files for as long as the tests run. */
async function certificateFlags(): Promise<string[]> {
  const pair = await authority.issue({
    name: "gopher",
    uris: [uriOf("gopher")],
    hosts: [HOST],
  });
  const folder = await Deno.makeTempDir();
  const texts = { cert: pair.cert, key: pair.key, ca: authority.cert };
  const flags: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    const file = `${folder}/${name}.pem`;
    await Deno.writeTextFile(file, text);
    flags.push(`-${name}`, file);
  }
  return flags;
}

/** Both nodes; disposing ends them. */
export interface Meeting extends AsyncDisposable {
  readonly here: Node;
  readonly go: GoNode;
  /** Spawns an actor of ours. */
  talker(name: string): TalkLog;
  /** Spawns an actor of ours that answers once that many have asked. */
  crowd(name: string, size: number): TalkLog;
  /** Spawns an actor of ours that has failed and is suspended. */
  suspended(name: string): Promise<void>;
}

/** How the two are set. */
export interface MeetingOptions {
  compression?: Compression;
  /** What the connections of both are. */
  wire?: "clear" | "mutual TLS";
  go?: GoNodeOptions;
}

/** Starts both. */
export async function meet(options: MeetingOptions = {}): Promise<Meeting> {
  const { compression = "none", wire = "clear", go } = options;
  const isSecure = wire === "mutual TLS";
  const args = isSecure ? await certificateFlags() : [];
  const transport = isSecure ? await ownTls() : new TcpTransport();
  const there = await GoNode.start({ compression, args, ...go });
  const here = await startNode("shop", { kinds: [TalkKind] }, {
    drainTimeout: 1_000,
    handshakeTimeout: PATIENCE,
    connectTimeout: PATIENCE,
    transport,
    goakt: { compression },
  });
  return {
    here,
    go: there,
    talker: (name) => {
      const log: TalkLog = { texts: [], senders: [] };
      here.system.spawn(Talk, () => talker(log), { name });
      return log;
    },
    crowd: (name, size) => {
      const log: TalkLog = { texts: [], senders: [] };
      const reentrancy = { mode: "all" } as const;
      here.system.spawn(Talk, () => crowded(log, size), { name, reentrancy });
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
      await here.remote.drain();
      await here.system.drain({ timeout: 50 });
      await there[Symbol.asyncDispose]();
    },
  };
}
