/**
 * Certificate authorities and certificates for tests: X.509 v3, ECDSA P-256, made when they are needed.
 * @module
 */

/** What a certificate says. */
export interface CertificateOptions {
  /** The common name. */
  name?: string;
  /** The URIs among the alternative names. */
  uris?: readonly string[];
  /** The host names among them, which peers of other makers look at. */
  hosts?: readonly string[];
  /** The first moment at which it is valid. */
  from?: Date;
  /** The last moment at which it is valid. */
  until?: Date;
}

/** A certificate with its private key, both as PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

const DAY = 86_400_000;
const EC_P256 = { name: "ECDSA", namedCurve: "P-256" };
const OID = {
  ecdsaWithSha256: "2a8648ce3d040302",
  commonName: "550403",
  basicConstraints: "551d13",
  keyUsage: "551d0f",
  subjectAltName: "551d11",
} as const;

/** One that signs certificates. */
export class TestAuthority {
  /** Its own certificate as PEM. */
  readonly cert: string;
  readonly #name: string;
  readonly #keys: CryptoKeyPair;

  private constructor(name: string, keys: CryptoKeyPair, cert: string) {
    this.#name = name;
    this.#keys = keys;
    this.cert = cert;
  }

  /** Makes an authority with a fresh key. */
  static async create(name: string): Promise<TestAuthority> {
    const keys = await generateKeys();
    const options = { name, isAuthority: true };
    const cert = await sign(options, keys.publicKey, name, keys.privateKey);
    return new TestAuthority(name, keys, cert);
  }

  /** An authority whose certificate this one has signed; without the right to sign, unless told otherwise. */
  async appoint(
    name: string,
    options: CertificateOptions & { isAuthority?: boolean } = {},
  ): Promise<TestAuthority> {
    const keys = await generateKeys();
    const said = { ...options, name };
    const issuerKey = this.#keys.privateKey;
    const cert = await sign(said, keys.publicKey, this.#name, issuerKey);
    return new TestAuthority(name, keys, cert);
  }

  /** Signs a certificate for a fresh key; valid from a day ago for ten days unless told otherwise. */
  async issue(options: CertificateOptions = {}): Promise<CertificatePair> {
    const keys = await generateKeys();
    const cert = await sign(
      options,
      keys.publicKey,
      this.#name,
      this.#keys.privateKey,
    );
    const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
    return { cert, key: pem("PRIVATE KEY", new Uint8Array(pkcs8)) };
  }
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(EC_P256, true, ["sign", "verify"]);
}

async function sign(
  options: CertificateOptions & { isAuthority?: boolean },
  publicKey: CryptoKey,
  issuer: string,
  issuerKey: CryptoKey,
): Promise<string> {
  const { name = "node", uris = [], hosts = [], isAuthority = false } = options;
  const {
    from = new Date(Date.now() - DAY),
    until = new Date(Date.now() + 10 * DAY),
  } = options;
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const extensions = [
    ...(isAuthority
      ? [
        extension(OID.basicConstraints, sequence(der(0x01, [0xff]))),
        extension(OID.keyUsage, der(0x03, [1, 0x06])), // signs certificates and lists
      ]
      : []),
    ...(uris.length + hosts.length > 0
      ? [extension(
        OID.subjectAltName,
        sequence(
          ...hosts.map((host) => der(0x82, text(host))),
          ...uris.map((uri) => der(0x86, text(uri))),
        ),
      )]
      : []),
  ];
  const content = sequence(
    der(0xa0, der(0x02, [2])), // version 3
    der(0x02, [1, ...crypto.getRandomValues(new Uint8Array(8))]),
    algorithm,
    distinguishedName(issuer),
    sequence(time(from), time(until)),
    distinguishedName(name),
    new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
    ...(extensions.length > 0 ? [der(0xa3, sequence(...extensions))] : []),
  );
  const signature = await crypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" },
    issuerKey,
    content,
  );
  const bits = join([[0], derSignature(new Uint8Array(signature))]);
  return pem("CERTIFICATE", sequence(content, algorithm, der(0x03, bits)));
}

/** WebCrypto's `r || s` as the sequence of integers that X.509 has. */
function derSignature(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  return sequence(integer(raw.subarray(0, 32)), integer(raw.subarray(32)));
}

function integer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  return der(0x02, (digits[0] ?? 0) >= 0x80 ? join([[0], digits]) : digits);
}

function distinguishedName(name: string): Uint8Array<ArrayBuffer> {
  const attribute = sequence(oid(OID.commonName), der(0x0c, text(name)));
  return sequence(der(0x31, attribute));
}

function time(date: Date): Uint8Array<ArrayBuffer> {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, "");
  return date.getUTCFullYear() < 2050
    ? der(0x17, text(digits.slice(2)))
    : der(0x18, text(digits));
}

function extension(id: string, value: Uint8Array): Uint8Array<ArrayBuffer> {
  return sequence(oid(id), der(0x04, value));
}

function sequence(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return der(0x30, join(parts));
}

function oid(hex: string): Uint8Array<ArrayBuffer> {
  return der(0x06, Uint8Array.fromHex(hex));
}

function der(tag: number, content: Iterable<number>): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(content);
  const { length } = bytes;
  const size = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return join([[tag], size, bytes]);
}

function join(parts: readonly Iterable<number>[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function text(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(value);
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().replace(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
