/** Gallery: a click shows a picture full size; arrow keys walk, Escape closes. */

const dialog = document.querySelector("[data-dialog]");
const links = [...document.querySelectorAll("[data-gallery] a[data-caption]")];
let shown = 0;

/** @param {number} index of the link whose picture is shown; wraps round. */
function show(index) {
  shown = (index + links.length) % links.length;
  const image = dialog.querySelector("img");
  image.src = links[shown].href;
  image.alt = links[shown].dataset.caption;
  dialog.querySelector("figcaption").textContent = links[shown].dataset.caption;
  if (!dialog.open) dialog.showModal();
}

links.forEach((link, index) => {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(index);
  });
});
dialog?.addEventListener("click", () => dialog.close());
dialog?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowRight" || event.key === "ArrowDown") show(shown + 1);
  if (event.key === "ArrowLeft" || event.key === "ArrowUp") show(shown - 1);
});
document.querySelector("[data-submit]")?.addEventListener("change", (event) => {
  event.target.form.submit();
});
