// Fonts: every family that is installed, registered once, and the order in which a text's glyphs are looked for.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { GlobalFonts } from "@napi-rs/canvas";

const require = createRequire(import.meta.url);

/** Weights that the layouts use. */
const WEIGHTS = ["500Medium", "600SemiBold", "700Bold", "800ExtraBold"] as const;

/** A family, and the package and file names that bring it. */
interface Family {
  family: string;
  package: string;
  file: string;
}

function noto(name: string, packageName: string): Family {
  return { family: `Noto Sans ${name}`, package: packageName, file: `NotoSans${name}` };
}

const INTER = { family: "Inter", package: "@expo-google-fonts/inter", file: "Inter" };
const NOTO_SANS = { family: "Noto Sans", package: "@expo-google-fonts/noto-sans", file: "NotoSans" };
/** Han glyphs are drawn in the style of the family that comes first: the product's language decides. */
const JAPANESE = noto("JP", "@expo-google-fonts/noto-sans-jp"),
  KOREAN = noto("KR", "@expo-google-fonts/noto-sans-kr"),
  CHINESE = noto("SC", "@expo-google-fonts/noto-sans-sc");
const HAN_ORDER: Record<string, Family[]> = {
  ja: [JAPANESE, KOREAN, CHINESE],
  ko: [KOREAN, JAPANESE, CHINESE],
  zh: [CHINESE, JAPANESE, KOREAN],
};

/** Scripts that Inter and Noto Sans lack, with the family that has them. Only the first two are always installed. */
const SCRIPTS: { name: string; letters: RegExp; families: Family[] }[] = [
  {
    name: "Arabic",
    letters: /\p{scx=Arab}/u,
    families: [noto("Arabic", "@expo-google-fonts/noto-sans-arabic")],
  },
  {
    name: "Hebrew",
    letters: /\p{scx=Hebr}/u,
    families: [noto("Hebrew", "@expo-google-fonts/noto-sans-hebrew")],
  },
  { name: "Japanese", letters: /[\p{scx=Hira}\p{scx=Kana}]/u, families: [JAPANESE] },
  { name: "Korean", letters: /\p{scx=Hang}/u, families: [KOREAN] },
  { name: "Chinese", letters: /[\p{scx=Hani}\p{scx=Bopo}]/u, families: [CHINESE] },
  { name: "Thai", letters: /\p{scx=Thai}/u, families: [noto("Thai", "@expo-google-fonts/noto-sans-thai")] },
  { name: "Lao", letters: /\p{scx=Laoo}/u, families: [noto("Lao", "@expo-google-fonts/noto-sans-lao")] },
  {
    name: "Khmer",
    letters: /\p{scx=Khmr}/u,
    families: [noto("Khmer", "@expo-google-fonts/noto-sans-khmer")],
  },
  {
    name: "Burmese",
    letters: /\p{scx=Mymr}/u,
    families: [noto("Myanmar", "@expo-google-fonts/noto-sans-myanmar")],
  },
  {
    name: "Bengali",
    letters: /\p{scx=Beng}/u,
    families: [noto("Bengali", "@expo-google-fonts/noto-sans-bengali")],
  },
  {
    name: "Tamil",
    letters: /\p{scx=Taml}/u,
    families: [noto("Tamil", "@expo-google-fonts/noto-sans-tamil")],
  },
  {
    name: "Telugu",
    letters: /\p{scx=Telu}/u,
    families: [noto("Telugu", "@expo-google-fonts/noto-sans-telugu")],
  },
  {
    name: "Gujarati",
    letters: /\p{scx=Gujr}/u,
    families: [noto("Gujarati", "@expo-google-fonts/noto-sans-gujarati")],
  },
  {
    name: "Gurmukhi",
    letters: /\p{scx=Guru}/u,
    families: [noto("Gurmukhi", "@expo-google-fonts/noto-sans-gurmukhi")],
  },
  {
    name: "Kannada",
    letters: /\p{scx=Knda}/u,
    families: [noto("Kannada", "@expo-google-fonts/noto-sans-kannada")],
  },
  {
    name: "Malayalam",
    letters: /\p{scx=Mlym}/u,
    families: [noto("Malayalam", "@expo-google-fonts/noto-sans-malayalam")],
  },
  {
    name: "Sinhala",
    letters: /\p{scx=Sinh}/u,
    families: [noto("Sinhala", "@expo-google-fonts/noto-sans-sinhala")],
  },
  {
    name: "Georgian",
    letters: /\p{scx=Geor}/u,
    families: [noto("Georgian", "@expo-google-fonts/noto-sans-georgian")],
  },
  {
    name: "Armenian",
    letters: /\p{scx=Armn}/u,
    families: [noto("Armenian", "@expo-google-fonts/noto-sans-armenian")],
  },
  {
    name: "Ethiopic",
    letters: /\p{scx=Ethi}/u,
    families: [noto("Ethiopic", "@expo-google-fonts/noto-sans-ethiopic")],
  },
];
const OPTIONAL = SCRIPTS.flatMap((script) => script.families);
const EMOJI = { family: "Twemoji", package: "twemoji-colr-font", file: "twemoji.woff2" };

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
  for (const { family, package: name, file } of [INTER, NOTO_SANS, ...OPTIONAL]) {
    const folder = packageFolder(name);
    if (!folder) continue;
    for (const weight of WEIGHTS) {
      if (GlobalFonts.registerFromPath(join(folder, weight, `${file}_${weight}.ttf`), family)) {
        known.add(family);
      }
    }
  }
  const emoji = packageFolder(EMOJI.package);
  if (emoji && GlobalFonts.registerFromPath(join(emoji, EMOJI.file), EMOJI.family)) known.add(EMOJI.family);
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
  const order = [INTER, NOTO_SANS, ...han, ...OPTIONAL, EMOJI].map(({ family }) => family);
  const present = [wanted, ...order].filter((name): name is string => name !== undefined && known.has(name));
  return [...new Set(present)].map((name) => `"${name}"`).join(", ");
}

/** What to say of letters that no installed font has: a sentence for each script, with the package that brings it. */
export function fontAdvice(letters: string[], language: string): string[] {
  const scripts = new Map<string, string>();
  for (const letter of letters) {
    const script = SCRIPTS.find(({ letters }) => letters.test(letter));
    // Han letters are all three languages': the product's own says which.
    const han = script?.name === "Chinese" ? HAN_ORDER[language.slice(0, 2).toLowerCase()]?.[0] : undefined;
    const family = han ?? script?.families[0];
    if (family) scripts.set(family.package, SCRIPTS.find(({ families }) => families[0] === family)!.name);
  }
  const sentences = [...scripts].map(([name, script]) =>
    `this renderer has no font for ${script}: such letters are drawn as boxes until ${name} is installed`
  );
  const unknown = letters.filter((letter) => !SCRIPTS.some((script) => script.letters.test(letter)));
  if (unknown.length === 0) return sentences;
  return [...sentences, `no font has ${unknown.slice(0, 8).join(" ")}: drawn as boxes`];
}
