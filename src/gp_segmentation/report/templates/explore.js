// Map and scatter of all practices. Both show the same filter and mark the same practice.
const tip = document.getElementById("explore-tip");
const status = document.getElementById("explore-status");
const MARGIN_PIXELS = 14, POINTER_PIXELS = 14, FINGER_PIXELS = 24;
const charts = [];
let pointed = -1; // position in data.rows of the practice pointed at; -1: none

// What charts are drawn with on a light page and in files, and on a dark page.
const LIGHT = { ground: "#fff", ring: "#0b0c0c", faint: "#c4c8ca", land: "#f6f6f5", border: "#7d8589", colour: function (g) { return data.groups[g][COLOUR]; } };
const DARK = { ground: "#15191c", ring: "#fff", faint: "#4c5458", land: "#1b2023", border: "#8b9499", colour: function (g) { return data.on_dark[LIGHT.colour(g)]; } };
const dark = window.matchMedia("(prefers-color-scheme: dark)");

let printing = false; // paper is white whatever the screen is

function look() { return dark.matches && !printing ? DARK : LIGHT; }

// Every group has a shape as well as a colour, for readers who do not see colours.
function mark(pen, kind, x, y, r) {
  const sides = { "^": [3, -90], "v": [3, 90], "<": [3, 180], ">": [3, 0], "s": [4, 45], "D": [4, 0], "p": [5, -90], "h": [6, -90], "*": [5, -90], "d": [4, 0] };
  pen.beginPath();
  if (kind === "P" || kind === "X") {
    const turn = kind === "X" ? Math.PI / 4 : 0;
    [0, 1].forEach(function (n) {
      const a = turn + n * Math.PI / 2;
      pen.moveTo(x - r * Math.cos(a), y - r * Math.sin(a));
      pen.lineTo(x + r * Math.cos(a), y + r * Math.sin(a));
    });
    pen.lineWidth = Math.max(1.4, r * 0.6);
    pen.stroke();
    return;
  }
  if (!sides[kind]) {
    pen.arc(x, y, r * (kind === "." ? 0.5 : 0.9), 0, 7);
  } else {
    const count = kind === "*" ? 10 : sides[kind][0], start = sides[kind][1] * Math.PI / 180;
    for (let n = 0; n < count; n += 1) {
      const radius = r * (kind === "*" && n % 2 ? 0.45 : 1.15) * (kind === "d" && n % 2 ? 0.6 : 1);
      const a = start + 2 * Math.PI * n / count;
      pen.lineTo(x + radius * Math.cos(a), y + radius * Math.sin(a));
    }
  }
  pen.fill();
}

function range(values, rows) {
  const known = rows.map(function (i) { return values[i]; }).filter(function (v) { return v !== null; });
  return [Math.min(...known), Math.max(...known)];
}

function Chart(canvas, places, equal) {
  const chart = { canvas: canvas, places: places, equal: equal, base: document.createElement("canvas") };
  const every = data.rows.map(function (_, i) { return i; });

  // The practices that the filter leaves and whose place is known.
  chart.shown = function () { return every.filter(function (i) { return places.x[i] !== null && matches(i); }); };

  // Fit the axes to all practices; on the map, to those of the chosen board, or of the chosen groups. The
  // chart's corner stands at a point of the pen's ground.
  chart.fit = function (left, top) {
    const mine = function (i) { return places.x[i] !== null && (filter.icb < 0 ? inArea(i) : data.rows[i][ICB] === filter.icb); };
    const here = equal && areaOn() ? every.filter(mine) : every, inside = here.length ? here : every;
    const x = range(places.x, inside), y = range(places.y, inside);
    const w = chart.width - 2 * MARGIN_PIXELS, h = chart.height - 2 * MARGIN_PIXELS;
    let sx = w / Math.max(x[1] - x[0], 1), sy = h / Math.max(y[1] - y[0], 1);
    if (equal) { sx = sy = Math.min(sx, sy); }
    chart.corner = [left || 0, top || 0];
    chart.left = function (v) { return chart.corner[0] + chart.width / 2 + (v - (x[0] + x[1]) / 2) * sx; };
    chart.top = function (v) { return chart.corner[1] + chart.height / 2 - (v - (y[0] + y[1]) / 2) * sy; };
  };

  chart.draw = function () {
    const scale = window.devicePixelRatio || 1;
    if (!canvas.clientWidth || !canvas.clientHeight) { return; } // as while the page is printed
    chart.width = canvas.clientWidth;
    chart.height = canvas.clientHeight;
    [canvas, chart.base].forEach(function (c) { c.width = chart.width * scale; c.height = chart.height * scale; });
    chart.fit();
    const pen = chart.base.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    chart.paint(pen, look());
    chart.point();
  };

  // `letters`: pixels of the names on a map.
  chart.paint = function (pen, look, letters) {
    if (places.outlines) { outlines(pen, look); }
    const shown = chart.shown(), few = shown.length < 500;
    pen.fillStyle = look.faint;
    every.forEach(function (i) { if (places.x[i] !== null && !matches(i)) { pen.fillRect(chart.left(places.x[i]) - 0.7, chart.top(places.y[i]) - 0.7, 1.4, 1.4); } });
    if (equal && areaOn() && filter.pcn < 0) { nameNetworks(chart, pen, look, letters || 10); }
    pen.globalAlpha = few ? 1 : 0.75;
    const outside = shown.filter(function (i) { return !segmented(data.rows[i]); });
    [...outside, ...shown.filter(function (i) { return segmented(data.rows[i]); })].forEach(function (i) {
      const g = groupAt(data.rows[i], level);
      pen.fillStyle = pen.strokeStyle = look.colour(g);
      mark(pen, data.groups[g][MARKER], chart.left(places.x[i]), chart.top(places.y[i]), few ? 4.5 : 2.4);
    });
  };

  function outlines(pen, look) {
    pen.strokeStyle = look.border;
    pen.fillStyle = look.land;
    pen.lineWidth = 0.7;
    places.outlines.forEach(function (ring) {
      pen.beginPath();
      for (let n = 0; n < ring.length; n += 2) { pen.lineTo(chart.left(ring[n]), chart.top(ring[n + 1])); }
      pen.closePath();
      pen.fill();
      pen.stroke();
    });
  }

  // Show the drawing, with a ring around the practice pointed at.
  chart.point = function () {
    if (!chart.base.width || !chart.base.height) { return; }
    const pen = canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(chart.base, 0, 0);
    if (pointed < 0 || places.x[pointed] === null) { return; }
    const scale = window.devicePixelRatio || 1;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    [[look().ground, 6], [look().ring, 3]].forEach(function (ring) {
      pen.strokeStyle = ring[0];
      pen.lineWidth = ring[1];
      pen.beginPath();
      pen.arc(chart.left(places.x[pointed]), chart.top(places.y[pointed]), 8, 0, 7);
      pen.stroke();
    });
  };

  // The practice at the least distance from a point of the canvas; -1 if all are infinitely far.
  chart.nearest = function (x, y, distance) {
    let best = -1, least = Infinity;
    every.forEach(function (i) {
      if (places.x[i] === null || !matches(i)) { return; }
      const d = distance(chart.left(places.x[i]) - x, chart.top(places.y[i]) - y);
      if (d < least) { least = d; best = i; }
    });
    return best;
  };

  // The mark within `reach` pixels of the pointer; a finger covers more than a mouse points at.
  chart.at = function (event, reach) {
    return chart.nearest(event.offsetX, event.offsetY, function (dx, dy) {
      const d = dx * dx + dy * dy;
      return d <= reach * reach ? d : Infinity;
    });
  };
  canvas.addEventListener("pointermove", function (event) { point(chart, chart.at(event, POINTER_PIXELS), false); });
  canvas.addEventListener("pointerleave", function (event) {
    if (!tip.contains(event.relatedTarget)) { point(chart, -1, false); }
  });
  // A tap moves no pointer before it: look where it is.
  canvas.addEventListener("click", function (event) {
    const i = chart.at(event, event.pointerType === "touch" ? FINGER_PIXELS : POINTER_PIXELS);
    point(chart, i, false);
    if (i >= 0) { showPractice(i); }
  });
  canvas.addEventListener("keydown", function (event) { onKey(chart, event); });
  canvas.addEventListener("blur", function () { hideTip(); });
  charts.push(chart);
  return chart;
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function onKey(chart, event) {
  if (event.key === "Escape") { hideTip(); return; }
  if (event.key === "Enter" && pointed >= 0) { event.preventDefault(); showPractice(pointed); return; }
  const step = STEPS[event.key];
  if (!step) { return; }
  event.preventDefault();
  if (pointed < 0 || !matches(pointed) || chart.places.x[pointed] === null) {
    point(chart, chart.nearest(chart.width / 2, chart.height / 2, function (dx, dy) { return dx * dx + dy * dy; }), true);
    return;
  }
  const x = chart.left(chart.places.x[pointed]), y = chart.top(chart.places.y[pointed]);
  const next = chart.nearest(x, y, function (dx, dy) {
    const along = dx * step[0] + dy * step[1], across = Math.abs(dx * step[1]) + Math.abs(dy * step[0]);
    return along > 0.01 && across <= along ? along + 2 * across : Infinity;
  });
  if (next >= 0) { point(chart, next, true); }
}

function point(chart, i, announced) {
  if (i === pointed && !announced) { return; }
  pointed = i;
  charts.forEach(function (c) { c.point(); });
  if (i < 0) { hideTip(); return; }
  const r = data.rows[i];
  tip.textContent = "";
  element("strong", r[CODE] + "  " + r[NAME], tip);
  groupsOf(r, Math.min(level, SEGMENTS), level).forEach(function (g) { element("span", groupText(g), tip); });
  element("span", data.icbs[r[ICB]], tip);
  element("span", (segmented(r) ? "Margin " + margin(r) + ", " : "") + withUnit(r[PATIENTS], "patient"), tip);
  tip.hidden = false;
  const box = chart.canvas.getBoundingClientRect(), frame = tip.offsetParent.getBoundingClientRect();
  const x = box.left - frame.left + chart.left(chart.places.x[i]), y = box.top - frame.top + chart.top(chart.places.y[i]);
  tip.style.left = Math.max(0, Math.min(x + 10, frame.width - tip.offsetWidth)) + "px";
  tip.style.top = (y + 10 + tip.offsetHeight > frame.height ? y - 10 - tip.offsetHeight : y + 10) + "px";
  if (announced) { document.getElementById("explore-said").textContent = Array.from(tip.children, function (c) { return c.textContent; }).join(". "); }
}

function hideTip() { tip.hidden = true; }

function refresh() {
  const counts = {};
  let all = 0, patients = 0;
  data.rows.forEach(function (r, i) { if (matches(i)) { all += 1; patients += r[PATIENTS]; const g = groupAt(r, level); counts[g] = (counts[g] || 0) + 1; } });
  status.textContent = withUnit(all, "practice") + " with " + withUnit(patients, "patient") + ", by " + data.levels[level];
  const body = document.getElementById("explore-counts");
  body.textContent = "";
  Object.keys(counts).forEach(function (g) {
    row(body, [legend(g), counts[g].toLocaleString("en-GB"), percent(counts[g], all)], [1, 2]);
  });
  pointed = -1;
  hideTip();
  charts.forEach(function (c) { c.draw(); });
}

// A group's text beside its shape in its colour.
function legend(g) {
  const both = element("span");
  shapeOf(g, both);
  element("span", groupText(g), both);
  return both;
}

function shapeOf(g, parent) {
  const shape = element("canvas", null, parent), scale = window.devicePixelRatio || 1;
  shape.className = "shape";
  shape.setAttribute("aria-hidden", "true");
  shape.width = shape.height = 16 * scale;
  const pen = shape.getContext("2d");
  pen.scale(scale, scale);
  pen.fillStyle = pen.strokeStyle = look().colour(g);
  mark(pen, data.groups[g][MARKER], 8, 8, 6);
}

const levels = document.getElementById("level");
if (levels) {
  levels.hidden = false;
  levels.addEventListener("change", function (event) { showLevel(event.target.value); });
  // A browser may keep a choice when it loads the page again.
  showLevel(levels.querySelector("input:checked").value);
}

// Show a level in the table of groups, in the charts, and of the chosen area.
function showLevel(name) {
  level = data.levels.indexOf(name);
  document.querySelectorAll("[data-level]").forEach(function (part) { part.hidden = part.dataset.level !== name; });
  document.dispatchEvent(new CustomEvent("filter"));
}

if (data.map || data.chart) {
  document.getElementById("explore").hidden = document.getElementById("to-explore").hidden = false;
  ["map", "chart"].forEach(function (name) {
    if (!data[name]) { return; }
    document.getElementById("explore-" + name + "-part").hidden = false;
    Chart(document.getElementById("explore-" + name), data[name], name === "map");
  });
  if (data.chart) { document.getElementById("explore-axes").textContent = "Horizontal axis: " + data.chart.axes[0] + ". Vertical axis: " + data.chart.axes[1] + "."; }
  document.addEventListener("filter", refresh);
  document.addEventListener("keydown", function (event) { if (event.key === "Escape") { hideTip(); } });
  tip.addEventListener("pointerleave", function () { point(charts[0], -1, false); });
  document.addEventListener("practice", function (event) { pointed = event.detail; charts.forEach(function (c) { c.point(); }); });
  window.addEventListener("resize", function () { charts.forEach(function (c) { c.draw(); }); });
  dark.addEventListener("change", function () { document.dispatchEvent(new CustomEvent("filter")); });
  ["beforeprint", "afterprint"].forEach(function (kind) {
    window.addEventListener(kind, function () {
      if (!dark.matches && !printing) { return; }
      printing = kind === "beforeprint";
      document.dispatchEvent(new CustomEvent("filter"));
    });
  });
}
