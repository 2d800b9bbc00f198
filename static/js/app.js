// What HTML cannot do: one tab stop with arrow keys in the grid, and the focus
// where the eye is after a swap. Without this file every button is a tab stop.

const inGrid = (cell) => cell.querySelector("button:enabled") || cell;
const cells = () => [...document.querySelectorAll(".grid tbody td")];
let cameFrom = null;

function rove(current) {
  for (const cell of cells()) {
    inGrid(cell).tabIndex = cell === current ? 0 : -1;
  }
}

function setUpGrid() {
  const table = document.querySelector(".grid");
  if (!table) return;
  table.setAttribute("role", "grid");
  for (const cell of cells()) cell.setAttribute("role", "gridcell");
  const chosen = table.querySelector("[aria-pressed=true]") || table.querySelector("button:enabled");
  rove(document.getElementById(cameFrom) || chosen?.closest("td") || cells()[0]);
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-7, 0], End: [7, 0] };

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.(".grid tbody td");
  const step = STEPS[event.key];
  if (event.key === "Escape") document.querySelector(".panel__close")?.click();
  if (!cell || !step) return;
  event.preventDefault();
  const rows = [...cell.closest("tbody").rows];
  const clamp = (value, last) => Math.max(0, Math.min(last, value));
  const row = rows[clamp(rows.indexOf(cell.parentNode) + step[1], rows.length - 1)];
  const next = row.cells[1 + clamp(cell.cellIndex - 1 + step[0], row.cells.length - 2)];
  rove(next);
  inGrid(next).focus();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=at]");
  if (button) cameFrom = button.closest("[id]").id;
});

document.addEventListener("htmx:afterSettle", () => {
  setUpGrid();
  const place = document.getElementById(cameFrom);
  const focus = document.getElementById("panel-title") || (place && inGrid(place));
  if (focus && !document.activeElement?.closest("#week")) focus.focus({ preventScroll: true });
});

setUpGrid();
