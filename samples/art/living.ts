// The living room: chair, cushions, clock, planter.

import { createRandom, createSheet, type Sheet } from "./canvas.ts";
import { drawGrain, drawGroundShadow, drawLeafShadow, drawStudio, drawWindowLight } from "./studio.ts";

/** A cloth's relief, lit from the upper left; multiplied over what it covers. */
function relief(sheet: Sheet, { frequency, height }: { frequency: number; height: number }): string {
  return sheet.filter(
    `<feTurbulence type="fractalNoise" baseFrequency="${frequency}" numOctaves="3" seed="7" result="n"/>
     <feDiffuseLighting in="n" surfaceScale="${height}" diffuseConstant="1.05" lighting-color="#fff"><feDistantLight azimuth="225" elevation="58"/></feDiffuseLighting>
     <feComposite operator="in" in2="SourceGraphic"/>`,
  );
}

function drawCloth(sheet: Sheet, path: string, { fill, cloth }: { fill: string; cloth: string }): void {
  sheet.add(
    `<path d="${path}" fill="${fill}"/><path d="${path}" fill="#fff" filter="${cloth}" opacity=".5" style="mix-blend-mode:multiply"/>`,
  );
}

/** 3:2: the lounge chair. */
export function fjordChair(): Sheet {
  const sheet = createSheet(1620, 1080);
  drawStudio(sheet, {
    wall: { light: "#8fa69a", dark: "#4d655c" },
    ground: { light: "#b79b7b", dark: "#7d6349" },
    horizon: 0.76,
    isTable: true,
  });
  drawWindowLight(sheet, { x: 1010, y: -20, size: 620, opacity: 0.42 });
  drawLeafShadow(sheet, { x: 30, y: 210, size: 560, turn: 14, opacity: 0.2 });
  const rug = sheet.radial([[0, "#e9dcc6"], [1, "#cdb997"]]);
  sheet.add(
    `<ellipse cx="810" cy="968" rx="640" ry="84" fill="${rug}"/><ellipse cx="810" cy="968" rx="600" ry="74" fill="none" stroke="#a98f6b" stroke-width="4" opacity=".5"/>`,
  );
  drawGroundShadow(sheet, { x: 800, y: 958, radius: 380, depth: 0.11, reach: 1.1, opacity: 0.5 });
  const cloth = relief(sheet, { frequency: 0.055, height: 9 });
  const oak = sheet.linear([[0, "#e3b983"], [0.5, "#b98650"], [1, "#7c5128"]], { x2: 1, y2: 0 });
  for (const [x, lean] of [[520, -28], [1080, 28], [640, -8], [965, 8]] as const) {
    const isBack = Math.abs(lean) < 10;
    sheet.add(
      `<path d="M${x - 22} 820 L${x + 22} 820 L${x + lean + 12} ${isBack ? 940 : 962} L${x + lean - 12} ${
        isBack ? 940 : 962
      }Z" fill="${oak}" opacity="${isBack ? 0.8 : 1}"/>`,
    );
  }
  const back = sheet.radial([[0, "#fbf2e1"], [0.6, "#e6d6bc"], [1, "#b7a181"]], {
    cx: 0.36,
    cy: 0.22,
    r: 0.9,
  });
  const arm = sheet.radial([[0, "#fdf6e8"], [0.55, "#e9dac1"], [1, "#a58d6d"]], {
    cx: 0.36,
    cy: 0.2,
    r: 0.95,
  });
  const seat = sheet.linear([[0, "#fbf3e3"], [0.45, "#eaddc6"], [1, "#b09a7a"]]);
  drawCloth(
    sheet,
    "M470 700 C420 380 520 226 800 222 C1080 226 1180 380 1130 700 C1100 800 500 800 470 700Z",
    { fill: back, cloth },
  );
  const inner = sheet.linear([[0, "#000", 0.02], [0.6, "#3a2410", 0.22], [1, "#3a2410", 0.45]]);
  sheet.add(
    `<path d="M575 690 C545 440 620 318 800 314 C980 318 1055 440 1025 690Z" fill="${inner}" filter="${
      sheet.blur(16)
    }"/>`,
  );
  sheet.add(
    `<path d="M575 660 C550 440 628 330 800 326 C972 330 1050 440 1025 660" fill="none" stroke="#fff8e8" stroke-width="6" opacity=".35" filter="${
      sheet.blur(4)
    }"/>`,
  );
  drawCloth(
    sheet,
    "M560 650 C600 606 1000 606 1040 650 C1072 700 1066 742 1032 762 C960 786 640 786 568 762 C534 742 528 700 560 650Z",
    { fill: seat, cloth },
  );
  sheet.add(
    `<path d="M556 756 C660 784 940 784 1044 756" stroke="#6d5436" stroke-width="9" opacity=".5" fill="none" filter="${
      sheet.blur(4)
    }"/>`,
  );
  drawCloth(sheet, "M512 764 L1088 764 C1096 812 1070 852 1024 856 L576 856 C530 852 504 812 512 764Z", {
    fill: seat,
    cloth,
  });
  drawCloth(
    sheet,
    "M392 640 C384 530 436 486 502 490 C572 496 602 556 594 646 C590 730 588 792 572 836 C548 866 450 866 432 836 C412 790 398 716 392 640Z",
    { fill: arm, cloth },
  );
  drawCloth(
    sheet,
    "M1208 640 C1216 530 1164 486 1098 490 C1028 496 998 556 1006 646 C1010 730 1012 792 1028 836 C1052 866 1150 866 1168 836 C1188 790 1202 716 1208 640Z",
    { fill: arm, cloth },
  );
  drawGrain(sheet);
  return sheet;
}

function drawCushion(sheet: Sheet, { x, y, size, turn, tones, cloth, stripes }: {
  x: number;
  y: number;
  size: number;
  turn: number;
  tones: [string, string, string];
  cloth: string;
  stripes?: string;
}): void {
  const path =
    "M-1 -.93 C-.6 -.8 .6 -.8 1 -.93 C1.04 -.93 1.05 -.9 1.03 -.86 C.9 -.5 .9 .5 1.03 .88 C1.05 .93 1.02 .96 .97 .94 C.6 .86 -.6 .86 -.97 .94 C-1.02 .96 -1.05 .93 -1.03 .88 C-.9 .5 -.9 -.5 -1.03 -.86 C-1.05 -.9 -1.04 -.93 -1 -.93Z";
  const fill = sheet.radial([[0, tones[0]], [0.55, tones[1]], [1, tones[2]]], {
    cx: 0.38,
    cy: 0.32,
    r: 0.78,
  });
  sheet.add(`<g transform="translate(${x} ${y}) rotate(${turn}) scale(${size})">`);
  sheet.add(`<path d="${path}" fill="${fill}"/>`);
  if (stripes) {
    const lines = [-0.62, -0.5, -0.1, 0.02, 0.42, 0.54].map((at) =>
      `<path d="M${at} -1 C${at * 0.86} -.4 ${
        at * 0.86
      } .4 ${at} 1" stroke="${stripes}" stroke-width=".035" fill="none"/>`
    );
    sheet.add(`<g clip-path="${sheet.clip(`<path d="${path}"/>`)}" opacity=".65">${lines.join("")}</g>`);
  }
  sheet.add(
    `<path d="${path}" fill="#fff" filter="${cloth}" opacity=".34" style="mix-blend-mode:multiply"/>`,
  );
  sheet.add(
    `<g fill="none" stroke="${
      tones[2]
    }" stroke-width=".028" opacity=".5" stroke-linecap="round"><path d="M-.86 -.8 C-.66 -.62 -.6 -.5 -.58 -.4"/><path d="M.86 -.8 C.7 -.62 .62 -.5 .6 -.36"/><path d="M-.86 .82 C-.7 .62 -.64 .5 -.62 .4"/><path d="M.86 .82 C.7 .66 .6 .5 .58 .42"/></g></g>`,
  );
}

/** 3:2: three cushions on a bench. */
export function duneCushions(): Sheet {
  const sheet = createSheet(1620, 1080);
  drawStudio(sheet, {
    wall: { light: "#f0e4d6", dark: "#c8ab93" },
    ground: { light: "#caa078", dark: "#8f6642" },
    horizon: 0.84,
    isTable: true,
  });
  drawWindowLight(sheet, { x: 930, y: -60, size: 640, opacity: 0.65 });
  drawLeafShadow(sheet, { x: 1580, y: 640, size: 620, turn: 200, opacity: 0.15 });
  const cloth = relief(sheet, { frequency: 0.12, height: 5 });
  drawGroundShadow(sheet, { x: 760, y: 966, radius: 560, depth: 0.06, reach: 1, opacity: 0.55 });
  drawCushion(sheet, {
    x: 560,
    y: 620,
    size: 330,
    turn: -7,
    tones: ["#c3cfb6", "#95a78b", "#5d7059"],
    cloth,
  });
  drawCushion(sheet, {
    x: 1060,
    y: 640,
    size: 310,
    turn: 8,
    tones: ["#dc9c7b", "#b96d4e", "#7a3f2a"],
    cloth,
  });
  sheet.add(
    `<ellipse cx="800" cy="800" rx="320" ry="220" fill="#2a160a" opacity=".35" filter="${sheet.blur(40)}"/>`,
  );
  drawCushion(sheet, {
    x: 800,
    y: 735,
    size: 232,
    turn: 2,
    tones: ["#fbf3e4", "#e7d8bf", "#ad9878"],
    cloth,
    stripes: "#b0764f",
  });
  drawGrain(sheet);
  return sheet;
}

/** 1:1: the wall clock. */
export function horizonClock(): Sheet {
  const sheet = createSheet(1400, 1400);
  const wall = sheet.radial([[0, "#f1dcc5"], [1, "#bf8f6d"]], { cx: 0.3, cy: 0.28, r: 0.95 });
  sheet.add(`<rect width="1400" height="1400" fill="${wall}"/>`);
  drawWindowLight(sheet, { x: 480, y: 100, size: 900, opacity: 0.6 });
  drawLeafShadow(sheet, { x: 1340, y: 1180, size: 760, turn: 208, opacity: 0.18 });
  sheet.add(`<circle cx="768" cy="786" r="470" fill="#3a1d0c" opacity=".5" filter="${sheet.blur(46)}"/>`);
  const walnut = sheet.linear([[0, "#b27a4c"], [0.35, "#7c4a28"], [0.7, "#4f2b15"], [1, "#7a4929"]], {
    x2: 1,
    y2: 1,
  });
  const bevel = sheet.linear([[0, "#2d170a"], [1, "#c48b58"]], { x2: 1, y2: 1 });
  const face = sheet.radial([[0, "#fffaf0"], [0.7, "#f5eadb"], [1, "#dcc9b0"]], {
    cx: 0.36,
    cy: 0.32,
    r: 0.85,
  });
  const grain = sheet.filter(
    `<feTurbulence type="fractalNoise" baseFrequency=".006 .09" numOctaves="4" seed="3"/><feColorMatrix values="0 0 0 0 .12  0 0 0 0 .05  0 0 0 0 .02  1.6 0 0 0 -.55"/><feComposite operator="in" in2="SourceGraphic"/>`,
  );
  sheet.add(
    `<circle cx="700" cy="700" r="470" fill="${walnut}"/><circle cx="700" cy="700" r="470" fill="#000" filter="${grain}" opacity=".8"/>
    <circle cx="700" cy="700" r="466" fill="none" stroke="#e5b684" stroke-opacity=".4" stroke-width="5"/>
    <circle cx="700" cy="700" r="398" fill="${bevel}"/><circle cx="700" cy="700" r="386" fill="${face}"/>
    <g clip-path="${
      sheet.clip('<circle cx="700" cy="700" r="386"/>')
    }"><circle cx="686" cy="684" r="398" fill="none" stroke="#5a3a20" stroke-width="30" opacity=".28" filter="${
      sheet.blur(14)
    }"/>
    <path d="M300 770 C480 720 900 820 1100 760 L1100 1100 L300 1100Z" fill="#d9a37d" opacity=".4"/><path d="M300 850 C500 810 860 900 1100 830 L1100 1100 L300 1100Z" fill="#b0714f" opacity=".38"/><path d="M300 930 C520 900 850 980 1100 915 L1100 1100 L300 1100Z" fill="#7f4a35" opacity=".36"/>
    <circle cx="845" cy="600" r="62" fill="#e8a86a" opacity=".75"/></g>`,
  );
  for (let hour = 0; hour < 12; hour++) {
    const isQuarter = hour % 3 === 0;
    sheet.add(
      `<rect x="${isQuarter ? 694 : 697}" y="336" width="${isQuarter ? 12 : 6}" height="${
        isQuarter ? 50 : 30
      }" rx="3" fill="#3b2415" transform="rotate(${hour * 30} 700 700)"/>`,
    );
  }
  const hands =
    `<path d="M692 730 L696 500 L704 500 L708 730Z" transform="rotate(304 700 700)"/><path d="M694 750 L697 390 L703 390 L706 750Z" transform="rotate(52 700 700)"/>`;
  sheet.add(
    `<g transform="translate(12 16)" opacity=".3" filter="${
      sheet.blur(7)
    }">${hands}</g><g fill="#2d1a0e">${hands}</g>
    <path d="M699 780 L699.5 380 L700.5 380 L701 780Z" fill="#b8542f" transform="rotate(178 700 700)"/>
    <circle cx="700" cy="700" r="19" fill="${
      sheet.radial([[0, "#ffe9bb"], [1, "#8b6126"]], { cx: 0.35, cy: 0.3, r: 0.8 })
    }"/>`,
  );
  drawGrain(sheet);
  return sheet;
}

/** A monstera leaf from its stem at 0,0 upwards, one unit long. */
const MONSTERA =
  "M0 0 C-.18 -.02 -.42 -.06 -.5 -.3 L-.22 -.32 L-.54 -.4 C-.56 -.5 -.54 -.56 -.52 -.62 L-.22 -.52 L-.48 -.7 C-.44 -.8 -.38 -.86 -.32 -.9 L-.14 -.7 L-.24 -.96 C-.14 -1.04 -.06 -1.08 0 -1.14 C.06 -1.08 .14 -1.04 .24 -.96 L.14 -.7 L.32 -.9 C.38 -.86 .44 -.8 .48 -.7 L.22 -.52 L.52 -.62 C.54 -.56 .56 -.5 .54 -.4 L.22 -.32 L.5 -.3 C.42 -.06 .18 -.02 0 0Z";

/** 9:16: the planter. */
export function planter(): Sheet {
  const sheet = createSheet(1080, 1920);
  drawStudio(sheet, {
    wall: { light: "#f3e3c8", dark: "#d0a878" },
    ground: { light: "#e0bd92", dark: "#a97c50" },
    horizon: 0.83,
    isTable: true,
  });
  drawWindowLight(sheet, { x: 470, y: 120, size: 800, opacity: 0.65 });
  drawGroundShadow(sheet, { x: 520, y: 1720, radius: 260, opacity: 0.5 });
  const random = createRandom(21);
  const leaves = [
    [-250, 780, -48, 300],
    [260, 760, 46, 310],
    [-150, 560, -22, 340],
    [170, 520, 20, 350],
    [10, 380, 2, 380],
    [-330, 1000, -78, 250],
    [330, 990, 76, 260],
  ] as const;
  for (const [x] of leaves) {
    const [, y] = leaves.find(([other]) => other === x)!;
    sheet.add(
      `<path d="M520 1320 C${520 + x * 0.2} ${1320 - (1320 - y) * 0.5} ${520 + x * 0.7} ${y + 120} ${
        520 + x
      } ${y}" stroke="#5b7d45" stroke-width="13" fill="none" stroke-linecap="round"/>`,
    );
  }
  for (const [x, y, turn, size] of leaves) {
    const shade = random() * 0.5;
    const paint = sheet.linear(
      [[0, shade > 0.25 ? "#7fae62" : "#94be70"], [0.5, "#4c8249"], [1, "#245137"]],
      { x1: 0.1, y1: 0, x2: 0.8, y2: 1 },
    );
    sheet.add(
      `<g transform="translate(${520 + x} ${
        y + 20
      }) rotate(${turn}) scale(${size})"><path d="${MONSTERA}" fill="#16301f" opacity=".25" transform="translate(.04 .06)"/><path d="${MONSTERA}" fill="${paint}" stroke="#20482f" stroke-width=".008" stroke-linejoin="round"/>
      <path d="M0 0 L0 -1.08 M0 -.18 L-.4 -.22 M0 -.18 L.4 -.22 M0 -.4 L-.42 -.5 M0 -.4 L.42 -.5 M0 -.62 L-.36 -.78 M0 -.62 L.36 -.78" stroke="#cfe5a8" stroke-width=".013" opacity=".55" fill="none"/></g>`,
    );
  }
  const clay = sheet.linear([[0, "#8c482c"], [0.12, "#bd6f49"], [0.32, "#eba67d"], [0.52, "#c87a52"], [
    0.84,
    "#86432a",
  ], [1, "#a05a3c"]], { x2: 1, y2: 0 });
  const body = "M286 1330 L330 1660 C338 1700 702 1700 710 1660 L754 1330Z";
  const cloth = relief(sheet, { frequency: 0.03, height: 3 });
  sheet.add(
    `<ellipse cx="520" cy="1706" rx="262" ry="40" fill="${clay}"/><ellipse cx="520" cy="1694" rx="244" ry="32" fill="#6f3822"/>
    <path d="${body}" fill="${clay}"/><path d="${body}" fill="#fff" filter="${cloth}" opacity=".3" style="mix-blend-mode:multiply"/>
    <path d="M288 1345 C360 1372 680 1372 752 1345 L746 1390 C680 1416 360 1416 294 1390Z" fill="#3c1a0c" opacity=".35" filter="${
      sheet.blur(9)
    }"/>
    <path d="M262 1262 L268 1344 C340 1376 700 1376 772 1344 L778 1262Z" fill="${clay}"/><ellipse cx="520" cy="1262" rx="258" ry="42" fill="#d58f69"/><ellipse cx="520" cy="1264" rx="232" ry="33" fill="#3a2417"/>`,
  );
  const [x, y, turn, size] = [500, 1270, 8, 300];
  const front = sheet.linear([[0, "#a5cb7d"], [0.5, "#5d9553"], [1, "#2b5d3c"]], {
    x1: 0.1,
    y1: 0,
    x2: 0.8,
    y2: 1,
  });
  sheet.add(
    `<g transform="translate(${x} ${y}) rotate(${turn}) scale(${size})"><path d="${MONSTERA}" fill="${front}" stroke="#20482f" stroke-width=".008"/><path d="M0 0 L0 -1.08 M0 -.18 L-.4 -.22 M0 -.18 L.4 -.22 M0 -.4 L-.42 -.5 M0 -.4 L.42 -.5 M0 -.62 L-.36 -.78 M0 -.62 L.36 -.78" stroke="#dcefb8" stroke-width=".013" opacity=".6" fill="none"/></g>`,
  );
  drawGrain(sheet);
  return sheet;
}
