// A sheet of vector art: paints and filters by name, and the few tricks that make flat shapes look lit.

/** `[offset 0..1, colour, opacity]` */
export type Stop = [number, string, number?];

export interface Sheet {
  readonly width: number;
  readonly height: number;
  add(svg: string): void;
  /** A gradient along a line in the shape's own box (0..1); answers the paint. */
  linear(stops: Stop[], line?: { x1?: number; y1?: number; x2?: number; y2?: number }): string;
  /** A gradient from a centre in the shape's own box. */
  radial(stops: Stop[], circle?: { cx?: number; cy?: number; r?: number }): string;
  /** A blur of that many pixels; answers the filter. */
  blur(pixels: number): string;
  /** A filter of one's own; answers its reference. */
  filter(primitives: string): string;
  /** A clip by that shape. */
  clip(shape: string): string;
  /** A repeated tile. */
  pattern(size: number, tile: string, transform?: string): string;
  toSvg(): string;
}

/** An empty sheet, in pixels. */
export function createSheet(width: number, height: number): Sheet {
  const defs: string[] = [];
  const body: string[] = [];
  const define = (write: (id: string) => string): string => {
    const id = `d${defs.length}`;
    defs.push(write(id));
    return `url(#${id})`;
  };
  const stopsOf = (stops: Stop[]) =>
    stops.map(([at, color, opacity = 1]) =>
      `<stop offset="${at}" stop-color="${color}" stop-opacity="${opacity}"/>`
    )
      .join("");
  const filter = (primitives: string) =>
    define((id) => `<filter id="${id}" x="-50%" y="-50%" width="200%" height="200%">${primitives}</filter>`);
  return {
    width,
    height,
    add: (svg) => void body.push(svg),
    linear: (stops, { x1 = 0, y1 = 0, x2 = 0, y2 = 1 } = {}) =>
      define((id) =>
        `<linearGradient id="${id}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}">${
          stopsOf(stops)
        }</linearGradient>`
      ),
    radial: (stops, { cx = 0.5, cy = 0.5, r = 0.5 } = {}) =>
      define((id) =>
        `<radialGradient id="${id}" cx="${cx}" cy="${cy}" r="${r}">${stopsOf(stops)}</radialGradient>`
      ),
    blur: (pixels) => filter(`<feGaussianBlur stdDeviation="${pixels}"/>`),
    filter,
    clip: (shape) => define((id) => `<clipPath id="${id}">${shape}</clipPath>`),
    pattern: (size, tile, transform = "") =>
      define((id) =>
        `<pattern id="${id}" width="${size}" height="${size}" patternUnits="userSpaceOnUse" patternTransform="${transform}">${tile}</pattern>`
      ),
    toSvg: () =>
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
      `<defs>${defs.join("")}</defs>${body.join("")}</svg>`,
  };
}

/** Numbers that look random and are the same at each run. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Horizontal shading of a round body lit from the upper left: edge, light, core, reflected light. */
export function roundShade(
  sheet: Sheet,
  tones: { light: string; body: string; dark: string; edge?: string },
): string {
  const { light, body, dark, edge = dark } = tones;
  return sheet.linear([[0, edge], [0.1, body], [0.3, light], [0.52, body], [0.84, dark], [1, edge]], {
    x2: 1,
    y2: 0,
  });
}
