// Fonts: every family that is installed, registered once, and the order in which a text's glyphs are looked for.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { GlobalFonts } from "@napi-rs/canvas";

const require = createRequire(import.meta.url);

/** Weights that the layouts use. */
const WEIGHTS = ["500Medium", "600SemiBold", "700Bold", "800ExtraBold"] as const;

/** Families with the package that brings them; those for CJK are optional (their packages weigh 49 to 92 MB). */
const FAMILIES = [
  { family: "Noto Sans", package: "@expo-google-fonts/noto-sans", file: "NotoSans" },
  { family: "Noto Sans Arabic", package: "@expo-google-fonts/noto-sans-arabic", file: "NotoSansArabic" },
  { family: "Noto Sans Hebrew", package: "@expo-google-fonts/noto-sans-hebrew", file: "NotoSansHebrew" },
  { family: "Inter", package: "@expo-google-fonts/inter", file: "Inter" },
  { family: "Noto Sans JP", package: "@expo-google-fonts/noto-sans-jp", file: "NotoSansJP" },
  { family: "Noto Sans KR", package: "@expo-google-fonts/noto-sans-kr", file: "NotoSansKR" },
  { family: "Noto Sans SC", package: "@expo-google-fonts/noto-sans-sc", file: "NotoSansSC" },
] as const;
export const CJK_FAMILIES = ["Noto Sans JP", "Noto Sans KR", "Noto Sans SC"] as const;
const EMOJI_FAMILY = "Twemoji";
const DEFAULT_FAMILY = "Inter";
/** Han glyphs are drawn in the style of the family that comes first: the product's language decides. */
const HAN_ORDER: Record<string, string[]> = {
  ja: ["Noto Sans JP", "Noto Sans KR", "Noto Sans SC"],
  ko: ["Noto Sans KR", "Noto Sans JP", "Noto Sans SC"],
  zh: ["Noto Sans SC", "Noto Sans JP", "Noto Sans KR"],
};

let registered: Set<string> | null = null;

function packageFolder(name: string): string | null {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    return null;
  }
}

function register(): Set<string> {
  const known = new Set<string>();
  for (const { family, package: name, file } of FAMILIES) {
    const folder = packageFolder(name);
    if (!folder) continue;
    for (const weight of WEIGHTS) {
      if (GlobalFonts.registerFromPath(join(folder, weight, `${file}_${weight}.ttf`), family)) {
        known.add(family);
      }
    }
  }
  const emoji = packageFolder("twemoji-colr-font");
  if (emoji && GlobalFonts.registerFromPath(join(emoji, "twemoji.woff2"), EMOJI_FAMILY)) {
    known.add(EMOJI_FAMILY);
  }
  if (known.size === 0) throw new Error("no font package is installed");
  return known;
}

/** The families that are there, in no order. */
export function installedFamilies(): ReadonlySet<string> {
  return registered ??= register();
}

/** A CSS list of families for texts of a language: the profile's own first where it is known, emoji last. */
export function fontStack(options: { language: string; family: string | null }): string {
  const known = installedFamilies();
  const wanted = [...known].find((name) => name.toLowerCase() === options.family?.trim().toLowerCase());
  const han = HAN_ORDER[options.language.slice(0, 2).toLowerCase()] ?? HAN_ORDER.ja!;
  const order = [
    wanted,
    DEFAULT_FAMILY,
    "Noto Sans",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    ...han,
    EMOJI_FAMILY,
  ];
  const present = order.filter((name): name is string => name !== undefined && known.has(name));
  return [...new Set(present)].map((name) => `"${name}"`).join(", ");
}
