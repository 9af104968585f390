// The chart: land, names, rows. Everything it loads comes from this host.

import { Map as Chart, NavigationControl, ScaleControl } from "/static/vendor/maplibre-gl.mjs";
import { addGlyphs, colour, KINDS } from "/static/js/glyphs.js";

const THAI = ["U+02D7", "U+0303", "U+0331", "U+0E01-0E5B", "U+200B-200D", "U+25CC"];
const WIDE = ["U+0100-02BA", "U+1E00-1E9F", "U+1EF2-1EFF", "U+20A0-20C0"];
const FAR = 7; // below this zoom a vessel is a dot: drawing 20,000 dots costs two thirds of 20,000 arrows
const EARTH_M = 6371008.8;

const face = (weight) => [
  { url: `${location.origin}/static/vendor/sarabun-thai-${weight}.woff2`, "unicode-range": THAI },
  { url: `${location.origin}/static/vendor/sarabun-latin-ext-${weight}.woff2`, "unicode-range": WIDE },
  { url: `${location.origin}/static/vendor/sarabun-latin-${weight}.woff2` },
];

/** @param {string} lang */
function style(lang) {
  const name = ["get", lang === "th" ? "th" : "en"];
  const word = { "text-color": colour("--map-word"), "text-halo-color": colour("--map-sea"), "text-halo-width": 1.2 };
  return {
    version: 8,
    "font-faces": { Sarabun: face(400), "Sarabun SemiBold": face(600) },
    sources: {
      land: { type: "geojson", data: "/static/land.geojson", tolerance: 0.4, buffer: 16 },
      names: { type: "geojson", data: "/static/names.geojson" },
      zones: { type: "geojson", data: "/api/v1/zones" },
    },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": colour("--map-sea") } },
      { id: "land", type: "fill", source: "land", paint: { "fill-color": colour("--map-land") } },
      { id: "coast", type: "line", source: "land", paint: { "line-color": colour("--map-coast"), "line-width": 0.8 } },
      { id: "zones", type: "fill", source: "zones", paint: { "fill-color": colour("--map-zone"), "fill-opacity": 0.08 } },
      { id: "zone-lines", type: "line", source: "zones", paint: { "line-color": colour("--map-zone"), "line-width": 1.5, "line-dasharray": [5, 2] } },
      {
        id: "zone-names", type: "symbol", source: "zones", minzoom: 6,
        layout: { "text-field": ["get", "name"], "text-font": ["Sarabun"], "text-size": 12, "text-max-width": 9 },
        paint: { ...word, "text-color": colour("--map-zone") },
      },
      {
        id: "names", type: "symbol", source: "names",
        filter: ["<=", ["get", "zoom"], ["zoom"]],
        layout: {
          "text-field": name, "text-font": ["Sarabun"], "text-max-width": 9,
          "text-size": ["match", ["get", "sort"], "sea", 14, 13],
        },
        paint: { ...word, "text-halo-color": ["match", ["get", "sort"], "sea", colour("--map-sea"), colour("--map-land")] },
      },
    ],
  };
}

/** What a row looks like: the picture's name. */
function picture(row) {
  const gone = row.state === "withdrawn" || row.state === "recalled";
  const shape = row.kind === "vessel" && row.course_deg === undefined ? "vessel-still" : row.kind;
  const known = KINDS.includes(shape) || shape.startsWith("vessel") ? shape : "incident";
  return gone ? `${known}-gone` : row.sanitised ? `${known}-hollow` : known;
}

/** Rows -> point features. @param {object[]} rows */
export function points(rows) {
  const placed = rows.filter((row) => row.lat !== undefined && row.lon !== undefined);
  const features = placed.map((row) => ({
    type: "Feature",
    properties: { id: row.id, layer: row.layer, kind: row.kind, title: row.title, picture: picture(row), course: row.course_deg ?? 0 },
    geometry: { type: "Point", coordinates: [row.lon, row.lat] },
  }));
  return { type: "FeatureCollection", features };
}

/** The circle of uncertainty as a polygon on the sphere, 64 corners. */
function circle(row) {
  const [lat, lon, reach] = [(row.lat * Math.PI) / 180, (row.lon * Math.PI) / 180, row.radius_m / EARTH_M];
  const ring = Array.from({ length: 65 }, (_, step) => {
    const bearing = (step / 32) * Math.PI;
    const north = Math.asin(Math.sin(lat) * Math.cos(reach) + Math.cos(lat) * Math.sin(reach) * Math.cos(bearing));
    const east = Math.atan2(Math.sin(bearing) * Math.sin(reach) * Math.cos(lat), Math.cos(reach) - Math.sin(lat) * Math.sin(north));
    return [((lon + east) * 180) / Math.PI, (north * 180) / Math.PI];
  });
  return { type: "Feature", properties: { id: row.id, kind: row.kind }, geometry: { type: "Polygon", coordinates: [ring] } };
}

/** Rows -> circles of uncertainty. @param {object[]} rows */
export function circles(rows) {
  const wide = rows.filter((row) => row.radius_m && row.lat !== undefined);
  return { type: "FeatureCollection", features: wide.map(circle) };
}

const kindColour = () => ["match", ["get", "kind"], ...["vessel", ...KINDS].flatMap((k) => [k, colour(`--kind-${k}`)]), colour("--muted")];
const isVessel = ["==", ["get", "layer"], "vessel"];
const isIncident = ["==", ["get", "layer"], "incident"];

/** The layers that show rows, from the bottom up. */
function rowLayers() {
  const halo = colour("--map-halo");
  const dot = { "circle-color": kindColour(), "circle-stroke-color": halo };
  const overlap = { "icon-allow-overlap": true, "icon-ignore-placement": true };
  const chosen = { "circle-radius": 17, "circle-color": "rgba(0,0,0,0)", "circle-stroke-color": colour("--focus"), "circle-stroke-width": 3 };
  return [
    { id: "areas", type: "fill", source: "areas", paint: { "fill-color": kindColour(), "fill-opacity": 0.1 } },
    { id: "area-lines", type: "line", source: "areas", paint: { "line-color": kindColour(), "line-width": 1.5, "line-dasharray": [3, 2] } },
    { id: "vessel-dots", type: "circle", source: "rows", filter: isVessel, maxzoom: FAR,
      paint: { ...dot, "circle-radius": ["interpolate", ["linear"], ["zoom"], 2, 2, FAR, 4], "circle-stroke-width": 0.8 } },
    { id: "incident-dots", type: "circle", source: "rows", filter: isIncident, maxzoom: 5,
      paint: { ...dot, "circle-radius": ["interpolate", ["linear"], ["zoom"], 2, 2.2, 5, 4], "circle-stroke-width": 0.8, "circle-opacity": 0.85 } },
    { id: "vessel-signs", type: "symbol", source: "rows", filter: isVessel, minzoom: FAR,
      layout: { ...overlap, "icon-image": ["get", "picture"], "icon-rotate": ["get", "course"], "icon-rotation-alignment": "map", "icon-size": 0.8 } },
    { id: "incident-signs", type: "symbol", source: "rows", filter: isIncident, minzoom: 5,
      layout: { ...overlap, "icon-image": ["get", "picture"], "icon-size": 0.72 } },
    { id: "event-signs", type: "symbol", source: "rows", filter: ["==", ["get", "layer"], "event"],
      layout: { ...overlap, "icon-image": ["get", "picture"], "icon-size": ["interpolate", ["linear"], ["zoom"], 2, 0.8, 8, 1.05] } },
    { id: "titles", type: "symbol", source: "rows", minzoom: 8,
      layout: { "text-field": ["get", "title"], "text-font": ["Sarabun"], "text-size": 13, "text-anchor": "left", "text-offset": [1.1, 0], "text-optional": true, "text-max-width": 14 },
      paint: { "text-color": colour("--ink"), "text-halo-color": halo, "text-halo-width": 1.6 } },
    { id: "chosen", type: "circle", source: "rows", filter: ["==", ["get", "id"], ""], paint: chosen },
  ];
}

export const CLICKABLE = ["event-signs", "incident-signs", "vessel-signs", "incident-dots", "vessel-dots"];

/** True if this browser can draw the chart; otherwise says so in its place. @param {HTMLElement} element */
function canDraw(element) {
  if (document.createElement("canvas").getContext("webgl2")) return true;
  const note = document.createElement("p");
  note.className = "map-note";
  note.textContent = element.dataset.noWebgl;
  element.append(note);
  return false;
}

/** Make the chart with its (still empty) row sources. @returns {Promise<import("maplibre-gl").Map | null>} */
export async function makeChart(element, options) {
  if (!canDraw(element)) return null;
  await Promise.all([document.fonts.load('400 16px "Sarabun"', "กa"), document.fonts.ready]);
  const lang = document.documentElement.lang;
  const chart = new Chart({
    container: element, style: style(lang), attributionControl: false, dragRotate: false, pitchWithRotate: false,
    touchPitch: false, maxZoom: 15, minZoom: 0, fadeDuration: 0, ...options,
  });
  chart.touchZoomRotate.disableRotation();
  chart.addControl(new NavigationControl({ showCompass: false }), "top-right");
  chart.addControl(new ScaleControl({ unit: "nautical" }), "bottom-right");
  await new Promise((done) => chart.once("load", done));
  await addGlyphs(chart);
  for (const id of ["rows", "areas"]) chart.addSource(id, { type: "geojson", data: points([]), ...(id === "rows" ? { promoteId: "id" } : {}) });
  for (const layer of rowLayers()) chart.addLayer(layer);
  return chart;
}

/** Put rows on the chart. @returns {number} how many have a place there */
export function setRows(chart, rows) {
  const made = points(rows);
  chart.getSource("rows").setData(made);
  chart.getSource("areas").setData(circles(rows));
  return made.features.length;
}

/** The box around rows as [[west, south], [east, north]]; null without any. */
export function boxOf(rows) {
  const placed = rows.filter((row) => row.lat !== undefined && row.lon !== undefined);
  if (!placed.length) return null;
  const box = [[180, 90], [-180, -90]];
  for (const row of placed) {
    box[0] = [Math.min(box[0][0], row.lon), Math.min(box[0][1], row.lat)];
    box[1] = [Math.max(box[1][0], row.lon), Math.max(box[1][1], row.lat)];
  }
  return box;
}

/** Say, once the first data is drawn, that the page can be looked at (`data-map-ready` on the root element). */
export function announceReady(chart) {
  chart.once("render", () => requestAnimationFrame(() => { document.documentElement.dataset.mapReady = "1"; }));
  chart.triggerRepaint();
}
