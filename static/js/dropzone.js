/** Drop zone: files dropped on the label become those of its input; their number is shown. */

for (const zone of document.querySelectorAll("[data-dropzone]")) {
  const input = zone.querySelector("input[type=file]");
  const chosen = zone.querySelector("[data-chosen]");
  const tell = () => {
    const names = [...input.files].map((file) => file.name);
    const more = names.length > 5 ? `, and ${names.length - 5} more` : "";
    chosen.textContent = names.length ? names.slice(0, 5).join(", ") + more : "";
  };
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.dataset.over = "";
  });
  zone.addEventListener("dragleave", () => delete zone.dataset.over);
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    delete zone.dataset.over;
    input.files = event.dataTransfer.files;
    tell();
  });
  input.addEventListener("change", tell);
}
