// While the site cannot be reached the page stays as it is and says so; the note goes
// by itself when the connection is back.

const messages = () => document.getElementById("messages");
const note = () => document.querySelector("[data-offline]");

// Over the page stands the panel, where it has no room beside the grid.
function sayOffline() {
  const said = document.getElementById("offline").content.cloneNode(true);
  const over = document.querySelector("dialog:modal");
  note()?.remove();
  if (over) over.prepend(said);
  else messages().replaceChildren(said);
}

document.addEventListener("htmx:sendError", sayOffline);
document.addEventListener("htmx:timeout", sayOffline);
window.addEventListener("online", () => note()?.remove());
