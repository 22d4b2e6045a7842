// The offline voices in the ten languages on offer: what they say fits the video, and captions are where it is heard.

import { join } from "node:path";
import type { ClaimedJob } from "../../supabase/functions/_shared/contracts/jobs.ts";
import type { TimedWord } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import type { Pause } from "../../supabase/functions/_shared/contracts/speech.ts";
import { pricesOf, quickScript, spokenPrices } from "../../supabase/functions/_shared/pipeline/script.ts";
import { makeSubtitles, makeVoiceover } from "../../supabase/functions/_shared/pipeline/voiceover.ts";
import { timeTokens } from "../../supabase/functions/_shared/pipeline/word_times.ts";
import { toSpoken } from "../../supabase/functions/_shared/pipeline/written_text.ts";
import { createLocalSpeech, decodeBase64 } from "../../supabase/functions/_shared/providers/local_speech.ts";
import { silencesOf } from "../../supabase/functions/_shared/providers/pauses.ts";
import { soundOf } from "../../supabase/functions/_shared/providers/sound.ts";
import { findFfmpeg } from "../../renderer/ffmpeg_binary.ts";
import { createSpeech } from "../../renderer/speech/speech.ts";
import { assert, assertEquals } from "../assert.ts";
import { aJob } from "../pipeline/bench.ts";

/** Captions and words agree with what is heard to this. */
const NEAR_S = 0.15;
/** Where times are estimated, half of the words are this near, and nine of ten. */
const GUESSED_HALF_S = 0.1;
const GUESSED_MOST_S = 0.2;
/** Silences of this length are between sentences. */
const SENTENCE_PAUSE_S = 0.28;

const PRODUCTS: Record<string, { currency: string; title: string; description: string; template: string }> = {
  en: {
    currency: "USD",
    title: "Aurora adjustable desk lamp with warm and cold light",
    description:
      "A heavy steel foot keeps it where you put it. The light does not flicker, and a USB port charges your phone.",
    template: "{title} by {brand}. {description}. Now only {price}. Order today!",
  },
  ro: {
    currency: "RON",
    title: "Lampă de birou Aurora, reglabilă, cu lumină caldă și rece",
    description:
      "Piciorul greu din oțel o ține pe loc. Lumina nu pâlpâie, iar portul USB îți încarcă telefonul.",
    template: "{title} de la {brand}. {description}. Acum doar {price}. Comandă azi!",
  },
  de: {
    currency: "EUR",
    title: "Schreibtischlampe Aurora, verstellbar, mit warmem und kaltem Licht",
    description:
      "Der schwere Stahlfuß hält sie an ihrem Platz. Das Licht flimmert nicht, und ein Anschluss lädt dein Telefon.",
    template: "{title} von {brand}. {description}. Jetzt nur {price}. Heute bestellen!",
  },
  fr: {
    currency: "EUR",
    title: "Lampe de bureau Aurora, réglable, à lumière chaude et froide",
    description:
      "Son pied lourd en acier la tient en place. La lumière ne scintille pas, et un port charge votre téléphone.",
    template: "{title} de {brand}. {description}. Maintenant à {price}. Commandez aujourd'hui !",
  },
  es: {
    currency: "EUR",
    title: "Lámpara de escritorio Aurora, regulable, con luz cálida y fría",
    description:
      "Su pie pesado de acero la mantiene en su sitio. La luz no parpadea y un puerto carga tu teléfono.",
    template: "{title} de {brand}. {description}. Ahora solo {price}. ¡Pídela hoy!",
  },
  it: {
    currency: "EUR",
    title: "Lampada da scrivania Aurora, regolabile, con luce calda e fredda",
    description:
      "Il piede pesante in acciaio la tiene ferma. La luce non sfarfalla e una porta ricarica il telefono.",
    template: "{title} di {brand}. {description}. Ora solo {price}. Ordinala oggi!",
  },
  pt: {
    currency: "BRL",
    title: "Luminária de mesa Aurora, regulável, com luz quente e fria",
    description: "O pé pesado de aço a mantém no lugar. A luz não pisca, e uma porta carrega o seu telefone.",
    template: "{title} da {brand}. {description}. Agora só {price}. Peça hoje!",
  },
  pl: {
    currency: "PLN",
    title: "Lampa biurkowa Aurora, regulowana, z ciepłym i zimnym światłem",
    description:
      "Ciężka stalowa stopa trzyma ją na miejscu. Światło nie migocze, a gniazdo naładuje telefon.",
    template: "{title} od {brand}. {description}. Teraz tylko {price}. Zamów dziś!",
  },
  hu: {
    currency: "HUF",
    title: "Aurora állítható asztali lámpa meleg és hideg fénnyel",
    description: "Nehéz acél talpa a helyén tartja. A fénye nem vibrál, és egy aljzat tölti a telefont.",
    template: "{title}, {brand}. {description}. Most csak {price}. Rendeld meg ma!",
  },
  nl: {
    currency: "EUR",
    title: "Verstelbare bureaulamp Aurora met warm en koud licht",
    description:
      "De zware stalen voet houdt hem op zijn plaats. Het licht flikkert niet, en een poort laadt je telefoon op.",
    template: "{title} van {brand}. {description}. Nu maar {price}. Bestel vandaag!",
  },
};

const speak = createSpeech({ parallel: 2, waiting: 20 });

function jobIn(language: string): ClaimedJob {
  const { currency, title, description, template } = PRODUCTS[language] ??
    { currency: "", title: "", description: "", template: "" };
  return aJob({
    product: { title, brand: "Lumen", description, currency, language, price: "1249.99" },
    options: { voiceover_template: template, duration_s: 15 },
  });
}

/** The renderer's offline voice without its HTTP. */
const provider = createLocalSpeech({
  origins: ["here"],
  speak: (_origin, request) => speak(request),
  submit: () => Promise.resolve(null),
  state: () => Promise.resolve("lost"),
  cancel: () => Promise.resolve(),
});

async function say(job: ClaimedJob) {
  const script = quickScript(job);
  let bytes = new Uint8Array();
  const { made, store } = await makeVoiceover(job, { script, hash: "" }, {
    provider,
    call: { signal: new AbortController().signal, timeoutMs: 60_000 },
    storage: {
      put: (_path, file) => Promise.resolve(void (bytes = new Uint8Array(file.bytes))),
      signUpload: () => Promise.resolve(null),
      signRead: () => Promise.resolve(null),
      sizeOf: () => Promise.resolve(null),
    },
  });
  await store();
  return { script, made, bytes, silences: await pausesOf({ audio: bytes, format: made.format }) };
}

async function pausesOf(file: Parameters<typeof soundOf>[0]): Promise<Pause[]> {
  const sound = await soundOf(file);
  assert(sound);
  return silencesOf(sound);
}

function nearest(times: number[], time: number): number {
  return Math.min(...times.map((each) => Math.abs(each - time)));
}

/** Every silence between sentences is between two words of the captions, to within 150 ms. */
function assertHeard(words: TimedWord[], silences: Pause[], language: string): void {
  const between = silences.filter(([from, to]) => to - from >= SENTENCE_PAUSE_S && from > 0.1);
  assert(between.length >= 2, `${language}: ${JSON.stringify(silences)}`);
  const last = words.at(-1)?.end_s ?? 0;
  for (const [from, to] of between) {
    assert(nearest(words.map((word) => word.end_s), from) <= NEAR_S, `${language}: silence at ${from}`);
    if (to < last) {
      assert(nearest(words.map((word) => word.start_s), to) <= NEAR_S, `${language}: sound at ${to}`);
    }
  }
}

for (const language of Object.keys(PRODUCTS)) {
  Deno.test(`the offline voice of ${language} says a script that fits 15 s, and its captions are where it is heard`, async () => {
    const job = jobIn(language);
    const { script, made, silences } = await say(job);
    const { captions, tempo, cut_at_s } = makeSubtitles(job, { script, voiceover: made, hash: "" });
    assert(
      tempo <= 1.15 && (cut_at_s === null || cut_at_s >= (made.words.at(-1)?.end_s ?? 0)),
      `${tempo} ${cut_at_s}`,
    );
    const price = pricesOf(job)?.current ?? "";
    assert(script.includes(price), script);
    const words = captions.flatMap((page) => page.words);
    assertEquals(words.map((word) => word.text).join(" "), script);
    assert((captions.at(-1)?.end_s ?? 99) <= 14.6);
    const inRecording = words.map((word) => ({
      ...word,
      start_s: (word.start_s - 0.3) * tempo,
      end_s: (word.end_s - 0.3) * tempo,
    }));
    assertHeard(inRecording, silences, language);

    // The same recording by a voice that tells no times.
    const text = toSpoken(script, { replacements: spokenPrices(pricesOf(job)), language });
    const { duration_s } = made;
    const guessed = timeTokens(text, { words: [], pauses: silences, duration_s, language });
    assertHeard(guessed, silences, language);
    const errors = guessed.map((word, at) => Math.abs(word.start_s - (inRecording[at]?.start_s ?? 99)));
    const sorted = errors.toSorted((a, b) => a - b);
    const [half, most] = [sorted[errors.length >> 1] ?? 99, sorted[Math.floor(errors.length * 0.9)] ?? 99];
    assert(half <= GUESSED_HALF_S, `${language}: half of the words are ${half} s off`);
    assert(most <= GUESSED_MOST_S, `${language}: one word of ten is ${most} s off`);
    const unfitted = timeTokens(text, { words: [], duration_s, language });
    const sentences = unfitted.flatMap((_, at) => /[.!?]$/.test(text.tokens[at - 1]?.text ?? "") ? [at] : []);
    for (const at of sentences) assert((errors[at] ?? 99) <= NEAR_S, `${language}: ${text.tokens[at]?.text}`);
  });
}

Deno.test("a sentence of one word each begins and ends where its sound does", async () => {
  for (
    const [language, text] of [["en", "Lamp. Table. Window. Garden. Chair."], [
      "ro",
      "Lampă. Masă. Fereastră. Grădină. Scaun.",
    ]] as const
  ) {
    const answer = await speak({ text, language, rate: 1 });
    const silences = await pausesOf({ audio: decodeBase64(answer.audio_base64), format: answer.format });
    assertEquals(answer.words.length, 5);
    for (const [at, word] of answer.words.entries()) {
      if (at > 0) {
        assert(nearest(silences.map(([, to]) => to), word.start_s) <= NEAR_S, `${word.text} ${word.start_s}`);
      }
      if (at < 4) {
        assert(nearest(silences.map(([from]) => from), word.end_s) <= NEAR_S, `${word.text} ${word.end_s}`);
      }
    }
  }
});

Deno.test("the silences of an MP3 are those of its samples", async () => {
  const answer = await speak({
    text: "Meet the lamp. It does not flicker. Now 49.99 dollars.",
    language: "en",
    rate: 1,
  });
  const audio = decodeBase64(answer.audio_base64);
  const folder = await Deno.makeTempDir();
  try {
    const ffmpeg = await findFfmpeg({ named: null, searchPath: Deno.env.get("PATH") ?? "", dataDir: folder });
    await Deno.writeFile(join(folder, "voice.wav"), audio);
    for (const rate of [["-ar", "24000", "-b:a", "48k"], ["-ar", "44100", "-b:a", "128k"]]) {
      const args = ["-v", "error", "-y", "-i", join(folder, "voice.wav"), ...rate, join(folder, "voice.mp3")];
      assert((await new Deno.Command(ffmpeg, { args }).output()).success);
      const mp3 = await pausesOf({ audio: await Deno.readFile(join(folder, "voice.mp3")), format: "mp3" });
      const wav = (await pausesOf({ audio, format: "wav" })).filter(([from, to]) => to - from > 0.2);
      assert(wav.length >= 2);
      for (const [from, to] of wav) {
        assert(nearest(mp3.map((pause) => pause[0]), from) <= 0.08, `${from} of ${JSON.stringify(mp3)}`);
        if (to < answer.duration_s - 0.05) assert(nearest(mp3.map((pause) => pause[1]), to) <= 0.08);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
