// The practices of the chosen area as a table, and its mix of groups beside England's.
const area = document.getElementById("area");
const COLUMNS = [
  ["Code", function (i) { return data.rows[i][CODE]; }],
  ["Practice", function (i) { return data.rows[i][NAME]; }],
  ["PCN", function (i) { return data.pcn[i] < 0 ? "" : data.pcns[data.pcn[i]][NAME]; }],
  ["Patients", function (i) { return data.rows[i][PATIENTS]; }],
  ["Segment", function (i) { return segmented(data.rows[i]) ? data.groups[groupAt(data.rows[i], SEGMENTS)][CODE] : "none"; }],
  ["Certainty", function (i) { return data.rows[i][CERTAINTY]; }],
  ["Next segment", function (i) { const g = data.rows[i][SECOND]; return g < 0 ? "none" : data.groups[g][CODE]; }]
];
const NUMERIC = [3, 5];
const order = { column: 1, down: false };

function showArea() {
  area.hidden = document.getElementById("to-area").hidden = !areaOn();
  if (area.hidden) { return; }
  document.getElementById("area-title").textContent = areaName(data.icbs[filter.icb]);
  showMix();
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

function showPractices() {
  const value = COLUMNS[order.column][1], sign = order.down ? -1 : 1;
  const every = data.rows.map(function (_, i) { return i; }).filter(inArea), chosen = every.filter(matches);
  chosen.sort(function (a, b) {
    const x = value(a), y = value(b);
    // What is not known (-1) comes last either way.
    return (x === -1) - (y === -1) || sign * (typeof x === "number" ? x - y : x.localeCompare(y, "en-GB", { numeric: true })) || a - b;
  });
  document.getElementById("area-status").textContent = chosen.length === every.length ? withUnit(every.length, "practice") + "." :
    chosen.length.toLocaleString("en-GB") + " of " + withUnit(every.length, "practice") + ": those in " + groupText(filter.group) + ".";
  const body = document.getElementById("area-practices");
  body.textContent = "";
  chosen.forEach(function (i) {
    row(body, COLUMNS.map(function (column, n) {
      const found = column[1](i);
      if (n === 0) { return practiceButton(i); }
      if (n === 5) { return found < 0 ? "not known" : found + "%"; }
      return typeof found === "number" ? found.toLocaleString("en-GB") : found;
    }), NUMERIC);
  });
  showOrder(document.getElementById("area-table"), order);
}

sortable(document.getElementById("area-table"), COLUMNS.map(function (column) { return column[0]; }), NUMERIC, order, showPractices);
document.addEventListener("filter", showArea);
if (location.hash.indexOf("=") >= 0) { readAddress(); } else { changeFilter(); }
