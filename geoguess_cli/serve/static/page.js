// The page: each photo gets a tile on the shelf and a panel on the stage.

import { addPhoto, describeModel, forget } from "./api.js";
import { Comparison } from "./compare.js";
import { announce, h } from "./dom.js";
import { Occlusion } from "./occlusion.js";
import { Result } from "./result.js";
import { megabytes, percent, sentence } from "./words.js";

const AT_ONCE = 3; // photos sent at once; the server takes more, but other pages may need it too

const page = Object.fromEntries(
  ["files", "intake", "intake-note", "shelf", "tiles", "stage", "compare", "guess-first", "about"]
    .map((id) => [id, document.getElementById(id)]),
);
const photos = [];
let model = null;
let selected = null;
let view = null; // the panel or the comparison on the stage
let under_way = 0;

/** Add files: each gets a tile at once, and is sent when its turn comes. */
function take(files) {
  for (const file of files) {
    const photo = {
      file, name: file.name || "pasted picture", state: "waiting",
      answer: null, error: null, veiled: page["guess-first"].checked,
      pin: null, scores: null, occlusion: null, panel: null, tile: null,
    };
    photo.tile = makeTile(photo);
    photos.push(photo);
    page.tiles.append(photo.tile.node);
    if (file.size > model.limits.upload_bytes) {
      fail(photo, `the file has ${megabytes(file.size)}; the limit is ${megabytes(model.limits.upload_bytes)}`);
    }
  }
  arrange();
  pump();
}

/** Send the next photos, at most AT_ONCE at a time. */
function pump() {
  while (under_way < AT_ONCE) {
    const photo = photos.find((one) => one.state === "waiting");
    if (photo === undefined) return;
    photo.state = "sending";
    under_way += 1;
    photo.tile.update();
    send(photo).finally(() => {
      under_way -= 1;
      pump();
    });
  }
}

async function send(photo) {
  try {
    const answer = await addPhoto(photo.file, () => photo.tile.update("the server is busy, waiting …"));
    if (photo.state === "removed") {
      forget([answer.id]);
      return;
    }
    photo.answer = answer;
    photo.state = "answered";
    photo.file = null;
    photo.occlusion = new Occlusion(photo, model);
    photo.tile.update();
    arrange();
    if (selected === null) select(photo);
    announce(photo.veiled
      ? `${photo.name} is ready for your guess.`
      : `${photo.name}: ${answer.place}, ${percent(answer.guesses[0].probability)}.`);
  } catch (error) {
    if (photo.state !== "removed") fail(photo, error.message);
  }
}

function fail(photo, message) {
  photo.state = "failed";
  photo.error = sentence(message);
  photo.file = null;
  photo.tile.update();
  page.shelf.hidden = false;
  photo.tile.node.scrollIntoView({ block: "nearest", inline: "nearest" });
  announce(`${photo.name}: ${photo.error}`);
}

/** The tile of a photo: its picture, its name, its state, and a button that removes it. */
function makeTile(photo) {
  const picture = h("span", { class: "thumb", "aria-hidden": "true" });
  const state = h("span", { class: "said" });
  const button = h("button", { type: "button", class: "pick", onclick: () => select(photo) },
    picture, h("span", { class: "name" }, photo.name), state);
  const remove = h("button", {
    type: "button", class: "remove", "aria-label": `Remove ${photo.name}`, onclick: () => drop(photo),
  }, "×");
  const node = h("li", { class: "tile" }, button, remove);
  const words = { waiting: "waiting …", sending: "answering …" };
  function update(text) {
    node.dataset.state = photo.state;
    button.disabled = photo.state !== "answered";
    button.setAttribute("aria-current", String(photo === selected));
    if (photo.state === "answered") {
      if (!picture.firstChild) {
        picture.append(h("img", { src: `/api/photos/${photo.answer.id}/preview.jpg`, alt: "" }));
      }
      const [first] = photo.answer.guesses;
      state.textContent = photo.veiled ? "your guess?" : `${first.region || first.country || "at sea"}, ${percent(first.probability)}`;
    } else {
      state.textContent = text ?? photo.error ?? words[photo.state];
    }
  }
  update();
  return { node, update };
}

/** Show the panel of a photo. */
function select(photo) {
  selected = photo;
  page.compare.setAttribute("aria-pressed", "false");
  photo.panel ??= new Result(photo, () => {
    photo.tile.update();
    arrange();
  });
  stage(photo.panel);
}

function stage(next) {
  if (view instanceof Comparison) view.close();
  view = next;
  page.stage.replaceChildren(...(view === null ? [] : [view.node]));
  for (const photo of photos) photo.tile.update();
}

/** The photos whose answer is visible. */
const answered = () => photos.filter((photo) => photo.state === "answered" && !photo.veiled);

function toggleComparison() {
  if (view instanceof Comparison) {
    select(selected);
    return;
  }
  page.compare.setAttribute("aria-pressed", "true");
  stage(new Comparison(answered()));
}

function drop(photo) {
  const index = photos.indexOf(photo);
  photos.splice(index, 1);
  photo.state = "removed";
  photo.tile.node.remove();
  if (photo.panel) photo.panel.close();
  if (photo.answer) forget([photo.answer.id]);
  announce(`${photo.name} is removed.`);
  const next = photos[Math.min(index, photos.length - 1)];
  (next ? next.tile.node.querySelector("button:enabled") : page.files).focus();
  if (photo === selected || view instanceof Comparison) {
    selected = null;
    const other = photos.find((one) => one.state === "answered");
    if (other) select(other);
    else stage(null);
  }
  arrange();
}

/** Update the layout after photos were added or removed. */
function arrange() {
  const any = photos.length > 0;
  page.shelf.hidden = !any;
  page.intake.classList.toggle("small", any);
  page.compare.hidden = answered().length < 2;
}

function listen() {
  page.files.addEventListener("change", () => {
    take(page.files.files);
    page.files.value = "";
  });
  page.compare.addEventListener("click", toggleComparison);
  page["guess-first"].addEventListener("change", () => {
    announce(page["guess-first"].checked
      ? "Guess first is on: the next photos show their answer after your guess."
      : "Guess first is off: the next photos show their answer at once.");
  });
  let depth = 0;
  const over = (change) => (event) => {
    event.preventDefault();
    depth = change === 0 ? 0 : depth + change;
    document.body.classList.toggle("dropping", depth > 0);
  };
  document.addEventListener("dragenter", over(1));
  document.addEventListener("dragleave", over(-1));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    over(0)(event);
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => take(event.clipboardData.files));
  window.addEventListener("pagehide", () => {
    for (const photo of photos) photo.panel?.close();
    forget(photos.filter((photo) => photo.answer).map((photo) => photo.answer.id));
  });
}

async function open() {
  try {
    model = await describeModel();
  } catch (error) {
    page["intake-note"].textContent = sentence(error.message);
    return;
  }
  const { limits } = model;
  page["intake-note"].textContent =
    `JPEG, PNG, WebP or TIFF, up to ${megabytes(limits.upload_bytes)}. The server keeps the last ` +
    `${limits.photos} photos in memory, forgets them when you close this page, and writes none to disk.`;
  page.about.textContent = `geoguess ${model.version} · ${model.identity.cells} cells · model ${model.identity.fingerprint}`;
  listen();
  document.body.dataset.ready = "yes";
}

void open();
