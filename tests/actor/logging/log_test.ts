// deno-lint-ignore-file no-console -- what is printed is looked at
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CircuitOpenError,
  consoleLogger,
  type Context,
  type Logger,
  type LogLevel,
  type LogRecord,
} from "../../../actor/mod.ts";
import { settle } from "../../../testing/mod.ts";
import { quietSystem, raise, Worker, worker } from "../fixtures.ts";

/** A logger that takes lines in their parts. */
function recorder(): { records: LogRecord[]; logger: Logger } {
  const records: LogRecord[] = [];
  const never = () => raise(new Error("log() takes all lines"));
  return {
    records,
    logger: {
      warn: never,
      error: never,
      log: (record) => void records.push(record),
    },
  };
}

/** A logger that takes texts. */
function listing(): { lines: unknown[][]; logger: Logger } {
  const lines: unknown[][] = [];
  const write = (level: string) => (...line: unknown[]) =>
    void lines.push([level, ...line]);
  return {
    lines,
    logger: {
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
    },
  };
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Writes a line of each level. */
function writeAll(ctx: Context): void {
  ctx.log.debug("d");
  ctx.log.info("i");
  ctx.log.warn("w");
  ctx.log.error("e");
}

Deno.test("Context.log gives a logger level, text, system, actor, fields and cause", async () => {
  const { records, logger } = recorder();
  await using system = quietSystem({ logger });
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  const cause = new Error("no");
  await actor.ask(Worker.run((ctx) => {
    ctx.log.info("paid", { amount: 5 });
    ctx.log.error("refused", { cause, by: "bank" });
  }));
  assertEquals(records.map(({ actor, ...rest }) => [`${actor}`, rest]), [
    [
      `${actor.pid}`,
      { level: "info", text: "paid", fields: { amount: 5 }, system: "test" },
    ],
    [`${actor.pid}`, {
      level: "error",
      text: "refused",
      fields: { by: "bank" },
      cause,
      system: "test",
    }],
  ]);
});

Deno.test("ActorSystem.log gives the logger level, text, system, fields and cause, and names no actor", async () => {
  const { records, logger } = recorder();
  const { lines, logger: texts } = listing();
  await using system = quietSystem({ logger });
  await using other = quietSystem({ logger: texts });
  const cause = new Error("no");
  system.log.warn("slow", { cause, by: 3 });
  system.log.debug("below the level");
  other.log.info("open", { doors: 2 });
  assertEquals(records, [
    { level: "warn", text: "slow", fields: { by: 3 }, cause, system: "test" },
  ]);
  assertEquals(lines, [["info", '"test" open doors=2']]);
});

Deno.test("Context.log gives a logger of texts the actor, the text and the fields in one line", async () => {
  const { lines, logger } = listing();
  await using system = quietSystem({ logger });
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  const cause = new Error("no");
  const loop: Record<string, unknown> = {};
  loop["self"] = loop;
  await actor.ask(Worker.run((ctx) => {
    ctx.log.info("paid", {
      amount: 5,
      to: "ann b",
      tags: ["x"],
      none: undefined,
    });
    ctx.log.warn("odd", { cause, loop, big: 1n });
  }));
  assertEquals(lines, [
    [
      "info",
      `"${actor.pid}" paid amount=5 to="ann b" tags=["x"] none=undefined`,
    ],
    [
      "warn",
      `"${actor.pid}" odd loop=(cannot be shown) big=(cannot be shown)`,
      cause,
    ],
  ]);
});

for (
  const [logLevel, written] of [
    [undefined, "iwe"],
    ["debug", "diwe"],
    ["info", "iwe"],
    ["warn", "we"],
    ["error", "e"],
  ] as const
) {
  Deno.test(
    `${
      logLevel === undefined
        ? "a system without logLevel"
        : `logLevel "${logLevel}"`
    } has "${written}" of d, i, w, e written`,
    async () => {
      const { records, logger } = recorder();
      await using system = quietSystem({
        logger,
        ...(logLevel === undefined ? {} : { logLevel }),
      });
      await system.spawn(Worker, () => worker()).ask(Worker.run(writeAll));
      assertEquals(records.map(({ text }) => text).join(""), written);
    },
  );
}

Deno.test("logLevel also holds for what the system reports", async () => {
  const { records, logger } = recorder();
  const system = quietSystem({ logger, logLevel: "error" });
  const actor = system.spawn(Worker, () => worker());
  actor.tell(Worker.run(() => raise(new Error("no"))));
  await settle(system);
  await system.stop(actor);
  actor.tell(Worker.note("late"));
  await system.drain();
  assertEquals(records.map(({ level }) => level), ["error"]);
});

Deno.test("a system refuses a logLevel that is none", () => {
  assertThrows(
    () => quietSystem({ logger: consoleLogger, logLevel: "loud" as LogLevel }),
    TypeError,
    'Cannot log from level "loud" on: one of "debug", "info", "warn", "error" was expected',
  );
});

Deno.test("a logger with log() gets failures and dead letters in their parts", async () => {
  const { records, logger } = recorder();
  await using system = quietSystem({ logger });
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  const cause = new Error("no");
  actor.tell(Worker.run(() => raise(cause)));
  await settle(system);
  await system.stop(actor);
  actor.tell(Worker.note("late"));
  assertEquals(
    records.map(({ level, actor, cause, fields }) => ({
      level,
      path: actor?.path,
      cause,
      fields,
    })),
    [
      {
        level: "error",
        path: "a",
        cause,
        fields: {
          event: "actor_failed",
          during: "worker.run",
          directive: "restart",
        },
      },
      {
        level: "warn",
        path: "a",
        cause: undefined,
        fields: {
          event: "dead_letter",
          type: "worker.note",
          sender: undefined,
          reason: "stopped",
          error: undefined,
        },
      },
    ],
  );
});

Deno.test("with logger null an actor writes nothing, nowhere", async () => {
  const original = console.error;
  const printed: unknown[][] = [];
  console.error = (...line: unknown[]) => void printed.push(line);
  try {
    await using system = quietSystem({ logger: null, logLevel: "debug" });
    await system.spawn(Worker, () => worker()).ask(Worker.run(writeAll));
  } finally {
    console.error = original;
  }
  assertEquals(printed, []);
});

Deno.test("consoleLogger, which is the default, prints on standard error", async () => {
  const original = console.error;
  const printed: unknown[][] = [];
  console.error = (...line: unknown[]) => void printed.push(line);
  let path: string;
  try {
    await using system = quietSystem({ logger: consoleLogger });
    const actor = system.spawn(Worker, () => worker());
    path = `${actor.pid}`;
    await actor.ask(Worker.run(writeAll));
  } finally {
    console.error = original;
  }
  assertEquals(undated(printed), [
    [`info troupe: "${path}" i`],
    [`warn troupe: "${path}" w`],
    [`error troupe: "${path}" e`],
  ]);
});

Deno.test("consoleLogger begins each line with the time in UTC and the level", () => {
  const original = console.error;
  const printed: string[] = [];
  console.error = (line: string) => void printed.push(line);
  const before = Date.now();
  try {
    for (const level of LEVELS) consoleLogger[level]?.("ready");
  } finally {
    console.error = original;
  }
  const after = Date.now();
  for (const [at, level] of LEVELS.entries()) {
    const [time = "", ...rest] = (printed[at] ?? "").split(" ");
    const moment = new Date(time);
    assertEquals(rest, [level, "troupe:", "ready"]);
    assertEquals(moment.toISOString(), time);
    assert(before <= moment.getTime() && moment.getTime() <= after, time);
  }
});

/** Lines without the time that they begin with. */
function undated(lines: unknown[][]): unknown[][] {
  return lines.map(([text, ...rest]) => [
    String(text).replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /, ""),
    ...rest,
  ]);
}

Deno.test("consoleLogger prints a failure with its stack, and its words once", async () => {
  const original = console.error;
  const printed: unknown[][] = [];
  console.error = (...line: unknown[]) => void printed.push(line);
  const error = new RangeError("no");
  try {
    await using system = quietSystem({ logger: consoleLogger });
    const actor = system.spawn(Worker, () => worker(), { name: "a" });
    await actor.ask(Worker.run(() => raise(error))).catch(() => {});
    system.log.error("refused", { cause: error });
  } finally {
    console.error = original;
  }
  assertEquals(undated(printed), [
    [
      'error troupe: "goakt://test@:0/a" failed in "worker.run" (directive "restart"):',
      error,
    ],
    ['error troupe: "test" refused', error],
  ]);
});

Deno.test("consoleLogger takes no text for a format", () => {
  const original = console.error;
  const printed: unknown[][] = [];
  console.error = (...line: unknown[]) => void printed.push(line);
  const error = new RangeError("no");
  try {
    consoleLogger.warn("100 %o of %s");
    consoleLogger.error("100 %o of %s", error);
  } finally {
    console.error = original;
  }
  // The platform makes one % of two when something follows.
  assertEquals(undated(printed), [
    ["warn troupe: 100 %o of %s"],
    ["error troupe: 100 %%o of %%s", error],
  ]);
});

Deno.test("consoleLogger prints a warning of the library in one line, and others with their stack", async () => {
  const original = console.error;
  const printed: unknown[][] = [];
  console.error = (...line: unknown[]) => void printed.push(line);
  const condition = new CircuitOpenError("till", "open", 5);
  const error = new RangeError("no");
  try {
    await using system = quietSystem({ logger: consoleLogger });
    system.log.warn("refused", { cause: condition });
    system.log.warn(`refused: ${condition}`, { cause: condition });
    system.log.warn("refused", { cause: error });
  } finally {
    console.error = original;
  }
  const line =
    `warn troupe: "test" refused: CircuitOpenError: ${condition.message}`;
  assertEquals(undated(printed), [
    [line],
    [line],
    ['warn troupe: "test" refused', error],
  ]);
});

for (
  const [how, fail] of [
    ["throws", () => raise(new Error("full disk"))],
    ["rejects", () => Promise.reject(new Error("full disk"))],
  ] as const
) {
  Deno.test(`a logger whose log() ${how} does not reach the handler that writes`, async () => {
    await using system = quietSystem({
      logger: { warn: fail, error: fail, info: fail, log: fail },
    });
    const actor = system.spawn(Worker, () => worker());
    assertEquals(
      await actor.ask(Worker.run((ctx) => {
        writeAll(ctx);
        return "went on";
      })),
      "went on",
    );
  });
}
