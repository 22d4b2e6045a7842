// The studio that every product stands in: a lit wall, a table or floor, window light, shadows.

import type { Sheet } from "./canvas.ts";

export interface StudioOptions {
  wall: { light: string; dark: string };
  ground: { light: string; dark: string };
  /** Where the ground begins, as a part of the height. */
  horizon: number;
  /** A table's edge rather than a rounded backdrop. */
  isTable?: boolean;
}

/** Wall and ground, lit from the upper left. */
export function drawStudio(sheet: Sheet, { wall, ground, horizon, isTable = false }: StudioOptions): void {
  const { width, height } = sheet;
  const y = height * horizon;
  const wallPaint = sheet.radial([[0, wall.light], [1, wall.dark]], { cx: 0.3, cy: 0.3, r: 0.95 });
  sheet.add(`<rect width="${width}" height="${height}" fill="${wallPaint}"/>`);
  const groundPaint = sheet.linear([[0, ground.dark], [0.18, ground.light], [1, ground.dark]]);
  if (isTable) {
    const shade = sheet.linear([[0, "#000", 0], [1, "#000", 0.16]]);
    sheet.add(`<rect y="${y - 170}" width="${width}" height="170" fill="${shade}"/>`);
    sheet.add(`<rect y="${y}" width="${width}" height="${height - y}" fill="${groundPaint}"/>`);
    sheet.add(`<rect y="${y}" width="${width}" height="3" fill="#fff" opacity=".35"/>`);
  } else {
    const fade = sheet.linear([[0, ground.light, 0], [0.35, ground.light, 0.85], [1, ground.dark]]);
    sheet.add(`<rect y="${y - 90}" width="${width}" height="${height - y + 90}" fill="${fade}"/>`);
  }
}

/** Sun through a window with bars, falling on the wall. `x`, `y`: its upper left corner. */
export function drawWindowLight(
  sheet: Sheet,
  { x, y, size, opacity = 0.4, color = "#fff6e0" }: {
    x: number;
    y: number;
    size: number;
    opacity?: number;
    color?: string;
  },
): void {
  const panes: string[] = [];
  for (let column = 0; column < 2; column++) {
    for (let row = 0; row < 3; row++) {
      panes.push(`<rect x="${column * 0.42}" y="${row * 0.46}" width=".38" height=".42"/>`);
    }
  }
  sheet.add(
    `<g filter="${
      sheet.blur(size / 90)
    }"><g transform="translate(${x} ${y}) skewY(14) skewX(-16) scale(${size})" fill="${color}"
      opacity="${opacity}" style="mix-blend-mode:soft-light">${panes.join("")}</g></g>`,
  );
  sheet.add(
    `<g filter="${
      sheet.blur(size / 60)
    }"><g transform="translate(${x} ${y}) skewY(14) skewX(-16) scale(${size})" fill="${color}"
      opacity="${opacity * 0.55}">${panes.join("")}</g></g>`,
  );
}

/** Shadows of a branch with leaves, soft on the wall. */
export function drawLeafShadow(
  sheet: Sheet,
  { x, y, size, turn = 0, opacity = 0.16 }: {
    x: number;
    y: number;
    size: number;
    turn?: number;
    opacity?: number;
  },
): void {
  const leaves: string[] = [];
  for (let at = 0; at < 9; at++) {
    const along = at * 0.1;
    const side = at % 2 === 0 ? 1 : -1;
    const length = 0.34 - at * 0.018;
    leaves.push(
      `<path transform="translate(${along} ${-0.12 * Math.sin(along * 3)}) rotate(${side * (52 - at * 3)})"
        d="M0 0 C${length * 0.3} ${-0.07} ${length * 0.8} ${-0.06} ${length} 0 C${length * 0.8} .05 ${
        length * 0.3
      } .06 0 0Z"/>`,
    );
  }
  sheet.add(
    `<g filter="${
      sheet.blur(size / 55)
    }"><g transform="translate(${x} ${y}) rotate(${turn}) scale(${size})" opacity="${opacity}" fill="#2a1c10">
      <path d="M-.1 .02 C.2 -.1 .6 -.2 .95 -.05" stroke="#2a1c10" stroke-width=".012" fill="none"/>${
      leaves.join("")
    }</g></g>`,
  );
}

/** What stands on the ground darkens it: a tight shadow below, a long soft one to the right. */
export function drawGroundShadow(
  sheet: Sheet,
  { x, y, radius, reach = 1.5, depth = 0.16, opacity = 0.45 }: {
    x: number;
    y: number;
    radius: number;
    reach?: number;
    depth?: number;
    opacity?: number;
  },
): void {
  const long = sheet.linear([[0, "#1d1208", 0.75], [0.5, "#1d1208", 0.4], [1, "#1d1208", 0]], {
    x2: 1,
    y2: 0,
  });
  sheet.add(
    `<path filter="${
      sheet.blur(radius * 0.085)
    }" opacity="${opacity}" fill="${long}" transform="rotate(-4 ${x} ${y})"
      d="M${x - radius * 0.8} ${y - radius * depth} C${x} ${y - radius * depth * 1.6} ${x + radius * reach} ${
      y - radius * depth * 1.3
    } ${x + radius * (reach + 0.9)} ${y - radius * 0.05} C${x + radius * reach} ${
      y + radius * depth * 1.2
    } ${x} ${y + radius * depth * 1.8} ${x - radius * 0.8} ${y + radius * depth}Z"/>`,
  );
  sheet.add(
    `<ellipse filter="${sheet.blur(radius * 0.05)}" cx="${x + radius * 0.05}" cy="${
      y + radius * 0.03
    }" rx="${radius}" ry="${radius * depth}" fill="#1a0f06" opacity="${Math.min(1, opacity * 1.35)}"/>`,
  );
}

/** Fine paper grain over everything: keeps large gradients from banding and the picture from looking synthetic. */
export function drawGrain(sheet: Sheet, opacity = 0.05): void {
  const grain = sheet.filter(
    `<feTurbulence type="fractalNoise" baseFrequency=".8" numOctaves="2" seed="4"/><feColorMatrix type="saturate" values="0"/>`,
  );
  sheet.add(
    `<rect width="${sheet.width}" height="${sheet.height}" filter="${grain}" opacity="${opacity}" style="mix-blend-mode:overlay"/>`,
  );
}
