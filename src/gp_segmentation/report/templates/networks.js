// The chosen area's networks by segment; on paper also its map, and its practices without a clear segment.
const networks = document.getElementById("networks"), networksTable = document.getElementById("networks-table");
const NO_NETWORK = "No network";

// The segments, as positions in data.groups, and the group of practices without one where there is any.
function segmentGroups() {
  return data.groups.map(function (_, g) { return g; }).filter(function (g) { return data.groups[g][LEVEL] === SEGMENTS || !data.groups[g][CODE]; });
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
  const groups = segmentGroups(), head = networksTable.tHead.rows[0], body = networksTable.tBodies[0];
  head.textContent = body.textContent = "";
  ["Network", "Practices", "Patients", ...groups, "Without a clear segment"].forEach(function (name, n) {
    const cell = element("th", typeof name === "string" ? name : null, head);
    cell.scope = "col";
    if (n) { cell.className = "n"; }
    if (typeof name === "string") { return; }
    shapeOf(name, cell);
    cell.append(data.groups[name][CODE] || data.groups[name][NAME]);
  });
  const numeric = groups.map(function (_, n) { return n + 1; }).concat(groups.length + 1, groups.length + 2, groups.length + 3);
  byNetwork().forEach(function (network) {
    const count = function (test) { return network[1].filter(test).length.toLocaleString("en-GB"); };
    const patients = network[1].reduce(function (sum, i) { return sum + data.rows[i][PATIENTS]; }, 0);
    row(body, [networkName(network[0]), network[1].length.toLocaleString("en-GB"), patients.toLocaleString("en-GB"),
      ...groups.map(function (g) { return count(function (i) { return groupAt(data.rows[i], SEGMENTS) === g; }); }), count(isUnclear)], numeric);
  });
  showUnclear();
  showMap();
}

function showUnclear() {
  const list = document.getElementById("networks-unclear");
  list.textContent = "";
  data.rows.forEach(function (r, i) {
    if (!inArea(i) || !isUnclear(i)) { return; }
    const next = r[SECOND] < 0 ? "" : " or " + data.groups[r[SECOND]][CODE];
    element("span", r[CODE] + " " + r[NAME] + ": " + data.groups[groupAt(r, SEGMENTS)][CODE] + next, list);
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
  chart.paint(pen, LIGHT);
}

document.addEventListener("filter", showNetworks);
