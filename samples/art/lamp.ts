// The Halo lamp, three times: by day, in the evening, on a desk.

import { createSheet, type Sheet } from "./canvas.ts";
import { drawGrain, drawGroundShadow, drawLeafShadow, drawStudio, drawWindowLight } from "./studio.ts";

/** The lamp with its foot's centre at 0,0 and 1000 high; `glow` 0 to 1. */
function drawLamp(
  sheet: Sheet,
  { x, y, scale, glow }: { x: number; y: number; scale: number; glow: number },
): void {
  const brass = sheet.linear(
    [[0, "#6d4a17"], [0.16, "#b98a3c"], [0.34, "#fbe7b0"], [0.48, "#cfa04e"], [0.78, "#7d5620"], [
      1,
      "#a87c38",
    ]],
    { x2: 1, y2: 0 },
  );
  const brassTop = sheet.radial([[0, "#ffefc4"], [0.45, "#d2a654"], [1, "#8a6228"]], {
    cx: 0.32,
    cy: 0.35,
    r: 0.8,
  });
  const opal = sheet.radial(
    [[0, "#fffdf4"], [0.4, glow > 0.5 ? "#fff0c9" : "#f7f0e2"], [0.78, glow > 0.5 ? "#ffcf85" : "#dccfb8"], [
      1,
      glow > 0.5 ? "#e59b48" : "#b3a389",
    ]],
    { cx: 0.38, cy: glow > 0.5 ? 0.66 : 0.34, r: 0.85 },
  );
  const halo = sheet.radial([[0, "#ffd58a", 0.85], [0.35, "#ffb85a", 0.32], [1, "#ff9d3c", 0]]);
  const rim = sheet.radial([[0, "#fffbe6"], [0.7, glow > 0.3 ? "#ffe2a0" : "#d8cab0"], [1, "#b08a50"]]);
  sheet.add(`<g transform="translate(${x} ${y}) scale(${scale})">`);
  sheet.add(`<circle cy="-800" r="860" fill="${halo}" opacity="${glow * 0.8}"/>`);
  // Foot: a turned disc.
  sheet.add(`<path d="M-215 -34 L-215 4 A215 44 0 0 0 215 4 L215 -34Z" fill="${brass}"/>
    <ellipse cy="-34" rx="215" ry="44" fill="${brassTop}"/><ellipse cy="-36" rx="196" ry="37" fill="none" stroke="#fff3cf" stroke-opacity=".5" stroke-width="3"/>
    <ellipse cy="-40" rx="44" ry="13" fill="#5d3f12" opacity=".55"/>`);
  sheet.add(
    `<path d="M-30 -44 C-16 -74 -14 -96 -14 -130 L-14 -655 L14 -655 L14 -130 C14 -96 16 -74 30 -44 A30 9 0 0 1 -30 -44Z" fill="${brass}"/>
    <rect x="-24" y="-168" width="48" height="20" rx="8" fill="${brass}"/><rect x="-34" y="-676" width="68" height="30" rx="10" fill="${brass}"/>`,
  );
  // Shade: opal glass, open below.
  sheet.add(`<ellipse cy="-672" rx="334" ry="52" fill="${rim}"/>
    <path d="M-336 -676 C-330 -900 -170 -1010 0 -1010 C170 -1010 330 -900 336 -676 C250 -636 -250 -636 -336 -676Z" fill="${opal}"/>
    <path d="M-336 -676 C-250 -636 250 -636 336 -676 L334 -690 C250 -650 -250 -650 -334 -690Z" fill="${brass}"/>
    <path d="M-232 -860 C-190 -930 -130 -962 -70 -974 C-130 -936 -180 -890 -206 -812 C-214 -800 -244 -838 -232 -860Z" fill="#fff" opacity="${
    glow > 0.5 ? 0.3 : 0.75
  }" filter="${sheet.blur(7)}"/>
    <rect x="-16" y="-1042" width="32" height="34" rx="12" fill="${brass}"/><circle cy="-1052" r="20" fill="${brassTop}"/>`);
  sheet.add(
    `<path d="M70 -672 L70 -560" stroke="#c79a4a" stroke-width="4" stroke-dasharray="5 4"/><circle cx="70" cy="-548" r="13" fill="${brassTop}"/></g>`,
  );
}

function drawBook(
  sheet: Sheet,
  { x, y, width, height, color }: { x: number; y: number; width: number; height: number; color: string },
): void {
  const cover = sheet.linear([[0, "#fff", 0.22], [0.3, "#fff", 0], [1, "#000", 0.3]]);
  sheet.add(`<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="9" fill="${color}"/>
    <rect x="${x}" y="${y}" width="${width}" height="${height}" rx="9" fill="${cover}"/>
    <rect x="${x + width - 26}" y="${y + 9}" width="26" height="${height - 18}" fill="#efe5d0"/>
    <rect x="${x + 60}" y="${y + height * 0.32}" width="${width * 0.3}" height="${
    height * 0.14
  }" rx="3" fill="#f4e4bd" opacity=".75"/>
    <rect x="${x + 60}" y="${y + height * 0.58}" width="${width * 0.18}" height="${
    height * 0.09
  }" rx="3" fill="#f4e4bd" opacity=".5"/>`);
}

/** 4:5, in daylight. */
export function haloLamp(): Sheet {
  const sheet = createSheet(1280, 1600);
  drawStudio(sheet, {
    wall: { light: "#e9d3bd", dark: "#b98f71" },
    ground: { light: "#d9b899", dark: "#a1775a" },
    horizon: 0.8,
    isTable: true,
  });
  drawWindowLight(sheet, { x: 620, y: 60, size: 720, opacity: 0.55 });
  drawLeafShadow(sheet, { x: 1180, y: 700, size: 620, turn: 205, opacity: 0.16 });
  drawGroundShadow(sheet, { x: 590, y: 1410, radius: 270, opacity: 0.5 });
  drawLamp(sheet, { x: 590, y: 1410, scale: 1.16, glow: 0.28 });
  drawGrain(sheet);
  return sheet;
}

/** 1:1, lit, in a dark room. */
export function haloLampEvening(): Sheet {
  const sheet = createSheet(1400, 1400);
  drawStudio(sheet, {
    wall: { light: "#6d4638", dark: "#1d1418" },
    ground: { light: "#5b3926", dark: "#170e0c" },
    horizon: 0.86,
    isTable: true,
  });
  const pool = sheet.radial([[0, "#ffc97c", 0.75], [1, "#ffb050", 0]]);
  sheet.add(`<ellipse cx="760" cy="1300" rx="720" ry="150" fill="${pool}"/>`);
  drawBook(sheet, { x: 180, y: 1236, width: 400, height: 62, color: "#31504c" });
  drawBook(sheet, { x: 214, y: 1180, width: 340, height: 56, color: "#9c4a33" });
  drawGroundShadow(sheet, { x: 800, y: 1310, radius: 250, opacity: 0.7 });
  drawLamp(sheet, { x: 800, y: 1310, scale: 1.06, glow: 1 });
  drawGrain(sheet, 0.07);
  return sheet;
}

/** 3:2, lit, beside books. */
export function haloLampDesk(): Sheet {
  const sheet = createSheet(1620, 1080);
  drawStudio(sheet, {
    wall: { light: "#7d958c", dark: "#39514d" },
    ground: { light: "#a8764c", dark: "#6b4226" },
    horizon: 0.82,
    isTable: true,
  });
  drawLeafShadow(sheet, { x: 60, y: 330, size: 640, turn: 12, opacity: 0.22 });
  const pool = sheet.radial([[0, "#ffdca0", 0.7], [1, "#ffb050", 0]]);
  sheet.add(`<ellipse cx="1080" cy="990" rx="640" ry="95" fill="${pool}"/>`);
  drawGroundShadow(sheet, { x: 480, y: 996, radius: 330, opacity: 0.5, depth: 0.08 });
  drawBook(sheet, { x: 190, y: 930, width: 560, height: 66, color: "#c8a25a" });
  drawBook(sheet, { x: 226, y: 872, width: 480, height: 58, color: "#7d3b2b" });
  drawBook(sheet, { x: 262, y: 818, width: 430, height: 54, color: "#e6d9c2" });
  drawGroundShadow(sheet, { x: 1080, y: 984, radius: 190, opacity: 0.6 });
  drawLamp(sheet, { x: 1080, y: 984, scale: 0.84, glow: 0.85 });
  drawGrain(sheet);
  return sheet;
}
