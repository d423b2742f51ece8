/**
 * The address of an actor, as data.
 * @module
 */

import { showAs } from "../logging/inspect.ts";

/** The parts of a {@linkcode Pid}. */
export interface PidParts {
  /** The name of the actor system. */
  system: string;
  /** The advertised host of its node; empty when the node has no remoting. */
  host: string;
  /** The advertised port of its node; 0 when the node has no remoting. */
  port: number;
  /** The names from the top-level actor down, joined by `/`. */
  path: string;
  /** Which actor of that path: the run of the node and a counter; empty matches any. */
  incarnation?: string;
}

const SCHEME = "goakt://";
/** What stands for a missing sender, behind the scheme. */
const NOBODY = "@:0/";
const FORM = "goakt://system@host:port/path";

/**
 * Where an actor is and which one it is. A value: comparable, serialisable, never changed. Two actors
 * that had the same name one after the other differ in their `incarnation`.
 *
 * @example
 * ```ts
 * import { Pid } from "@troupe/troupe/actor";
 *
 * const pid = Pid.parse("goakt://shop@10.0.0.7:4001/till");
 * console.assert(pid.path === "till" && pid.port === 4001);
 * ```
 */
export class Pid {
  /** The name of the actor system. */
  readonly system: string;
  /** The advertised host of its node; empty when the node has no remoting. */
  readonly host: string;
  /** The advertised port of its node; 0 when the node has no remoting. */
  readonly port: number;
  /** The names from the top-level actor down, joined by `/`. */
  readonly path: string;
  /** Which actor of that path; empty matches any. */
  readonly incarnation: string;

  /** Takes the parts as they are; {@linkcode Pid.parse} checks. */
  constructor({ system, host, port, path, incarnation = "" }: PidParts) {
    this.system = system;
    this.host = host;
    this.port = port;
    this.path = path;
    this.incarnation = incarnation;
  }

  /**
   * Reads `goakt://system@host:port/path`, with `#incarnation` behind it or without.
   *
   * @param text The address.
   * @returns The address as data.
   * @throws {TypeError} When the text has another form; the message shows the right one.
   */
  static parse(text: string): Pid {
    if (!text.startsWith(SCHEME)) {
      throw malformed(text, `no "${SCHEME}" at its start`);
    }
    const rest = text.slice(SCHEME.length);
    const at = rest.indexOf("@");
    if (at < 0) throw malformed(text, `no "@" behind the system`);
    if (at === 0 && rest !== NOBODY) throw malformed(text, "no system");
    const slash = rest.indexOf("/", at);
    if (slash < 0) throw malformed(text, `no "/" behind the port`);
    const authority = rest.slice(at + 1, slash);
    const colon = authority.lastIndexOf(":");
    if (colon < 0) throw malformed(text, `no ":" between host and port`);
    const port = authority.slice(colon + 1);
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
      throw malformed(
        text,
        `the port "${port}", which is not a number from 0 to 65535`,
      );
    }
    const [path = "", incarnation = "", ...more] = rest.slice(slash + 1).split(
      "#",
    );
    if (path === "" && rest !== NOBODY) throw malformed(text, "an empty path");
    if (path.split("/").includes("") && path !== "") {
      throw malformed(text, "an empty name in the path");
    }
    if (more.length > 0) throw malformed(text, `more than one "#"`);
    return new Pid({
      system: rest.slice(0, at),
      host: authority.slice(0, colon),
      port: Number(port),
      path,
      incarnation,
    });
  }

  /** Whether all five parts are equal. */
  equals(other: Pid): boolean {
    return this.incarnation === other.incarnation && this.path === other.path &&
      this.port === other.port && this.host === other.host &&
      this.system === other.system;
  }

  /** Whether both name the same actor; an empty incarnation matches any. */
  matches(other: Pid): boolean {
    return this.path === other.path && this.port === other.port &&
      this.host === other.host &&
      this.system === other.system &&
      (this.incarnation === other.incarnation || this.incarnation === "" ||
        other.incarnation === "");
  }

  /** The address in the form `goakt://system@host:port/path`, without the incarnation. */
  toString(): string {
    return `${SCHEME}${this.system}@${this.host}:${this.port}/${this.path}`;
  }

  /** The address with `#incarnation` behind it when there is one; {@linkcode Pid.parse} reads it. */
  toJSON(): string {
    return this.incarnation === ""
      ? this.toString()
      : `${this.toString()}#${this.incarnation}`;
  }
}

showAs(Pid, (pid) => `Pid "${pid.toJSON()}"`);

function malformed(text: string, found: string): TypeError {
  return new TypeError(
    `Cannot read the address "${text}": found ${found}, wanted "${FORM}"`,
  );
}
