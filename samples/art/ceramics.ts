// What a potter makes: the vase and the mugs.

import { createRandom, createSheet, roundShade, type Sheet } from "./canvas.ts";
import { drawGrain, drawGroundShadow, drawLeafShadow, drawStudio, drawWindowLight } from "./studio.ts";

/** Iron specks of stoneware within a shape. */
function drawSpecks(
  sheet: Sheet,
  shape: string,
  box: { x: number; y: number; width: number; height: number },
): void {
  const random = createRandom(11);
  const specks: string[] = [];
  for (let at = 0; at < 190; at++) {
    const size = 0.8 + random() ** 3 * 3.4;
    specks.push(
      `<ellipse cx="${box.x + random() * box.width}" cy="${box.y + random() * box.height}" rx="${size}" ry="${
        size * 0.8
      }" opacity="${0.2 + random() * 0.4}"/>`,
    );
  }
  sheet.add(`<g clip-path="${sheet.clip(shape)}" fill="#4a3322">${specks.join("")}</g>`);
}

/** A stem of eucalyptus from x, y upwards. */
function drawStem(
  sheet: Sheet,
  { x, y, bend, length, seed }: { x: number; y: number; bend: number; length: number; seed: number },
): void {
  const random = createRandom(seed);
  sheet.add(
    `<path d="M${x} ${y} C${x + bend * 0.1} ${y - length * 0.4} ${x + bend * 0.5} ${y - length * 0.75} ${
      x + bend
    } ${y - length}"
      stroke="#6d5a3c" stroke-width="7" fill="none" stroke-linecap="round"/>`,
  );
  const leaf = sheet.linear([[0, "#a9bda0"], [0.5, "#7f9a80"], [1, "#567561"]], {
    x1: 0,
    y1: 0,
    x2: 0.6,
    y2: 1,
  });
  const leafDark = sheet.linear([[0, "#88a188"], [1, "#48645a"]], { x1: 0, y1: 0, x2: 0.6, y2: 1 });
  for (let at = 2; at <= 11; at++) {
    const along = at / 11;
    const px = x + 3 * bend * 0.1 * along * (1 - along) ** 2 + 3 * bend * 0.5 * along ** 2 * (1 - along) +
      bend * along ** 3;
    const py = y -
      length * (3 * 0.4 * along * (1 - along) ** 2 + 3 * 0.75 * along ** 2 * (1 - along) + along ** 3);
    for (const side of [-1, 1]) {
      const size = (66 - at * 2.6) * (0.85 + random() * 0.3);
      const turn = side * (48 + random() * 30) + bend * 0.05;
      sheet.add(
        `<g transform="translate(${px} ${py}) rotate(${turn})"><path d="M0 0 C${-size * 0.75} ${
          -size * 0.4
        } ${-size * 0.55} ${-size * 1.5} 0 ${-size * 1.55} C${size * 0.55} ${-size * 1.5} ${size * 0.75} ${
          -size * 0.4
        } 0 0Z" fill="${side > 0 ? leafDark : leaf}"/>
        <path d="M0 0 L0 ${-size * 1.35}" stroke="#dbe5d0" stroke-opacity=".45" stroke-width="2.5"/></g>`,
      );
    }
  }
}

const VASE =
  "M-92 -640 C-96 -560 -120 -520 -190 -452 C-292 -352 -326 -268 -300 -158 C-280 -74 -226 -22 -170 0 A170 30 0 0 0 170 0 C226 -22 280 -74 300 -158 C326 -268 292 -352 190 -452 C120 -520 96 -560 92 -640Z";

/** 1:1: the two-toned vase with eucalyptus. */
export function shoreVase(): Sheet {
  const sheet = createSheet(1400, 1400);
  drawStudio(sheet, {
    wall: { light: "#d9e0dc", dark: "#93a8a6" },
    ground: { light: "#cbd3cd", dark: "#869a97" },
    horizon: 0.82,
    isTable: true,
  });
  drawWindowLight(sheet, { x: 760, y: 20, size: 700, opacity: 0.7 });
  drawLeafShadow(sheet, { x: 1290, y: 860, size: 700, turn: 215, opacity: 0.14 });
  drawGroundShadow(sheet, { x: 640, y: 1226, radius: 260, opacity: 0.5 });
  for (const [bend, length, seed] of [[-310, 430, 3], [260, 450, 5], [-30, 500, 9]] as const) {
    drawStem(sheet, { x: 640, y: 640, bend, length, seed });
  }
  const glaze = roundShade(sheet, { light: "#fbfaf4", body: "#dfe3dc", dark: "#8d9c9b", edge: "#a9b4b0" });
  const clay = roundShade(sheet, { light: "#ecc19a", body: "#c98f66", dark: "#7c4d33", edge: "#8f5c3e" });
  sheet.add(`<g transform="translate(640 1226)"><ellipse cy="-640" rx="92" ry="22" fill="#51605f"/>
    <path d="${VASE}" fill="${glaze}"/><g clip-path="${sheet.clip(`<path d="${VASE}"/>`)}">
    <path d="M-340 -190 C-240 -130 -150 -236 -20 -176 C110 -116 220 -214 340 -150 L340 60 L-340 60Z" fill="${clay}"/>
    <path d="M-340 -190 C-240 -130 -150 -236 -20 -176 C110 -116 220 -214 340 -150" stroke="#fdf6e8" stroke-width="9" fill="none" opacity=".65"/>
    <path d="M-340 -190 C-240 -130 -150 -236 -20 -176 C110 -116 220 -214 340 -150" stroke="#5a3a26" stroke-width="8" fill="none" opacity=".25" transform="translate(0 9)" filter="${
    sheet.blur(4)
  }"/>
    <ellipse cx="-150" cy="-300" rx="60" ry="130" fill="#fff" opacity=".55" transform="rotate(24 -150 -300)" filter="${
    sheet.blur(26)
  }"/></g>
    <path d="M-92 -640 A92 22 0 0 0 92 -640" fill="none" stroke="#fffdf6" stroke-width="7"/>`);
  drawSpecks(sheet, `<path d="${VASE}"/>`, { x: -320, y: -640, width: 640, height: 660 });
  sheet.add("</g>");
  drawGrain(sheet);
  return sheet;
}

function drawMug(sheet: Sheet, { x, y, scale, tones, dip, handle }: {
  x: number;
  y: number;
  scale: number;
  tones: { light: string; body: string; dark: string };
  dip: { light: string; body: string; dark: string };
  handle: 1 | -1;
}): void {
  const body = "M-150 -270 C-176 -170 -172 -60 -118 0 A118 22 0 0 0 118 0 C172 -60 176 -170 150 -270Z";
  const grip = sheet.linear([[0, tones.light], [0.5, tones.body], [1, tones.dark]]);
  sheet.add(`<g transform="translate(${x} ${y}) scale(${scale})">
    <path transform="scale(${handle} 1)" d="M148 -214 C262 -246 280 -66 142 -74" fill="none" stroke="${tones.dark}" stroke-width="42" stroke-linecap="round"/>
    <path transform="scale(${handle} 1)" d="M146 -218 C256 -248 272 -72 142 -80" fill="none" stroke="${grip}" stroke-width="32" stroke-linecap="round"/>
    <path d="${body}" fill="${roundShade(sheet, tones)}"/>
    <g clip-path="${
    sheet.clip(`<path d="${body}"/>`)
  }"><path d="M-190 -96 C-90 -66 70 -128 190 -88 L190 40 L-190 40Z" fill="${roundShade(sheet, dip)}"/>
    <ellipse cx="-80" cy="-170" rx="22" ry="76" fill="#fff" opacity=".6" filter="${sheet.blur(11)}"/></g>
    <ellipse cy="-270" rx="150" ry="34" fill="${tones.light}"/><ellipse cy="-268" rx="136" ry="28" fill="${
    sheet.linear([[0, "#2e211a"], [1, tones.dark]])
  }"/>`);
  drawSpecks(sheet, `<path d="${body}"/>`, { x: -180, y: -260, width: 360, height: 280 });
  sheet.add("</g>");
}

/** 1:1: three mugs, two of them stacked. */
export function pebbleMugs(): Sheet {
  const sheet = createSheet(1200, 1200);
  drawStudio(sheet, {
    wall: { light: "#efe3d4", dark: "#c3a88d" },
    ground: { light: "#e4cfb8", dark: "#b4967a" },
    horizon: 0.74,
  });
  drawWindowLight(sheet, { x: 560, y: -40, size: 660, opacity: 0.6 });
  const sand = { light: "#f7ecd9", body: "#e2cfb4", dark: "#a28a6c" };
  const sea = { light: "#a7c4c2", body: "#6f989a", dark: "#395a60" };
  const rust = { light: "#e0a37c", body: "#b96f4a", dark: "#743d27" };
  const night = { light: "#76838c", body: "#48535d", dark: "#222a33" };
  drawGroundShadow(sheet, { x: 410, y: 1000, radius: 190, opacity: 0.5 });
  drawMug(sheet, { x: 410, y: 1000, scale: 1.25, tones: sand, dip: rust, handle: -1 });
  drawMug(sheet, { x: 412, y: 712, scale: 1.12, tones: sea, dip: sand, handle: 1 });
  // The lower one's front wall again: the upper one stands in it.
  const front =
    "M-150 -272 A150 34 0 0 0 150 -272 C158 -240 162 -200 162 -170 L-162 -170 C-162 -200 -158 -240 -150 -272Z";
  const rim = "M-150 -272 A150 34 0 0 0 150 -272";
  sheet.add(
    `<g transform="translate(410 1000) scale(1.25)"><path d="${front}" fill="${roundShade(sheet, sand)}"/>
    <path d="${rim}" transform="translate(0 -3)" stroke="${sand.light}" stroke-width="9" fill="none"/></g>`,
  );
  drawGroundShadow(sheet, { x: 830, y: 1040, radius: 180, opacity: 0.5 });
  drawMug(sheet, { x: 830, y: 1040, scale: 1.25, tones: night, dip: sand, handle: 1 });
  drawGrain(sheet);
  return sheet;
}
