const data = JSON.parse(document.getElementById("page-data").textContent);
// What stands where in a row of data.practices.
const CODE = 0, NAME = 1, PCN = 2, POSTCODE = 3, PATIENTS = 4, SEGMENT = 5, CERTAINTY = 6, SECOND = 7, SPECIAL = 8, FIRST = 9, GAIN = 10, MEMBERSHIP = 11;
const segments = new Map(data.segments.map(function (s) { return [s[0], s]; }));
const COLUMNS = [
  ["Code", CODE], ["Practice", NAME], ["PCN", PCN], ["Postcode", POSTCODE], ["Patients", PATIENTS], ["Segment", SEGMENT],
  ["Certainty", CERTAINTY], ["Next segment", SECOND], ["Largest opportunity", FIRST], ["Additional patients", GAIN]
];
const keys = data.practices.map(function (r) { return searchKey([r[CODE], r[NAME], r[PCN]].join(" "), r[POSTCODE]); });
const NUMERIC = [4, 6, 9]; // of COLUMNS
const order = { column: 1, down: false };

function shown(r, column) {
  const value = r[column];
  if (column === CERTAINTY) { return value === null ? (r[SPECIAL] ? "special" : "not known") : value + "%"; }
  if (value === null) { return ""; }
  return typeof value === "number" ? value.toLocaleString("en-GB") : value;
}

function selected() {
  const words = plain(document.getElementById("find").value).split(" ").filter(Boolean);
  const segment = document.getElementById("segment").value;
  const rows = data.practices.map(function (r, i) { return [r, i]; }).filter(function (pair) {
    return fits(keys[pair[1]], words) && (segment === "" || String(pair[0][SEGMENT]) === segment);
  });
  const sign = order.down ? -1 : 1, column = COLUMNS[order.column][1];
  return rows.sort(function (a, b) {
    const x = a[0][column], y = b[0][column];
    if (x === null || y === null) { return (x === null) - (y === null); }
    const both = typeof x === "number" ? x - y : x.localeCompare(y, "en-GB");
    return sign * both || a[1] - b[1];
  });
}

function chip(number) {
  const s = segments.get(number), node = element("span", s[1]);
  node.className = "chip own";
  node.style.setProperty("--light", s[3]);
  node.style.setProperty("--dark", s[4]);
  return node;
}

function practiceButton(r, i) {
  const button = linkButton(r[CODE], null, function () { showPractice(i); });
  button.setAttribute("aria-label", "Details of " + r[CODE] + ", " + r[NAME]);
  return button;
}

function draw() {
  const rows = selected(), list = document.getElementById("list"), body = list.tBodies[0];
  body.textContent = "";
  rows.forEach(function (pair) {
    const r = pair[0];
    row(body, COLUMNS.map(function (column) {
      if (column[1] === CODE) { return practiceButton(r, pair[1]); }
      return column[1] === SEGMENT ? chip(r[SEGMENT]) : shown(r, column[1]);
    }), NUMERIC);
  });
  document.getElementById("found").textContent = rows.length + " of " + data.practices.length + " practices";
  showOrder(list, order);
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
  lines.forEach(function (line) { row(body, line, numeric); });
  found.closest(".scroll").hidden = lines.length === 0;
}

function showPractice(i) {
  const r = data.practices[i], s = segments.get(r[SEGMENT]);
  document.getElementById("practice").hidden = false;
  const heading = document.getElementById("practice-title");
  heading.textContent = r[CODE] + "  " + r[NAME];
  let about = s[0] < 1 ? "In no segment." : "Segment " + s[1] + ", " + s[2] + ".";
  if (r[MEMBERSHIP]) { about += " It belongs to " + r[MEMBERSHIP] + (r[SECOND] ? "; next nearest is " + r[SECOND] + "." : "."); }
  if (r[SPECIAL]) { about += " A special practice (" + r[SPECIAL] + "): it was put into the nearest segment and did not shape it."; }
  document.getElementById("practice-about").textContent = about;
  fill("profile", ["Measure", "Practice", "Segment", "England"], data.features.map(function (f) {
    return [f.label, inUnit(f.values[i], f.unit), inUnit(f.segments[r[SEGMENT]], f.unit), inUnit(f.england, f.unit)];
  }), [1, 2, 3]);
  fill("gains", ["Indicator", "Practice", "Target: upper quartile of its segment", "Its peers, median", "Rank in its segment", "Additional patients, about (95% interval)"],
    data.gains[i].map(function (g) { return [g[0], inUnit(g[1], "%"), inUnit(g[2], "%"), inUnit(g[3], "%"), g[4], g[5]]; }), [1, 2, 3, 4, 5]);
  fill("registers", ["Register", "Recorded", "Expected (95% interval)"], data.expected[i], [1, 2]);
  fill("peers", ["Code", "Practice", "Integrated care board", "Segment"], data.peers[i], []);
  heading.focus();
}

function save() {
  const names = ["practice_code", "practice_name", "pcn_name", "postcode", "list_size", "segment", "certainty_percent", "next_segment", "special", "largest_opportunity", "additional_patients", "membership"];
  const lines = selected().map(function (pair) {
    return pair[0].map(function (value, n) { return n === SEGMENT ? segments.get(value)[1] : value; });
  });
  saveFile(data.file + "_practices.csv", "text/csv", csvText([names, ...lines]));
}

sortable(document.getElementById("list"), COLUMNS.map(function (column) { return column[0]; }), NUMERIC, order, draw);
data.segments.forEach(function (s) {
  element("option", s[1] + "  " + s[2], document.getElementById("segment")).value = s[0];
});
document.getElementById("find").addEventListener("input", draw);
document.getElementById("segment").addEventListener("change", draw);
document.getElementById("save").addEventListener("click", save);
draw();
