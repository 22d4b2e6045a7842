// Two kinds of plots as SVG text: lines over logarithmic axes, and bars with their limits. By hand: chart libraries bring
// tens of megabytes or a browser's DOM for what is some lines of text here.

import type { Bar, Series } from "./results.ts";

const WIDTH = 820;
/** Colours on light and on dark pages; each plot paints its own background. */
const LIGHT = {
  page: "#ffffff",
  text: "#1f2328",
  quiet: "#59636e",
  grid: "#d8dee4",
  missed: "#b42318",
  lines: ["#0969da", "#bc4c00", "#1a7f37", "#8250df", "#9a6700", "#bf3989"],
};
const DARK = {
  page: "#0d1117",
  text: "#e6edf3",
  quiet: "#9198a1",
  grid: "#30363d",
  missed: "#ff7b72",
  lines: ["#58a6ff", "#ffa657", "#3fb950", "#bc8cff", "#d29922", "#f778ba"],
};

/** Plain rules, no custom properties: not every viewer of SVG knows them. */
function rules({ page, text, quiet, grid, missed, lines }: typeof LIGHT): string {
  const fixed =
    `.page { fill: ${page} } text { fill: ${text} } .quiet { fill: ${quiet} } .grid { stroke: ${grid} }
    .limit { stroke: ${text} } .missed { fill: ${missed} }`;
  const each = lines.map((colour, n) => `.line${n} { stroke: ${colour} } .fill${n} { fill: ${colour} }`);
  return [fixed, ...each].join("\n    ");
}

const STYLE = `
    text { font: 14px system-ui, -apple-system, "Segoe UI", sans-serif } .title { font-size: 17px; font-weight: 600 }
    ${rules(LIGHT)}
    @media (prefers-color-scheme: dark) {
    ${rules(DARK)}
    }`;

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}

function page(title: string, { height, body }: { height: number; body: string[] }): string {
  const frame = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}"`;
  return [
    `${frame} viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" width="${WIDTH}" height="${height}" rx="6"/>`,
    `<text class="title" x="24" y="34">${escape(title)}</text>`,
    ...body,
    "</svg>\n",
  ].join("\n");
}

/** 1, 2 and 5 of every power of ten within the range. */
function logTicks(from: number, to: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
    for (const digit of [1, 2, 5]) ticks.push(digit * 10 ** power);
  }
  return ticks.filter((tick) => tick >= from * 0.999 && tick <= to * 1.001);
}

/** The nearest ticks around the values, so that every line has air. */
function logScale(values: number[], { from, to }: { from: number; to: number }) {
  const low = Math.min(...values) / 1.25, high = Math.max(...values) * 1.25;
  const at = (value: number) => from + (Math.log(value / low) / Math.log(high / low)) * (to - from);
  return { at, ticks: logTicks(low, high) };
}

function tickText(value: number): string {
  return value >= 1000 ? value.toLocaleString("en") : String(Number(value.toPrecision(2)));
}

/** Moves labels apart that would lie on each other. */
function spread(places: number[], gap: number): number[] {
  const order = places.map((_, index) => index).sort((a, b) => places[a]! - places[b]!);
  const moved = [...places];
  for (let n = 1; n < order.length; n++) {
    const above = moved[order[n - 1]!]!;
    moved[order[n]!] = Math.max(moved[order[n]!]!, above + gap);
  }
  return moved;
}

/** Lines over two logarithmic axes, each named at its right end. */
export function lineChart(
  title: string,
  { x, y, series }: { x: string; y: string; series: Series[] },
): string {
  const height = 440;
  const box = { left: 70, right: WIDTH - 190, top: 64, bottom: height - 64 };
  const points = series.flatMap((line) => line.points);
  const across = logScale(points.map(([value]) => value), { from: box.left, to: box.right });
  const up = logScale(points.map(([, value]) => value), { from: box.bottom, to: box.top });
  const seen = [...new Set(points.map(([value]) => value))].sort((a, b) => a - b);
  const body = up.ticks.map((tick) => {
    const at = up.at(tick).toFixed(1);
    return `<line class="grid" x1="${box.left}" x2="${box.right}" y1="${at}" y2="${at}"/>` +
      `<text class="quiet" x="${box.left - 8}" y="${at}" dy="5" text-anchor="end">${tickText(tick)}</text>`;
  });
  for (const tick of seen.length <= 8 ? seen : across.ticks) {
    const at = across.at(tick).toFixed(1);
    body.push(
      `<text class="quiet" x="${at}" y="${box.bottom + 22}" text-anchor="middle">${tickText(tick)}</text>`,
    );
  }
  body.push(`<text class="quiet" x="24" y="54">${escape(y)}</text>`);
  const middle = (box.left + box.right) / 2;
  body.push(`<text class="quiet" x="${middle}" y="${height - 18}" text-anchor="middle">${escape(x)}</text>`);
  const names = spread(series.map((line) => up.at(line.points.at(-1)![1])), 18);
  series.forEach((line, index) => {
    const places = line.points.map(([a, b]) => `${across.at(a).toFixed(1)},${up.at(b).toFixed(1)}`);
    const dots = places.map((place) => {
      const [cx, cy] = place.split(",");
      return `<circle cx="${cx}" cy="${cy}" r="4"/>`;
    });
    const colour = index % LIGHT.lines.length;
    const name = `x="${box.right + 12}" y="${names[index]!.toFixed(1)}" dy="5"`;
    body.push(
      `<polyline class="line${colour}" fill="none" stroke-width="2.5" points="${places.join(" ")}"/>`,
      `<g class="fill${colour}">${dots.join("")}</g>`,
      `<text class="fill${colour}" ${name}>${escape(line.name)}</text>`,
    );
  });
  return page(title, { height, body });
}

function isMissed({ value, atMost = Infinity, atLeast = -Infinity }: Bar): boolean {
  return value > atMost || value < atLeast;
}

/** Bars from zero, each with its value and a mark at its limit. */
export function barChart(title: string, { unit, bars }: { unit: string; bars: Bar[] }): string {
  const row = 46;
  const top = 72;
  const height = top + bars.length * row + 44;
  const left = 24, right = WIDTH - 110;
  const most = Math.max(...bars.flatMap((bar) => [bar.value, bar.atMost ?? 0, bar.atLeast ?? 0]));
  const at = (value: number) => left + (Math.max(0, value) / most) * (right - left);
  const body = bars.flatMap((bar, index) => {
    const y = top + index * row;
    const limit = bar.atMost ?? bar.atLeast;
    const value = `${Number(bar.value.toPrecision(3))}${unit}`;
    const width = (at(bar.value) - left).toFixed(1);
    const behind = at(Math.max(bar.value, limit ?? 0)) + 10;
    const parts = [
      `<text x="${left}" y="${y}">${escape(bar.name)}</text>`,
      `<rect class="${isMissed(bar) ? "missed" : "fill0"}" x="${left}" y="${
        y + 7
      }" height="14" rx="2" width="${width}"/>`,
      `<text x="${behind.toFixed(1)}" y="${y + 19}">${value}</text>`,
    ];
    if (limit === undefined) return parts;
    const x = at(limit).toFixed(1);
    const ends = `x1="${x}" x2="${x}" y1="${y + 3}" y2="${y + 25}"`;
    return [...parts, `<line class="limit" ${ends} stroke-width="2.5"/>`];
  });
  const note = "The upright mark is the aim; a red bar has missed it.";
  body.push(`<text class="quiet" x="${left}" y="${height - 18}">${note}</text>`);
  return page(title, { height, body });
}
