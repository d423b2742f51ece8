import type {
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  Transport,
} from "../../../remote/transport/transport.ts";
import { TcpTransport } from "../../../remote/transport/tcp_transport.ts";

/** TCP that tells a test how far its node has read. */
export class AttentiveTransport implements Transport {
  readonly scheme = "tcp";
  readonly #inner: Transport = new TcpTransport();
  #wanted: { readonly bytes: number; readonly met: () => void } | undefined =
    undefined;

  /** Resolves when so many bytes of the next connection that is accepted were read, and more are waited for. */
  waitsAfter(bytes: number): Promise<void> {
    return new Promise((met) => this.#wanted = { bytes, met });
  }

  connect(options: ConnectOptions): Promise<Connection> {
    return this.#inner.connect(options);
  }

  async listen(options: ListenOptions): Promise<Listener> {
    const listener = await this.#inner.listen(options);
    return {
      hostname: listener.hostname,
      port: listener.port,
      accept: async () => {
        const connection = await listener.accept();
        const wanted = this.#wanted;
        this.#wanted = undefined;
        if (connection !== undefined && wanted !== undefined) {
          const read = connection.read.bind(connection);
          let had = 0;
          connection.read = async () => {
            if (had === wanted.bytes) wanted.met();
            const bytes = await read();
            had += bytes?.length ?? 0;
            return bytes;
          };
        }
        return connection;
      },
      close: () => listener.close(),
      [Symbol.asyncDispose]: () => listener.close(),
    };
  }
}
