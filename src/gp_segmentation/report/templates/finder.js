// Search for practices, and show the profile of one.
const MAX_SHOWN = 10;
const input = document.getElementById("finder-input");
const keys = data.rows.map(function (r) { return searchKey(r[CODE] + " " + r[NAME], r[POSTCODE]); });
const boardKeys = data.icbs.map(function (name, b) { return " " + plain(data.icb_codes[b] + " " + name); });
const sorted = {};
let only = null; // opens the only hit of the search
document.getElementById("find").hidden = document.getElementById("to-find").hidden = false;
input.addEventListener("input", search);
input.addEventListener("keydown", function (event) { if (event.key === "Enter" && only) { only(); } });
document.addEventListener("filter", function () { if (input.value) { search(); } });

// A practice's groups, the coarsest first, a line each.
function ownGroups(r) {
  const lines = element("span");
  lines.className = "lines";
  groupsOf(r, 0, data.levels.length - 1).forEach(function (g) { element("span", groupText(g), lines); });
  if (!r[FITTED]) { element("span", "(assigned, not fitted)", lines); }
  return lines;
}

function certainty(r) {
  if (!segmented(r)) { return "none"; }
  if (r[MEMBERSHIP]) { return r[MEMBERSHIP]; }
  return r[FITTED] ? "not measured" : "not measured: assigned, not fitted";
}

function margin(r) {
  if (!segmented(r)) { return "none"; }
  return r[MARGIN] < 0 ? "not known" : (r[MARGIN] / 1000).toFixed(2);
}

function found(keys, words) {
  return keys.map(function (_, i) { return i; }).filter(function (i) { return fits(keys[i], words); });
}

function search() {
  const words = plain(input.value).split(" ").filter(Boolean), joined = words.join("");
  const status = document.getElementById("finder-status");
  const table = document.getElementById("finder-table");
  const list = document.getElementById("finder-results");
  list.textContent = "";
  only = null;
  table.hidden = true;
  offerBoards([]);
  if (joined.length < 2) {
    status.textContent = "Type at least two letters.";
    return;
  }
  const everywhere = found(keys, words), here = everywhere.filter(matches), boards = found(boardKeys, words);
  const first = function (i) { return outward(i) === joined ? 0 : 1; }; // "B12" is B12 rather than B1 2
  here.sort(function (a, b) { return first(a) - first(b) || a - b; });
  here.slice(0, MAX_SHOWN).forEach(function (i) {
    const r = data.rows[i];
    row(list, [practiceButton(i), r[NAME], r[POSTCODE], data.icbs[r[ICB]], ownGroups(r), r[SECOND] < 0 ? "none" : data.groups[r[SECOND]][CODE], margin(r), certainty(r)], [6]);
  });
  table.hidden = here.length === 0;
  offerBoards(boards.slice(0, MAX_SHOWN));
  if (here.length + boards.length === 1) {
    only = boards.length ? function () { chooseBoard(boards[0]); } : function () { showPractice(here[0]); };
  }
  const outside = everywhere.length - here.length;
  status.textContent = withUnit(here.length, "practice") +
    (here.length > MAX_SHOWN ? "; the first " + MAX_SHOWN + " are shown" : "") +
    (outside ? "; " + outside.toLocaleString("en-GB") + " more outside the filter" : "") +
    (boards.length ? "; " + withUnit(boards.length, "integrated care board") : "");
}

function outward(i) { return plain(data.rows[i][POSTCODE]).split(" ")[0]; }

function offerBoards(boards) {
  const list = document.getElementById("finder-boards");
  list.textContent = "";
  list.hidden = boards.length === 0;
  boards.forEach(function (b) {
    linkButton("Show " + data.icb_codes[b] + ", " + data.icbs[b], element("li", null, list), function () { chooseBoard(b); });
  });
}

function chooseBoard(b) {
  setBoard(data.icb_codes[b]);
  document.getElementById("area-title").focus();
}

// Percent of practices with a lower value; unknown values do not count, equal ones count half.
function percentile(f, value) {
  if (!sorted[f]) {
    sorted[f] = data.features[f].values.filter(function (v) { return v !== null; }).sort(function (a, b) { return a - b; });
  }
  let below = 0, equal = 0;
  sorted[f].forEach(function (v) { if (v < value) { below += 1; } else if (v === value) { equal += 1; } });
  return Math.round(100 * (below + equal / 2) / sorted[f].length);
}

function percentileBar(percent) {
  const both = element("span");
  const bar = element("span", null, both);
  bar.className = "percentile";
  bar.setAttribute("aria-hidden", "true");
  element("i", null, bar).style.left = percent + "%";
  element("span", percent + "%", both);
  return both;
}

function showPractice(i) {
  const r = data.rows[i];
  document.getElementById("practice").hidden = false;
  const heading = document.getElementById("practice-title");
  heading.textContent = r[CODE] + "  " + r[NAME];
  const facts = document.getElementById("practice-facts");
  facts.textContent = "";
  const placed = segmented(r) ? [
    ...data.levels.map(function (name, l) { return [capital(name), groupText(groupAt(r, l))]; }),
    ["Certainty", certainty(r)],
    ["Next nearest segment", r[SECOND] < 0 ? "none" : groupText(r[SECOND])],
    ["Margin", margin(r)]
  ] : [["Segment", groupText(r[GROUP])]];
  [
    ...placed,
    ["Integrated care board", data.icbs[r[ICB]]],
    ["Registered patients", r[PATIENTS].toLocaleString("en-GB")]
  ].forEach(function (fact) {
    const group = element("div", null, facts);
    element("dt", fact[0], group);
    element("dd", fact[1], group);
  });
  fill("practice-profile", data.features.map(function (f, n) {
    const value = f.values[i];
    const mean = f.segments[data.groups[groupAt(r, SEGMENTS)][NUMBER]];
    return [f.label, inUnit(value, f.unit), segmented(r) ? inUnit(mean, f.unit) : "none", inUnit(f.england, f.unit),
      value === null ? "" : percentileBar(percentile(n, value))];
  }), [1, 2, 3]);
  const peers = parts(unpack(data.peers[i]), 2);
  fill("practice-peers", peers.map(function (peer) {
    const p = data.rows[peer[0]];
    return [practiceButton(peer[0]), p[NAME], data.icbs[p[ICB]], data.groups[p[GROUP]][CODE], peer[1] < 1 ? "not known" : peer[1] - 1 + "%"];
  }), [4]);
  const count = function (n) { return n.toLocaleString("en-GB"); };
  const about = function (n, low, high) { return count(n) + (low < 0 ? "" : " (" + count(low) + " to " + count(high) + ")"); };
  const percent = function (n) { return n < 0 ? "not known" : inUnit(n / 10, "%"); };
  fill("practice-gains", ofPractice("gains", i).map(function (g) {
    const indicator = data.indicators[g[0]], target = data.targets[g[0]][data.groups[groupAt(r, SEGMENTS)][NUMBER]];
    return [indicator[0], indicator[1], percent(g[4]), percent(target ? target[0] : -1), percent(g[5]),
      target && g[6] > 0 ? count(g[6]) + " of " + count(target[1]) : "not known", about(g[1], g[2], g[3])];
  }), [2, 3, 4, 5, 6]);
  fill("practice-registers", ofPractice("outside", i).map(function (o) {
    return [data.registers[o[0]], count(o[1]), about(o[2], o[3], o[4])];
  }), [1, 2]);
  heading.focus();
  document.dispatchEvent(new CustomEvent("practice", { detail: i }));
}

// What is listed by practice, of one: its numbers were raised by one.
function ofPractice(name, i) {
  return parts(unpack(data[name][i]).map(function (n) { return n - 1; }), data.widths[name]);
}

// A list cut into lists of equal length.
function parts(list, length) {
  return list.filter(function (_, n) { return n % length === 0; }).map(function (_, n) { return list.slice(n * length, (n + 1) * length); });
}

function fill(name, lines, numeric) {
  const body = document.getElementById(name);
  body.textContent = "";
  lines.forEach(function (line) { row(body, line, numeric); });
  document.getElementById(name + "-part").hidden = lines.length === 0;
}
