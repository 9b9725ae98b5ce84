const data = JSON.parse(document.getElementById("page-data").textContent);
// What stands where in a row of data.practices.
const CODE = 0, NAME = 1, PCN = 2, POSTCODE = 3, PATIENTS = 4, SEGMENT = 5, CERTAINTY = 6, SECOND = 7, SPECIAL = 8, FIRST = 9, GAIN = 10;
const segments = new Map(data.segments.map(function (s) { return [s[0], s]; }));
const COLUMNS = [
  ["Code", CODE], ["Practice", NAME], ["PCN", PCN], ["Postcode", POSTCODE], ["Patients", PATIENTS], ["Segment", SEGMENT],
  ["Certainty", CERTAINTY], ["Next segment", SECOND], ["Largest opportunity", FIRST], ["Additional patients", GAIN]
];
const NUMERIC = [PATIENTS, CERTAINTY, GAIN];
let order = { column: NAME, down: false };

function element(kind, text, parent) {
  const node = document.createElement(kind);
  if (text !== undefined && text !== null) { node.textContent = text; }
  if (parent) { parent.appendChild(node); }
  return node;
}

function inUnit(value, unit) {
  if (value === null || value === undefined) { return "not known"; }
  const text = value.toLocaleString("en-GB", { maximumSignificantDigits: 4 });
  return unit === "%" ? text + "%" : text;
}

function shown(r, column) {
  const value = r[column];
  if (column === SEGMENT) { return segments.get(value)[1]; }
  if (column === CERTAINTY) { return value === null ? (r[SPECIAL] ? "special" : "not known") : value + "%"; }
  if (value === null) { return ""; }
  return NUMERIC.indexOf(column) >= 0 ? value.toLocaleString("en-GB") : value;
}

// "B12" finds postcodes and codes that begin so, "oak" a word of a name that begins so.
function matches(r, asked) {
  const plain = function (text) { return text.toLowerCase().replace(/\s+/g, ""); };
  if (!asked || plain(r[CODE]).startsWith(plain(asked)) || plain(r[POSTCODE]).startsWith(plain(asked))) { return true; }
  return [r[NAME], r[PCN]].some(function (text) { return (" " + text.toLowerCase()).indexOf(" " + asked) >= 0; });
}

function selected() {
  const asked = document.getElementById("find").value.trim().toLowerCase();
  const segment = document.getElementById("segment").value;
  const rows = data.practices.map(function (r, i) { return [r, i]; }).filter(function (pair) {
    return matches(pair[0], asked) && (segment === "" || String(pair[0][SEGMENT]) === segment);
  });
  const sign = order.down ? -1 : 1;
  return rows.sort(function (a, b) {
    const x = a[0][order.column], y = b[0][order.column];
    if (x === null || y === null) { return (x === null) - (y === null); }
    const both = typeof x === "number" ? x - y : x.localeCompare(y, "en-GB");
    return sign * both || a[1] - b[1];
  });
}

function chip(number) {
  const s = segments.get(number), node = element("span", s[1]);
  node.className = "chip";
  node.style.borderColor = s[3];
  return node;
}

function cell(line, r, i, column) {
  const node = element(column === CODE ? "th" : "td", null, line);
  if (NUMERIC.indexOf(column) >= 0) { node.className = "n"; }
  if (column === CODE) {
    node.scope = "row";
    const button = element("button", r[CODE], node);
    button.type = "button";
    button.className = "link";
    button.setAttribute("aria-label", "Details of " + r[CODE] + ", " + r[NAME]);
    button.addEventListener("click", function () { showPractice(i); });
  } else if (column === SEGMENT) {
    node.appendChild(chip(r[SEGMENT]));
  } else {
    node.textContent = shown(r, column);
  }
}

function draw() {
  const rows = selected(), body = document.querySelector("#list tbody");
  body.textContent = "";
  rows.forEach(function (pair) {
    const line = element("tr", null, body);
    COLUMNS.forEach(function (column) { cell(line, pair[0], pair[1], column[1]); });
  });
  document.getElementById("found").textContent = rows.length + " of " + data.practices.length + " practices";
  document.querySelectorAll("#list thead th").forEach(function (head, n) {
    const own = COLUMNS[n][1] === order.column;
    head.setAttribute("aria-sort", own ? (order.down ? "descending" : "ascending") : "none");
  });
}

function fill(name, headings, lines, numeric) {
  const found = document.getElementById(name), head = found.tHead.rows[0], body = found.tBodies[0];
  head.textContent = "";
  body.textContent = "";
  headings.forEach(function (text, n) {
    const node = element("th", text, head);
    node.scope = "col";
    if (numeric.indexOf(n) >= 0) { node.className = "n"; }
  });
  lines.forEach(function (line) {
    const row = element("tr", null, body);
    line.forEach(function (text, n) {
      const node = element(n ? "td" : "th", text, row);
      if (!n) { node.scope = "row"; }
      if (numeric.indexOf(n) >= 0) { node.className = "n"; }
    });
  });
  found.closest(".scroll").hidden = lines.length === 0;
}

function showPractice(i) {
  const r = data.practices[i], s = segments.get(r[SEGMENT]);
  document.getElementById("practice").hidden = false;
  const heading = document.getElementById("practice-title");
  heading.textContent = r[CODE] + "  " + r[NAME];
  let about = s[0] < 1 ? "In no segment." : "Segment " + s[1] + ", " + s[2] + ".";
  if (r[CERTAINTY] !== null) { about += " " + r[CERTAINTY] + "% of samples put it there" + (r[SECOND] ? "; next nearest is " + r[SECOND] + "." : "."); }
  if (r[SPECIAL]) { about += " A special practice (" + r[SPECIAL] + "): it was put into the nearest segment and did not shape it."; }
  document.getElementById("practice-about").textContent = about;
  fill("profile", ["Measure", "Practice", "Segment", "England"], data.features.map(function (f) {
    return [f.label, inUnit(f.values[i], f.unit), inUnit(f.segments[r[SEGMENT]], f.unit), inUnit(f.england, f.unit)];
  }), [1, 2, 3]);
  fill("gains", ["Indicator", "Practice", "Target", "Its peers, median", "Additional patients, about", "95% interval"],
    data.gains[i].map(function (g) { return [g[0], inUnit(g[1], "%"), inUnit(g[2], "%"), inUnit(g[3], "%"), g[4], g[5]]; }), [1, 2, 3, 4, 5]);
  fill("peers", ["Code", "Practice", "Integrated care board", "Segment"], data.peers[i], []);
  heading.focus();
}

function save() {
  const quoted = function (value) {
    const text = value === null ? "" : String(value);
    // A spreadsheet takes a cell that begins so for a formula.
    const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
    return /[",\n]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
  };
  const names = ["practice_code", "practice_name", "pcn_name", "postcode", "list_size", "segment", "certainty_percent", "next_segment", "special", "largest_opportunity", "additional_patients"];
  const lines = selected().map(function (pair) {
    return pair[0].map(function (value, n) { return quoted(n === SEGMENT ? segments.get(value)[1] : value); }).join(",");
  });
  const link = element("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff" + [names.join(",")].concat(lines).join("\r\n") + "\r\n"], { type: "text/csv" }));
  link.download = data.file + "_practices.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

COLUMNS.forEach(function (column) {
  const head = element("th", null, document.querySelector("#list thead tr"));
  head.scope = "col";
  if (NUMERIC.indexOf(column[1]) >= 0) { head.className = "n"; }
  const button = element("button", column[0], head);
  button.type = "button";
  button.className = "link";
  button.addEventListener("click", function () {
    order = { column: column[1], down: order.column === column[1] ? !order.down : NUMERIC.indexOf(column[1]) >= 0 };
    draw();
  });
});
data.segments.forEach(function (s) {
  element("option", s[1] + "  " + s[2], document.getElementById("segment")).value = s[0];
});
document.getElementById("find").addEventListener("input", draw);
document.getElementById("segment").addEventListener("change", draw);
document.getElementById("save").addEventListener("click", save);
draw();
