// The view Draw: what is on the surface, what was answered, and what the keys do.

import { byId, isTyping } from "../shared/dom.js";
import { complain, notify } from "../shared/notices.js";
import { onKey } from "../shared/service.js";
import { showAnswer, showProblem, markTaught, startAnswer } from "./answer.js";
import { answerTo, Asking } from "./asking.js";
import { showBoxes } from "./boxes.js";
import { startExamples } from "./examples.js";
import { showInPanels, startPanels } from "./panels.js";
import { opened, showPicture, startDrop, startFiles } from "./picture.js";
import { remember, startRecent } from "./recent.js";
import { isSame, pictureOf } from "./strokes.js";
import { Surface } from "./surface.js";
import { mayTeach, needKey, startTeaching, teach, undoTeaching } from "./teaching.js";

const FINISHED_SECONDS = 1.5; // without a new stroke: then the drawing is asked about as a whole, which may be kept

let surface;
let finished = 0; // the timer for that
let image = null; // the opened picture, which lies over the drawing
let current = nothing(); // what was answered last
let taught = { picture: null, label: null }; // last; the answer to it may come later than the lesson
const asking = new Asking({ shown, failed });

function nothing() {
  return { picture: null, answer: null };
}

/** Wire the view. */
export function startDrawing() {
  startAnswer((digit) => say("label", String(digit)));
  startTeaching();
  startPanels();
  surface = new Surface(byId("canvas"), { changed: askAgain, began, width: () => Number(byId("width").value) });
  startExamples({ drawn: write, opened: open });
  startRecent((picture) => (picture.strokes ? write(picture.strokes) : show(picture)));
  startFiles(open);
  startDrop(byId("surface"), open);
  addEventListener("dragover", (event) => event.preventDefault()); // a file that misses must not replace the page
  addEventListener("drop", (event) => event.preventDefault());
  byId("undo").addEventListener("click", undo);
  byId("clear").addEventListener("click", clear);
  byId("teach-text").addEventListener("submit", (event) => {
    event.preventDefault();
    say("text", byId("said").value);
  });
  addEventListener("keydown", pressed);
  onKey((key) => key && askAgain());
  askAgain();
}

function askAgain() {
  byId("hint").hidden = surface.strokes.length > 0 || image !== null;
  clearTimeout(finished);
  if (image) asking.ask(async () => image);
  else if (surface.hasInk) {
    asking.ask(() => pictureOf(surface.strokes, true));
    finished = setTimeout(() => asking.ask(() => pictureOf(surface.strokes)), FINISHED_SECONDS * 1000);
  } else if (surface.strokes.length === 0) {
    asking.stop();
    current = nothing();
    display();
  }
}

function shown(picture, answer) {
  current = { picture, answer };
  display();
}

function display() {
  const { picture, answer } = current;
  showAnswer(picture, answer);
  showBoxes(picture, answer);
  markTaught(labelOf(picture));
  showInPanels(picture, answer);
  byId("teach-text").hidden = !answer?.numbers;
  byId("teach-hint").hidden = !answer || Boolean(answer.numbers);
  if (answer?.numbers) suggest(answer.numbers.text.replaceAll("\n", " "));
}

/** Put what was read into the field for what it says, unless it was there before: somebody may be correcting it. */
function suggest(text) {
  const field = byId("said");
  if (field.dataset.read === text) return;
  field.dataset.read = text;
  field.value = text;
}

function failed(problem, picture) {
  current = { ...nothing(), picture };
  display();
  if (problem.title === undefined) throw problem;
  showProblem(problem, !image);
  if (problem.status === 401) needKey("This service reads only for those who have a key.");
}

/** Put the current picture into the strip, before another one takes its place. */
function leave() {
  const { picture, answer } = current;
  const label = labelOf(picture);
  if (answer)
    remember(picture, answer.numbers?.text ?? (answer.prediction.accepted ? answer.prediction.digit : ""), label);
}

/** A stroke begins: after an image, or after a digit was taught, it begins a new drawing. */
function began() {
  if (image || labelOf({ strokes: surface.strokes }) !== null) clear();
}

function clear() {
  leave();
  image = null;
  showPicture(null);
  if (surface.strokes.length > 0) surface.replace([]);
  else askAgain();
}

function undo() {
  if (image) {
    image = null;
    showPicture(null);
    askAgain();
  } else surface.undo();
}

function write(strokes) {
  leave();
  image = null;
  showPicture(null);
  surface.replace(strokes);
}

async function open(file) {
  try {
    const picture = await opened(file);
    if (picture.url === null) await probe(picture);
    else show(picture);
    if (picture.note) notify(picture.note);
  } catch (problem) {
    complain(problem);
  }
}

/** A file that the browser can't show takes the drawing's place only if the service can read it. */
async function probe(picture) {
  await answerTo(picture);
  show(picture);
}

function show(picture) {
  leave();
  image = picture;
  showPicture(picture);
  askAgain();
}

/** Teach the picture as it is now, which may be newer than the last answer. */
async function say(name, value) {
  if (!image && !surface.hasInk) {
    notify("Draw something first.");
    return;
  }
  const picture = image ?? (await pictureOf(surface.strokes));
  const isNumber = current.answer?.numbers && isSame(current.picture, picture);
  if (name === "label" && isNumber) notify("This shows several digits. Say below what they are.");
  else if (!mayTeach()) needKey("To teach the service, it needs a key.");
  else if (await teach(picture, name, value, () => label(picture, null))) label(picture, value);
}

/** What the picture was taught as; null if it was not the last one that was. */
const labelOf = (picture) => (isSame(picture, taught.picture) ? taught.label : null);

function label(picture, value) {
  taught = { picture, label: value };
  if (!isSame(current.picture, picture)) return;
  markTaught(value);
  leave();
}

function pressed(event) {
  if (byId("view-draw").hidden || isTyping() || event.altKey) return;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key !== "z") return;
    undo();
  } else if (/^[0-9]$/.test(key)) say("label", key);
  else if (key === "u") undoTeaching();
  else if (key === "delete" || key === "backspace") clear();
  else return;
  event.preventDefault();
}
