/* Ask before a step that cannot be taken back: forms with data-ask. */
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.ask;
  if (question && !window.confirm(question)) {
    event.preventDefault();
  }
});
