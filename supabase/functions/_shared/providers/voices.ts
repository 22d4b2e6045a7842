// The voices that speak a language by default, by provider.

import { baseLanguage } from "../money.ts";

const EDGE: Record<string, string> = {
  en: "en-US-AriaNeural",
  "en-gb": "en-GB-SoniaNeural",
  "en-au": "en-AU-NatashaNeural",
  ro: "ro-RO-AlinaNeural",
  de: "de-DE-KatjaNeural",
  "de-at": "de-AT-IngridNeural",
  "de-ch": "de-CH-LeniNeural",
  fr: "fr-FR-DeniseNeural",
  "fr-ca": "fr-CA-SylvieNeural",
  es: "es-ES-ElviraNeural",
  "es-mx": "es-MX-DaliaNeural",
  it: "it-IT-ElsaNeural",
  pt: "pt-BR-FranciscaNeural",
  "pt-pt": "pt-PT-RaquelNeural",
  pl: "pl-PL-ZofiaNeural",
  hu: "hu-HU-NoemiNeural",
  nl: "nl-NL-ColetteNeural",
  "nl-be": "nl-BE-DenaNeural",
  cs: "cs-CZ-VlastaNeural",
  sk: "sk-SK-ViktoriaNeural",
  bg: "bg-BG-KalinaNeural",
  el: "el-GR-AthinaNeural",
  ru: "ru-RU-SvetlanaNeural",
  uk: "uk-UA-PolinaNeural",
  tr: "tr-TR-EmelNeural",
  sv: "sv-SE-SofieNeural",
  da: "da-DK-ChristelNeural",
  nb: "nb-NO-PernilleNeural",
  no: "nb-NO-PernilleNeural",
  fi: "fi-FI-NooraNeural",
  hr: "hr-HR-GabrijelaNeural",
  sl: "sl-SI-PetraNeural",
  sr: "sr-RS-SophieNeural",
  lt: "lt-LT-OnaNeural",
  lv: "lv-LV-EveritaNeural",
  et: "et-EE-AnuNeural",
  ar: "ar-SA-ZariyahNeural",
  he: "he-IL-HilaNeural",
  ja: "ja-JP-NanamiNeural",
  ko: "ko-KR-SunHiNeural",
  zh: "zh-CN-XiaoxiaoNeural",
  hi: "hi-IN-SwaraNeural",
  vi: "vi-VN-HoaiMyNeural",
  id: "id-ID-GadisNeural",
  th: "th-TH-PremwadeeNeural",
  ca: "ca-ES-JoanaNeural",
}; // deno-fmt-ignore

/** One premade voice of ElevenLabs speaks them all. */
const ELEVENLABS_VOICE = "EXAVITQu4vr4xnSDxMaL";
/** Languages of `eleven_multilingual_v2`. */
const MULTILINGUAL_V2 = new Set(
  "en ja zh de hi fr ko pt it es id nl tr fil pl sv bg ro ar cs el fi hr ms sk da ta uk ru".split(" "),
);
/** Those that only the flash model has beside them. */
const FLASH_ONLY = new Set(["hu", "no", "nb", "vi"]);

/** Languages of the renderer's offline voices, which it chooses by itself. */
const LOCAL = new Set(
  ("en ro de fr es it pt pl hu nl cs sk bg el ru uk tr sv da nb no fi hr sl sr lt lv et ar he ja ko zh hi vi id ca " +
    "sq mk is ga cy eu fa ur bn ta te ka hy az kk th").split(" "),
);

export function edgeVoice(language: string): string | null {
  return EDGE[language.toLowerCase()] ?? EDGE[baseLanguage(language)] ?? null;
}

export function elevenlabsVoice(language: string): string | null {
  return elevenlabsModel(language) ? ELEVENLABS_VOICE : null;
}

/** The model that speaks a language, with the code that it wants named; null: none does. */
export function elevenlabsModel(language: string): { model_id: string; language_code?: string } | null {
  const base = baseLanguage(language);
  if (MULTILINGUAL_V2.has(base)) return { model_id: "eleven_multilingual_v2" };
  return FLASH_ONLY.has(base)
    ? { model_id: "eleven_flash_v2_5", language_code: base === "nb" ? "no" : base }
    : null;
}

export function isLocalLanguage(language: string): boolean {
  return LOCAL.has(baseLanguage(language));
}
