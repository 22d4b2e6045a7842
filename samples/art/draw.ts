// Draws the sample shop's pictures: `deno run -A samples/art/draw.ts [name …]`. They are committed; run it after a change.

import sharp from "sharp";
import type { Sheet } from "./canvas.ts";
import { pebbleMugs, shoreVase } from "./ceramics.ts";
import { brookBottle, driftSpeaker, figCandle, forestKettle, pourOver } from "./kitchen.ts";
import { haloLamp, haloLampDesk, haloLampEvening } from "./lamp.ts";
import { duneCushions, fjordChair, horizonClock, planter } from "./living.ts";

const PICTURES: Record<string, () => Sheet> = {
  "halo_lamp.jpg": haloLamp,
  "halo_lamp_evening.jpg": haloLampEvening,
  "halo_lamp_desk.jpg": haloLampDesk,
  "shore_vase.jpg": shoreVase,
  "fjord_chair.jpg": fjordChair,
  "pour_over.jpg": pourOver,
  "fig_candle.jpg": figCandle,
  "brook_bottle.jpg": brookBottle,
  "drift_speaker.webp": driftSpeaker,
  "horizon_clock.jpg": horizonClock,
  "planter.jpg": planter,
  "forest_kettle.jpg": forestKettle,
  "dune_cushions.jpg": duneCushions,
  "pebble_mugs.png": pebbleMugs,
};

const folder = new URL("../pictures/", import.meta.url);
const wanted = Deno.args.length > 0 ? Deno.args : Object.keys(PICTURES);
for (const name of wanted) {
  const draw = PICTURES[name];
  if (!draw) throw new Error(`There is no picture ${name}.`);
  const image = sharp(new TextEncoder().encode(draw().toSvg()), { unlimited: true }).flatten();
  const encoded = name.endsWith(".png")
    ? image.png({ palette: true, colours: 256, dither: 0.8 })
    : name.endsWith(".webp")
    ? image.webp({ quality: 86 })
    : image.jpeg({ quality: 84, mozjpeg: true });
  const bytes = await encoded.toBuffer();
  await Deno.writeFile(new URL(name, folder), bytes);
  console.log(`${name}: ${Math.round(bytes.length / 1024)} KB`);
}
