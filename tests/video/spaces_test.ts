// Spaces of captions and subtitles: as the text has them, in scripts with and without.

import { captionPages } from "../../supabase/functions/_shared/pipeline/captions.ts";
import { timeTokens } from "../../supabase/functions/_shared/pipeline/word_times.ts";
import { toSpoken } from "../../supabase/functions/_shared/pipeline/written_text.ts";
import { subRip } from "../../renderer/video/subtitles.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test("captions and subtitles have a space where the text has one, and none where it has none, in every script", () => {
  const texts: [string, string][] = [
    ["en", "Meet the lamp – 50% brighter. Now $49.99!"],
    ["th", "โคมไฟตั้งโต๊ะปรับได้ แสงอุ่นและเย็น ราคา ฿990.00 สั่งเลย!"],
    ["lo", "ໂຄມໄຟຕັ້ງໂຕະ ປັບໄດ້ ລາຄາ 990 ກີບ. ສັ່ງດຽວນີ້!"],
    ["km", "ចង្កៀងតុ អាចលៃតម្រូវបាន។ តម្លៃ ១០ ដុល្លារ។"],
    ["my", "စားပွဲတင်မီးအိမ်။ ဈေးနှုန်း ၁၀၀၀ ကျပ်။"],
    ["ja", "ルーメンのオーロラ 調光式デスクランプ USBポート付き。今なら￥3,980。"],
    ["zh", "流明极光可调节台灯 暖光冷光 带USB接口 折叠式。现在只要¥199.00。"],
    ["ko", "오로라 책상 조명. 지금 19,900원."],
    ["ar", "مصباح مكتب أورورا. الآن 199.50 د.إ.‏"],
  ];
  for (const [language, text] of texts) {
    const written = toSpoken(text, { replacements: [], language });
    const timed = timeTokens(written, { words: [], duration_s: 9, language });
    const page = { start_s: 0, end_s: 9, words: timed };
    assertEquals(subRip([page], 9).split("\n")[2], text, language);
    const pages = captionPages(timed, { start_s: 0.3, tempo: 1, cut_at_s: null });
    assertEquals(
      pages.flatMap((each) => each.words.map((word) => word.text)).join("|"),
      timed.map((word) => word.text).join("|"),
    );
    for (const { words } of pages) assert(!/^[。、，.!?។။]/u.test(words[0]?.text ?? ""), words[0]?.text);
  }
});
