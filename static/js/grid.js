// What HTML cannot do in the grid: one tab stop with arrow keys inside, and a swipe to
// turn the phone's day. Without this file every button is a tab stop, and days are
// turned by their links alone.

const inGrid = (cell) => cell.querySelector("a, button:enabled") || cell;
let tabStop = null;

function rove(cell) {
  if (tabStop) tabStop.tabIndex = -1;
  tabStop = inGrid(cell);
  tabStop.tabIndex = 0;
}

function setUpGrid() {
  const table = document.querySelector(".grid");
  if (!table) return;
  table.setAttribute("role", "grid");
  const stops = [...table.querySelectorAll("td > :is(a, button:enabled)")];
  for (const stop of stops) stop.tabIndex = -1;
  const chosen = table.querySelector("[aria-pressed=true]") || stops[0];
  rove(chosen?.closest("td") || table.querySelector("td"));
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-7, 0], End: [7, 0] };

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.(".grid tbody td");
  const step = STEPS[event.key];
  if (!cell || !step) return;
  event.preventDefault();
  const rows = cell.closest("tbody").rows;
  const clamp = (value, last) => Math.max(0, Math.min(last, value));
  const row = rows[clamp(cell.parentNode.sectionRowIndex + step[1], rows.length - 1)];
  const next = row.cells[1 + clamp(cell.cellIndex - 1 + step[0], row.cells.length - 2)];
  rove(next);
  tabStop.focus();
});

document.addEventListener("focusin", ({ target }) => {
  const cell = target.closest?.(".grid tbody td");
  if (cell) rove(cell);
});

let finger = null;

document.addEventListener("touchstart", ({ target, touches }) => {
  finger = touches.length === 1 && target.closest(".days") ? touches[0] : null;
}, { passive: true });

document.addEventListener("touchend", ({ changedTouches: [end] }) => {
  if (!finger) return;
  const [across, down] = [end.clientX - finger.clientX, end.clientY - finger.clientY];
  finger = null;
  if (Math.abs(across) < 60 || Math.abs(across) < 2 * Math.abs(down)) return;
  document.getElementById(across < 0 ? "day-next" : "day-previous")?.click();
}, { passive: true });

document.addEventListener("htmx:afterSwap", setUpGrid);
setUpGrid();
