import type { CertifiedIdentity } from "../../../remote/handshake/identity.ts";
import type {
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  Transport,
  TransportSecurity,
} from "../../../remote/transport/transport.ts";
import { TcpTransport } from "../../../remote/transport/tcp_transport.ts";

/** One connection that a node has accepted, and how far the node has read it. */
interface Watched {
  had: number;
  isWaiting: boolean;
  wanted: Wanted | undefined;
}

interface Wanted {
  readonly bytes: number;
  readonly met: () => void;
}

/** A transport, TCP unless told otherwise, that tells a test how far its node has read. */
export class AttentiveTransport implements Transport {
  readonly scheme: string;
  readonly security: TransportSecurity;
  readonly #inner: Transport;
  #wanted: Wanted | undefined = undefined;
  /** The connection that was accepted last. */
  #last: Watched | undefined = undefined;

  constructor(inner: Transport = new TcpTransport()) {
    this.#inner = inner;
    this.scheme = inner.scheme;
    this.security = inner.security ?? "open";
  }

  /** Resolves when so many bytes of the next connection that is accepted were read, and more are waited for. */
  waitsAfter(bytes: number): Promise<void> {
    return new Promise((met) => this.#wanted = { bytes, met });
  }

  /** The same for the connection that was accepted last. */
  waitsAgainAfter(bytes: number): Promise<void> {
    return new Promise((met) => {
      const last = this.#last;
      if (last === undefined) throw new TypeError("nothing was accepted yet");
      last.wanted = { bytes, met };
      look(last);
    });
  }

  /** How many bytes of the connection that was accepted last were read. */
  get taken(): number {
    return this.#last?.had ?? 0;
  }

  connect(options: ConnectOptions): Promise<Connection> {
    return this.#inner.connect(options);
  }

  connectAnonymously(options: ConnectOptions): Promise<Connection> {
    const inner = this.#inner;
    return (inner.connectAnonymously ?? inner.connect).call(inner, options);
  }

  async identity(): Promise<CertifiedIdentity | undefined> {
    return await this.#inner.identity?.();
  }

  async listen(options: ListenOptions): Promise<Listener> {
    const listener = await this.#inner.listen(options);
    return {
      hostname: listener.hostname,
      port: listener.port,
      accept: async () => {
        const connection = await listener.accept();
        if (connection !== undefined) this.#watch(connection);
        return connection;
      },
      close: () => listener.close(),
      [Symbol.asyncDispose]: () => listener.close(),
    };
  }

  #watch(connection: Connection): void {
    const it: Watched = { had: 0, isWaiting: false, wanted: this.#wanted };
    this.#wanted = undefined;
    this.#last = it;
    const read = connection.read.bind(connection);
    connection.read = async () => {
      it.isWaiting = true;
      look(it);
      const bytes = await read();
      it.isWaiting = false;
      it.had += bytes?.length ?? 0;
      return bytes;
    };
  }
}

function look({ had, isWaiting, wanted }: Watched): void {
  if (isWaiting && had === wanted?.bytes) wanted.met();
}
