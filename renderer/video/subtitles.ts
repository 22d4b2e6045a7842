// Subtitles as a file: SubRip, one cue a caption page.

import type { Caption } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { isSpaced } from "./text.ts";

function stamp(seconds: number): string {
  const ms = Math.round(seconds * 1000);
  const part = (value: number, digits = 2) => String(value).padStart(digits, "0");
  const clock = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60];
  return `${clock.map((value) => part(value)).join(":")},${part(ms % 1000, 3)}`;
}

function sentence(caption: Caption): string {
  return caption.words.reduce((line, word) => {
    return line + (line !== "" && isSpaced(line, word) ? " " : "") + word.text;
  }, "");
}

/** SRT text. Times never leave the video nor overlap. */
export function subRip(captions: Caption[], duration_s: number): string {
  const cues = captions.map((caption, index) => {
    const end = Math.min(caption.end_s, captions[index + 1]?.start_s ?? duration_s, duration_s);
    // An arrow would end the cue's time line where a player reads text as one.
    const text = sentence(caption).replaceAll("-->", "→");
    return `${index + 1}\n${stamp(caption.start_s)} --> ${stamp(Math.max(end, caption.start_s))}\n${text}\n`;
  });
  return cues.join("\n");
}
