// The watch: one set of rows, shown as list (made by the server) and as map; one selection for both.

import { announceReady, boxOf, CLICKABLE, makeChart, setRows } from "/static/js/chart.js";

const POLL_MS = 15000;
const NEWS_MS = 20000;
const TOLD = 3;
const side = document.getElementById("side");
const news = document.getElementById("news");
const cardRoom = document.getElementById("card");
const state = { rows: [], version: null, etag: null, query: "", drawn: 0, selected: new URLSearchParams(location.search).get("sel"), asked: 0 };
let chart = null;

const list = () => document.getElementById("list");
const items = () => [...side.querySelectorAll(".row")];
const itemOf = (id) => items().find((item) => item.dataset.id === id);
const rowOf = (id) => state.rows.find((row) => row.id === id);

/** Read the picture for the list's filters. @returns {Promise<boolean>} true if it is new */
async function readRows({ tellNews = false } = {}) {
  const turn = ++state.asked;
  const headers = state.etag ? { "If-None-Match": state.etag } : {};
  const answer = await fetch(`/api/v1/watch?${list().dataset.query}`, { headers });
  if (answer.status !== 200 || turn !== state.asked) return false;
  const picture = await answer.json();
  if (tellNews) tell(picture.rows.filter((row) => row.layer === "event" && !row.past && !rowOf(row.id)));
  [state.rows, state.version, state.etag] = [picture.rows, picture.version, answer.headers.get("ETag")];
  return true;
}

/** Say what came since the last reading, for eyes and for screen readers; a click opens it. */
function tell(rows) {
  if (!rows.length) return;
  news.replaceChildren(`${news.dataset.new}: `);
  for (const row of rows.slice(0, TOLD)) {
    const link = document.createElement("a");
    [link.href, link.textContent] = [row.href, row.title === row.kind_name ? row.title : `${row.kind_name} · ${row.title}`];
    news.append(link, " ");
  }
  if (rows.length > TOLD) news.append(`+${rows.length - TOLD}`);
  news.hidden = false;
  clearTimeout(state.hush);
  state.hush = setTimeout(() => { news.hidden = true; }, NEWS_MS);
}

function showCount(number) {
  const place = document.getElementById("map-count");
  place.textContent = place.dataset.template.replace("{number}", number.toLocaleString("en"));
  document.getElementById("counts").dataset.mapCount = String(number);
}

function drawRows() {
  if (!chart) return;
  state.drawn = setRows(chart, state.rows);
  showCount(state.drawn);
}

function fit() {
  const box = boxOf(state.rows);
  if (chart && box) chart.fitBounds(box, { padding: 60, maxZoom: 9, duration: 0 });
}

function keepAddress() {
  const query = new URLSearchParams(list().dataset.query);
  if (state.selected) query.set("sel", state.selected);
  history.replaceState(history.state, "", query.size ? `/?${query}` : "/");
  const link = document.querySelector(".keys-switch");
  query.set("keys", new URL(link.href).searchParams.get("keys"));
  link.href = `/?${query}`;
}

function markSelected() {
  for (const item of items()) {
    const is = item.dataset.id === state.selected;
    item.classList.toggle("is-selected", is);
    const link = item.querySelector("a");
    if (is) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  chart?.setFilter("chosen", ["==", ["get", "id"], state.selected ?? ""]);
}

/** Choose a row, wherever the choice was made. */
async function select(id, { focus = false, from = "list" } = {}) {
  state.selected = id;
  if (id && !itemOf(id)) await window.htmx.ajax("GET", `/side?${list().dataset.query}&sel=${encodeURIComponent(id)}`, { source: "#side", target: "#side" });
  markSelected();
  keepAddress();
  if (!id) {
    cardRoom.replaceChildren();
    return;
  }
  itemOf(id)?.scrollIntoView({ block: "nearest" });
  if (focus) itemOf(id)?.querySelector("a").focus({ preventScroll: true });
  const row = rowOf(id);
  if (chart && row?.lat !== undefined && from === "list") {
    const zoom = Math.max(chart.getZoom(), row.radius_m ? 5.5 : 7.5);
    chart.easeTo({ center: [row.lon, row.lat], zoom, duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 500 });
  }
  await showCard(id);
}

/** The card comes from the server, so that its words are made where the list's are. The last one asked for wins. */
async function showCard(id) {
  const answer = await fetch(`/card/${encodeURIComponent(id)}`);
  const text = answer.ok ? await answer.text() : "";
  if (state.selected === id) cardRoom.innerHTML = text;
}

function step(by) {
  const all = items();
  if (!all.length) return;
  const at = all.findIndex((item) => item.dataset.id === state.selected);
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  select(next.dataset.id, { focus: true });
}

function open(id) {
  const link = itemOf(id)?.querySelector("a") ?? cardRoom.querySelector(".open");
  if (link) location.assign(link.href);
}

/** Keys by place, not by letter, so that they work with the Thai layout on; letters only while they are switched on. */
function onKey(event) {
  const typing = event.target.closest("input:not([type=radio]), select, textarea") !== null;
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const chosen = event.target.closest(".row")?.dataset.id ?? state.selected;
  const inside = event.target.closest("a, button") !== null && event.target.closest(".row") === null;
  const letters = document.getElementById("keys")?.dataset.keys !== "off";
  if (letters && event.code === "KeyJ") step(1);
  else if (letters && event.code === "KeyK") step(-1);
  else if (event.code === "Escape") select(null);
  else if (event.code === "Enter" && chosen && !inside) open(chosen);
  else return;
  event.preventDefault();
}

function onListClick(event) {
  const item = event.target.closest(".row");
  if (!item || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (item.dataset.id === state.selected && event.detail === 2) open(item.dataset.id);
  else select(item.dataset.id);
}

/** The side was swapped (filter, page, or news): show the same rows on the map. */
async function onSwap() {
  const version = list().dataset.version;
  const query = list().dataset.query;
  if (query === state.query && version === state.version) {
    if (chart) showCount(state.drawn);
    markSelected();
    return;
  }
  const filtered = query !== state.query;
  if (filtered) state.etag = null;
  state.query = query;
  if (!(await readRows())) return;
  drawRows();
  if (state.selected && !rowOf(state.selected)) await select(null);
  markSelected();
  if (filtered) fit();
}

async function poll() {
  if (document.visibilityState !== "visible" || !(await readRows({ tellNews: true }))) return;
  drawRows();
  if (list().dataset.version !== state.version) {
    await window.htmx.ajax("GET", `/side?${list().dataset.query}&sel=${encodeURIComponent(state.selected ?? "")}`, { source: "#side", target: "#side" });
  }
}

/** The node says when the picture changed; where no line stays open, it is asked now and then. */
function listen() {
  const source = new EventSource("/api/v1/stream");
  let pending = null;
  source.addEventListener("picture", (event) => {
    if (JSON.parse(event.data).version === state.version || pending) return;
    pending = setTimeout(() => { pending = null; poll(); }, 300);
  });
  setInterval(() => { if (source.readyState !== EventSource.OPEN) poll(); }, POLL_MS);
}

function listenToMap() {
  chart.on("click", (event) => {
    const found = chart.queryRenderedFeatures([[event.point.x - 5, event.point.y - 5], [event.point.x + 5, event.point.y + 5]], { layers: CLICKABLE });
    if (found.length) select(found[0].properties.id, { from: "map" });
  });
  for (const layer of CLICKABLE) {
    chart.on("mouseenter", layer, () => { chart.getCanvas().style.cursor = "pointer"; });
    chart.on("mouseleave", layer, () => { chart.getCanvas().style.cursor = ""; });
  }
}

async function start() {
  state.query = list().dataset.query;
  side.addEventListener("click", onListClick);
  cardRoom.addEventListener("click", (event) => { if (event.target.closest(".close")) select(null); });
  document.addEventListener("keydown", onKey);
  document.getElementById("fit").addEventListener("click", fit);
  side.addEventListener("htmx:after:swap", () => { onSwap(); });
  const [made] = await Promise.all([makeChart(document.getElementById("map"), { center: [100.5, 9.5], zoom: 4.2 }), readRows()]);
  chart = made;
  if (!chart) return;
  drawRows();
  fit();
  markSelected();
  listenToMap();
  announceReady(chart);
  if (state.selected && rowOf(state.selected)) select(state.selected);
  listen();
  addEventListener("focus", poll);
}

start();
