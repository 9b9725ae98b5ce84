// The practices of the chosen area as a table, and its mix of groups beside England's.
const area = document.getElementById("area"), showOnly = document.getElementById("area-only");
const UNCLEAR = "unclear"; // in `showOnly`; else "fewer-3" or "more-3" for a register, by its position
const COLUMNS = [
  ["Code", function (i) { return data.rows[i][CODE]; }],
  ["Practice", function (i) { return data.rows[i][NAME]; }],
  ["PCN", function (i) { return data.pcn[i] < 0 ? "" : data.pcns[data.pcn[i]][NAME]; }],
  ["Patients", function (i) { return data.rows[i][PATIENTS]; }],
  // Of the condition in `showOnly`: by how much the recorded number differs.
  ["Recorded (expected)", function (i) { const o = askedRegister(i); return o ? Math.abs(o[1] - o[2]) : -1; }],
  ["Segment", function (i) { return segmented(data.rows[i]) ? data.groups[groupAt(data.rows[i], SEGMENTS)][CODE] : "none"; }],
  ["Clear segment", function (i) { return CLARITY[data.rows[i][DOUBT]] || "not assessed"; }],
  ["Certainty in samples", function (i) { return data.rows[i][CERTAINTY]; }],
  ["Next segment", function (i) { const g = data.rows[i][SECOND]; return g < 0 ? "none" : data.groups[g][CODE]; }],
  ["Beside its own segment", function (i) { return !askedRegister(i) ? "" : staysOutside(i, askedNumber(), showOnly.value.split("-")[0]) ? (showOnly.value[0] === "f" ? "also low" : "also high") : "as its segment"; }]
];
// The columns of a condition, and those shown otherwise.
const OF_CONDITION = [0, 1, 2, 3, 4, 5, 9], OF_SEGMENT = [0, 1, 2, 3, 5, 6, 7, 8];
const CLARITY = ["yes", "no: samples differ", "no: second method differs", "no: both differ"]; // as DOUBTS of report/page_data.py
const BY_NAME = 1, BY_PCN = 2, RECORDED = 4, CERTAIN = 7, NUMERIC = [3, RECORDED, CERTAIN];
const order = { column: BY_NAME, down: false };

function showArea() {
  area.hidden = document.getElementById("to-area").hidden = !areaOn();
  if (area.hidden) { return; }
  document.getElementById("area-title").textContent = areaName(data.icbs[filter.icb]);
  showMix();
  showAverages();
  offerOnly();
  showPractices();
}

function showMix() {
  const body = document.getElementById("area-mix"), counts = countByGroup(level);
  body.textContent = "";
  counts.england.forEach(function (n, g) {
    if (!n) { return; }
    row(body, [legend(g), counts.here[g].toLocaleString("en-GB"), percent(counts.here[g], counts.all), percent(n, data.rows.length), counts.patients[g].toLocaleString("en-GB")], [1, 2, 3, 4]);
  });
}

// Offer what practices of the area can be chosen by; a choice that is still offered stays.
function offerOnly() {
  const kept = showOnly.value;
  showOnly.textContent = "";
  option(showOnly, "", "All practices");
  option(showOnly, UNCLEAR, "Without a clear segment");
  data.registers.forEach(function (name, n) {
    WAYS.forEach(function (way) {
      const count = outsideOf(n, way).practices.length;
      if (count) { option(showOnly, way + "-" + n, name + ": " + way + " patients than expected (" + count.toLocaleString("en-GB") + ")"); }
    });
  });
  if (!choose(showOnly, kept) && order.column === RECORDED) { order.column = BY_NAME; order.down = false; }
}

function isWanted(i) {
  if (!showOnly.value) { return true; }
  if (showOnly.value === UNCLEAR) { return isUnclear(i); }
  return gapOf(i, askedNumber(), showOnly.value.split("-")[0]) !== 0;
}

// Position in data.registers of the condition in `showOnly`; -1: none.
function askedNumber() { return showOnly.value.indexOf("-") < 0 ? -1 : Number(showOnly.value.split("-")[1]); }

function askedRegister(i) { return registerOf(i, askedNumber()); }

// Means are known by board; a network or a group of one's own has none here.
function showAverages() {
  const board = filter.icb >= 0 && filter.pcn < 0 && chosenGroups().length === 0, body = document.getElementById("area-averages");
  document.getElementById("area-averages-part").hidden = !board;
  body.textContent = "";
  if (!board) { return; }
  data.features.forEach(function (f) { row(body, [f.label, inUnit(f.boards[filter.icb], f.unit), inUnit(f.england, f.unit)], [1, 2]); });
}

function showPractices() {
  const value = COLUMNS[order.column][1], sign = order.down ? -1 : 1;
  const every = data.rows.map(function (_, i) { return i; }).filter(inArea);
  const chosen = every.filter(function (i) { return matches(i) && isWanted(i); });
  chosen.sort(function (a, b) {
    const x = value(a), y = value(b);
    // What is not known (-1) comes last either way.
    return (x === -1) - (y === -1) || sign * (typeof x === "number" ? x - y : x.localeCompare(y, "en-GB", { numeric: true })) || a - b;
  });
  document.getElementById("area-status").textContent = chosen.length === every.length ? withUnit(every.length, "practice") + "." :
    chosen.length.toLocaleString("en-GB") + " of " + withUnit(every.length, "practice") + (filter.group < 0 ? "" : ": those in " + groupText(filter.group)) +
    (showOnly.value ? " (" + showOnly.selectedOptions[0].textContent.replace(/ \([\d,]+\)$/, "") + ")" : "") + ".";
  const body = document.getElementById("area-practices");
  body.textContent = "";
  const columns = askedNumber() < 0 ? OF_SEGMENT : OF_CONDITION, table = document.getElementById("area-table");
  Array.from(table.tHead.rows[0].cells).forEach(function (cell, n) { cell.hidden = columns.indexOf(n) < 0; });
  const numeric = columns.map(function (_, n) { return n; }).filter(function (n) { return NUMERIC.indexOf(columns[n]) >= 0; });
  chosen.forEach(function (i) { row(body, columns.map(function (n) { return n ? cellText(i, n) : practiceButton(i); }), numeric); });
  showOrder(table, order);
}

function cellText(i, n) {
  const found = COLUMNS[n][1](i);
  if (n === RECORDED) { const o = askedRegister(i); return o ? o[1].toLocaleString("en-GB") + " (" + o[2].toLocaleString("en-GB") + ")" : ""; }
  if (n === CERTAIN) { return found < 0 ? "not known" : found + "%"; }
  return typeof found === "number" ? found.toLocaleString("en-GB") : found;
}

sortable(document.getElementById("area-table"), COLUMNS.map(function (column) { return column[0]; }), NUMERIC, order, showPractices);
const heads = document.getElementById("area-table").tHead.rows[0];
document.getElementById("area-csv").addEventListener("click", function () {
  const shown = Array.from(heads.cells).filter(function (cell) { return !cell.hidden; }).map(function (cell) { return cell.textContent; });
  const rows = Array.from(document.getElementById("area-practices").rows, function (line) { return Array.from(line.cells, function (cell) { return cell.textContent; }); });
  saveFile(fileName("practices_of_area", "csv"), "text/csv", csvText([shown, ...rows]));
});
showOnly.addEventListener("change", function () {
  order.column = askedNumber() < 0 ? BY_NAME : RECORDED;
  order.down = order.column === RECORDED;
  showPractices();
});
document.addEventListener("filter", showArea);
