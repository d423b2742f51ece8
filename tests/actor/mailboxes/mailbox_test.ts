import { assertEquals } from "@std/assert";
import {
  CLOSED_MAILBOX,
  UnboundedMailbox,
} from "../../../actor/mailboxes/mailbox.ts";
import { Worker } from "../fixtures.ts";

Deno.test("UnboundedMailbox takes any amount of mail and gives it back in order", () => {
  const mailbox = new UnboundedMailbox();
  const mail = Array.from({ length: 10_000 }, () => Worker.note("x"));
  for (const each of mail) assertEquals(mailbox.enqueue(each), undefined);
  assertEquals(mailbox.size, 10_000);
  for (const each of mail) assertEquals(mailbox.dequeue() === each, true);
  assertEquals([mailbox.size, mailbox.dequeue()], [0, undefined]);
});

Deno.test("CLOSED_MAILBOX refuses mail and has none", () => {
  const mail = Worker.note("x");
  assertEquals(CLOSED_MAILBOX.enqueue(mail) === mail, true);
  assertEquals([CLOSED_MAILBOX.size, CLOSED_MAILBOX.dequeue()], [0, undefined]);
});
