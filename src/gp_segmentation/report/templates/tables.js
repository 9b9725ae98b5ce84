// What the pages' tables have in common.
function element(kind, text, parent) {
  const node = document.createElement(kind);
  if (text !== undefined && text !== null) { node.textContent = text; }
  if (parent) { parent.appendChild(node); }
  return node;
}

// As utils/rounding.py writes numbers: per cent and what is 1 or more with one decimal, below 2% two, counts with none.
function inUnit(value, unit) {
  if (value === null || value === undefined) { return "not known"; }
  const size = Math.abs(value);
  if (unit === "%" && value > 0 && value < 0.005) { return "under 0.01%"; }
  const counted = ["patients", "people", "count"].indexOf(unit) >= 0 || size >= 1000;
  const decimals = unit === "%" && size < 2 ? 2 : 1;
  const digits = unit === "%" || size >= 1 ? { minimumFractionDigits: decimals, maximumFractionDigits: decimals } : { maximumSignificantDigits: 2 };
  const text = value.toLocaleString("en-GB", unit !== "%" && counted ? { maximumFractionDigits: 0 } : digits).replace("-", "−");
  return unit === "%" ? text + "%" : text;
}

function row(body, values, numeric) {
  const line = element("tr", null, body), stacked = body.closest("table.stack");
  if (stacked) { line.setAttribute("role", "row"); }
  values.forEach(function (value, i) {
    const cell = element(i === 0 ? "th" : "td", typeof value === "object" ? null : value, line);
    if (i === 0) { cell.scope = "row"; }
    if (numeric.indexOf(i) >= 0) { cell.className = "n"; }
    if (stacked) {
      cell.setAttribute("role", i === 0 ? "rowheader" : "cell");
      cell.dataset.name = stacked.tHead.rows[0].cells[i].textContent;
    }
    if (typeof value === "object") { cell.appendChild(value); }
  });
  return line;
}

// Letters and digits of every language, without accents: "ty gwyr" finds Tŷ Gŵyr.
function plain(text) { return text.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim(); }

function searchKey(names, postcode) { return " " + plain(names) + " " + plain(postcode).replace(/ /g, ""); }

// A word begins a code, a word of a name, or the postcode, which may be typed without its blank.
function fits(key, words) {
  return words.every(function (word) { return key.indexOf(" " + word) >= 0; }) || key.indexOf(" " + words.join("")) >= 0;
}

// A button that looks like a link.
function linkButton(text, parent, action) {
  const button = element("button", text, parent);
  button.type = "button";
  button.className = "link";
  button.addEventListener("click", action);
  return button;
}

// Headings that sort a table: the same one again turns the order round; of numbers the largest comes first.
function sortable(table, names, numeric, order, redraw) {
  names.forEach(function (name, n) {
    const head = element("th", null, table.tHead.rows[0]);
    head.scope = "col";
    if (numeric.indexOf(n) >= 0) { head.className = "n"; }
    linkButton(name, head, function () {
      order.down = order.column === n ? !order.down : numeric.indexOf(n) >= 0;
      order.column = n;
      redraw();
    });
  });
}

function showOrder(table, order) {
  Array.from(table.tHead.rows[0].cells).forEach(function (head, n) {
    head.setAttribute("aria-sort", n !== order.column ? "none" : order.down ? "descending" : "ascending");
  });
}
