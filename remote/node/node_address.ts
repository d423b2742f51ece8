/**
 * Addresses of nodes as text.
 * @module
 */

import type { NodeAddress } from "./peer.ts";

/**
 * Reads `system@host:port` or `host:port`.
 *
 * @throws {TypeError} When the text has another form; the message shows the right one.
 */
export function parseNode(text: string): NodeAddress {
  const match =
    /^(?:([a-zA-Z0-9][a-zA-Z0-9_-]*)@)?(\[[^\]]+\]|[^@:/]+):(\d{1,5})$/.exec(
      text,
    );
  const [, system = "", host = "", port = ""] = match ?? [];
  if (match === null || Number(port) < 1 || Number(port) > 65_535) {
    throw new TypeError(
      `Cannot read the node "${text}": wanted "system@host:port" or "host:port" with a port from 1 to 65535`,
    );
  }
  const bare = host.startsWith("[") ? host.slice(1, -1) : host;
  return { system, host: bare, port: Number(port) };
}
