// The filter of the page: a board, one of its PCNs, groups of groupings of one's own, a segment or other group
// of practices. The address keeps it: #icb=QHL&segment=A1&group-localities=North
const CONTROLS = { icb: "explore-icb", pcn: "filter-pcn", segment: "explore-group" };
const NONE = "none"; // in the address: practices without a segment
const chosenIcb = document.getElementById(CONTROLS.icb);
const chosenPcn = document.getElementById(CONTROLS.pcn);
const chosenGroup = document.getElementById(CONTROLS.segment);
const filter = { icb: -1, pcn: -1, group: -1 }; // positions in data.icbs, data.pcns, data.groups; -1: all
const groupings = data.groupings || []; // `chosen`: position in `groups`; -1: all
let place = ""; // id of the part of the page that the address names beside the filter
let unknown = []; // what the address asks for and the run does not have

function option(control, value, text) { element("option", text, control).value = value; }

function groupCode(g) { return data.groups[g][CODE] || NONE; }

data.icbs.forEach(function (name, i) { option(chosenIcb, data.icb_codes[i], name); });
data.groups.forEach(function (group, g) { option(chosenGroup, groupCode(g), "\u2003".repeat(group[LEVEL]) + groupText(g)); });

// A control for each grouping, after those of the board.
groupings.forEach(function (own, n) {
  own.group = unpack(own.group).map(function (g) { return g - 1; });
  own.chosen = -1;
  const box = document.createElement("div"), id = "filter-grouping-" + n;
  element("label", own.label + " (" + own.day + ")", box).htmlFor = id;
  own.control = element("select", null, box);
  own.control.id = CONTROLS["group-" + own.name] = id;
  own.control.autocomplete = "off";
  option(own.control, "", "All practices");
  own.groups.forEach(function (name) { option(own.control, name, name); });
  const before = chosenGroup.parentElement;
  before.parentElement.insertBefore(box, before);
});

// Offer the PCNs that have a practice in the chosen board.
function offerPcns() {
  const board = data.icb_codes.indexOf(chosenIcb.value), kept = chosenPcn.value;
  const here = new Set(data.pcn.filter(function (p, i) { return p >= 0 && data.rows[i][ICB] === board; }));
  chosenPcn.textContent = "";
  option(chosenPcn, "", board < 0 ? "Choose a board first" : "All of its PCNs");
  [...here].sort(function (a, b) { return data.pcns[a][NAME].localeCompare(data.pcns[b][NAME], "en-GB"); })
    .forEach(function (p) { option(chosenPcn, data.pcns[p][CODE], data.pcns[p][NAME]); });
  chosenPcn.disabled = board < 0;
  choose(chosenPcn, kept);
}

// Choose a value if it is offered, else everything; return whether it is.
function choose(control, value) {
  const offered = Array.from(control.options).some(function (o) { return o.value === value; });
  control.value = offered ? value : "";
  return offered;
}

function inArea(i) {
  return (filter.icb < 0 || data.rows[i][ICB] === filter.icb) && (filter.pcn < 0 || data.pcn[i] === filter.pcn) &&
    groupings.every(function (own) { return own.chosen < 0 || own.group[i] === own.chosen; });
}

// Names of the groups chosen in groupings.
function chosenGroups() {
  return groupings.filter(function (own) { return own.chosen >= 0; }).map(function (own) { return own.groups[own.chosen]; });
}

function areaOn() { return filter.icb >= 0 || chosenGroups().length > 0; }

function isIn(r, g) { return groupAt(r, data.groups[g][LEVEL]) === g; }

function matches(i) { return inArea(i) && (filter.group < 0 || isIn(data.rows[i], filter.group)); }

function filterOn() { return areaOn() || filter.group >= 0; }

function filterText() {
  const parts = [data.icbs[filter.icb], filter.pcn < 0 ? "" : data.pcns[filter.pcn][NAME], ...chosenGroups(), filter.group < 0 ? "" : groupText(filter.group)];
  return parts.filter(Boolean).join(", ") || "All of England";
}

// Take over what the controls say, write it into the address, and tell every part of the page.
function applyFilter() {
  filter.icb = data.icb_codes.indexOf(chosenIcb.value);
  filter.pcn = chosenPcn.value === "" ? -1 : data.pcns.findIndex(function (pcn) { return pcn[CODE] === chosenPcn.value; });
  filter.group = chosenGroup.value === "" ? -1 : data.groups.findIndex(function (_, g) { return groupCode(g) === chosenGroup.value; });
  groupings.forEach(function (own) { own.chosen = own.groups.indexOf(own.control.value); });
  writeAddress();
  let all = 0, patients = 0;
  data.rows.forEach(function (r, i) { if (matches(i)) { all += 1; patients += r[PATIENTS]; } });
  document.getElementById("filter-status").textContent = unknown.map(function (text) { return "This run has no " + text + ". "; }).join("") +
    filterText() + ": " + withUnit(all, "practice") + ", " + withUnit(patients, "patient") + ".";
  document.getElementById("filter-clear").hidden = !filterOn();
  document.querySelectorAll(".of-england").forEach(function (note) { note.hidden = !filterOn(); });
  document.querySelectorAll(".of-filter").forEach(function (note) {
    note.hidden = !filterOn();
    note.firstElementChild.textContent = filterText();
  });
  document.dispatchEvent(new CustomEvent("filter"));
}

function areaName(board) {
  return [filter.pcn < 0 ? board : data.pcns[filter.pcn][NAME], ...chosenGroups()].filter(Boolean).join(", ");
}

// Practices of each group of a level, in the chosen area and in England, and the area's patients.
function countByGroup(wanted) {
  const count = function () { return data.groups.map(function () { return 0; }); };
  const here = count(), england = count(), patients = count();
  data.rows.forEach(function (r, i) {
    const g = groupAt(r, wanted);
    england[g] += 1;
    if (inArea(i)) { here[g] += 1; patients[g] += r[PATIENTS]; }
  });
  return { here: here, england: england, patients: patients, all: here.reduce(function (sum, n) { return sum + n; }, 0) };
}

function percent(n, of) { return (of ? Math.round(100 * n / of) : 0) + "%"; }

function writeAddress() {
  const state = new URLSearchParams();
  Object.keys(CONTROLS).forEach(function (name) {
    const value = document.getElementById(CONTROLS[name]).value;
    if (value) { state.set(name, value); }
  });
  if (filterOn() && place) { state.set("at", place); }
  if (filterOn() || location.hash.indexOf("=") >= 0) {
    history.replaceState(null, "", filterOn() ? "#" + state : location.pathname + location.search);
  }
}

// Take over the address. "#find" alone is a place on the page: a filter stays, and both are kept.
function readAddress() {
  const text = location.hash.slice(1);
  if (text && text.indexOf("=") < 0) {
    place = text;
    writeAddress();
    return;
  }
  const asked = new URLSearchParams(text), value = function (name) { return asked.get(name) || ""; };
  const boardOf = data.rows.findIndex(function (_, i) { return data.pcn[i] >= 0 && data.pcns[data.pcn[i]][CODE] === value("pcn"); });
  const board = value("icb") || boardOf < 0 ? value("icb") : data.icb_codes[data.rows[boardOf][ICB]];
  const offered = { icb: choose(chosenIcb, board) };
  offerPcns();
  offered.pcn = choose(chosenPcn, value("pcn"));
  offered.segment = choose(chosenGroup, value("segment"));
  groupings.forEach(function (own) { offered["group-" + own.name] = choose(own.control, value("group-" + own.name)); });
  unknown = Object.keys(CONTROLS).filter(function (name) { return !offered[name]; }).map(function (name) { return name + " " + value(name); });
  place = value("at");
  applyFilter();
  goToPlace();
}

function goToPlace() {
  const part = place && document.getElementById(place);
  if (part) { part.scrollIntoView(); }
}

function changeFilter() {
  unknown = [];
  place = "";
  offerPcns();
  applyFilter();
}

function setBoard(code) {
  chosenIcb.value = code;
  changeFilter();
}

// Tables and pictures that no script fills are of England, and say so while a filter is on.
document.querySelectorAll("main caption, main figcaption").forEach(function (caption) {
  if (caption.closest("#overview, #networks, #area, #explore, #find")) { return; }
  const note = element("span", " (All of England: the filter does not change it.)", caption);
  note.className = "of-england";
});
document.getElementById("filter").hidden = false;
Object.values(CONTROLS).forEach(function (id) { document.getElementById(id).addEventListener("change", changeFilter); });
document.getElementById("filter-clear").addEventListener("click", function () {
  chosenGroup.value = "";
  groupings.forEach(function (own) { own.control.value = ""; });
  setBoard("");
  chosenIcb.focus();
});
window.addEventListener("hashchange", readAddress);
