/**
 * What one end of a TLS connection shows, and what it wants to see.
 * @module
 */

import type { X509Certificate } from "node:crypto";
import type { Server, TLSSocket } from "node:tls";
import {
  certificateFlaw,
  dateFlaw,
  identityIn,
  subjectText,
} from "./certificates.ts";
import { describe } from "../../actor/errors.ts";
import { printable } from "../handshake/first_message.ts";
import type { RefusalReason } from "../handshake/handshake_acceptor.ts";
import {
  type CertifiedIdentity,
  type CertifiedPeer,
  isDialled,
} from "../handshake/identity.ts";
import type { TlsTransportOptions } from "./tls_transport.ts";
import { type DuplexClass, TlsWire } from "./tls_wire.ts";
import type { Connection } from "../transport/transport.ts";

/** Who is at the other end, and whether it is let in. */
export interface TlsPeer {
  /** Who it is. */
  readonly certified: CertifiedPeer;
  /** Why it is not let in, if so. */
  readonly refusal: RefusalReason | undefined;
}

/** The parts of the platform that TLS needs, loaded when they are. */
interface Platform {
  readonly tls: typeof import("node:tls");
  readonly crypto: typeof import("node:crypto");
  readonly Duplex: DuplexClass;
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** How many certificates of a peer are looked at. */
const MAX_CHAIN = 8;

/** Certificates that have been read and checked. */
export class TlsCredentials {
  /** Whom the own certificate names. */
  readonly identity: CertifiedIdentity | undefined;
  /** The SHA-256 of the own certificate. */
  readonly fingerprint: string;
  readonly #options: TlsTransportOptions;
  readonly #platform: Platform;
  readonly #authorities: readonly X509Certificate[];

  private constructor(
    options: TlsTransportOptions,
    platform: Platform,
    own: X509Certificate,
    authorities: readonly X509Certificate[],
  ) {
    this.#options = options;
    this.#platform = platform;
    this.#authorities = authorities;
    this.identity = identityIn(own);
    this.fingerprint = own.fingerprint256;
  }

  /**
   * Reads certificates and checks that the own one would be accepted by a node like this one.
   *
   * @throws {TypeError} When one cannot be read, is not valid now, does not fit its key, was issued by none of
   * the authorities, or names nobody although both ends are to show who they are.
   */
  static async read(options: TlsTransportOptions): Promise<TlsCredentials> {
    const platform = {
      tls: await import("node:tls"),
      crypto: await import("node:crypto"),
      Duplex: (await import("node:stream")).Duplex,
    };
    const { X509Certificate, createPrivateKey } = platform.crypto;
    const parse = (what: string, text: string) =>
      read(what, () => {
        const pems = text.match(PEM) ?? [];
        if (pems.length === 0) throw new TypeError("it has no certificate");
        return pems.map((pem) => new X509Certificate(pem));
      });
    const own = parse("the own certificate", options.cert);
    const { ca } = options;
    const authorities = parse(
      "the authorities",
      typeof ca === "string" ? ca : ca.join("\n"),
    );
    const key = read("the private key", () => createPrivateKey(options.key));
    const [first] = own as [X509Certificate]; // parse gives at least one
    if (!first.checkPrivateKey(key)) {
      throw new TypeError(
        `Cannot use TLS: the private key does not belong to the certificate ${
          subjectText(first.subject)
        }, its own key was expected`,
      );
    }
    const credentials = new TlsCredentials(
      options,
      platform,
      first,
      authorities,
    );
    credentials.#check(own);
    return credentials;
  }

  /**
   * Checks that a node stays who it is when these take the place of `before`.
   *
   * @throws {TypeError} When the certificate names somebody else.
   */
  checkReplaces(before: TlsCredentials): void {
    const [old, fresh] = [before.identity?.uri, this.identity?.uri];
    if (old === fresh) return;
    throw new TypeError(
      `Cannot reload certificates: the new one is for "${fresh}", one for "${old}" was expected`,
    );
  }

  /** The stream that TLS runs over. */
  wire(connection: Connection): TlsWire {
    return new TlsWire(this.#platform.Duplex, connection);
  }

  /** Begins to shake hands with who has dialled. One server for each, so that what it reports is of one peer. */
  accept({ stream }: TlsWire): Server {
    const server = this.#platform.tls.createServer(
      { ...this.#context, allowHalfOpen: true } as object,
    );
    server.emit("connection", stream);
    return server;
  }

  /** Begins to shake hands with who was dialled. */
  dial({ stream }: TlsWire, host: string, as: "own" | "anonymous"): TLSSocket {
    const { cert: _cert, key: _key, ...anonymous } = this.#context;
    const isShown = this.#isMutual && as === "own";
    const isName = !/^[\d.]+$|:/.test(host);
    return this.#platform.tls.connect({
      socket: stream,
      ...(isShown ? this.#context : anonymous),
      // Who the peer is says its certificate's URI, which is looked at when the handshake is over.
      checkServerIdentity: () => undefined,
      ...(isName && { servername: host }),
      allowHalfOpen: true,
    } as object);
  }

  /** Looks at who dialled. Never throws, whatever the peer shows. */
  judgeDialler(socket: TLSSocket): TlsPeer {
    const { fingerprint: listener } = this;
    const stranger = { identity: undefined, listener, validUntil: 0 };
    return judged(stranger, () => this.#lookAtDialler(socket));
  }

  #lookAtDialler(socket: TLSSocket): TlsPeer {
    const { fingerprint: listener } = this;
    if (!this.#isMutual) {
      const certified = { identity: undefined, listener, validUntil: Infinity };
      return { certified, refusal: this.#versionFlaw(socket) };
    }
    const chain = this.#chainOf(socket);
    const [own] = chain;
    const identity = own && identityIn(own);
    const refusal = this.#flaw(socket, chain) ??
      this.#identityFlaw(own, identity);
    const validUntil = own === undefined ? 0 : Date.parse(own.validTo);
    return { certified: { identity, listener, validUntil }, refusal };
  }

  /** Looks at who answered to `hostname`. Never throws, whatever the peer shows. */
  judgeListener(socket: TLSSocket, hostname: string): TlsPeer {
    const stranger = certifiedAs(undefined, undefined);
    return judged(stranger, () => this.#lookAtListener(socket, hostname));
  }

  #lookAtListener(socket: TLSSocket, hostname: string): TlsPeer {
    const chain = this.#chainOf(socket);
    const [own] = chain;
    const identity = own && identityIn(own);
    let refusal = this.#flaw(socket, chain);
    if (this.#isMutual || identity !== undefined) {
      refusal ??= this.#identityFlaw(own, identity) ??
        listenerFlaw(own, identity);
    } else refusal ??= hostFlaw(own, hostname);
    return { certified: certifiedAs(identity, own), refusal };
  }

  /** Takes who answered for what it says. */
  trust(socket: TLSSocket): TlsPeer {
    const [own] = this.#chainOf(socket);
    const identity = own && identityIn(own);
    return { certified: certifiedAs(identity, own), refusal: undefined };
  }

  get #isMutual(): boolean {
    return (this.#options.authentication ?? "mutual") === "mutual";
  }

  /**
   * Nobody is turned away by the TLS library, which would tell neither end why. Whom it does not trust is not
   * trusted here either, but told so; that a peer has the key of what it shows is seen to by the library.
   */
  get #context(): {
    cert: string;
    key: string;
    ca: string[];
    minVersion: string;
    requestCert: boolean;
    rejectUnauthorized: boolean;
  } {
    const { cert, key, ca, minVersion = "TLSv1.3" } = this.#options;
    return {
      cert,
      key,
      ca: typeof ca === "string" ? [ca] : [...ca],
      minVersion,
      requestCert: this.#isMutual,
      rejectUnauthorized: false,
    };
  }

  get #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #check(own: readonly X509Certificate[]): void {
    const [first] = own;
    const flaw = certificateFlaw({ chain: own, flaw: undefined }, {
      authorities: this.#authorities,
      now: this.#now,
    });
    const isNamed = !this.#isMutual || this.identity !== undefined;
    const refusal = flaw ?? (isNamed ? undefined : namelessFlaw(first));
    if (refusal === undefined) return;
    const { found, wanted } = refusal;
    throw new TypeError(`Cannot use TLS: ${found}, ${wanted}`);
  }

  #flaw(
    socket: TLSSocket,
    chain: readonly X509Certificate[],
  ): RefusalReason | undefined {
    const { authorized, authorizationError } = socket;
    const flaw = authorized === true
      ? undefined
      : `${authorizationError ?? "for no reason given"}`;
    return this.#versionFlaw(socket) ??
      certificateFlaw({ chain, flaw }, {
        authorities: this.#authorities,
        now: this.#now,
      }) ?? this.#authorityFlaw();
  }

  /** An authority of which none is valid any more has nothing to say. */
  #authorityFlaw(): RefusalReason | undefined {
    const flaws = this.#authorities.map((one) => dateFlaw(one, this.#now));
    return flaws.includes(undefined) ? undefined : flaws[0];
  }

  #versionFlaw(socket: TLSSocket): RefusalReason | undefined {
    const { minVersion = "TLSv1.3" } = this.#options;
    const protocol = socket.getProtocol() ?? "no version";
    if (protocol >= minVersion && protocol.startsWith("TLSv1.")) {
      return undefined;
    }
    const wanted = `${minVersion} or higher was expected`;
    return { code: "tls_version", found: `${protocol} is spoken`, wanted };
  }

  #identityFlaw(
    certificate: X509Certificate | undefined,
    identity: CertifiedIdentity | undefined,
  ): RefusalReason | undefined {
    if (identity === undefined) return namelessFlaw(certificate);
    const { identity: self, systems: others = [] } = {
      identity: this.identity,
      systems: this.#options.systems,
    };
    if (self === undefined) return undefined;
    const systems = [self.system, ...others];
    const isKnown = identity.trustDomain === self.trustDomain &&
      systems.includes(identity.system);
    if (isKnown) return undefined;
    const wanted = systems.map((system) =>
      `"spiffe://${self.trustDomain}/cluster/${system}/..."`
    ).join(" or ");
    // The text is read at both ends, so it names the one that has to be told.
    const cure = identity.trustDomain !== self.trustDomain
      ? ""
      : `, or "${identity.system}" in the option \`systems\` of the TlsTransport that expects it`;
    return {
      code: "certificate_system",
      found: `the certificate is for "${identity.uri}"`,
      wanted: `one for ${wanted} was expected${cure}`,
    };
  }

  #chainOf(socket: TLSSocket): X509Certificate[] {
    const { X509Certificate } = this.#platform.crypto;
    const chain: X509Certificate[] = [];
    let shown: ReturnType<TLSSocket["getPeerCertificate"]> | undefined = socket
      .getPeerCertificate(true);
    while (shown?.raw !== undefined && chain.length < MAX_CHAIN) {
      chain.push(new X509Certificate(shown.raw));
      const next: typeof shown | undefined =
        (shown as { issuerCertificate?: typeof shown }).issuerCertificate;
      if (next === shown) break; // an authority issues its own
      shown = next;
    }
    return chain;
  }
}

/** What `look` finds out; who shows what cannot be looked at is a `stranger`. */
function judged(stranger: CertifiedPeer, look: () => TlsPeer): TlsPeer {
  try {
    return look();
  } catch (cause) {
    // The platform reads some parts of a certificate only when it is asked for them.
    const refusal = {
      code: "certificate_invalid",
      found: `the certificate cannot be read (${printable(describe(cause))})`,
      wanted: "a certificate in good form was expected",
    };
    return { certified: stranger, refusal };
  }
}

function certifiedAs(
  identity: CertifiedIdentity | undefined,
  certificate: X509Certificate | undefined,
): CertifiedPeer {
  return {
    identity,
    listener: certificate?.fingerprint256 ?? "",
    validUntil: certificate === undefined ? 0 : Date.parse(certificate.validTo),
  };
}

function namelessFlaw(certificate: X509Certificate | undefined): RefusalReason {
  return {
    code: "certificate_identity",
    found: `the certificate ${subjectText(certificate?.subject)} names no node`,
    wanted:
      'one URI "spiffe://<trust domain>/cluster/<system>/<role>/<node>" was expected',
  };
}

/** Who listens is a node: the certificate of a client is not enough to be taken for one. */
function listenerFlaw(
  certificate: X509Certificate | undefined,
  identity: CertifiedIdentity | undefined,
): RefusalReason | undefined {
  if (identity === undefined) return namelessFlaw(certificate);
  if (isDialled(identity.role)) return undefined;
  return {
    code: "certificate_role",
    found: `who listens has a certificate for "${identity.uri}"`,
    wanted: "one of a node was expected",
  };
}

/** Without a name of ours, the names that the web uses count. */
function hostFlaw(
  certificate: X509Certificate | undefined,
  hostname: string,
): RefusalReason | undefined {
  const isFor = certificate?.checkHost(hostname) !== undefined ||
    certificate?.checkIP(hostname) !== undefined;
  if (isFor) return undefined;
  return {
    code: "certificate_identity",
    found: `the certificate ${
      subjectText(certificate?.subject)
    } is not for "${hostname}"`,
    wanted: "one for the host that was dialled was expected",
  };
}

function read<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(
      `Cannot use TLS: ${what} cannot be read (${found}), PEM text was expected`,
      { cause },
    );
  }
}
