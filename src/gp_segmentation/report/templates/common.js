const data = JSON.parse(document.getElementById("page-data").textContent);
const CODE = 0, NAME = 1, POSTCODE = 2, ICB = 3, SEGMENT = 4, SECOND = 5, MARGIN = 6, FITTED = 7, PATIENTS = 8;

function element(kind, text, parent) {
  const node = document.createElement(kind);
  if (text !== undefined && text !== null) { node.textContent = text; }
  if (parent) { parent.appendChild(node); }
  return node;
}

function segmentText(number) { return number + "  " + data.segments[number][0]; }

function withUnit(n, singular) { return n.toLocaleString("en-GB") + " " + singular + (n === 1 ? "" : "s"); }

function inUnit(value, unit) {
  if (value === null) { return "not known"; }
  const text = value.toLocaleString("en-GB", { maximumSignificantDigits: 4 });
  return unit === "%" ? text + "%" : text;
}

function row(body, values, numeric) {
  const line = element("tr", null, body);
  values.forEach(function (value, i) {
    const cell = element(i === 0 ? "th" : "td", typeof value === "object" ? null : value, line);
    if (i === 0) { cell.scope = "row"; }
    if (numeric.indexOf(i) >= 0) { cell.className = "n"; }
    if (typeof value === "object") { cell.appendChild(value); }
  });
  return line;
}

// A button with a practice's code, which shows its profile.
function practiceButton(i) {
  const button = element("button", data.rows[i][CODE]);
  button.type = "button";
  button.className = "link";
  button.setAttribute("aria-label", "Show " + data.rows[i][CODE] + ", " + data.rows[i][NAME]);
  button.addEventListener("click", function () { showPractice(i); });
  return button;
}
