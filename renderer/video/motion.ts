// Motion: which picture shows when and how the view moves over it, how blocks enter and leave.

import type { Template } from "../../supabase/functions/_shared/contracts/options.ts";
import type { Rect } from "./layout.ts";
import type { Crop } from "./rasteriser.ts";
import { FRAME } from "./presets.ts";
import { STILL_SCALE } from "./pictures.ts";

/** A picture's time on screen, in frames; it overlaps the one before by the transition. */
export interface Shot {
  picture: number;
  first: number;
  /** Not included. */
  last: number;
  zoomFrom: number;
  zoomTo: number;
}

export interface Timing {
  frames: number;
  /** The end card's first frame. */
  end: number;
  shots: Shot[];
}

export const TRANSITION_FRAMES = 15;
const END_SHARE = 0.2;
const END_FRAMES_MOST = 105;
const END_FRAMES_LEAST = 45;
/** Seconds a picture stays where there are several. */
const SHOT_S = 3.5;
/** A single picture's zoom: its card stays inside the frame. */
export const ZOOM_OF_ONE = 1.13;
const ZOOM_OF_MANY = 1.09;
/** One that fills the frame has no edge to keep inside: where it stays this long it moves further, so that it moves visibly. */
const ZOOM_OF_ONE_FILLING = 1.2;
const LONG_SHOT_S = 20;

/** Frames of a whole video. */
export function frameCount(duration_s: number): number {
  return Math.round(duration_s * FRAME.rate);
}

/** Plans a video: at least one shot, never longer than the pictures' share of the time before the end card. */
export function planTiming(
  options: { template: Template; duration_s: number; pictures: number; fills?: boolean },
): Timing {
  const { template, pictures } = options;
  const frames = frameCount(options.duration_s);
  const least = Math.min(END_FRAMES_LEAST, Math.floor(frames * 0.4));
  const end = frames - Math.min(Math.max(Math.round(frames * END_SHARE), least), END_FRAMES_MOST);
  const count = pictures === 1 ? 1 : Math.max(1, Math.round(end / FRAME.rate / SHOT_S));
  const isLong = end >= LONG_SHOT_S * FRAME.rate;
  const zoomOfOne = options.fills && isLong ? ZOOM_OF_ONE_FILLING : ZOOM_OF_ONE;
  const amount = count === 1 ? zoomOfOne : ZOOM_OF_MANY;
  const shots = Array.from({ length: count }, (_, i): Shot => {
    const out = template === "sale_banner" || (template === "collection_showcase" && i % 2 === 1);
    return {
      picture: i % pictures,
      first: Math.round(i * end / count),
      last: i === count - 1 ? frames : Math.round((i + 1) * end / count) + TRANSITION_FRAMES,
      zoomFrom: out ? amount : 1,
      zoomTo: out ? 1 : amount,
    };
  });
  return { frames, end, shots };
}

/**
 * The part of a still that fills the frame at a zoom about a point that stays (`x`, `y` in frame pixels;
 * `scale` is the still's size by the frame's). A point's place is
 * linear in the zoom, so a zoom that grows evenly moves every point evenly: no acceleration, no jitter.
 */
export function cropAt(zoom: number, options: { x: number; y: number; scale?: number }): Crop {
  const kept = 1 - 1 / zoom;
  const { x, y, scale = STILL_SCALE } = options;
  return { left: x * scale * kept, top: y * scale * kept, step: scale / zoom };
}

/** The view of a shot at a frame. */
export function shotCrop(shot: Shot, frame: number, place: Rect): Crop {
  const share = (frame - shot.first) / Math.max(1, shot.last - 1 - shot.first);
  const zoom = shot.zoomFrom + (shot.zoomTo - shot.zoomFrom) * Math.min(Math.max(share, 0), 1);
  // About the picture's upper edge: it never grows under the texts above it.
  return cropAt(zoom, { x: FRAME.width / 2, y: place.y });
}

/** How a block looks at a frame; null where it is not there. */
export interface Appearance {
  scale: number;
  opacity: number;
}

/** Five frames from 0.8 to 1, slowing down; leaving runs the same way back. */
const ENTER = [
  { scale: 0.86, opacity: 0.4 },
  { scale: 0.92, opacity: 0.72 },
  { scale: 0.965, opacity: 0.9 },
  { scale: 0.99, opacity: 1 },
];
/** The call to action overshoots a little and settles. */
const POP = [0.8, 0.93, 1.02, 1.055, 1.05, 1.03, 1.012, 0.998];
const PULSE_FRAMES = 40;
const PULSE_STEPS = 5;
const PULSE_SCALE = 0.024;

/** A block that enters at `first` and is gone at `last`. */
export function appearance(frame: number, span: { first: number; last: number }): Appearance | null {
  const since = frame - span.first;
  const left = span.last - 1 - frame;
  if (since < 0 || left < 0) return null;
  return ENTER[Math.min(since, left)] ?? { scale: 1, opacity: 1 };
}

/** The offer draws the eye now and then: a small pulse, while the picture moves on evenly. */
const NUDGE = [1.008, 1.016, 1.023, 1.025, 1.022, 1.015, 1.007];
const NUDGE_EVERY_FRAMES = 135;

/** A block like `appearance`, with a pulse every few seconds once it stands. */
export function nudged(frame: number, span: { first: number; last: number }): Appearance | null {
  const look = appearance(frame, span);
  const pulse = NUDGE[(frame - span.first) % NUDGE_EVERY_FRAMES - 60];
  return look && look.scale === 1 && pulse !== undefined ? { ...look, scale: pulse } : look;
}

/** The call to action: it pops in and then breathes until the end. */
export function actionAppearance(frame: number, first: number): Appearance | null {
  const since = frame - first;
  if (since < 0) return null;
  if (since < POP.length) return { scale: POP[since]!, opacity: Math.min(1, (since + 1) / 3) };
  const swing = (1 - Math.cos(2 * Math.PI * (since - POP.length) / PULSE_FRAMES)) / 2;
  return { scale: 1 + PULSE_SCALE * Math.round(swing * PULSE_STEPS) / PULSE_STEPS, opacity: 1 };
}

/** Eased 0..1: slow at both ends. */
export function eased(share: number): number {
  const part = Math.min(Math.max(share, 0), 1);
  return part * part * (3 - 2 * part);
}
