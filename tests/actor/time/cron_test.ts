import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import { Alarms } from "../../../actor/time/alarms.ts";
import { cron } from "../../../actor/time/cron.ts";
import { protocol, tell } from "../../../actor/mod.ts";
import { SystemScheduler } from "../../../actor/time/scheduler.ts";
import { ManualClock } from "../../../testing/mod.ts";
import { quietSystem, raise } from "../fixtures.ts";

const ROOT = new URL("../../../", import.meta.url);

/** The first times of an expression after a moment, in UTC. */
function times(
  expression: string,
  from: string,
  count: number,
  timeZone = "UTC",
): string[] {
  const calendar = cron(expression, { timeZone });
  const list: string[] = [];
  let after = Date.parse(from);
  while (list.length < count) {
    after = calendar.next(after) ?? raise(`no time after ${list.at(-1)}`);
    list.push(new Date(after).toISOString().replace(":00.000Z", ""));
  }
  return list;
}

Deno.test("cron() reads five fields, from the minute to the day of the week", () => {
  assertEquals(times("30 9 * * MON-FRI", "2026-01-02T09:30:00Z", 2), [
    "2026-01-05T09:30",
    "2026-01-06T09:30",
  ]);
  assertEquals(times("*/20 * * * *", "2026-01-01T00:00:00Z", 3), [
    "2026-01-01T00:20",
    "2026-01-01T00:40",
    "2026-01-01T01:00",
  ]);
});

Deno.test("cron() reads six fields with the second in front", () => {
  assertEquals(times("15,45 * * * * *", "2026-01-01T00:00:15Z", 2), [
    "2026-01-01T00:00:45.000Z",
    "2026-01-01T00:01:15.000Z",
  ]);
});

Deno.test("cron() gives times that are later than the moment asked about, to the millisecond", () => {
  const { next } = cron("* * * * * *", { timeZone: "UTC" });
  assertEquals([next(999), next(999.5), next(1_000), next(1_000.5)], [
    1_000,
    1_000,
    2_000,
    2_000,
  ]);
});

Deno.test("cron() means its fields in the time zone that it is given", () => {
  const from = "2026-01-15T00:00:00Z";
  assertEquals(times("0 9 * * *", from, 1, "Asia/Tokyo"), ["2026-01-16T00:00"]);
  assertEquals(times("0 9 * * *", from, 1, "America/New_York"), [
    "2026-01-15T14:00",
  ]);
});

Deno.test("cron() brings a single time in a gap right after it, and leaves wider patterns out", () => {
  // Berlin, 29 March 2026: 02:00 is followed by 03:00, which is 01:00 UTC.
  const from = "2026-03-28T12:00:00Z";
  assertEquals(times("30 2 * * *", from, 2, "Europe/Berlin"), [
    "2026-03-29T01:00",
    "2026-03-30T00:30",
  ]);
  assertEquals(times("15,45 2 * * *", from, 1, "Europe/Berlin"), [
    "2026-03-30T00:15",
  ]);
});

Deno.test("cron() gives a single time in an overlap once, and wider patterns in both passes", () => {
  // Berlin, 25 October 2026: 03:00 is followed by 02:00, which is 01:00 UTC.
  const from = "2026-10-24T23:50:00Z";
  assertEquals(times("30 2 * * *", from, 2, "Europe/Berlin"), [
    "2026-10-25T00:30",
    "2026-10-26T01:30",
  ]);
  assertEquals(times("*/30 * * * *", from, 5, "Europe/Berlin"), [
    "2026-10-25T00:00",
    "2026-10-25T00:30",
    "2026-10-25T01:00",
    "2026-10-25T01:30",
    "2026-10-25T02:00",
  ]);
});

Deno.test("cron() says what it found in an expression that it cannot read", () => {
  const wrong: [string, string][] = [
    ["61 * * * *", "Invalid value for minute: 61"],
    ["* * *", "it has 3 fields"],
    ["", "it has 0 fields"],
    ["* * * * * * 2026", "it has 7 fields"],
    ["2026-12-01T00:00:00", "it has 1 field,"],
    ["a b c d e", "(a) contains illegal characters"],
    ["*/0 * * * *", "illegal stepping: 0"],
    ["0 0 30 2 *", "it names a time that never comes"],
  ];
  for (const [expression, found] of wrong) {
    const { message } = assertThrows(() => cron(expression), TypeError);
    const start = `Cannot read cron expression "${expression}": `;
    assert(message.startsWith(start), message);
    assert(message.slice(start.length).includes(found), message);
  }
});

Deno.test("cron() refuses a time zone that does not exist", () => {
  assertInstanceOf(
    assertThrows(
      () => cron("* * * * *", { timeZone: "Mars/Olympus" }),
      RangeError,
      'in time zone "Mars/Olympus": there is no such zone',
    ),
    RangeError,
  );
});

Deno.test("Scheduler sends at the times of a cron expression, by its own calendar clock", async () => {
  const Bell = protocol("bell", { ring: tell() });
  const clock = new ManualClock(5_000);
  const start = Date.parse("2026-01-01T08:00:00Z") - clock.now();
  await using system = quietSystem({ clock });
  const wall = () => start + clock.now();
  const scheduler = new SystemScheduler(new Alarms(clock, raise), wall);
  const rings: string[] = [];
  const bell = system.spawn(Bell, () => ({
    ring: () => void rings.push(new Date(wall()).toISOString()),
  }));
  const job = scheduler.schedule(
    cron("0 9,12 * * *", { timeZone: "UTC" }),
    bell,
    Bell.ring(),
  );
  assertEquals(job.next, 5_000 + 3_600_000);
  await clock.advance(26 * 3_600_000);
  assertEquals(rings, [
    "2026-01-01T09:00:00.000Z",
    "2026-01-01T12:00:00.000Z",
    "2026-01-02T09:00:00.000Z",
  ]);
  scheduler.close();
  assertEquals(clock.pending, 0);
});

/** The specifiers of everything that an entry point loads. */
async function loaded(entry: string): Promise<string[]> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", new URL(entry, ROOT).href],
    cwd: ROOT,
    stdout: "piped",
    stderr: "null",
  }).output();
  assert(success);
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  return (modules as { specifier: string }[]).map((it) => it.specifier);
}

Deno.test("the root entry reaches no cron library, and the adapter does", async () => {
  const [root, adapter] = await Promise.all([
    loaded("mod.ts"),
    loaded("actor/time/cron.ts"),
  ]);
  const isCron = (specifier: string) => /cron(er)?\b/.test(specifier);
  assert(root.length > 10);
  assertEquals(root.filter(isCron), []);
  assert(adapter.some((it) => it.startsWith("npm:") && isCron(it)));
});

Deno.test("cron() needs no permission", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "--no-check", "-"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`
    import { cron } from "./actor/time/cron.ts";
    console.log(cron("0 0 * * *", { timeZone: "Asia/Tokyo" }).next(0));
  `));
  await writer.close();
  const { code, stdout } = await child.output();
  assertEquals([code, new TextDecoder().decode(stdout)], [0, "54000000\n"]);
});
