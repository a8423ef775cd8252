/** Guides a calibration: the camera's image with the board, what is covered, and where to hold the board next. */

import { ghost, mirrored, type Point, type Step } from "./board.js";
import { takeToken } from "./token.js";

const EVERY_MS = 60;
const AGAIN_MS = 1000;
const DOT = 0.003;
const KEPT_MS = 600;

/** What the server says with each image. Points are fractions of the image's size. */
interface State {
  readonly key: string;
  readonly number: number;
  readonly board: readonly [number, number];
  readonly aspect: number;
  readonly found: readonly Point[];
  readonly views: number;
  readonly new: readonly (readonly Point[])[];
  readonly verdict: "kept" | "known" | "moving" | null;
  readonly advice: string;
  readonly steps: readonly Step[];
  readonly coverage: number;
  readonly rms: number | null;
  readonly focal: readonly [number, number] | null;
  readonly ready: boolean;
  readonly problem: string;
  readonly result: readonly string[] | null;
  readonly image: boolean;
}

const token = takeToken(true);
const view = document.getElementById("view") as HTMLCanvasElement;
const finish = document.getElementById("finish") as HTMLButtonElement;
const mirror = document.getElementById("mirror") as HTMLInputElement;
const seen: Point[] = [];
/** For tests and the console of the browser. */
const numbers = { images: 0, views: 0, state: "connecting" };
Object.assign(globalThis, { meshcast: { numbers } });

let after = 0;
let have = 0;
let key = "";
let over = false;
let keptMs = -Infinity;

function ask(path: string): Promise<Response> {
  const headers = token ? { Authorization: `Bearer ${token}` } : undefined;
  return fetch(`calibration/${path}`, { ...(headers ? { headers } : {}), cache: "no-store" });
}

function write(id: string, text: string): void {
  const found = document.getElementById(id)!;
  if (found.textContent !== text) found.textContent = text;
}

function tell(state: string, text: string): void {
  numbers.state = state;
  write("state", text);
}

/** The next image, if there is one. */
async function next(): Promise<void> {
  const answer = await ask(`frame?after=${after}&have=${have}`);
  if (answer.status === 401) throw new Error("this page needs the link with the token that the command printed");
  if (!answer.ok) throw new Error(`the server answers with ${answer.status}`);
  if (answer.status === 204) return;
  const data = await answer.arrayBuffer();
  const size = new DataView(data).getUint32(0, true);
  const state = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, size))) as State;
  if (state.views < have) seen.length = 0; // another calibration
  for (const points of state.new) seen.push(...points);
  [after, have, key] = [state.number, state.views, state.key];
  const blob = new Blob([data.slice(4 + size)]);
  const bitmap = blob.size ? await createImageBitmap(blob) : undefined;
  if (state.result) return end(state, bitmap);
  if (!bitmap) return;
  draw(bitmap, state);
  bitmap.close();
  show(state);
  numbers.images++;
  numbers.views = state.views;
  tell("live", "live");
}

function draw(image: ImageBitmap, state: State): void {
  const { width, height } = image;
  if (view.width !== width || view.height !== height) [view.width, view.height] = [width, height];
  const pen = view.getContext("2d", { alpha: false })!;
  pen.setTransform(mirror.checked ? -1 : 1, 0, 0, 1, mirror.checked ? width : 0, 0);
  pen.drawImage(image, 0, 0);
  const radius = Math.max(1.5, DOT * width);
  dots(pen, seen, "rgb(143 183 201 / 70%)", radius);
  const step = state.steps.find((each) => !each[3]);
  if (step && state.views) outline(pen, ghost(step, state.board, state.aspect), "#d6a856", [10, 8]);
  if (state.found.length) dots(pen, state.found, state.verdict === "moving" ? "#d6a856" : "#6bbf8a", 1.6 * radius);
}

function dots(pen: CanvasRenderingContext2D, points: readonly Point[], color: string, radius: number): void {
  pen.fillStyle = color;
  for (const [x, y] of points) {
    pen.beginPath();
    pen.arc(x * view.width, y * view.height, radius, 0, 2 * Math.PI);
    pen.fill();
  }
}

function outline(pen: CanvasRenderingContext2D, points: readonly Point[], color: string, dashes: number[]): void {
  pen.strokeStyle = color;
  pen.lineWidth = Math.max(2, 0.004 * view.width);
  pen.setLineDash(dashes);
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x * view.width, y * view.height);
  pen.closePath();
  pen.stroke();
  pen.setLineDash([]);
}

function show(state: State): void {
  const nowMs = performance.now();
  if (state.verdict === "kept") keptMs = nowMs;
  const kept = nowMs - keptMs < KEPT_MS;
  const text = state.advice && mirror.checked ? mirrored(state.advice) : state.advice;
  const advice = state.verdict === "moving" && !kept ? "hold the board still" : text || "enough views: finish";
  write("advice", kept ? `kept: ${text || "enough"}` : advice);
  document.getElementById("advice")!.dataset["verdict"] = kept ? "kept" : `${state.verdict}`;
  write("views", `${state.views}`);
  write("coverage", `${(100 * state.coverage).toFixed(0)} %`);
  write("rms", state.rms === null ? "–" : `${state.rms.toFixed(2)} px`);
  write("focal", state.focal ? `${state.focal[0].toFixed(0)} ± ${state.focal[1].toFixed(0)} px` : "–");
  write("problem", state.ready ? "" : state.problem || "A few views from different directions are needed first.");
  finish.disabled = !state.ready;
  const first = state.steps.findIndex((each) => !each[3]);
  mark("regions", state.steps.filter((each) => each[1]), state.steps[first], () => "");
  const arrows = { left: "←", right: "→", top: "↑", bottom: "↓" };
  mark("tilts", state.steps.filter((each) => each[2]), state.steps[first], (each) => arrows[each[2]!]);
}

/** A field for each step. */
function mark(id: string, steps: readonly Step[], next: Step | undefined, text: (step: Step) => string): void {
  const list = document.getElementById(id)!;
  while (list.childElementCount < steps.length) list.append(document.createElement("i"));
  for (const [index, step] of steps.entries()) {
    const field = list.children[index] as HTMLElement;
    field.textContent = text(step) || "\u00a0";
    field.title = step[0];
    field.dataset["done"] = `${step[3]}`;
    field.dataset["next"] = `${step === next}`;
  }
}

/** The calibration has ended. */
function end(state: State, image: ImageBitmap | undefined): void {
  over = true;
  finish.disabled = true;
  write("advice", "");
  write("problem", "");
  const result = document.getElementById("result")!;
  result.hidden = false;
  result.textContent = state.result!.join("\n");
  if (state.image && image) {
    [view.width, view.height] = [image.width, image.height];
    view.getContext("2d", { alpha: false })!.drawImage(image, 0, 0);
  }
  tell("finished", state.image ? "finished; this page can be closed" : "ended; start the command again");
}

async function loop(): Promise<void> {
  while (!over) {
    let pauseMs = EVERY_MS;
    try {
      await next();
    } catch (error) {
      tell("waiting", error instanceof TypeError ? "the calibration does not answer" : `${error}`);
      pauseMs = AGAIN_MS;
    }
    await new Promise((done) => setTimeout(done, pauseMs));
  }
}

finish.addEventListener("click", () => {
  finish.disabled = true;
  tell("finishing", "calibrating");
  void ask(`finish?key=${encodeURIComponent(key)}`);
});
void loop();
