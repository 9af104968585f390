// The bar's clock shows the node's time, not the browser's: it starts from what the server said and counts on.

const element = document.getElementById("clock");
const started = performance.now();
const base = Number(element.dataset.now) * 1000;
const offset = Number(element.dataset.offset);

/** @param {number} minutes offset from UTC */
function zone(minutes) {
  const size = Math.abs(minutes);
  const rest = size % 60 ? `:${String(size % 60).padStart(2, "0")}` : "";
  return minutes === 0 ? "UTC" : `${minutes < 0 ? "-" : "+"}${String(Math.floor(size / 60)).padStart(2, "0")}${rest}`;
}

function tick() {
  const now = base + performance.now() - started;
  const utc = new Date(now).toISOString();
  const local = new Date(now + offset * 60000).toISOString();
  element.querySelector("time").textContent = `${utc.slice(0, 19)}Z`;
  element.querySelector("time").setAttribute("datetime", `${utc.slice(0, 19)}Z`);
  element.querySelector(".local").textContent = `${local.slice(11, 16)} ${zone(offset)}`;
}

document.documentElement.dataset.script = "1";
tick();
setInterval(tick, 1000);
