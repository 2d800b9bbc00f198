// A passkey is JavaScript's alone: what offers one is shown only where this runs.
// When the browser gives none, a sentence of ours says so.

for (const part of document.querySelectorAll("[data-passkeys]")) part.hidden = !window.PublicKeyCredential;

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const said = document.getElementById("passkey-failed").content.cloneNode(true);
  document.getElementById("messages").replaceChildren(said);
});
