import { assert, assertEquals, assertThrows } from "@std/assert";
import { pictureOf } from "../../bench/peers/picture.ts";
import type { Line } from "../../bench/report.ts";

function line(name: string, value: number, unit = "messages/s"): Line {
  return {
    suite: name.split(".")[0] ?? "",
    name,
    value,
    unit,
    baseline: null,
    ratio: null,
    n: 3,
    machine: "2 vCPU x86_64 linux",
    deno: "2.9.6",
  };
}

const options = {
  versions: new Map([["troupe", "0.1.0"], ["nact", "7.6.2"]]),
  date: "2026-11-21",
};

function bars(svg: string): { width: number; fill: string }[] {
  return [...svg.matchAll(/<rect [^>]*width="(\d+)"[^>]*fill="([^"]+)"/g)]
    .map(([, width, fill]) => ({ width: Number(width), fill: fill ?? "" }));
}

function texts(svg: string): string[] {
  return [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)]
    .map(([, content]) => content ?? "");
}

Deno.test("pictureOf() draws bars whose widths have the ratio of the values", () => {
  const svg = pictureOf([
    line("peers.tell.troupe", 40e6),
    line("peers.tell.nact", 10e6),
    line("peers.tell.effect", 1),
  ], options);
  const [troupe, nact, effect] = bars(svg).map(({ width }) => width);
  assertEquals(bars(svg).length, 3);
  assertEquals(Math.round((troupe ?? 0) / 4), nact);
  assertEquals(effect, 1);
});

Deno.test("pictureOf() gives each scenario a scale of its own and Troupe a colour of its own", () => {
  const svg = pictureOf([
    line("peers.tell.troupe", 40e6),
    line("peers.ask.sequential.troupe", 5, "asks/s"),
    line("peers.ask.sequential.nact", 5, "asks/s"),
  ], options);
  const [tell, ask, nact] = bars(svg);
  assertEquals(tell, ask);
  assertEquals(ask?.width, nact?.width);
  assert(ask?.fill !== nact?.fill);
});

Deno.test("pictureOf() names arms, values, versions, the day and the class of the machine", () => {
  const svg = pictureOf([
    line("peers.tell.troupe", 36.64e6),
    line("peers.tell.effect-batch", 9_876),
    line("peers.idle_heap.troupe", 261.4, "bytes"),
    line("local.tell", 12345),
  ], options);
  assertEquals(texts(svg), [
    "Tell (messages/s)",
    "Troupe",
    "36.6 M",
    "Effect, takeAll",
    "9.88 k",
    "Idle actor (bytes of heap, less is better)",
    "Troupe",
    "261",
    "Troupe 0.1.0, nact 7.6.2",
    "2026-11-21, 2 vCPU x86_64 linux, Deno 2.9.6, medians of 3. Each panel has its own scale.",
    "XState handles an event inside send(), on the caller's stack; its ask is an event that carries a function.",
  ]);
});

Deno.test("pictureOf() keeps everything inside and does not mark up what it is given", () => {
  const lines = ["tell", "spawn", "pingpong"].flatMap((scenario) => [
    line(`peers.${scenario}.troupe`, 1),
    line(`peers.${scenario}.<b>&`, 999),
  ]);
  const svg = pictureOf(lines, options);
  assert(!svg.includes("<b>"));
  assert(svg.includes("&lt;b>&amp;"));
  const [width = 0, height = 0] =
    /viewBox="0 0 (\d+) (\d+)"/.exec(svg)?.slice(1).map(Number) ?? [];
  for (const [, x, y] of svg.matchAll(/<\w+ x="(\d+)" y="(\d+)"/g)) {
    assert(Number(x) < width, `x ${x} of ${width}`);
    assert(Number(y) < height, `y ${y} of ${height}`);
  }
});

Deno.test("pictureOf() refuses lines without one of the suite", () => {
  const lines = [line("local.tell", 1)];
  assertThrows(() => pictureOf(lines, options), TypeError, `"peers"`);
});
