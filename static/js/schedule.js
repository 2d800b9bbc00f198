// Paints a trainer's week in the admin: choose a word, then click, drag or use the
// keyboard. The selects stay what the form sends; without this file they are used
// themselves.

const week = document.querySelector(".weekly");
const faces = new Map();
const inWeek = (selector) => week.querySelector(selector);

function show(cell) {
  const { select, face, label } = faces.get(cell);
  const [option] = select.selectedOptions;
  const isChanged = !option.defaultSelected;
  face.className = `weekly__face weekly__face--${select.value}`;
  face.firstChild.textContent = option.text;
  face.setAttribute("aria-label", `${label}: ${[option.text, ...(isChanged ? [week.dataset.changed] : [])].join(", ")}`);
}

function dress(select) {
  const cell = select.closest("td");
  const face = document.createElement("button");
  face.type = "button";
  face.tabIndex = -1;
  face.append(document.createElement("span"));
  const label = cell.querySelector("label");
  faces.set(cell, { select, face, label: label.textContent.trim() });
  select.hidden = label.hidden = true;
  select.after(face);
  show(cell);
}

function rectangle(from, to) {
  const [top, bottom] = [from, to].map((cell) => cell.parentNode.rowIndex).sort((a, b) => a - b);
  const [left, right] = [from, to].map((cell) => cell.cellIndex).sort((a, b) => a - b);
  return [...faces.keys()].filter((cell) => {
    const [row, column] = [cell.parentNode.rowIndex, cell.cellIndex];
    return top <= row && row <= bottom && left <= column && column <= right;
  });
}

function paint(cells) {
  const brush = inWeek("[name=brush]:checked");
  for (const cell of cells) {
    faces.get(cell).select.value = brush.value;
    show(cell);
  }
  const word = brush.closest("label").textContent.trim();
  inWeek("[role=status]").textContent = week.dataset.said.replace("{word}", word).replace("{count}", cells.length);
}

// Where the keyboard is, and where it was before Shift took in more cells.
let here = null;
let anchor = null;

function choose(cells) {
  for (const cell of faces.keys()) cell.toggleAttribute("aria-selected", false);
  if (cells.length > 1) for (const cell of cells) cell.setAttribute("aria-selected", "true");
}

function goTo(cell, { keepAnchor = false } = {}) {
  if (here) faces.get(here).face.tabIndex = -1;
  here = cell;
  if (!keepAnchor || !anchor) anchor = cell;
  faces.get(cell).face.tabIndex = 0;
  choose(rectangle(anchor, here));
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function next(cell, [across, down]) {
  const { rows } = cell.closest("tbody");
  let [column, row] = [cell.cellIndex, cell.parentNode.sectionRowIndex];
  do {
    column += across;
    row += down;
  } while (rows[row]?.cells[column] && !faces.has(rows[row].cells[column]));
  return faces.has(rows[row]?.cells[column]) ? rows[row].cells[column] : cell;
}

let stroke = null;

function stretch(to) {
  for (const [cell, value] of stroke.before) {
    faces.get(cell).select.value = value;
    show(cell);
  }
  const cells = rectangle(stroke.from, to);
  stroke.before = new Map(cells.map((cell) => [cell, faces.get(cell).select.value]));
  paint(cells);
}

function listen(table) {
  const cellOf = ({ target }) => {
    const cell = target.closest("td");
    return faces.has(cell) ? cell : null;
  };
  table.addEventListener("pointerdown", (event) => {
    const cell = cellOf(event);
    // A finger that moves scrolls the page; its tap is a click.
    if (!cell || event.button !== 0 || event.pointerType !== "mouse") return;
    event.preventDefault();
    stroke = { from: cell, before: new Map() };
    goTo(cell);
    faces.get(cell).face.focus();
    stretch(cell);
  });
  table.addEventListener("pointerover", (event) => {
    const cell = stroke && cellOf(event);
    if (cell) stretch(cell);
  });
  table.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (!cell || event.pointerType === "mouse") return;
    if (event.pointerType === "touch" || event.pointerType === "pen") goTo(cell);
    paint(rectangle(anchor, cell));
  });
  table.addEventListener("focusin", (event) => {
    const cell = cellOf(event);
    if (cell && cell !== here) goTo(cell);
  });
  table.addEventListener("keydown", (event) => {
    const cell = cellOf(event);
    if (cell && event.key === "Escape") goTo(cell);
    if (!cell || !(event.key in STEPS)) return;
    event.preventDefault();
    goTo(next(cell, STEPS[event.key]), { keepAnchor: event.shiftKey });
    faces.get(here).face.focus();
  });
  for (const over of ["pointerup", "pointercancel"]) {
    document.addEventListener(over, () => { stroke = null; });
  }
}

const selects = week ? [...week.querySelectorAll("td select:enabled")] : [];
if (selects.length) {
  inWeek(".weekly__brushes").hidden = false;
  inWeek("table").setAttribute("role", "grid");
  selects.forEach(dress);
  goTo(faces.keys().next().value);
  listen(inWeek("table"));
  // Coming back to the page, the browser puts back what was chosen.
  window.addEventListener("pageshow", () => [...faces.keys()].forEach(show));
}
