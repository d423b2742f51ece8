import { assert, assertEquals, assertThrows } from "@std/assert";
import { Pid } from "../../../actor/reference/pid.ts";
import { FrameError, RemoteError } from "../../../remote/errors.ts";
import { json } from "../../../remote/codec/json.ts";
import { Requests } from "../../../remote/link/requests.ts";
import { DecodedFrame, type FrameFields } from "../../../remote/wire/fields.ts";
import { FrameKind } from "../../../remote/wire/kinds.ts";
import { directCodec } from "../../../remote/wire/payload.ts";

const codecs = {
  input: directCodec(json()),
  output: directCodec(json()),
  errors: new Map(),
};
const target = {
  pid: new Pid({ system: "s", host: "h", port: 1, path: "p" }),
};

/** Requests to a peer, and the correlations of those that it was told to forget. */
function make(): { requests: Requests; cancelled: number[] } {
  const cancelled: number[] = [];
  const requests = new Requests("h:1", (it) => void cancelled.push(it));
  return { requests, cancelled };
}

function recorder() {
  const log: unknown[] = [];
  return {
    log,
    deadline: Infinity,
    succeed: (reply: unknown) => void log.push(reply),
    fail: (error: unknown) => void log.push(error),
  };
}

function frame({ payload, ...fields }: FrameFields): DecodedFrame {
  const made = Object.assign(new DecodedFrame(), fields);
  if (payload !== undefined) {
    made.buffer = payload;
    made.payloadEnd = payload.length;
  }
  return made;
}

const reply = (correlation: number, text: string) =>
  frame({
    kind: FrameKind.REPLY,
    correlation,
    payload: new TextEncoder().encode(text),
  });

Deno.test("Requests gives each answer to its request, once", () => {
  const { requests } = make();
  const [one, two, three] = [recorder(), recorder(), recorder()];
  assertEquals(requests.open(one, codecs, "a.b", target).correlation, 1);
  assertEquals(requests.open(two, codecs, "a.b", target).correlation, 2);
  requests.openControl(three, FrameKind.STOPPED, "stop it");
  requests.answer(reply(2, "[2]"));
  requests.answer(reply(2, "[22]"));
  requests.answer(reply(1, "{"));
  requests.answer(
    frame({ kind: FrameKind.STOPPED, correlation: 3, address: "there" }),
  );
  assertEquals([two.log, three.log], [[[2]], ["there"]]);
  assert(String(one.log[0]).includes('Cannot decode "$" as json'));
  assertEquals(requests.size, 0);
});

Deno.test("Requests turns a failure of the peer into a RemoteError that names node and action", () => {
  const { requests } = make();
  const one = recorder();
  requests.open(one, codecs, "a.b", target);
  requests.answer(frame({
    kind: FrameKind.FAILURE,
    correlation: 1,
    failure: {
      code: "odd_error",
      text: "Odd",
      outcome: 2,
      retryable: true,
      data: new Uint8Array(),
    },
  }));
  const [error] = one.log;
  assert(error instanceof RemoteError);
  assertEquals([error.remoteCode, error.outcome, error.retryable], [
    "odd_error",
    "done",
    true,
  ]);
  assertEquals(
    error.message,
    'Cannot complete the ask of "a.b" to "goakt://s@h:1/p": node "h:1" reported odd_error "Odd", success was expected',
  );
});

Deno.test("Requests refuses an answer of another kind and keeps the request", () => {
  const { requests } = make();
  const [one, two] = [recorder(), recorder()];
  requests.open(one, codecs, "a.b", target);
  requests.openControl(two, FrameKind.LOOKUP_REPLY, "look up");
  const cases = [
    () => requests.answer(frame({ kind: FrameKind.STOPPED, correlation: 1 })),
    () => requests.answer(reply(2, "1")),
    () => requests.answerWhole(2, new Uint8Array()),
  ];
  for (const attempt of cases) assertThrows(attempt, FrameError, "of kind");
  assertEquals([requests.size, one.log, two.log], [2, [], []]);
  requests.close(() => "closed");
  assertEquals([requests.size, one.log, two.log], [0, ["closed"], ["closed"]]);
});

Deno.test("Requests forgets what nobody waits for, and tells when nothing is left", async () => {
  const { requests, cancelled } = make();
  const one = recorder();
  const request = requests.open(one, codecs, "a.b", target);
  let isDrained = false;
  const drained = requests.drained().then(() => isDrained = true);
  await Promise.resolve();
  assertEquals(isDrained, false);
  request.abandon(one, "the asker gave up");
  request.abandon(one, "the asker gave up");
  await drained;
  const unsent = requests.open(one, codecs, "a.b", target);
  unsent.discard();
  assertEquals(cancelled, [request.correlation]);
  requests.answer(reply(1, "1"));
  requests.answerWhole(1, new Uint8Array());
  assertEquals([one.log, requests.size], [[], 0]);
  await requests.drained();
});
