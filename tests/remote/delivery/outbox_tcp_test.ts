import { assert, assertEquals } from "@std/assert";
import { protocol, tell } from "../../../actor/mod.ts";
import { Inbox, Outbox, spawnInbox } from "../../../remote/mod.ts";
import { upTo } from "../actors.ts";
import { startNode } from "../world.ts";

/** Passes bytes on between a node and those who dial it, until its links are cut. */
class Relay {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #relaying: Promise<void>;
  #ends: Deno.TcpConn[] = [];
  links = 0;

  constructor(port: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#relaying = this.#run(port);
  }

  /** Ends all links without a word. */
  cut(): void {
    for (const end of this.#ends.splice(0)) {
      try {
        end.close();
      } catch {
        // It ended by itself.
      }
    }
  }

  async close(): Promise<void> {
    this.cut();
    this.#listener.close();
    await this.#relaying;
  }

  async #run(port: number): Promise<void> {
    for await (const near of this.#listener) {
      const far = await Deno.connect({ port });
      this.links++;
      this.#ends.push(near, far);
      near.readable.pipeTo(far.writable).catch(() => {});
      far.readable.pipeTo(near.writable).catch(() => {});
    }
  }
}

const Ledger = protocol("ledger", {
  enter: tell<{ id: number; text: string }>(),
});

Deno.test("Outbox on TCP delivers each message once and in order though its links are cut again and again", async () => {
  const shop = await startNode("shop", {}, { drainTimeout: 1_000 });
  const web = await startNode("web", {}, { drainTimeout: 1_000 });
  const relay = new Relay(shop.remote.port);
  const entered: number[] = [];
  const ledger = shop.system.spawn(Ledger, () => ({
    async enter({ id }) {
      if (id % 100 === 50) relay.cut();
      await undefined;
      entered.push(id);
    },
  }));
  spawnInbox(shop.system, ledger, { name: "inbox" });
  const inbox = web.remote.ref(
    Inbox,
    `goakt://shop@127.0.0.1:${relay.port}/inbox`,
  );
  const outbox = new Outbox(web.system, Ledger, inbox, {
    guarantee: "effectively_once",
    backoff: { min: 5, max: 20 },
    resendAfter: 200,
  });
  const sent: Promise<void>[] = [];
  for (const id of upTo(1_000)) {
    await outbox.ready();
    // Now and then one that goes in parts.
    const text = "x".repeat(id % 50 === 0 ? 120_000 : id % 997);
    sent.push(outbox.send(Ledger.enter({ id, text })));
  }
  await Promise.all(sent);
  assertEquals(entered.join(), upTo(1_000).join());
  assert(relay.links >= 10, `${relay.links} links`);
  await outbox.drain();
  for (const { remote } of [web, shop]) await remote.drain();
  await relay.close();
  for (const { system } of [web, shop]) await system.drain({ timeout: 50 });
});
