/**
 * The way of one reference's messages through one lane: numbers and codecs that are looked up once.
 * @module
 */

import type { ProtocolData } from "../../actor/protocol/protocol.ts";
import type { MessageCodecs } from "../codec/message_codecs.ts";
import type { Link } from "./link.ts";
import type { NumberEntry } from "../wire/tables.ts";

/** What a reference remembers of a lane. Of no use with another lane or protocol. */
export class Route {
  readonly link: Link;
  readonly protocol: ProtocolData;
  readonly codecs: readonly MessageCodecs[];
  /** The receiver as an actor of the peer. */
  readonly address: string;
  receiver: NumberEntry | undefined = undefined;
  /** By the position of the message. */
  readonly types: (NumberEntry | undefined)[];

  constructor(
    link: Link,
    protocol: ProtocolData,
    codecs: readonly MessageCodecs[],
    address: string,
  ) {
    this.link = link;
    this.protocol = protocol;
    this.codecs = codecs;
    this.address = address;
    this.types = new Array<NumberEntry | undefined>(codecs.length).fill(
      undefined,
    );
  }
}
