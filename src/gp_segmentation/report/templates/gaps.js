// Conditions of which practices record fewer or more patients than expected: more or less than the interval allows.
const FEWEST = 3; // practices, unusual in their own segment too, from which a condition is asked about
const BY_CHANCE = 0.025; // share of practices outside a 95% interval, on either side
const WAYS = ["fewer", "more"];
const outside = data.rows.map(function (_, i) { return ofPractice("outside", i); });
let asked = []; // the conditions to ask about in the chosen area

// Lower end of the 95% interval of a share n / of (Wilson): what lies above England's share is more than chance.
function lowest(n, of) {
  const z2 = 3.8415, share = n / of;
  return (share + z2 / (2 * of) - Math.sqrt(z2 * (share * (1 - share) / of + z2 / (4 * of * of)))) / (1 + z2 / of);
}

// Patients by which a practice's recorded number is below or above the expected one, where it lies outside the
// interval of that (only those are listed); 0: it does not, or the practice is a special one.
function gapOf(i, register, way) {
  return !data.rows[i][FITTED] ? 0 : outside[i].reduce(function (sum, o) {
    if (o[0] !== register || (o[1] < o[2]) !== (way === "fewer")) { return sum; }
    return Math.abs(o[1] - o[2]);
  }, 0);
}

function outsideOf(register, way) {
  const found = { practices: [], patients: 0 };
  data.rows.forEach(function (_, i) {
    const patients = inArea(i) ? gapOf(i, register, way) : 0;
    if (patients) { found.practices.push(i); found.patients += patients; }
  });
  return found;
}

function registerOf(i, register) { return outside[i].find(function (o) { return o[0] === register; }); }

// Patients that a practice's segment records for each expected one.
function segmentRatio(i, register) { return data.ratios[register][data.groups[groupAt(data.rows[i], SEGMENTS)][NUMBER]] || 1; }

// Whether a practice's number is outside the interval too if as much is expected of it as its segment records.
function staysOutside(i, register, way) {
  const o = registerOf(i, register), ratio = segmentRatio(i, register);
  return way === "fewer" ? o[1] < ratio * o[3] : o[1] > ratio * o[4];
}

// The conditions to ask about, first those of which most practices are unusual in their own segment too.
function askedConditions() {
  const all = data.rows.filter(function (_, i) { return inArea(i); }).length;
  const found = [];
  WAYS.forEach(function (way) {
    data.registers.forEach(function (name, n) {
      const gap = outsideOf(n, way);
      gap.own = gap.practices.filter(function (i) { return staysOutside(i, n, way); });
      gap.ownPatients = gap.own.reduce(function (sum, i) { return sum + Math.abs(registerOf(i, n)[1] - segmentRatio(i, n) * registerOf(i, n)[2]); }, 0);
      // Clearly more of the area's practices than chance gives: the interval of the share of those unusual in their
      // own segment too is above twice that.
      if (gap.own.length < FEWEST || lowest(gap.own.length, all) <= 2 * BY_CHANCE) { return; }
      found.push({ name: name, register: n, way: way, gap: gap, all: all });
    });
  });
  found.sort(function (a, b) { return b.gap.own.length - a.gap.own.length || b.gap.patients - a.gap.patients; });
  return WAYS.map(function (way) { return found.filter(function (one) { return one.way === way; }).slice(0, 2); }).filter(function (some) { return some.length; })
    .sort(function (a, b) { return b[0].gap.own.length - a[0].gap.own.length; }).flat();
}

document.addEventListener("filter", function () { asked = areaOn() ? askedConditions() : []; });
