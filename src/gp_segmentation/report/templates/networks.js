// The chosen area's networks by segment; on paper also its map, and all its practices by segment.
const networks = document.getElementById("networks"), networksTable = document.getElementById("networks-table");
const networksOrder = { column: 0, down: false };
let orderedFor = ""; // area for which the order was set
const NO_NETWORK = "No network";

// The segments, as positions in data.groups, and the group of practices without one where there is any.
function segmentGroups() {
  return data.groups.map(function (_, g) { return g; }).filter(function (g) { return data.groups[g][LEVEL] === SEGMENTS || !data.groups[g][CODE]; });
}

function numberedSegments() { return segmentGroups().filter(function (g) { return data.groups[g][NUMBER] > 0; }); }

// The segment that an area has most of beyond England's share, if that is more than chance gives; else its largest.
function toldSegment(counts) {
  const of = function (by) { return numberedSegments().reduce(function (best, g) { return by(g) > by(best) ? g : best; }); };
  const most = of(function (g) { return counts.here[g] / counts.all - counts.england[g] / data.rows.length; });
  const more = lowest(counts.here[most], counts.all) > counts.england[most] / data.rows.length;
  return { group: more ? most : of(function (g) { return counts.here[g]; }), more: more };
}

// Practices of the area by network, by name; those without one last.
function byNetwork() {
  const found = new Map();
  data.rows.forEach(function (r, i) {
    if (!inArea(i)) { return; }
    const p = data.pcn[i];
    if (!found.has(p)) { found.set(p, []); }
    found.get(p).push(i);
  });
  return [...found].sort(function (a, b) { return (a[0] < 0) - (b[0] < 0) || networkName(a[0]).localeCompare(networkName(b[0]), "en-GB"); });
}

function networkName(p) { return p < 0 ? NO_NETWORK : data.pcns[p][NAME]; }

function isUnclear(i) { return data.rows[i][DOUBT] > 0; }

function showNetworks() {
  networks.hidden = !areaOn() || !data.rows.some(function (_, i) { return inArea(i); });
  if (networks.hidden) { return; }
  if (orderedFor !== areaName(data.icbs[filter.icb] || "")) { // the segment that is told first, most practices first
    orderedFor = areaName(data.icbs[filter.icb] || "");
    networksOrder.column = 3 + segmentGroups().indexOf(toldSegment(countByGroup(SEGMENTS)).group);
    networksOrder.down = true;
  }
  drawNetworks();
  listPractices();
  showMap();
}

// A line: position in data.pcns, practices, patients, practices of each segment, without a clear one, and those of
// each condition asked about.
function networkLines() {
  return byNetwork().map(function (network) {
    const count = function (test) { return network[1].filter(test).length; };
    const patients = network[1].reduce(function (sum, i) { return sum + data.rows[i][PATIENTS]; }, 0);
    const bySegment = segmentGroups().map(function (g) { return count(function (i) { return groupAt(data.rows[i], SEGMENTS) === g; }); });
    const byCondition = asked.map(function (one) { return count(function (i) { return one.gap.practices.indexOf(i) >= 0; }); });
    return [network[0], network[1].length, patients, ...bySegment, count(isUnclear), ...byCondition];
  });
}

function headNetworks() {
  const head = networksTable.tHead.rows[0], groups = segmentGroups();
  head.textContent = "";
  const names = ["Network", "Practices", "Patients", ...groups.map(function (g) { return data.groups[g][CODE] || data.groups[g][NAME]; }), "Not clear", ...asked.map(function (one) { return one.way[0].toUpperCase() + one.way.slice(1) + " " + data.register_codes[one.register]; })];
  const numeric = names.map(function (_, n) { return n; }).slice(1);
  sortable(networksTable, names, numeric, networksOrder, drawNetworks);
  groups.forEach(function (g, n) {
    const cell = head.cells[n + 3];
    shapeOf(g, cell);
    cell.prepend(cell.lastChild);
  });
  return numeric;
}

function drawNetworks() {
  const numeric = headNetworks();
  const body = networksTable.tBodies[0], lines = networkLines(), by = networksOrder.column, sign = networksOrder.down ? -1 : 1;
  if (by) { lines.sort(function (a, b) { return sign * (a[by] - b[by]); }); } else if (networksOrder.down) { lines.reverse(); }
  body.textContent = "";
  lines.forEach(function (line) {
    row(body, [networkButton(line[0]), ...line.slice(1).map(function (n) { return n.toLocaleString("en-GB"); })], numeric);
  });
  showOrder(networksTable, networksOrder);
}

function networkButton(p) {
  if (p < 0 || filter.icb < 0) { return networkName(p); }
  return linkButton(networkName(p), null, function () { chosenPcn.value = data.pcns[p][CODE]; changeFilter(); here.scrollIntoView(); });
}

function listPractices() {
  const list = document.getElementById("networks-practices");
  list.textContent = "";
  document.getElementById("networks-marks").textContent = asked.map(function (one) { return data.register_codes[one.register] + ": " + one.name; }).join("; ") + (asked.length ? "; patients recorded/expected, * also beside its own segment" : "");
  segmentGroups().forEach(function (g) {
    const mine = data.rows.map(function (_, i) { return i; }).filter(function (i) { return inArea(i) && groupAt(data.rows[i], SEGMENTS) === g; });
    if (!mine.length) { return; }
    element("strong", groupText(g), list);
    const names = element("p", null, list);
    names.className = "names";
    mine.sort(function (a, b) { return data.rows[a][NAME].localeCompare(data.rows[b][NAME], "en-GB"); }).forEach(function (i) {
      const r = data.rows[i], next = isUnclear(i) && r[SECOND] >= 0 ? " (" + data.groups[r[SECOND]][CODE] + ")" : "";
      const span = element("span", r[NAME] + (segmented(r) && !r[FITTED] ? " (special)" : next), names);
      asked.filter(function (one) { return one.gap.practices.indexOf(i) >= 0; }).forEach(function (one) {
        const o = registerOf(i, one.register);
        element("b", " " + data.register_codes[one.register] + (one.gap.own.indexOf(i) >= 0 ? "* " : " ") + o[1].toLocaleString("en-GB") + "/" + o[2].toLocaleString("en-GB"), span);
      });
    });
  });
}

// Names of the area's networks, below the marks of its map: each amid its practices, or a little above or below
// where fewer marks are. Of names that would meet, the one of more practices stays, forty at most: the table names
// all.
function nameNetworks(chart, pen, look, size) {
  const letter = 0.54 * size, line = 1.1 * size, most = 40, taken = []; // pixels: mean width of a letter, height of a line
  const middle = function (values) { return values.slice().sort(function (a, b) { return a - b; })[Math.floor(values.length / 2)]; };
  const within = function (value, corner, room) { return Math.max(corner + 2, Math.min(value, corner + room - 2)); };
  const marks = chart.shown().map(function (i) { return [chart.left(chart.places.x[i]), chart.top(chart.places.y[i])]; });
  const meets = function (box, x, y, w, h) { return x < box[0] + box[2] && box[0] < x + w && y < box[1] + line && box[1] < y + h; };
  pen.font = size + "px sans-serif";
  pen.lineJoin = "round";
  pen.strokeStyle = look.ground;
  pen.fillStyle = look.ring;
  pen.lineWidth = 0.3 * size;
  byNetwork().sort(function (a, b) { return b[1].length - a[1].length; }).forEach(function (network) {
    const here = network[1].filter(function (i) { return chart.places.x[i] !== null; });
    if (network[0] < 0 || !here.length || taken.length === most) { return; }
    const text = networkName(network[0]).replace(/ PCN$/i, ""), width = letter * text.length;
    const x = within(middle(here.map(function (i) { return chart.left(chart.places.x[i]); })) - width / 2, chart.corner[0], chart.width - width);
    const y = middle(here.map(function (i) { return chart.top(chart.places.y[i]); })) - line / 2;
    const free = [0, -1, 1, -2, 2].map(function (step) { return [x, within(y + step * line, chart.corner[1], chart.height - line), width]; })
      .filter(function (box) { return !taken.some(function (other) { return meets(other, box[0] - 4, box[1], width + 8, line); }); });
    if (!free.length) { return; }
    const hidden = free.map(function (box) { return marks.filter(function (at) { return meets(box, at[0] - 4, at[1] - 4, 8, 8); }).length; });
    const box = free[hidden.indexOf(Math.min(...hidden))];
    taken.push(box);
    pen.globalAlpha = 0.8;
    pen.strokeText(text, box[0], box[1] + 0.8 * line);
    pen.globalAlpha = 1;
    pen.fillText(text, box[0], box[1] + 0.8 * line);
  });
}

// The map as it stands below, on white; the table's head is its legend.
function showMap() {
  const chart = charts.find(function (one) { return one.equal; }), canvas = document.getElementById("networks-map");
  canvas.hidden = !chart || !chart.width;
  if (canvas.hidden) { return; }
  canvas.width = 2 * chart.width;
  canvas.height = 2 * chart.height;
  const pen = canvas.getContext("2d");
  pen.scale(2, 2);
  chart.paint(pen, LIGHT, 19); // on paper all is half as large
}

document.addEventListener("filter", showNetworks);
