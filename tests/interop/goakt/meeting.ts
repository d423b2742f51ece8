/**
 * A node of ours and a GoAkt node that know each other.
 * @module
 */

import type { StringValue } from "@bufbuild/protobuf/wkt";
import { type Handlers, oneForOne } from "../../../actor/mod.ts";
import {
  type Compression,
  TcpTransport,
  TlsTransport,
  type TlsTransportOptions,
  type Transport,
} from "../../../remote/mod.ts";
import { COMPRESSIONS } from "../../../remote/goakt/compression/compression.ts";
import { authority, uriOf } from "../../remote/tls/tls_fixtures.ts";
import type { CertificatePair } from "../../support/certificates.ts";
import { type Node, startNode } from "../../remote/world.ts";
import { GoNode, type GoNodeOptions } from "./go_node.ts";
import {
  Talk,
  talker,
  TalkKind,
  type TalkLog,
  type TalkProtocol,
  text,
} from "./talk.ts";

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

/** Milliseconds for a thousand handshakes or asks at once: they take their time where the cores are few. */
export const PATIENCE = 30_000;

/** What GoAkt looks for in the certificates of our nodes; see `node/secure.go`. */
const HOST = "troupe.test";

/** How the connections of both nodes are. */
export interface Setting {
  readonly wire: "clear" | "mutual TLS";
  readonly compression: Compression;
}

/** All that connections can be. */
export const SETTINGS: readonly Setting[] = (["clear", "mutual TLS"] as const)
  .flatMap((wire) =>
    COMPRESSIONS.map((compression) => ({ wire, compression }))
  );

/** A certificate that names a node as our own nodes and as GoAkt's want it. */
function certify(system: string): Promise<CertificatePair> {
  const uris = [uriOf(system)];
  return authority.issue({ name: system, uris, hosts: [HOST] });
}

/** What a node of ours needs to talk to GoAkt nodes over TLS. */
export async function ownTls(): Promise<TlsTransportOptions> {
  return {
    ...await certify("shop"),
    ca: authority.cert,
    systems: ["gopher"],
    handshakeTimeout: PATIENCE,
  };
}

/** Arguments that give the GoAkt node a certificate, in files for as long as the tests run. */
export async function certificateFlags(): Promise<string[]> {
  const pair = await certify("gopher");
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
  /** How the node here reaches others. */
  readonly transport: Transport;
  /** What the GoAkt node was started with. */
  readonly args: readonly string[];
  /** Spawns an actor of ours. */
  talker(name: string): TalkLog;
  /** Spawns an actor of ours that answers once that many have asked. */
  crowd(name: string, size: number): TalkLog;
  /** Spawns an actor of ours that has failed and is suspended. */
  suspended(name: string): Promise<void>;
}

/** How the two are set. */
export interface MeetingOptions extends Partial<Setting> {
  go?: GoNodeOptions;
}

/** Starts both. */
export async function meet(options: MeetingOptions = {}): Promise<Meeting> {
  const { compression = "none", wire = "clear", go } = options;
  const isSecure = wire === "mutual TLS";
  const args = isSecure ? await certificateFlags() : [];
  const transport = isSecure
    ? new TlsTransport(await ownTls())
    : new TcpTransport();
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
    transport,
    args,
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
