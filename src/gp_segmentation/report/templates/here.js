// The chosen area on the first screen: which segment it has more of than England, how sure that is, what follows.
const here = document.getElementById("here"), overview = document.getElementById("overview");
const LARGEST = 3; // practices named for a condition

function counted(n, of, unit) { return n.toLocaleString("en-GB") + " of " + withUnit(of, unit) + " (" + percent(n, of) + ")"; }

// Practices whose segment is clear, and those assessed.
function clarity(among) {
  const assessed = data.rows.filter(function (r, i) { return r[DOUBT] >= 0 && among(i); });
  return { clear: assessed.filter(function (r) { return r[DOUBT] === 0; }).length, all: assessed.length };
}

function showHere() {
  const name = areaName(boardName(filter.icb)), counts = countByGroup(SEGMENTS);
  const shown = areaOn() && counts.all > 0;
  document.getElementById("to-choose").hidden = shown;
  showShares(name, counts, shown);
  here.hidden = !shown;
  if (!shown) { return; }
  const found = toldSegment(counts), told = found.group, more = found.more, sure = clarity(inArea);
  document.getElementById("here-title").textContent = name + ": " + withUnit(counts.all, "practice");
  fillPoints("here-found", [mixText(told, more, counts), sureText(sure, counts.all), networksText(told)]);
  const unsure = here.dataset.usable === undefined;
  const texts = [...questions(), compareText(told, more, counts) + conditionsText(told)];
  fillPoints("here-asked", unsure ? ["Do not plan by these segments: below it says why."] : texts);
  fillConditions(unsure ? [] : asked);
  const boards = similarBoards(), similar = document.getElementById("here-boards");
  similar.hidden = !boards.length;
  links(similar, "Boards with the most similar mix, to compare with: ", boards.map(function (b) { return [boardName(b), function () { setBoard(data.icb_codes[b]); here.scrollIntoView(); }]; }));
  links(document.getElementById("here-lists"), "See ", [
    ["its " + withUnit(counts.here[told], "practice") + " in " + data.groups[told][CODE], showListed(told, "")],
    ...(sure.all > sure.clear ? [["the " + (sure.all - sure.clear).toLocaleString("en-GB") + " without a clear segment", showListed(-1, UNCLEAR)]] : []),
    ["all its practices by network", showListed(-1, "")],
    ["what sets " + data.groups[told][CODE] + " apart", function () { document.getElementById("segment-" + data.groups[told][NUMBER]).scrollIntoView(); }]
  ]);
}

// As `short_icb`.
function boardName(b) { return (data.icbs[b] || "").replace(/^NHS | Integrated Care Board$| ICB$/g, ""); }

function fillPoints(id, points) {
  const whole = document.getElementById(id);
  whole.textContent = "";
  points.filter(Boolean).forEach(function (point) { element("li", point, whole); });
}

function mixText(g, more, counts) {
  const patients = counts.patients.reduce(function (sum, n) { return sum + n; }, 0);
  return (more ? "" : "The mix of segments is much like England's. ") + counted(counts.here[g], counts.all, "practice") +
    (counts.here[g] === 1 ? " is in " : " are in ") + data.groups[g][CODE] + " (" + data.groups[g][NAME] + "), with " +
    percent(counts.patients[g], patients) + " of the area's patients; in England " + percent(counts.england[g], data.rows.length) + " of practices.";
}

function sureText(sure, all) {
  if (!sure.all) { return ""; }
  const everywhere = clarity(function () { return true; });
  const rest = data.rows.filter(function (r, i) { return inArea(i) && r[DOUBT] < 0; });
  const none = rest.filter(function (r) { return !segmented(r); }).length, special = rest.length - none;
  const kinds = [special ? withUnit(special, "special practice") : "", none ? withUnit(none, "practice") + " in no segment" : ""].filter(Boolean);
  return "How sure here: " + counted(sure.clear, sure.all, "practice") + " have a clear segment (random samples and a second method give the same); in England " + percent(everywhere.clear, everywhere.all) + ". " +
    (sure.all > sure.clear ? "Compare the other " + (sure.all - sure.clear).toLocaleString("en-GB") + " with both of their segments." : "") +
    (rest.length ? " Placed, but not assessed: " + kinds.join(", ") + " (" + rest.slice(0, 5).map(function (r) { return r[NAME]; }).join(", ") + (rest.length > 5 ? " and others" : "") + ")." : "");
}

// How many of the area's networks have practices of one segment only, the largest first.
function networksText(g) {
  const all = byNetwork().filter(function (network) { return network[0] >= 0; });
  if (filter.pcn >= 0 || all.length < 2) { return ""; }
  const pure = all.filter(function (network) { return network[1].every(function (i) { return groupAt(data.rows[i], SEGMENTS) === g; }); });
  pure.sort(function (a, b) { return b[1].length - a[1].length; });
  const largest = pure.slice(0, 3).map(function (network) { return networkName(network[0]) + " (" + network[1].length + ")"; });
  return pure.length.toLocaleString("en-GB") + " of " + withUnit(all.length, "network") + (pure.length === 1 ? " has" : " have") + " practices of " + data.groups[g][CODE] + " only" +
    (largest.length ? "; most practices: " + largest.join("; ") : "") + ".";
}

// What the mix of the area is good for; `more`: it has more of this segment than chance gives.
function compareText(g, more, counts) {
  const code = data.groups[g][CODE];
  if (!more) { return "England's average is a fair comparison for the area as a whole. Compare a single practice with its own segment."; }
  return "Compare the " + withUnit(counts.here[g], "practice") + " in " + code + " with the " + (counts.england[g] - counts.here[g]).toLocaleString("en-GB") + " elsewhere, not with England's average.";
}

function questions() {
  return asked.map(function (one, n) {
    const gap = one.gap, name = /^[A-Z][a-z]/.test(one.name) ? one.name.charAt(0).toLowerCase() + one.name.slice(1) : one.name;
    return (n ? "Ask " : "Start here: ask ") + withUnit(gap.own.length, "practice") + (one.way === "fewer" ? " how patients with " + name + " are found and coded" : " whether services match their patients with " + name) +
      ": they record about " + about(gap.ownPatients) + " " + one.way + " than similar practices would. Of all practices " + gap.practices.length.toLocaleString("en-GB") + " record " + one.way + " than England would, together about " + about(gap.patients) + ".";
  });
}

function fillConditions(conditions) {
  const part = document.getElementById("here-conditions"), body = part.querySelector("tbody");
  part.hidden = !conditions.length;
  body.textContent = "";
  if (!conditions.length) { return; }
  part.querySelector("caption").textContent = "Practices that record fewer or more patients than expected for their patients' " + listed(data.adjusted_for) +
    ". Chance alone would flag " + atLeastOne(BY_CHANCE * conditions[0].all) + " of " + withUnit(conditions[0].all, "practice") + " either way. A flag does not prove that patients are missed: ethnicity and smoking are not adjusted for, and some of a gap may be who the patients are. Special practices are left out.";
  conditions.forEach(function (one) {
    const condition = element("span"), gap = one.gap, way = one.way === "fewer" ? "fewer" : "more";
    links(condition, "", [[one.name, showListed(-1, one.way + "-" + one.register)]]);
    row(body, [condition, gap.practices.length + " (" + bySegment(gap.practices) + ")", about(gap.patients) + " " + way,
      gap.own.length ? gap.own.length + " (" + about(gap.ownPatients) + " " + way + ")" : "0", commonNetworks(gap.practices), largestGaps(one)], [1, 2, 3]);
  });
}

// The networks that have most of some practices, at least two each.
function commonNetworks(practices) {
  const of = new Map();
  practices.forEach(function (i) { if (data.pcn[i] >= 0) { of.set(data.pcn[i], (of.get(data.pcn[i]) || 0) + 1); } });
  return [...of].filter(function (one) { return one[1] > 1; }).sort(function (a, b) { return b[1] - a[1]; }).slice(0, LARGEST)
    .map(function (one) { return networkName(one[0]) + ", " + one[1] + " of " + practicesOf(one[0]); }).join("; ") || "none";
}

function practicesOf(pcn) { return data.rows.filter(function (_, i) { return inArea(i) && data.pcn[i] === pcn; }).length; }

function bySegment(practices) {
  return numberedSegments().map(function (g) { return [practices.filter(function (i) { return groupAt(data.rows[i], SEGMENTS) === g; }).length, data.groups[g][CODE]]; })
    .filter(function (some) { return some[0]; }).sort(function (a, b) { return b[0] - a[0]; })
    .map(function (some) { return some[0] + " in " + some[1]; }).join(", ");
}

function largestGaps(one) {
  const size = function (i) { return gapOf(i, one.register, one.way); };
  return [...one.gap.own].sort(function (a, b) { return size(b) - size(a) || a - b; }).slice(0, LARGEST).map(function (i) {
    const o = registerOf(i, one.register);
    return data.rows[i][NAME] + " " + o[1].toLocaleString("en-GB") + " (" + o[2].toLocaleString("en-GB") + ")";
  }).join("; ") || "none";
}

function listed(words) { return words.join(", ").replace(/, ([^,]*)$/, " and $1"); }

function atLeastOne(n) { return n < 1 ? "less than 1" : "about " + Math.round(n); }

function about(n) { return Number(n.toPrecision(2)).toLocaleString("en-GB"); }

// What the practices of a segment record more and less than England.
function conditionsText(g) {
  const told = data.conditions[data.groups[g][NUMBER]], code = data.groups[g][CODE];
  const one = function (condition) {
    const mine = filter.pcn < 0 && chosenGroups().length === 0 && filter.icb >= 0 ? condition.boards[filter.icb] : null;
    return condition.name + " (" + (mine ? mine + " here, " : "") + condition.mean + " in all " + code + ", " + condition.england + " in England)";
  };
  const parts = WAYS.map(function (way) { const key = way === "more" ? "more" : "less"; return told[key].length ? key + " " + told[key].map(one).join(" and ") : ""; }).filter(Boolean).reverse();
  return parts.length ? " They record " + parts.join(", and ") + (told.adjusted ? ", adjusted for age and sex." : ".") : "";
}

// The three boards whose shares of segments differ least from the chosen board's (sum of absolute differences).
function similarBoards() {
  const segments = numberedSegments();
  if (filter.icb < 0 || filter.pcn >= 0 || chosenGroups().length) { return []; }
  const counts = data.icbs.map(function () { return data.groups.map(function () { return 0; }); }), all = data.icbs.map(function () { return 0; });
  data.rows.forEach(function (r) { counts[r[ICB]][groupAt(r, SEGMENTS)] += 1; all[r[ICB]] += 1; });
  const distance = data.icbs.map(function (_, b) {
    return segments.reduce(function (sum, g) { return sum + Math.abs(counts[b][g] / all[b] - counts[filter.icb][g] / all[filter.icb]); }, 0);
  });
  return distance.map(function (_, b) { return b; }).filter(function (b) { return b !== filter.icb; })
    .sort(function (a, b) { return distance[a] - distance[b] || a - b; }).slice(0, 3);
}

// Show practices of the area by network: those of a segment (-1: all), and only those (a value of `showOnly`).
function showListed(group, wanted) {
  return function () {
    chosenGroup.value = group < 0 ? "" : groupCode(group);
    showOnly.value = wanted;
    order.column = askedNumber() < 0 ? BY_PCN : RECORDED;
    order.down = order.column === RECORDED;
    changeFilter();
    document.getElementById("area-status").focus();
  };
}

function links(parent, intro, wanted) {
  parent.textContent = intro;
  wanted.forEach(function (one, n) {
    if (n) { parent.append("; "); }
    linkButton(one[0], parent, one[1]);
  });
}

// The area's share of each segment beside England's, with a mark where England's is.
function showShares(name, counts, shown) {
  Array.from(overview.rows).forEach(function (line, n) {
    const cell = line.cells[3];
    cell.hidden = !shown;
    if (!shown) { return; }
    if (!n) {
      cell.textContent = name + " (line: England)";
      return;
    }
    const g = data.groups.findIndex(function (_, i) { return groupCode(i) === line.dataset.code; });
    cell.dataset.name = name;
    cell.textContent = counts.here[g].toLocaleString("en-GB") + " (" + percent(counts.here[g], counts.all) + ")";
    const bar = element("span", null, cell);
    bar.className = "share";
    bar.setAttribute("aria-hidden", "true");
    element("i", null, bar).style.width = 100 * counts.here[g] / counts.all + "%";
    element("b", null, bar).style.left = 100 * counts.england[g] / data.rows.length + "%";
  });
}

document.addEventListener("filter", showHere);
if (location.hash.indexOf("=") >= 0) { readAddress(); } else { changeFilter(); }
