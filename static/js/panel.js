// What HTML cannot do for the booking panel: over the page where there is no room
// beside the grid, closed by Escape, and the focus back at the time it came from.
// Without this file it stands open in the page, and its cross is a link.

const narrow = matchMedia("(max-width: 61.99rem)");
const panel = () => document.getElementById("panel");
const isModal = () => panel()?.matches(":modal");

function closePanel() {
  const cross = document.querySelector(".panel__close");
  // A quick Escape comes before htmx has seen the panel that it swapped in.
  htmx.process(cross);
  cross.click();
}

let at = null;
let cameFrom = null;

function setUpPanel() {
  if (!panel()) return;
  at = panel().dataset.at;
  if (!narrow.matches || isModal()) return;
  panel().removeAttribute("open");
  panel().showModal();
}

function returnFocus() {
  const names = [cameFrom, `cell-${at}`, `time-${at}`];
  const places = names.map((name) => document.getElementById(name)).filter(Boolean);
  places[0]?.closest("details")?.setAttribute("open", "");
  const place = places.find((each) => each.offsetParent);
  const target = place?.querySelector("a, button:enabled") || place;
  if (!target) return;
  if (target === place) place.tabIndex = -1;
  target.focus({ preventScroll: true });
}

document.addEventListener("click", ({ target, clientX: x, clientY: y }) => {
  const button = target.closest("button[name=at]");
  if (button) cameFrom = button.closest("[id]").id;
  if (target !== panel() || !isModal()) return;
  const box = target.getBoundingClientRect();
  if (x < box.left || x > box.right || y < box.top || y > box.bottom) target.close();
});

document.addEventListener("submit", ({ target }) => {
  if (panel()?.contains(target)) [at, cameFrom] = [target.elements.at.value, null];
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && panel() && !isModal()) closePanel();
});

// Escape on the modal panel, a phone's gesture or a click beside it closed it.
document.addEventListener("close", ({ target }) => target === panel() && closePanel(), true);

document.addEventListener("change", ({ target }) => {
  const facts = target.selectedOptions?.[0]?.dataset;
  if (!facts?.span) return;
  panel().classList.add("panel--follows");
  for (const shown of panel().querySelectorAll("[data-shows]")) {
    shown.textContent = facts[shown.dataset.shows];
  }
});

document.addEventListener("htmx:afterSwap", setUpPanel);
document.addEventListener("htmx:afterSettle", () => {
  if (!panel() && !document.activeElement?.closest("#week")) returnFocus();
});
setUpPanel();
