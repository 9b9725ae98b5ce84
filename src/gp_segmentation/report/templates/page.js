// What all pages have in common: tab stops of what scrolls, and files to save.

// A region is reached with the Tab key where it scrolls, and only there.
const tabStops = new ResizeObserver(function (changes) {
  const changed = changes.map(function (change) { return change.target.closest(".scroll, pre"); });
  new Set(changed).forEach(function (part) {
    if (part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1) {
      part.tabIndex = 0;
    } else {
      part.removeAttribute("tabindex");
    }
  });
});
document.querySelectorAll(".scroll, .scroll > *, pre").forEach(function (part) { tabStops.observe(part); });

function saveFile(name, type, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function csvText(rows) {
  const quoted = function (value) {
    const text = value === null ? "" : String(value);
    // A spreadsheet takes a cell that begins so for a formula, unless it is a number.
    const safe = /^[=+\-@\t\r]/.test(text) && isNaN(text) ? "'" + text : text;
    return /[",\n]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
  };
  return "\ufeff" + rows.map(function (values) { return values.map(quoted).join(",") + "\r\n"; }).join("");
}

// The run's name and hash begin the name of every file: what is in it can be traced.
function fileName(part, ending) { return document.querySelector("main").dataset.file + "_" + part + "." + ending; }
