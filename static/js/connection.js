// While the site cannot be reached the page stays as it is and says so; the note goes
// by itself when the connection is back.

const messages = () => document.getElementById("messages");

function sayOffline() {
  messages().replaceChildren(document.getElementById("offline").content.cloneNode(true));
}

document.addEventListener("htmx:sendError", sayOffline);
document.addEventListener("htmx:timeout", sayOffline);
window.addEventListener("online", () => messages().querySelector("[data-offline]")?.remove());
