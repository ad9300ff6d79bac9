// What pages do beyond links and forms. Everything here has a way without JavaScript: a dialog's link leads to a page with the same form.
"use strict";

// A link that opens a dialog.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-dialog]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const dialog = document.getElementById(link.dataset.dialog);
  if (!dialog) return;
  event.preventDefault();
  dialog.showModal();
});

// A link or button that closes the dialog it is in.
document.addEventListener("click", (event) => {
  const closing = event.target.closest("[data-close]");
  const dialog = closing && closing.closest("dialog");
  if (!dialog) return;
  event.preventDefault();
  dialog.close();
});

// Links that look like buttons are pressed with the space bar, too.
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !event.target.matches('a[role="button"]')) return;
  event.preventDefault();
  event.target.click();
});

// A box that ticks all others of its form, and a button that says how many are ticked.
const countTicked = (form) => {
  const boxes = [...form.querySelectorAll("[data-tick]")];
  const ticked = boxes.filter((box) => box.checked).length;
  const all = form.querySelector("[data-tick-all]");
  if (all) {
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
  const said = form.querySelector("[data-ticked]");
  if (said) said.textContent = ticked === 0 ? "No one selected" : ticked === 1 ? "1 person selected" : ticked + " people selected";
};
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (event.target.matches("[data-tick-all]")) {
    for (const box of form.querySelectorAll("[data-tick]")) box.checked = event.target.checked;
  }
  if (form && event.target.matches("[data-tick], [data-tick-all]")) countTicked(form);
});
for (const all of document.querySelectorAll("[data-tick-all]")) {
  all.closest("[hidden]")?.removeAttribute("hidden");
  countTicked(all.form);
}

// A form is sent once. Whoever has stopped it can send it again a little later.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "yes";
  setTimeout(() => delete event.target.dataset.sent, 5000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
