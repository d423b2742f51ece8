import { assertEquals } from "@std/assert";
import { seededRandom } from "../../../internal/random.ts";
import { Intake } from "../../../remote/delivery/intake.ts";
import { InboxCore } from "../../../remote/delivery/inbox_core.ts";
import { OutboxCore } from "../../../remote/delivery/outbox_core.ts";
import type { DeliverySegment } from "../../../remote/delivery/segment.ts";

function segment(
  number: number,
  fields: Partial<DeliverySegment> = {},
): DeliverySegment {
  const part = Uint8Array.of(1);
  return {
    producer: "p",
    session: 1,
    number,
    type: "t",
    total: 1,
    part,
    ...fields,
  };
}

function outbox(): OutboxCore {
  return new OutboxCore({
    producer: "p",
    guarantee: "effectively_once",
    segmentBytes: 10,
    resendAfter: 1_000,
    giveUpAfter: 60_000,
    idleAfter: 60_000,
    backoff: { min: 50, max: 50, jitter: 0 },
    random: seededRandom(1),
  });
}

const BODY = new Uint8Array(5);

/** What was sent, as the numbers of the segments and the names of the other effects. */
function seen(effects: ReturnType<OutboxCore["step"]>): (number | string)[] {
  return effects.map((it) =>
    it.kind === "segment" ? it.segment.number : it.kind
  );
}

Deno.test("InboxCore takes no segment that it did not ask for, in or out of order", () => {
  const core = new InboxCore({ window: 2, maxMessageBytes: 10 });
  const take = (number: number) =>
    core.step({ kind: "segment", segment: segment(number) }).length;
  assertEquals([take(1), take(2), take(3), take(4)], [1, 1, 0, 0]);
  assertEquals(core.progress, { received: 2, confirmed: 0, upTo: 2 });
  core.step({ kind: "handled", number: 1 });
  assertEquals([take(3), take(4)], [1, 0]);
});

Deno.test("Intake that a late request has given a session of its predecessor says that it has forgotten that", () => {
  const limits = { window: 4, maxMessageBytes: 10, maxProducers: 1 };
  const [before, after] = [100, 200].map((firstKey) =>
    new Intake({ ...limits, firstKey })
  ) as [Intake, Intake];
  const key = before.open("p", 1, 1_000, 0).opened?.key ?? 0;
  assertEquals(before.segment(segment(1, { session: key }), 0).length, 1);
  // The request came twice, the second time when the inbox had been started anew.
  after.open("p", 1, 1_000, 0);
  const known = { received: 1, confirmed: 0, upTo: 4 };
  assertEquals(after.segment(segment(2, { session: key }), 0), []);
  assertEquals(after.ask("p", key, known, 7, 0), [
    { kind: "answer", question: 7, answer: { kind: "forgotten" } },
  ]);
});

Deno.test("InboxCore takes nothing more from an outbox that breaks the rules", () => {
  for (
    const [first, found] of [
      [segment(1, { type: "" }), "segment 1 goes on with nothing"],
      [segment(1, { total: 0 }), "segment 1 has 1 bytes, 1 of 0 in all"],
      [
        segment(1, { part: new Uint8Array() }),
        "segment 1 has 0 bytes, 0 of 1 in all",
      ],
    ] as const
  ) {
    const core = new InboxCore({ window: 2, maxMessageBytes: 10 });
    const effects = core.step({ kind: "segment", segment: first });
    assertEquals(effects, [{ kind: "broken", found }]);
    const next = core.step({ kind: "segment", segment: segment(2) });
    assertEquals(next, []);
  }
  const core = new InboxCore({ window: 2, maxMessageBytes: 10 });
  core.step({ kind: "segment", segment: segment(1, { total: 2 }) });
  const effects = core.step({ kind: "segment", segment: segment(2) });
  assertEquals(effects, [{
    kind: "broken",
    found: "segment 2 begins a message in another",
  }]);
});

Deno.test("InboxCore tells a failure again until the outbox knows of it", () => {
  const core = new InboxCore({ window: 2, maxMessageBytes: 10 });
  core.step({ kind: "segment", segment: segment(1) });
  const failure = {
    number: 1,
    code: "error",
    text: "no",
    outcome: "done",
  } as const;
  core.step({ kind: "handled", number: 1, failure });
  const ask = (confirmed: number) => {
    const known = { received: confirmed, confirmed, upTo: 0 };
    return core.step({ kind: "asked", known }).map((it) =>
      it.kind === "answer" ? it.report.failures : it.kind
    );
  };
  assertEquals(ask(0), [[failure]]);
  assertEquals(ask(0), [[failure]]);
  assertEquals(ask(1), [[]]);
});

Deno.test("OutboxCore sends again what was not received as soon as a failed question is answered", () => {
  const core = outbox();
  const send = (id: number) =>
    seen(core.step({ kind: "send", id, type: "t", body: BODY }, 0));
  assertEquals(send(1), ["open"]);
  const opened = core.step({ kind: "opened", session: 1, key: 5, upTo: 9 }, 0);
  assertEquals(seen(opened), [1, "ask"]);
  assertEquals([send(2), send(3)], [[2], [3]]);
  assertEquals(core.step({ kind: "failed", session: 1 }, 10), []);
  assertEquals(send(4), []); // the way is not known to be open
  assertEquals(core.wakeAt, 60);
  assertEquals(seen(core.step({ kind: "tick" }, 60)), ["ask"]);
  const report = {
    received: 1,
    confirmed: 1,
    upTo: 9,
    missing: false,
    failures: [],
  };
  const answered = core.step({ kind: "report", session: 1, report }, 70);
  assertEquals(seen(answered), ["confirmed", 2, 3, 4, "ask"]);
});

Deno.test("OutboxCore begins a session anew after it was idle for so long that the inbox may have forgotten it", () => {
  for (const [at, first] of [[59_000, 2], [61_000, "open"]] as const) {
    const core = outbox();
    core.step({ kind: "send", id: 1, type: "t", body: BODY }, 0);
    core.step({ kind: "opened", session: 1, key: 5, upTo: 9 }, 0);
    const report = {
      received: 1,
      confirmed: 1,
      upTo: 9,
      missing: false,
      failures: [],
    };
    core.step({ kind: "report", session: 1, report }, 0);
    assertEquals([core.size, core.wakeAt], [0, Infinity]);
    const [effect] = seen(
      core.step({ kind: "send", id: 2, type: "t", body: BODY }, at),
    );
    assertEquals(effect, first);
  }
});
