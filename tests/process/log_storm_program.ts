// deno-lint-ignore-file no-console -- a program prints
/**
 * Loses more messages than are written out one by one, and neither drains its system nor has anything else to do.
 *
 * @module
 */
import { ActorSystem, PoisonPill, protocol, tell } from "../../actor/mod.ts";

const Till = protocol("till", { pay: tell<number>() });

const system = new ActorSystem("shop");
const till = system.spawn(Till, () => ({ pay() {} }), { name: "till" });
till.tell(PoisonPill);
await system.stop(till);
for (let i = 0; i < 15; i++) till.tell(Till.pay(i));
const begin = performance.now();
addEventListener(
  "unload",
  () => console.log(performance.now() - begin < 9_000 ? "at once" : "late"),
);
