/** The start page: what a panel put into the address lies in the form by now; the address is cleaned. */

/** @type {HTMLButtonElement | null} */
const button = document.querySelector("[data-start]");
if (button) {
  button.disabled = false;
}
if (window.location.search) {
  window.history.replaceState(null, "", window.location.pathname);
}
