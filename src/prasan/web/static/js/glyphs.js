// The map draws the same shapes as the list: both read /static/glyphs.svg.

export const KINDS = [
  "incident", "gap", "encounter", "duplicate_identity", "speed_jump", "invalid_identity", "identity_change", "spoofing",
  "zone_entry", "stop", "port_visit", "loitering", "drifting",
];
const RATIO = 2;
const SIZE = 26; // CSS pixels, of which 24 are the shape and the rest its outline

/** A token's colour as the browser resolves it for the theme in force. @param {string} name */
export function colour(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** @returns {Promise<Map<string, {path: Path2D, rule: CanvasFillRule}>>} */
async function shapes() {
  const answer = await fetch("/static/glyphs.svg");
  const sprite = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
  const found = new Map();
  for (const symbol of sprite.querySelectorAll("symbol")) {
    const path = symbol.querySelector("path");
    const rule = path.getAttribute("fill-rule") === "evenodd" ? "evenodd" : "nonzero";
    found.set(symbol.id, { path: new Path2D(path.getAttribute("d")), rule });
  }
  return found;
}

/** One picture. `style` is full, hollow (sanitised) or gone (withdrawn, recalled). */
function draw({ path, rule }, fill, style) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE * RATIO;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.scale((SIZE * RATIO) / 30, (SIZE * RATIO) / 30);
  pen.translate(3, 3);
  pen.lineJoin = "round";
  pen.globalAlpha = style === "gone" ? 0.5 : 1;
  pen.strokeStyle = colour("--map-halo");
  pen.lineWidth = 4.5;
  pen.stroke(path);
  if (style === "hollow") {
    pen.fillStyle = colour("--map-halo");
    pen.fill(path, "nonzero");
    pen.strokeStyle = fill;
    pen.lineWidth = 2.2;
    pen.stroke(path);
  } else {
    pen.fillStyle = fill;
    pen.fill(path, rule);
  }
  pen.globalAlpha = 1;
  if (style === "gone") {
    pen.strokeStyle = colour("--map-outline");
    pen.lineWidth = 2.4;
    pen.beginPath();
    pen.moveTo(0, 22);
    pen.lineTo(24, 2);
    pen.stroke();
  }
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

/** Give the map a picture for each kind and style: `gap`, `gap-hollow`, `gap-gone`, ... @param {import("maplibre-gl").Map} map */
export async function addGlyphs(map) {
  const found = await shapes();
  for (const kind of [...KINDS, "vessel", "vessel-still"]) {
    const fill = colour(`--kind-${kind.replace("-still", "")}`);
    for (const style of ["full", "hollow", "gone"]) {
      const name = style === "full" ? kind : `${kind}-${style}`;
      map.addImage(name, draw(found.get(kind), fill, style), { pixelRatio: RATIO });
    }
  }
}
