// deno-lint-ignore-file no-console -- a program that a test reads
/**
 * A system with an outbox for a node that is not there, until a signal ends it.
 *
 * @module
 */
import { ActorSystem, protocol, tell } from "../../../actor/mod.ts";
import { DeliveryError, Inbox, Outbox, Remote } from "../../../remote/mod.ts";

const Bin = protocol("bin", { put: tell<number>() });

const system = new ActorSystem("bins", { signals: ["SIGTERM"], logger: null });
const remote = await Remote.start(system);
const nobody = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const { port } = nobody.addr;
nobody.close();
const inbox = remote.ref(Inbox, `goakt://far@127.0.0.1:${port}/inbox`);
const outbox = new Outbox(system, Bin, inbox, { giveUpAfter: 500 });
system.onShutdown("send", () => {
  outbox.send(Bin.put(1)).catch((error) => {
    if (error instanceof DeliveryError) console.log(`lost, ${error.outcome}`);
  });
});
console.log("ready");
