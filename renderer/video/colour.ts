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
  /** What the end card's backdrop is tinted with: the primary colour, never light, never black. */
  backdrop: string;
}

export const INK = "#14151a";
export const PAPER = "#ffffff";
/** WCAG AA for text. */
const READABLE = 4.5;
/** The spoken word must also differ from the white of the others. */
const DIFFERS_FROM_WHITE = 1.3;
/** On its stroke it must be about as bright as they are, or it looks muted instead of lit. */
const LIT = 7;
const LEAST_SATURATION = 0.8;
/** An accent greyer than this cannot be told from a white word in shade. */
const GREY = 0.2;
const FALLBACK_SPOKEN = "#ffd23f";
/** Luminance of the end card's backdrop at most, so that card and button stand out. */
const DARKEST_BACKDROP = 0.09;
const BLACKEST_BACKDROP = 0.008;

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

/** Hue 0..360, saturation and lightness 0..1. */
function hsl(hex: string): { hue: number; saturation: number; lightness: number } {
  const [red, green, blue] = channels(hex).map((channel) => channel / 255) as [number, number, number];
  const most = Math.max(red, green, blue);
  const spread = most - Math.min(red, green, blue);
  const lightness = most - spread / 2;
  if (spread === 0) return { hue: 0, saturation: 0, lightness };
  const sector = most === red
    ? (green - blue) / spread
    : most === green
    ? 2 + (blue - red) / spread
    : 4 + (red - green) / spread;
  return {
    hue: (sector * 60 + 360) % 360,
    saturation: spread / (1 - Math.abs(2 * lightness - 1)),
    lightness,
  };
}

function fromHsl(hue: number, saturation: number, lightness: number): string {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (offset: number) => {
    const sector = (offset + hue / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(sector - 3, 9 - sector, 1))));
  };
  return `#${
    [channel(0), channel(8), channel(4)].map((part) => part.toString(16).padStart(2, "0")).join("")
  }`;
}

/** The accent made bright enough to look lit beside white words: its hue stays, its lightness rises. */
function spokenColour(accent: string): string {
  const { hue, saturation, lightness } = hsl(accent);
  if (saturation < GREY) return FALLBACK_SPOKEN;
  let spoken = accent.toLowerCase();
  for (let light = lightness; contrast(INK, spoken) < LIT && light < 1; light += 0.02) {
    spoken = fromHsl(hue, Math.max(saturation, LEAST_SATURATION), light);
  }
  return contrast(spoken, PAPER) < DIFFERS_FROM_WHITE ? FALLBACK_SPOKEN : spoken;
}

function backdropOf(colour: string): string {
  let dark = colour;
  for (let share = 0.1; luminance(dark) > DARKEST_BACKDROP; share += 0.1) {
    dark = mixColours(colour, INK, share);
  }
  // A black one would look like a video that has ended.
  return luminance(dark) < BLACKEST_BACKDROP ? mixColours(dark, PAPER, 0.13) : dark;
}

/** Whether a plate of this colour would sink into a dark picture. */
export function isDark(colour: string): boolean {
  return luminance(colour) < 0.12;
}

/** Red, green and blue, 0..255. */
export function rgbOf(hex: string): [number, number, number] {
  return channels(hex);
}

/** `#rrggbb` with an opacity, for a canvas. */
export function withAlpha(hex: string, alpha: number): string {
  return `rgba(${channels(hex).join(",")},${alpha})`;
}

export function createTheme(colours: { primary: string; accent: string }): Theme {
  const { primary, accent } = colours;
  return {
    primary,
    onPrimary: textOn(primary),
    accentOnPrimary: readableOn(primary, accent),
    accent,
    onAccent: textOn(accent),
    spoken: spokenColour(accent),
    backdrop: backdropOf(primary),
  };
}
