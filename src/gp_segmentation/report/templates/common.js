const data = JSON.parse(document.getElementById("page-data").textContent);
// What stands where in a row of data.rows, and in one of data.groups.
const CODE = 0, NAME = 1, POSTCODE = 2, ICB = 3, GROUP = 4, SECOND = 5, MARGIN = 6, FITTED = 7, PATIENTS = 8, CERTAINTY = 9, MEMBERSHIP = 10, DOUBT = 11;
const LEVEL = 2, PARENT = 3, COLOUR = 4, MARKER = 5, NUMBER = 6;
// Lists of whole numbers, as report/packed.py writes them: a digit of the lower half ends a number.
function unpack(text) {
  const half = data.digits.length / 2, numbers = [];
  let number = 0;
  for (let n = 0; n < text.length; n += 1) {
    const digit = data.digits.indexOf(text[n]);
    number = number * half + digit % half;
    if (digit < half) { numbers.push(number); number = 0; }
  }
  return numbers;
}

data.pcn = unpack(data.pcn).map(function (n) { return n - 1; });
data.features.forEach(function (f) { f.values = unpack(f.values).map(function (n) { return f.known[n]; }); });
const SEGMENTS = data.levels.indexOf("segment");
let level = SEGMENTS; // position in data.levels of the level that the reader chose

// A practice's group on a level, as a position in data.groups.
function groupAt(r, wanted) {
  let g = r[GROUP];
  while (data.groups[g][LEVEL] > wanted) { g = data.groups[g][PARENT]; }
  return g;
}

function groupText(g) { return (data.groups[g][CODE] + "  " + data.groups[g][NAME]).trim(); }

// Whether a practice belongs to a segment. One that does not has the last group, on every level.
function segmented(r) { return data.groups[groupAt(r, SEGMENTS)][NUMBER] > 0; }

// A practice's groups from one level to another, the coarsest first; of one in no segment that alone.
function groupsOf(r, from, to) {
  const found = [];
  for (let l = from; l <= to; l += 1) { found.push(groupAt(r, l)); }
  return segmented(r) ? found : found.slice(0, 1);
}

function capital(text) { return text.charAt(0).toUpperCase() + text.slice(1); }

function withUnit(n, singular) { return n.toLocaleString("en-GB") + " " + singular + (n === 1 ? "" : "s"); }

// A button with a practice's code, which shows its profile.
function practiceButton(i) {
  const button = linkButton(data.rows[i][CODE], null, function () { showPractice(i); });
  button.setAttribute("aria-label", "Show " + data.rows[i][CODE] + ", " + data.rows[i][NAME]);
  return button;
}
