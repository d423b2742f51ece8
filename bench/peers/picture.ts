/**
 * A picture of the suite `peers`, legible on light and on dark pages.
 * @module
 */

import type { Line } from "../report.ts";

/** What stands below the bars. */
export interface PictureOptions {
  /** The version of each library by its name, in the order in which they are listed. */
  readonly versions: ReadonlyMap<string, string>;
  /** The day of the run, `YYYY-MM-DD`. */
  readonly date: string;
}

const PREFIX = "peers.";

const TITLES: ReadonlyMap<string, string> = new Map([
  ["tell", "Tell"],
  ["pingpong", "Ping-pong"],
  ["ask.sequential", "Ask, one after the other"],
  ["ask.inflight64", "Ask, 64 in flight"],
  ["spawn", "Spawn"],
  ["idle_heap", "Idle actor"],
]);

const LABELS: ReadonlyMap<string, string> = new Map([
  ["troupe", "Troupe"],
  ["nact", "nact"],
  ["effect", "Effect, fiber"],
  ["effect-batch", "Effect, takeAll"],
  ["effect-entity", "Effect, entity"],
  ["xstate", "XState, transition"],
  ["xstate-machine", "XState, machine"],
]);

const LIBRARIES: ReadonlyMap<string, string> = new Map([
  ["troupe", "Troupe"],
  ["nact", "nact"],
  ["effect", "Effect"],
  ["xstate", "XState"],
]);

// Both colours have a contrast of at least 4.2 with white and with the near-black #0d1117.
const INK = "#6e7b88";
const ACCENT = "#2878ea";

const COLUMNS = 2;
const PANEL = 420;
const GAP = 30;
const MARGIN = 20;
const LABEL = 128;
const VALUE = 62;
const ROW = 21;
const HEAD = 30;
const FOOT = 62;

/** Whether a figure of that name is in the picture. */
export function isDrawn({ name }: { readonly name: string }): boolean {
  return name.startsWith(PREFIX);
}

/** The bars of one scenario. */
interface Panel {
  readonly scenario: string;
  readonly bars: readonly Line[];
}

/**
 * Draws one panel for each scenario, with one bar for each arm on a scale of the panel's own that begins at 0.
 *
 * @param lines The lines of a run; those of other suites are left out.
 * @param options What stands below.
 * @returns An SVG document.
 * @throws {TypeError} When no line is of the suite.
 */
export function pictureOf(
  lines: readonly Line[],
  options: PictureOptions,
): string {
  const panels = panelsOf(lines);
  const first = panels[0]?.bars[0];
  if (first === undefined) {
    throw new TypeError(
      `Cannot draw a picture: found no line of the suite "peers"`,
    );
  }
  const body: string[] = [];
  let top = MARGIN;
  for (let at = 0; at < panels.length; at += COLUMNS) {
    const row = panels.slice(at, at + COLUMNS);
    row.forEach((panel, column) => {
      body.push(drawPanel(panel, MARGIN + column * (PANEL + GAP), top));
    });
    const most = Math.max(...row.map(({ bars }) => bars.length));
    top += HEAD + most * ROW + GAP;
  }
  const width = 2 * MARGIN + COLUMNS * PANEL + (COLUMNS - 1) * GAP;
  const height = top + FOOT;
  const versions = [...options.versions].map(([name, version]) =>
    `${LIBRARIES.get(name) ?? name} ${version}`
  );
  const notes = [
    versions.join(", "),
    `${options.date}, ${first.machine}, Deno ${first.deno}, medians of ${first.n}. Each panel has its own scale.`,
    "XState handles an event inside send(), on the caller's stack; its ask is an event that carries a function.",
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="${INK}">`,
    `<title>Troupe beside other libraries</title>`,
    ...body,
    ...notes.map((note, index) =>
      text(MARGIN, top + 8 + index * 18, note, `font-size="12"`)
    ),
    `</svg>`,
    "",
  ].join("\n");
}

/** Groups by scenario, both in the order of the lines. */
function panelsOf(lines: readonly Line[]): Panel[] {
  const panels = new Map<string, Line[]>();
  for (const line of lines) {
    if (!isDrawn(line)) continue;
    const scenario = line.name.slice(PREFIX.length, line.name.lastIndexOf("."));
    panels.set(scenario, [...panels.get(scenario) ?? [], line]);
  }
  return [...panels].map(([scenario, bars]) => ({ scenario, bars }));
}

function drawPanel(
  { scenario, bars }: Panel,
  left: number,
  top: number,
): string {
  const unit = bars[0]?.unit ?? "";
  const hint = unit === "bytes" ? "bytes of heap, less is better" : unit;
  const title = TITLES.get(scenario) ?? scenario;
  const most = Math.max(...bars.map(({ value }) => value));
  const room = PANEL - LABEL - VALUE;
  const parts = [
    text(left, top + 13, `${title} (${hint})`, `font-weight="600"`),
  ];
  bars.forEach(({ name, value }, index) => {
    const arm = name.slice(name.lastIndexOf(".") + 1);
    const y = top + HEAD + index * ROW;
    const width = Math.max(1, Math.round(value / most * room));
    const end = left + LABEL + width;
    const fill = arm === "troupe" ? ACCENT : INK;
    parts.push(
      text(left, y + 10, LABELS.get(arm) ?? arm),
      `<rect x="${
        left + LABEL
      }" y="${y}" width="${width}" height="12" rx="2" fill="${fill}"/>`,
      text(end + 6, y + 10, short(value)),
    );
  });
  return parts.join("\n");
}

function text(x: number, y: number, content: string, style = ""): string {
  const attributes = [`x="${x}"`, `y="${y}"`, style].filter(Boolean).join(" ");
  return `<text ${attributes}>${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** Three digits: `36.6 M`, `261`. */
function short(value: number): string {
  for (const [unit, size] of [["M", 1e6], ["k", 1e3]] as const) {
    if (value >= size) return `${(value / size).toPrecision(3)} ${unit}`;
  }
  return String(Math.round(value));
}
