// Kitchen and travel: pour-over set, candle, bottle, kettle, speaker.

import { createRandom, createSheet, roundShade, type Sheet } from "./canvas.ts";
import { drawGrain, drawGroundShadow, drawLeafShadow, drawStudio, drawWindowLight } from "./studio.ts";

function drawSteam(sheet: Sheet, { x, y, height }: { x: number; y: number; height: number }): void {
  sheet.add(`<g fill="none" stroke="#fff" stroke-linecap="round" filter="${sheet.blur(11)}" opacity=".5">
    <path d="M${x} ${y} C${x - 60} ${y - height * 0.3} ${x + 60} ${y - height * 0.6} ${x - 10} ${
    y - height
  }" stroke-width="20"/>
    <path d="M${x + 50} ${y} C${x} ${y - height * 0.25} ${x + 100} ${y - height * 0.5} ${x + 46} ${
    y - height * 0.8
  }" stroke-width="14"/></g>`);
}

/** 1:1: carafe, dripper and a cup. */
export function pourOver(): Sheet {
  const sheet = createSheet(1400, 1400);
  drawStudio(sheet, {
    wall: { light: "#f4e7d2", dark: "#d3b48d" },
    ground: { light: "#b98258", dark: "#7e4f2f" },
    horizon: 0.8,
    isTable: true,
  });
  drawWindowLight(sheet, { x: 700, y: -20, size: 760, opacity: 0.7 });
  drawLeafShadow(sheet, { x: 1370, y: 820, size: 620, turn: 205, opacity: 0.15 });
  drawGroundShadow(sheet, { x: 590, y: 1240, radius: 260, opacity: 0.5 });
  drawSteam(sheet, { x: 590, y: 400, height: 300 });
  const glassBody =
    "M470 760 C470 850 310 900 300 1080 C294 1190 340 1240 420 1248 L760 1248 C840 1240 886 1190 880 1080 C870 900 710 850 710 760Z";
  const coffee = sheet.linear([[0, "#2a1309"], [0.2, "#7a4320"], [0.36, "#a5602d"], [0.6, "#4e2711"], [
    1,
    "#260f06",
  ]], { x2: 1, y2: 0 });
  const glass = sheet.linear([[0, "#fff", 0.75], [0.12, "#fff", 0.16], [0.5, "#fff", 0.06], [
    0.86,
    "#fff",
    0.14,
  ], [1, "#fff", 0.6]], { x2: 1, y2: 0 });
  sheet.add(
    `<path d="${glassBody}" fill="#e8efe9" opacity=".35"/><g clip-path="${
      sheet.clip(`<path d="${glassBody}"/>`)
    }">
    <rect x="280" y="1010" width="620" height="250" fill="${coffee}"/><ellipse cx="590" cy="1010" rx="284" ry="34" fill="#8b5029"/><ellipse cx="590" cy="1010" rx="284" ry="34" fill="none" stroke="#d9a06b" stroke-width="5" opacity=".7"/></g>
    <path d="${glassBody}" fill="${glass}" stroke="#fff" stroke-opacity=".7" stroke-width="5"/>
    <path d="M352 1080 C356 1000 400 950 440 916" stroke="#fff" stroke-width="18" stroke-linecap="round" fill="none" opacity=".75" filter="${
      sheet.blur(4)
    }"/>
    <path d="M842 1150 C850 1100 846 1040 820 996" stroke="#fff" stroke-width="9" stroke-linecap="round" fill="none" opacity=".55" filter="${
      sheet.blur(3)
    }"/>`,
  );
  const oak = sheet.linear([[0, "#7b4a22"], [0.28, "#e4b47a"], [0.55, "#bb8148"], [1, "#6d3f1b"]], {
    x2: 1,
    y2: 0,
  });
  sheet.add(
    `<path d="M456 700 L724 700 L716 800 C650 822 530 822 464 800Z" fill="${oak}"/><path d="M462 735 C540 752 640 752 718 735 M464 772 C540 790 640 790 716 772" stroke="#5a3213" stroke-width="3" opacity=".4" fill="none"/>
    <circle cx="590" cy="762" r="15" fill="#4a2a12"/><circle cx="587" cy="759" r="11" fill="#d7a263"/>`,
  );
  const stone = roundShade(sheet, { light: "#fffdf6", body: "#e6ded0", dark: "#9d917f", edge: "#b8ac98" });
  sheet.add(
    `<ellipse cx="590" cy="700" rx="190" ry="26" fill="#a89c89"/><ellipse cx="590" cy="692" rx="190" ry="26" fill="${stone}"/>
    <path d="M380 430 C400 560 470 640 520 688 A72 14 0 0 0 660 688 C710 640 780 560 800 430Z" fill="${stone}"/>
    <path d="M800 470 C892 470 888 590 742 600" stroke="${stone}" stroke-width="30" fill="none" stroke-linecap="round"/>
    <ellipse cx="590" cy="430" rx="210" ry="44" fill="#fffdf8"/><ellipse cx="590" cy="432" rx="190" ry="36" fill="#f3e3c7"/><path d="M410 440 C480 474 700 474 770 440 C740 462 660 470 590 470 C520 470 440 462 410 440Z" fill="#fff" opacity=".6"/>
    <ellipse cx="590" cy="442" rx="140" ry="22" fill="#3d2010"/><ellipse cx="470" cy="540" rx="18" ry="60" fill="#fff" opacity=".8" transform="rotate(-24 470 540)" filter="${
      sheet.blur(8)
    }"/>`,
  );
  drawCup(sheet, { x: 1080, y: 1280 });
  drawBeans(sheet);
  drawGrain(sheet);
  return sheet;
}

function drawCup(sheet: Sheet, { x, y }: { x: number; y: number }): void {
  const body = roundShade(sheet, { light: "#7d98a0", body: "#4d6a74", dark: "#22363f", edge: "#314852" });
  drawGroundShadow(sheet, { x, y, radius: 110, opacity: 0.5 });
  sheet.add(
    `<path d="M${x + 118} ${y - 150} C${x + 200} ${y - 160} ${x + 190} ${y - 50} ${x + 96} ${
      y - 56
    }" fill="none" stroke="#36505a" stroke-width="22"/>
    <path d="M${x - 130} ${y - 190} C${x - 130} ${y - 80} ${x - 100} ${y - 10} ${x - 66} ${y} A70 12 0 0 0 ${
      x + 66
    } ${y} C${x + 100} ${y - 10} ${x + 130} ${y - 80} ${x + 130} ${y - 190}Z" fill="${body}"/>
    <ellipse cx="${x}" cy="${y - 190}" rx="130" ry="28" fill="#8aa5ac"/><ellipse cx="${x}" cy="${
      y - 187
    }" rx="114" ry="21" fill="#5b2f14"/><ellipse cx="${x - 20}" cy="${
      y - 189
    }" rx="70" ry="9" fill="#b9783f" opacity=".6"/>`,
  );
  drawSteam(sheet, { x: x - 10, y: y - 215, height: 170 });
}

function drawBeans(sheet: Sheet): void {
  const random = createRandom(5);
  const bean = sheet.linear([[0, "#8a5532"], [1, "#341a0c"]], { x2: 0.6, y2: 1 });
  for (let at = 0; at < 13; at++) {
    const x = 120 + random() * 260;
    const y = 1250 + random() * 100;
    sheet.add(
      `<g transform="translate(${x} ${y}) rotate(${
        random() * 180
      })"><ellipse cx="4" cy="8" rx="26" ry="16" fill="#1c0d05" opacity=".35" filter="${
        sheet.blur(4)
      }"/><ellipse rx="24" ry="16" fill="${bean}"/><path d="M-22 0 C-8 -7 8 7 22 0" stroke="#200e05" stroke-width="3.5" fill="none"/></g>`,
    );
  }
}

/** 4:5: the candle between figs. */
export function figCandle(): Sheet {
  const sheet = createSheet(1280, 1600);
  drawStudio(sheet, {
    wall: { light: "#6f5b62", dark: "#2c2028" },
    ground: { light: "#5d4748", dark: "#241a1e" },
    horizon: 0.78,
    isTable: true,
  });
  drawLeafShadow(sheet, { x: 60, y: 420, size: 700, turn: 10, opacity: 0.35 });
  const glow = sheet.radial([[0, "#ffc773", 0.75], [0.4, "#ff9d42", 0.28], [1, "#ff8a2c", 0]]);
  sheet.add(`<circle cx="640" cy="640" r="720" fill="${glow}"/>`);
  drawGroundShadow(sheet, { x: 640, y: 1370, radius: 290, opacity: 0.7 });
  const amber = sheet.linear([
    [0, "#3a1604"],
    [0.1, "#8a3d0c"],
    [0.28, "#e88c33"],
    [0.5, "#b65c16"],
    [0.82, "#6a2a07"],
    [0.95, "#a85418"],
    [1, "#42190a"],
  ], { x2: 1, y2: 0 });
  const lit = sheet.radial([[0, "#ffe3a1", 0.95], [0.5, "#ffae4d", 0.5], [1, "#ff8a2c", 0]], {
    cy: 0.1,
    r: 0.75,
  });
  const jar =
    "M360 800 L360 1310 C360 1360 400 1384 450 1390 L830 1390 C880 1384 920 1360 920 1310 L920 800Z";
  sheet.add(`<path d="${jar}" fill="${amber}"/><path d="${jar}" fill="${lit}"/>
    <ellipse cx="640" cy="800" rx="280" ry="58" fill="#7d360c"/><ellipse cx="640" cy="842" rx="256" ry="48" fill="#fff0cf"/><ellipse cx="640" cy="838" rx="190" ry="32" fill="#ffe0a0"/>
    <ellipse cx="640" cy="800" rx="280" ry="58" fill="none" stroke="#ffcf8c" stroke-opacity=".75" stroke-width="7"/>
    <path d="M640 838 C636 812 644 796 640 772" stroke="#2a1608" stroke-width="8" fill="none"/>`);
  sheet.add(
    `<path d="M640 610 C690 690 694 740 672 772 C660 792 620 792 608 772 C586 740 596 686 640 610Z" fill="${
      sheet.linear([[0, "#fff6cf"], [0.45, "#ffd15e"], [1, "#ff8a1e"]])
    }"/>
    <path d="M640 690 C660 728 662 752 652 770 C646 780 634 780 628 770 C618 752 622 726 640 690Z" fill="#fffbe8"/><circle cx="640" cy="720" r="150" fill="${
      sheet.radial([[0, "#fff0bd", 0.9], [1, "#ffb24a", 0]])
    }"/>`,
  );
  sheet.add(
    `<rect x="450" y="1000" width="380" height="270" rx="10" fill="#f6ead4"/><rect x="450" y="1000" width="380" height="270" rx="10" fill="${
      sheet.linear([[0, "#6b3a12", 0.35], [0.3, "#fff", 0], [0.7, "#000", 0.05], [1, "#3a1604", 0.45]], {
        x2: 1,
        y2: 0,
      })
    }"/>
    <rect x="466" y="1016" width="348" height="238" rx="4" fill="none" stroke="#7d4a2a" stroke-width="3"/>
    <path d="M640 1044 C664 1066 684 1086 676 1112 C668 1136 612 1136 604 1112 C596 1086 616 1066 640 1044Z" fill="none" stroke="#6a3b22" stroke-width="5"/><path d="M640 1044 L640 1030 M622 1092 C632 1100 648 1100 658 1092" stroke="#6a3b22" stroke-width="4" fill="none"/>
    <rect x="530" y="1158" width="220" height="12" rx="6" fill="#6a3b22"/><rect x="560" y="1188" width="160" height="8" rx="4" fill="#a47850"/><rect x="585" y="1210" width="110" height="8" rx="4" fill="#a47850"/>
    <rect x="392" y="850" width="26" height="470" rx="13" fill="#fff" opacity=".35" filter="${
      sheet.blur(6)
    }"/><rect x="884" y="850" width="12" height="460" rx="6" fill="#ffd79a" opacity=".45" filter="${
      sheet.blur(4)
    }"/>`,
  );
  drawFig(sheet, { x: 210, y: 1400, scale: 1.15, isCut: false });
  drawFig(sheet, { x: 1060, y: 1440, scale: 1.2, isCut: true });
  drawGrain(sheet, 0.07);
  return sheet;
}

function drawFig(
  sheet: Sheet,
  { x, y, scale, isCut }: { x: number; y: number; scale: number; isCut: boolean },
): void {
  const skin = sheet.radial([[0, "#a07aa0"], [0.45, "#5b3560"], [1, "#241329"]], {
    cx: isCut ? 0.3 : 0.72,
    cy: 0.28,
    r: 0.85,
  });
  const fig =
    "M0 -190 C26 -150 118 -112 122 -40 C124 10 62 34 0 34 C-62 34 -124 10 -122 -40 C-118 -112 -26 -150 0 -190Z";
  sheet.add(
    `<g transform="translate(${x} ${y}) scale(${scale})"><ellipse cx="24" cy="26" rx="130" ry="24" fill="#0d0609" opacity=".6" filter="${
      sheet.blur(12)
    }"/>
    <path d="${fig}" fill="${skin}"/><path d="M-6 -184 C-2 -210 4 -220 10 -228 L22 -222 C14 -210 12 -200 10 -182Z" fill="#7d8a4c"/>`,
  );
  if (isCut) {
    const flesh = sheet.radial([[0, "#ffb36b"], [0.35, "#e2604a"], [0.75, "#a52a3c"], [1, "#f6dfc0"]], {
      cy: 0.6,
    });
    sheet.add(
      `<path d="M0 -160 C22 -128 96 -92 98 -36 C98 4 50 20 0 20 C-50 20 -98 4 -98 -36 C-96 -92 -22 -128 0 -160Z" fill="#f3dcc0"/><path d="M0 -128 C20 -104 78 -76 80 -34 C80 -4 42 8 0 8 C-42 8 -80 -4 -80 -34 C-78 -76 -20 -104 0 -128Z" fill="${flesh}"/>`,
    );
    const random = createRandom(8);
    for (let at = 0; at < 46; at++) {
      const angle = random() * 6.28;
      const reach = 16 + random() * 42;
      sheet.add(
        `<ellipse cx="${Math.cos(angle) * reach}" cy="${
          -42 + Math.sin(angle) * reach * 0.8
        }" rx="3.6" ry="2.4" fill="#ffe2a0" opacity=".9"/>`,
      );
    }
  } else {
    sheet.add(
      `<g fill="none" stroke="#c9a6c4" stroke-opacity=".3" stroke-width="3"><path d="M0 -180 C-60 -120 -84 -60 -60 20"/><path d="M0 -180 C-20 -110 -20 -40 -8 30"/><path d="M0 -180 C50 -120 70 -60 52 22"/></g>`,
    );
  }
  sheet.add("</g>");
}

/** 9:16: the bottle on a stone by the water. */
export function brookBottle(): Sheet {
  const sheet = createSheet(1080, 1920);
  drawStudio(sheet, {
    wall: { light: "#d8ece8", dark: "#7fb0ae" },
    ground: { light: "#a9cdc8", dark: "#4f8785" },
    horizon: 0.84,
  });
  drawWindowLight(sheet, { x: 430, y: 160, size: 860, opacity: 0.55, color: "#ffffff" });
  drawLeafShadow(sheet, { x: 1010, y: 1180, size: 640, turn: 222, opacity: 0.15 });
  const stone = sheet.linear([[0, "#f2ede2"], [0.4, "#cfc8ba"], [1, "#857f74"]]);
  sheet.add(
    `<ellipse cx="560" cy="1740" rx="430" ry="70" fill="#173c3d" opacity=".5" filter="${
      sheet.blur(26)
    }"/><path d="M160 1690 C160 1630 330 1600 530 1602 C760 1604 910 1636 912 1692 C914 1750 760 1776 540 1776 C300 1776 160 1750 160 1690Z" fill="${stone}"/>`,
  );
  drawGroundShadow(sheet, { x: 530, y: 1664, radius: 205, opacity: 0.5, reach: 1 });
  const coat = sheet.linear([
    [0, "#0b3f45"],
    [0.1, "#1d6f74"],
    [0.3, "#6cc7c2"],
    [0.48, "#2f9291"],
    [0.82, "#0f4f55"],
    [0.95, "#2a7f82"],
    [1, "#0c4046"],
  ], { x2: 1, y2: 0 });
  const steel = sheet.linear([[0, "#6c7577"], [0.14, "#c9d1d1"], [0.3, "#ffffff"], [0.46, "#aab4b5"], [
    0.8,
    "#5d6769",
  ], [1, "#a5afb0"]], { x2: 1, y2: 0 });
  const body =
    "M430 560 C428 640 326 660 320 790 L320 1610 C320 1650 350 1674 400 1680 A200 26 0 0 0 660 1680 C710 1674 740 1650 740 1610 L740 790 C734 660 632 640 630 560Z";
  sheet.add(`<path d="${body}" fill="${coat}"/><g clip-path="${sheet.clip(`<path d="${body}"/>`)}">
    <rect x="384" y="770" width="44" height="850" rx="22" fill="#eafffb" opacity=".5" filter="${
    sheet.blur(14)
  }"/><rect x="320" y="1600" width="420" height="120" fill="${steel}"/><rect x="320" y="1592" width="420" height="10" fill="#06282c" opacity=".5"/></g>
    <rect x="424" y="530" width="212" height="44" rx="10" fill="${steel}"/>`);
  sheet.add(
    `<path d="M446 300 C446 180 614 180 614 300 L614 390 L572 390 L572 310 C572 240 488 240 488 310 L488 390 L446 390Z" fill="${coat}"/>
    <rect x="408" y="372" width="244" height="164" rx="26" fill="${coat}"/><rect x="440" y="392" width="26" height="124" rx="13" fill="#eafffb" opacity=".5" filter="${
      sheet.blur(6)
    }"/>
    <path d="M408 440 L652 440" stroke="#06282c" stroke-opacity=".5" stroke-width="5"/>`,
  );
  sheet.add(
    `<g transform="translate(530 1150)" fill="none" stroke="#f2fffc" stroke-width="11" stroke-linecap="round" opacity=".92"><path d="M-74 -30 C-44 -64 -16 4 12 -30 C36 -58 52 -12 76 -36"/><path d="M-74 14 C-44 -20 -16 48 12 14 C36 -14 52 32 76 8"/><path d="M-74 58 C-44 24 -16 92 12 58 C36 30 52 76 76 52"/></g>`,
  );
  const random = createRandom(17);
  for (let at = 0; at < 95; at++) {
    const x = 338 + random() * 384;
    const y = 720 + random() * 860;
    const size = 2.5 + random() ** 3 * 11;
    sheet.add(
      `<ellipse cx="${x + size * 0.25}" cy="${y + size * 0.4}" rx="${size}" ry="${
        size * 1.15
      }" fill="#04262a" opacity=".35"/><ellipse cx="${x}" cy="${y}" rx="${size}" ry="${
        size * 1.15
      }" fill="#8fe0da" opacity=".5"/><circle cx="${x - size * 0.3}" cy="${y - size * 0.35}" r="${
        size * 0.3
      }" fill="#fff" opacity=".95"/>`,
    );
  }
  drawGrain(sheet);
  return sheet;
}

/** 5:4: the enamel kettle. */
export function forestKettle(): Sheet {
  const sheet = createSheet(1500, 1200);
  drawStudio(sheet, {
    wall: { light: "#f0e0c4", dark: "#cfa876" },
    ground: { light: "#e7dac5", dark: "#b39b7c" },
    horizon: 0.8,
    isTable: true,
  });
  drawWindowLight(sheet, { x: 860, y: -60, size: 680, opacity: 0.7 });
  drawGroundShadow(sheet, { x: 720, y: 1060, radius: 360, depth: 0.12, reach: 1.2, opacity: 0.5 });
  const enamel = sheet.radial([[0, "#7fb193"], [0.25, "#3d7a5d"], [0.65, "#1d4a38"], [1, "#0b2219"]], {
    cx: 0.3,
    cy: 0.26,
    r: 0.85,
  });
  const pipe = sheet.linear([[0, "#5c977b"], [0.4, "#2a5f48"], [1, "#0d291e"]], {
    x1: 0,
    y1: 0,
    x2: 0.5,
    y2: 1,
  });
  const oak = sheet.linear([[0, "#efc48d"], [0.5, "#b9803f"], [1, "#7a4c20"]]);
  const steel = sheet.linear([[0, "#f4f6f4"], [0.5, "#9aa39f"], [1, "#5d6662"]]);
  sheet.add(
    `<path d="M470 560 C440 180 1000 180 970 560" fill="none" stroke="#4d5552" stroke-width="26"/><path d="M470 560 C440 180 1000 180 970 560" fill="none" stroke="${steel}" stroke-width="18"/>
    <path d="M560 322 C620 262 820 262 880 322 L864 356 C806 304 634 304 576 356Z" fill="${oak}" stroke="${oak}" stroke-width="22" stroke-linejoin="round"/>`,
  );
  sheet.add(
    `<path d="M1000 900 C1130 860 1120 660 1240 560 L1296 604 C1216 720 1220 900 1040 990Z" fill="${pipe}"/><ellipse cx="1268" cy="582" rx="38" ry="16" transform="rotate(38 1268 582)" fill="#0b1f17"/><path d="M1050 884 C1140 830 1136 690 1236 592" stroke="#b9dcc8" stroke-width="9" fill="none" opacity=".55" filter="${
      sheet.blur(4)
    }"/>`,
  );
  const body =
    "M400 1000 C350 820 420 560 560 520 L880 520 C1020 560 1090 820 1040 1000 C1030 1050 980 1070 920 1074 L520 1074 C460 1070 410 1050 400 1000Z";
  sheet.add(
    `<path d="${body}" fill="${enamel}"/><g clip-path="${
      sheet.clip(`<path d="${body}"/>`)
    }"><path d="M470 640 C500 580 560 556 600 560 C540 620 500 720 492 860 C488 880 440 800 470 640Z" fill="#f1fff6" opacity=".6" filter="${
      sheet.blur(12)
    }"/><path d="M360 1010 C560 1050 880 1050 1080 1010 L1080 1100 L360 1100Z" fill="#04120c" opacity=".45" filter="${
      sheet.blur(14)
    }"/><path d="M1010 700 C1040 800 1040 900 1012 980" stroke="#9fd0b5" stroke-width="14" fill="none" opacity=".5" filter="${
      sheet.blur(7)
    }"/></g>`,
  );
  sheet.add(
    `<ellipse cx="720" cy="520" rx="164" ry="30" fill="#0c241a"/><path d="M560 512 C580 440 860 440 880 512 C860 540 580 540 560 512Z" fill="${enamel}"/><path d="M610 490 C640 462 700 456 730 458" stroke="#e8fff2" stroke-width="9" stroke-linecap="round" fill="none" opacity=".7" filter="${
      sheet.blur(3)
    }"/><rect x="704" y="420" width="32" height="40" fill="${steel}"/><circle cx="720" cy="404" r="36" fill="${oak}"/><ellipse cx="708" cy="390" rx="12" ry="8" fill="#fff3dc" opacity=".8"/>
    <circle cx="476" cy="566" r="20" fill="${steel}"/><circle cx="964" cy="566" r="20" fill="${steel}"/>`,
  );
  drawSteam(sheet, { x: 1290, y: 540, height: 300 });
  drawGrain(sheet);
  return sheet;
}

/** 16:9: the speaker. */
export function driftSpeaker(): Sheet {
  const sheet = createSheet(1760, 990);
  drawStudio(sheet, {
    wall: { light: "#f2c79c", dark: "#c26d4d" },
    ground: { light: "#dd9a70", dark: "#9c5139" },
    horizon: 0.76,
  });
  drawWindowLight(sheet, { x: 1080, y: -60, size: 620, opacity: 0.55 });
  drawLeafShadow(sheet, { x: 40, y: 160, size: 600, turn: 18, opacity: 0.18 });
  drawGroundShadow(sheet, { x: 860, y: 850, radius: 470, depth: 0.09, reach: 1, opacity: 0.55 });
  const shell =
    "M470 430 C470 350 520 320 590 320 L1150 320 C1220 320 1270 350 1270 430 L1270 740 C1270 820 1220 850 1150 850 L590 850 C520 850 470 820 470 740Z";
  const cloth = sheet.linear([[0, "#66777b"], [0.2, "#4d5f66"], [0.6, "#2f3f47"], [1, "#17232a"]]);
  const sides = sheet.linear([[0, "#000", 0.5], [0.09, "#000", 0], [0.3, "#fff", 0.13], [0.55, "#000", 0], [
    0.9,
    "#000",
    0.12,
  ], [1, "#000", 0.55]], { x2: 1, y2: 0 });
  const weave = sheet.pattern(
    14,
    `<rect width="14" height="14" fill="#000" opacity=".14"/><path d="M0 7 L7 0 L14 7 L7 14Z" fill="#b8c8cb" opacity=".3"/><circle cx="7" cy="7" r="2.4" fill="#071014" opacity=".6"/>`,
  );
  sheet.add(
    `<path d="${shell}" fill="${cloth}"/><path d="${shell}" fill="${weave}"/><path d="${shell}" fill="${sides}"/>`,
  );
  const leather = sheet.linear([[0, "#d99a5f"], [0.5, "#a9642f"], [1, "#6c3813"]]);
  const brass = sheet.radial([[0, "#fff0c6"], [0.5, "#cfa153"], [1, "#7b5520"]], {
    cx: 0.35,
    cy: 0.3,
    r: 0.8,
  });
  sheet.add(
    `<path d="M500 380 C560 130 1180 130 1240 380" fill="none" stroke="#5a2f10" stroke-width="40" stroke-linecap="round"/><path d="M500 378 C560 126 1180 126 1240 378" fill="none" stroke="${leather}" stroke-width="34" stroke-linecap="round"/><path d="M506 372 C570 138 1170 138 1234 372" fill="none" stroke="#f4d3a4" stroke-width="2.5" stroke-dasharray="11 8" opacity=".75"/>
    <circle cx="500" cy="386" r="24" fill="${brass}"/><circle cx="1240" cy="386" r="24" fill="${brass}"/>`,
  );
  const plate = sheet.linear([[0, "#6d4424"], [1, "#3b2211"]]);
  sheet.add(
    `<path d="M500 350 C510 326 540 320 590 320 L1150 320 C1200 320 1230 326 1240 350 C1200 364 540 364 500 350Z" fill="${plate}"/><path d="M520 334 C640 326 1100 326 1220 334" stroke="#e0b27e" stroke-width="3" opacity=".6" fill="none"/>
    <g fill="#f3dfbd" opacity=".85"><rect x="800" y="335" width="22" height="5" rx="2"/><rect x="850" y="335" width="22" height="5" rx="2"/><rect x="858.5" y="328" width="5" height="19" rx="2" opacity=".9"/><circle cx="912" cy="338" r="7"/></g>
    <rect x="780" y="760" width="180" height="50" rx="8" fill="${leather}"/><rect x="786" y="766" width="168" height="38" rx="5" fill="none" stroke="#f4d3a4" stroke-width="1.6" stroke-dasharray="6 5" opacity=".8"/><path d="M822 785 C834 770 846 800 858 785 C870 770 882 800 894 785 C902 776 910 782 916 785" stroke="#ffe9c8" stroke-width="5" fill="none" stroke-linecap="round"/>
    <path d="M590 334 C560 336 506 350 496 430" stroke="#fff" stroke-width="7" opacity=".3" fill="none" filter="${
      sheet.blur(4)
    }"/><circle cx="1214" cy="800" r="6" fill="#7dffb0"/><circle cx="1214" cy="800" r="14" fill="#7dffb0" opacity=".3"/>`,
  );
  drawGrain(sheet);
  return sheet;
}
