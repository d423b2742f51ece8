/**
 * What the raw figures need of a socket.
 * @module
 */

/** Bytes of body in the frames of the raw figures. */
export const BODY = 100;
/** Bytes of a frame: its length, and the body. */
export const FRAME: number = 4 + BODY;
/** Bytes that are read or written at once. */
export const CHUNK: number = 64 * 1024;

/** Connects to a port of the loopback interface, without Nagle's algorithm. */
export async function dial(port: number): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  return conn;
}

/** Listens on a free port of the loopback interface and hands each connection to `serve`. */
export function listen(
  serve: (conn: Deno.TcpConn) => Promise<void>,
): Promise<number> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const conn of listener) {
      conn.setNoDelay(true);
      serve(conn);
    }
  })();
  return Promise.resolve(listener.addr.port);
}

/** Writes all of `bytes`. */
export async function writeAll(
  conn: Deno.TcpConn,
  bytes: Uint8Array,
): Promise<void> {
  for (let sent = 0; sent < bytes.length;) {
    sent += await conn.write(sent === 0 ? bytes : bytes.subarray(sent));
  }
}

/** Sends a number and ends the connection. */
export async function writeTotal(
  conn: Deno.TcpConn,
  total: number,
): Promise<void> {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, total);
  await writeAll(conn, bytes);
  conn.close();
}

/** Ends the own direction and reads the number that the peer then sends. */
export async function readTotal(conn: Deno.TcpConn): Promise<number> {
  await conn.closeWrite();
  const bytes = new Uint8Array(8);
  for (let filled = 0; filled < bytes.length;) {
    const count = await conn.read(bytes.subarray(filled));
    if (count === null) throw new Error("Cannot read the total: the peer left");
    filled += count;
  }
  conn.close();
  return new DataView(bytes.buffer).getFloat64(0);
}

/**
 * Splits what arrives into frames, without copying what is whole.
 *
 * @param conn What is read until its end.
 * @param onFrame Gets the buffer and where the body begins in it; the buffer is used again.
 * @param onChunk Called when the frames of one read are through; the next read waits for it.
 */
export async function readFrames(
  conn: Deno.TcpConn,
  onFrame: (buffer: Uint8Array, offset: number) => void,
  onChunk?: () => Promise<void> | undefined,
): Promise<void> {
  const buffer = new Uint8Array(2 * CHUNK);
  const view = new DataView(buffer.buffer);
  let filled = 0;
  for (;;) {
    const count = await conn.read(buffer.subarray(filled, filled + CHUNK));
    if (count === null) return;
    filled += count;
    let offset = 0;
    while (filled - offset >= FRAME) {
      const length = view.getUint32(offset);
      if (length !== BODY) {
        throw new Error(`Cannot read a frame of ${length} B`);
      }
      onFrame(buffer, offset + 4);
      offset += FRAME;
    }
    buffer.copyWithin(0, offset, filled);
    filled -= offset;
    await onChunk?.();
  }
}
