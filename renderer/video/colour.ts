// Colours of a profile made safe: contrast by WCAG's formula, text colours for a plate, an accent that shows.

export interface Theme {
  primary: string;
  onPrimary: string;
  /** For small print on the primary colour. */
  accentOnPrimary: string;
  accent: string;
  onAccent: string;
  /** The spoken word: on any picture it stands on a near-black stroke. */
  spoken: string;
}

export const INK = "#14151a";
export const PAPER = "#ffffff";
/** WCAG AA for text. */
const READABLE = 4.5;
/** The spoken word must also differ from the white of the others. */
const DIFFERS_FROM_WHITE = 1.3;
const FALLBACK_SPOKEN = "#ffd23f";

function channels(hex: string): [number, number, number] {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, value >> 8 & 255, value & 255];
}

function luminance(hex: string): number {
  const [red, green, blue] = channels(hex).map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG contrast of two colours, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((left, right) => right - left) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** `share` 0 gives the first colour, 1 the second. */
export function mixColours(first: string, second: string, share: number): string {
  const to = channels(second);
  const mixed = channels(first).map((from, i) => Math.round(from + (to[i]! - from) * share));
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

/** Ink or paper, whichever reads better on a plate. */
export function textOn(plate: string): string {
  return contrast(plate, PAPER) >= contrast(plate, INK) ? PAPER : INK;
}

/** A colour moved towards ink or paper until it reads on `plate`. */
export function readableOn(plate: string, colour: string): string {
  const goal = textOn(plate);
  for (let share = 0; share < 1; share += 0.1) {
    const mixed = mixColours(colour, goal, share);
    if (contrast(plate, mixed) >= READABLE) return mixed;
  }
  return goal;
}

/** `#rrggbb` with an opacity, for a canvas. */
export function withAlpha(hex: string, alpha: number): string {
  return `rgba(${channels(hex).join(",")},${alpha})`;
}

export function createTheme(colours: { primary: string; accent: string }): Theme {
  const { primary, accent } = colours;
  const spoken = readableOn(INK, accent);
  return {
    primary,
    onPrimary: textOn(primary),
    accentOnPrimary: readableOn(primary, accent),
    accent,
    onAccent: textOn(accent),
    spoken: contrast(spoken, PAPER) < DIFFERS_FROM_WHITE ? FALLBACK_SPOKEN : spoken,
  };
}
