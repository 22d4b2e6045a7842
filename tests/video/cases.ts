// Titles and calls to action of many scripts, from the shortest to the longest that are allowed.

export const LAYOUT_CASES: { language: string; title: string; cta: string }[] = [
  { language: "en", title: "Mug", cta: "Buy" },
  { language: "en", title: "The Quick Jumpy Pyjamas for Gypsy Queens, gjpqy Collection 🎉", cta: "Shop now" },
  {
    language: "ro",
    title:
      "Set de trei valize ușoare din policarbonat, cu roți silențioase și cifru TSA, pentru toată familia",
    cta: "Comandă acum, livrare gratuită în toată țara",
  },
  {
    language: "de",
    title: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftskapitänsmütze",
    cta: "Jetzt versandkostenfrei bestellen",
  },
  {
    language: "ru",
    title: "Настольная лампа «Аврора» с тёплым светом и деревянной подставкой",
    cta: "Купить",
  },
  { language: "el", title: "Επιτραπέζιο φωτιστικό με ζεστό φως και ξύλινη βάση", cta: "Αγόρασέ το" },
  { language: "ar", title: "مصباح مكتبي بإضاءة دافئة وقاعدة خشبية من Lumen طراز 2024", cta: "تسوق الآن" },
  { language: "he", title: "מנורת שולחן עם אור חם ובסיס עץ, דגם Aurora 3", cta: "לקנייה" },
  { language: "fa", title: "ساعت دیواری چوبی مدل ۲۰۲۴ با قطر ۳۰ سانتی‌متر", cta: "خرید کنید" },
  {
    language: "ja",
    title: "暖かい光のオーロラデスクランプ、木製ベース付き、調光機能と自動消灯タイマー搭載",
    cta: "今すぐ購入",
  },
  { language: "zh", title: "暖光极光台灯带木质底座可调光定时自动关闭适合卧室书房办公室", cta: "立即购买" },
  { language: "ko", title: "따뜻한 빛의 오로라 책상 조명, 원목 받침대와 밝기 조절", cta: "지금 구매" },
  { language: "th", title: "โคมไฟตั้งโต๊ะแสงอบอุ่นพร้อมฐานไม้ปรับความสว่างได้", cta: "ซื้อเลย" },
  { language: "en", title: "A ".repeat(499) + "B", cta: "C".repeat(60) },
  { language: "en", title: "W".repeat(1000), cta: "W".repeat(60) },
  { language: "en", title: "🎁✨👩‍👩‍👧‍👦 ".repeat(40).trim(), cta: "🛒 Shop 🛒" },
];
