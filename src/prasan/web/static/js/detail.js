// The small map of one event or object: its place, the very fixes used, and the tracks around them.

import { announceReady, boxOf, makeChart, setRows } from "/static/js/chart.js";
import { colour } from "/static/js/glyphs.js";

const drawing = JSON.parse(document.getElementById("drawing").textContent);

const line = (coordinates, properties) => ({ type: "Feature", properties, geometry: { type: "LineString", coordinates } });

/** Fixes joined per vessel: what lies between two fixes was not seen, so it is dashed. */
function joined() {
  const byVessel = Map.groupBy(drawing.fixes, (fix) => fix.mmsi);
  const lines = [...byVessel].filter(([, fixes]) => fixes.length > 1);
  return lines.map(([mmsi, fixes]) => line(fixes.map((fix) => fix.at), { mmsi }));
}

function addEvidence(chart) {
  const tracks = drawing.tracks.filter((track) => track.line.length > 1).map((track) => line(track.line, { mmsi: track.mmsi }));
  const dots = drawing.fixes.map((fix) => ({ type: "Feature", properties: { number: String(fix.number) }, geometry: { type: "Point", coordinates: fix.at } }));
  const source = (features) => ({ type: "geojson", data: { type: "FeatureCollection", features } });
  chart.addSource("tracks", source(tracks));
  chart.addSource("joined", source(joined()));
  chart.addSource("fixes", source(dots));
  const ink = colour("--map-outline");
  chart.addLayer({ id: "tracks", type: "line", source: "tracks", paint: { "line-color": colour("--kind-vessel"), "line-width": 2 } }, "areas");
  chart.addLayer({ id: "joined", type: "line", source: "joined", paint: { "line-color": ink, "line-width": 1.5, "line-dasharray": [3, 3] } }, "areas");
  chart.addLayer({ id: "fixes", type: "circle", source: "fixes", paint: { "circle-radius": 4.5, "circle-color": colour("--map-halo"), "circle-stroke-color": ink, "circle-stroke-width": 2 } });
  chart.addLayer({
    id: "fix-numbers", type: "symbol", source: "fixes",
    layout: { "text-field": ["get", "number"], "text-font": ["Sarabun SemiBold"], "text-size": 12, "text-offset": [0, -1.1], "text-optional": true },
    paint: { "text-color": ink, "text-halo-color": colour("--map-halo"), "text-halo-width": 1.5 },
  });
}

/** Everything that must be in view, as rows. */
function extent() {
  const spots = [...drawing.fixes.map((fix) => fix.at), ...drawing.tracks.flatMap((track) => track.line)];
  const rows = drawing.rows.flatMap((row) => {
    if (row.lat === undefined || !row.radius_m) return [row];
    const reach = row.radius_m / 111195;
    return [-1, 1].map((sign) => ({ lat: row.lat + sign * reach, lon: row.lon + sign * reach }));
  });
  return boxOf([...rows, ...spots.map(([lon, lat]) => ({ lat, lon }))]);
}

const box = extent();
const chart = await makeChart(document.getElementById("map"), box ? { bounds: box, fitBoundsOptions: { padding: 48, maxZoom: 10 } } : { center: [100.5, 9.5], zoom: 3 });
if (chart) {
  setRows(chart, drawing.rows);
  addEvidence(chart);
  announceReady(chart);
}
