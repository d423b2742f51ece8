import { assertEquals } from "@std/assert";
import { ConnectError, DisconnectedError } from "../../../remote/errors.ts";
import { Outages } from "../../../remote/node/outages.ts";

const REFUSED = new ConnectError("b:1", "the connection was refused");
const SILENT = new DisconnectedError("b:1", "hear from", "nothing came");

function recorded(): { texts: string[]; outages: Outages } {
  const texts: string[] = [];
  return { texts, outages: new Outages((text) => texts.push(text)) };
}

Deno.test("Outages tells of each failure of a node once, until the node is reached again", () => {
  const { texts, outages } = recorded();
  outages.failed("b:1", "silent", SILENT);
  outages.failed("b:1", "silent", SILENT);
  for (let attempt = 0; attempt < 9; attempt++) {
    outages.failed("b:1", "refused", REFUSED);
  }
  outages.failed("c:1", "refused", REFUSED);
  outages.reached("b:1");
  outages.failed("b:1", "refused", REFUSED);
  outages.reached("b:1");
  outages.reached("d:1");
  assertEquals(texts, [
    "silent",
    "refused",
    "refused",
    '"b:1" is reached again; 9 more failures of the links to it went unsaid',
    "refused",
  ]);
});

Deno.test("Outages has a limit on failures and on nodes, and says what it left out", () => {
  const { texts, outages } = recorded();
  for (let n = 0; n < 18; n++) {
    outages.failed("b:1", "failed", new ConnectError("b:1", `try ${n}`));
  }
  assertEquals(texts.length, 16);
  for (let n = 0; n < 1_024; n++) outages.failed(`n:${n}`, "failed", REFUSED);
  assertEquals(texts.filter((text) => text !== "failed"), [
    '"b:1" was not reached for long; 2 more failures of the links to it went unsaid',
  ]);
});

Deno.test("Outages says at the end what it left out of nodes that are still down", () => {
  const { texts, outages } = recorded();
  outages.failed("b:1", "failed", REFUSED);
  outages.failed("b:1", "failed", REFUSED);
  outages.failed("c:1", "failed", REFUSED);
  outages.close();
  outages.close();
  assertEquals(texts, [
    "failed",
    "failed",
    '"b:1" was not reached again; 1 more failure of the links to it went unsaid',
  ]);
});

Deno.test("Outages takes failures that took another time each for one", () => {
  const { texts, outages } = recorded();
  for (const time of [1_000, 1_000.25, 12]) {
    const found = `none came within ${time} ms`;
    outages.failed("b:1", "silent", new DisconnectedError("b:1", "ask", found));
  }
  assertEquals(texts, ["silent"]);
});

Deno.test("Outages says nothing of what fails after the end", () => {
  const { texts, outages } = recorded();
  outages.failed("b:1", "failed", REFUSED);
  outages.close();
  outages.failed("b:1", "failed", SILENT);
  assertEquals(texts, ["failed"]);
});
