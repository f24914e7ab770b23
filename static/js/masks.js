/** The page of a scene's masks: labels over its pictures, drawn by mouse, finger, pen or keys. */

import { Board } from "./masks/drawing.js";
import { encode } from "./masks/label_png.js";

const page = document.querySelector("[data-masks]");
const tools = page.querySelector("[data-tools]");
const saving = page.querySelector("[data-save]");
const colours = JSON.parse(document.querySelector("#mask-colours").textContent);

/** @type {Board[]} In the order in which they were drawn on, for undo. */
const history = [];
const boards = [...page.querySelectorAll("[data-side]")].map(
  (stage) => new Board(stage, colours, tools ? chosen : null, drawn),
);
await Promise.all(boards.map((board) => board.load()));
page.dataset.ready = "";

/** @returns {{tool: string, label: number, radius: number}} What the tools say now. */
function chosen() {
  const said = new FormData(tools);
  const tool = said.get("tool");
  const label = tool === "eraser" ? 0 : Number(said.get("label"));
  return { tool, label, radius: Number(said.get("size")) / 2 };
}

/** @param {Board} board on which something was just drawn. */
function drawn(board) {
  history.push(board);
  tell();
}

function tell() {
  tools.querySelector("[data-undo]").disabled = history.length === 0;
  const sides = boards
    .filter((board) => board.changed)
    .map((board) => board.side.replace("-", " "));
  saving.querySelector("[data-state]").textContent = sides.length
    ? `Not saved yet: ${sides.join(" and ")}.`
    : "Nothing to save.";
}

function undo() {
  history.pop()?.undo();
  tell();
}

/** Hand the drawings to the form as if they had been chosen as files, then send it. */
async function save(event) {
  event.preventDefault();
  const changed = boards.filter((board) => board.changed);
  if (!changed.length) return;
  for (const board of changed) {
    const { labels, width, height } = board.map;
    const file = new File([await encode(labels, width, height)], `${board.side}.png`);
    const files = new DataTransfer();
    files.items.add(file);
    saving.elements[board.side].files = files.files;
  }
  window.removeEventListener("beforeunload", warn);
  saving.submit();
}

/** @param {BeforeUnloadEvent} event */
function warn(event) {
  if (boards.some((board) => board.changed)) event.preventDefault();
}

if (tools) {
  const show = () => {
    const said = new FormData(tools);
    tools.querySelector("[data-size-shown]").textContent = said.get("size");
    for (const board of boards) board.canvas.style.opacity = said.get("opacity") / 100;
  };
  tools.addEventListener("input", show);
  show();
  tools.querySelector("[data-undo]").addEventListener("click", undo);
  saving.addEventListener("submit", save);
  window.addEventListener("beforeunload", warn);
  window.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === "z") {
      event.preventDefault();
      undo();
    }
  });
}
