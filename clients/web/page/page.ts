/**
 * A stream's bodies, live or recorded. The address of the page can say `?level=mesh`, `&stream=cam0`, `&view=camera`,
 * `&unseen=hide`, `&layers=mesh,ids`, `&bare=1` (the scene alone) and `&bridge=ws://host:8765` (the server of the page
 * unless it is given); `#token=...` is for a bridge that asks for one.
 */

import * as THREE from "three";

import { type FramePacket, type Level, type ModelPacket, type Moment, type StatsPacket, WireError } from "../src/index.js";
import { Backdrop } from "./backdrop.js";
import { Capture } from "./capture.js";
import { Charts } from "./charts.js";
import { Crowd } from "./crowd.js";
import { type About, noticeFor, showNotice } from "./empty.js";
import { Fallback, LEVELS } from "./fallback.js";
import { type Feed, NoFeed, type Position, knownFloor } from "./feed.js";
import { Floor } from "./floor.js";
import { Hud, type PipelineStats, element, pipelineStats, say } from "./hud.js";
import { expose } from "./inspect.js";
import { Inset } from "./inset.js";
import { listen } from "./keys.js";
import { Labels } from "./labels.js";
import { LAYERS, Layers } from "./layers.js";
import { LiveFeed } from "./live.js";
import { Keypoints, Skeletons, Trails } from "./marks.js";
import type { Optics } from "./optics.js";
import { PeoplePanel } from "./people.js";
import { Pictures, type Shot } from "./pictures.js";
import { RecordingFeed } from "./recording.js";
import { type RoomCamera, RoomRig, roomCameras } from "./rig.js";
import { PageServer } from "./server.js";
import { Stage } from "./stage.js";
import { Timeline } from "./timeline.js";
import { takeToken } from "./token.js";
import { UNSEEN } from "./unseen.js";

const BODY_M = 1.8;
/** A picture that is this far from the moment that is shown is not shown, s. */
const STALE_S = 3;
/** How bright the picture behind the bodies is. */
const DIM = 0.82;
const ABOUT_MS = 3000;
/** The camera's frustum is at most this long, of the way to the nearest person. */
const REACH = 0.45;

const wishes = new URLSearchParams(location.search);
const token = takeToken(!wishes.has("bridge"));
const bridge = wishes.get("bridge") ?? location.origin.replace(/^http/, "ws");
const server = new PageServer(bridge, token);
document.body.dataset["bare"] = `${wishes.get("bare") === "1"}`;

const view = element("view") as HTMLCanvasElement;
const crowd = new Crowd();
const stage = new Stage(view, crowd.group);
const backdrop = new Backdrop();
const skeletons = new Skeletons();
const keypoints = new Keypoints();
const trails = new Trails();
crowd.group.add(backdrop.group, skeletons.group, keypoints.object);
stage.add(trails.group);
stage.onResize = (width, height) => skeletons.resize(width, height);
backdrop.dim = DIM;

const pictures = new Pictures();
const inset = new Inset(element("inset"));
const labels = new Labels(element("labels"));
const rig = new RoomRig(element("cameras"));
stage.add(rig.group);
const layers = new Layers(element("layers"), wishes.get("layers"), refresh);
const hud = new Hud(new Charts(element("charts")));
const panel = new PeoplePanel(element("cards"));
const numbers = expose(crowd, async () => (await capture.screenshot())?.size ?? 0);
const timeline = new Timeline(() => feed, current);
const capture = new Capture(view, element("labels"), element("record"), () => stage.render(), fileName);
const fallback = new Fallback();

/** Another server than the page's own cannot be asked. */
let about: About | undefined = wishes.has("bridge") ? { mode: "live", source: bridge, publisher: false } : undefined;
let level: Level = LEVELS.find((name) => name === wishes.get("level")) ?? "params";
let wanted = level;
let picked = wishes.get("stream") ?? "";
let through = wishes.get("view") === "camera";
let feed: Feed = new NoFeed(level);
let floor = new Floor();
let optics: Optics | undefined;
let head = 0;
let shown: Moment<FramePacket> | undefined;
let model: ModelPacket | undefined;
let stats = new Map<string, PipelineStats>();
let rooms = new Map<string, readonly RoomCamera[]>();
let asked = -Infinity;

function live(): LiveFeed {
  numbers.level = level;
  return new LiveFeed(bridge, {
    level,
    onError: (error) => say(error.message),
    onStats: heed,
    ...(token ? { token } : {}),
  });
}

/** Ask the server what is shown, until it has said so. */
async function ask(nowMs: number): Promise<void> {
  if ((about && !(feed instanceof NoFeed)) || nowMs - asked < ABOUT_MS) return;
  asked = nowMs;
  const said = about ?? (await server.about());
  const first = feed instanceof NoFeed;
  about = said ?? about;
  if (said?.mode === "recording" && first) feed = await RecordingFeed.open(server, level, say);
  else if (first) feed = live();
  if (first) adopt();
}

/** Another feed, or the same at another level. */
function adopt(): void {
  document.body.dataset["mode"] = feed.mode;
  level = feed.level;
  numbers.level = level;
  shown = undefined;
  hud.restart();
  document.querySelector<HTMLInputElement>(`[name=level][value="${level}"]`)!.checked = true;
}

/** Show another level. */
async function change(to: Level): Promise<void> {
  level = to;
  if (feed instanceof RecordingFeed) {
    feed.choose(to);
  } else {
    feed.close();
    feed = live();
  }
  adopt();
}

/** Messages of all streams come; one is shown. */
function current(): string {
  return picked || (feed.streams[0] ?? "");
}

function heed({ stream, values }: StatsPacket): void {
  if (stats.size < 64 || stats.has(stream)) stats.set(stream, pipelineStats(values));
  if (rooms.size < 64 || rooms.has(stream)) rooms.set(stream, roomCameras(values["cameras"]));
  const known = knownFloor(values["floor"]);
  if (known && feed instanceof LiveFeed) feed.setFloor(stream, known);
}

/** Something other than the frame has changed. */
function refresh(): void {
  shown = undefined;
  crowd.surfaces = layers.on("mesh");
  stage.ground = layers.on("ground");
  stage.touch();
}

function fileName(): string {
  const when = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  return `meshcast-${current() || "scene"}-${when}`;
}

/**
 * The moment to draw. Through the camera, bodies are those of the picture's own frame: they lie over its pixels however
 * late it comes.
 */
function momentOf(stream: string, position: Position): Moment<FramePacket> | undefined {
  const locked = through && layers.on("image") ? pictures.current : undefined;
  if (locked?.packet.stream === stream && Math.abs(locked.tS - position.atS) < STALE_S) {
    const frame = feed.exactly(stream, locked.packet.frameIndex, locked.tS);
    if (frame) return { from: frame, to: frame, share: 1 };
  }
  return feed.at(stream, position.atS);
}

function show(stream: string, moment: Moment<FramePacket>, position: Position): void {
  const { from, to, share } = moment;
  const fits = feed.model(to);
  if (!fits) return;
  model = fits;
  const shot = pictures.current?.packet.stream === stream && Math.abs(pictures.current.tS - position.atS) < STALE_S
    ? pictures.current
    : undefined;
  numbers.picture = shot ? Number(shot.packet.frameIndex) : -1;
  const same = shown && shown.from === from && shown.to === to && shown.share === share;
  if (!backdrop.show(shot) && same) return;
  crowd.show(moment, model);
  if (feed.mode === "live") say(level === wanted ? "" : `${to.stream} has no ${wanted}: ${level} is shown`);
  if (shown?.to !== to) learn(to, model.jointNames);
  shown = moment;
  numbers.people = [...to.people.ids];
  numbers.seq = Number(to.seq);
  const see = shot && optics ? { ...optics, lens: shot.packet.lens } : optics;
  backdrop.arrange(see, through, { picture: layers.on("image"), frustum: layers.on("frustum") });
  if (layers.on("skeleton")) skeletons.show(crowd.figures, model.parents);
  skeletons.group.visible = layers.on("skeleton");
  mark(stream, shot, to, position.atS, see);
  walk(position.atS);
  const box = around();
  if (!box.isEmpty()) stage.follow(box);
  stage.touch();
}

/** Keypoints of the picture's frame, or of the one that is shown: another level has them where the bodies are params. */
function mark(stream: string, shot: Shot | undefined, to: FramePacket, tS: number, see: Optics | undefined): void {
  const [index, whenS] = shot ? [shot.packet.frameIndex, shot.tS] : [to.frameIndex, tS];
  const has = level === "params" ? "joints" : level;
  const people = layers.on("keypoints") ? feed.exactly(stream, index, whenS, has)?.people : undefined;
  const size = Math.min(1, REACH * nearest());
  backdrop.size = size;
  keypoints.object.scale.setScalar(size);
  keypoints.show(through || layers.on("frustum") ? people : undefined, see, !through);
  inset.show(layers.on("inset") && !through ? shot : undefined, people, stream);
}

/** How far the nearest person is from the camera, m. */
function nearest(): number {
  let depth = Infinity;
  for (const { joints } of crowd.figures.values()) if (joints.length > 2) depth = Math.min(depth, -joints[2]!);
  return Math.max(0.1, depth);
}

/** Where people are on the floor. */
function walk(tS: number): void {
  crowd.group.updateMatrixWorld();
  const places = new Map<number, THREE.Vector3>();
  for (const [id, { joints }] of crowd.figures) {
    if (joints.length < 3) continue;
    places.set(id, new THREE.Vector3().fromArray(joints).applyMatrix4(crowd.group.matrixWorld));
  }
  panel.note(places, tS);
  trails.group.visible = layers.on("trails");
  if (trails.group.visible) trails.show(places, tS);
  else trails.clear();
}

/** Where the floor and the heads are, and how the camera sees. */
function learn(frame: FramePacket, jointNames: readonly string[]): void {
  head = Math.max(0, jointNames.indexOf("head"));
  const known = feed.floor(frame.stream);
  if (known) floor.fix(new THREE.Vector3(known.up[0], -known.up[1], -known.up[2]), known.heightM);
  floor.see(jointNames, [...crowd.figures.values()].map(({ joints }) => joints));
  floor.level(crowd.group);
  const { camera, width, height } = frame;
  optics = camera ? { camera, width, height, lens: "pinhole" } : undefined;
  (element("lens") as HTMLInputElement).disabled = !optics;
  if (optics && through) look(true);
}

/** Look through the camera, or freely. */
function look(camera: boolean): void {
  through = camera;
  document.querySelector<HTMLInputElement>(`[name=look][value="${camera ? "camera" : "orbit"}"]`)!.checked = true;
  stage.lens = camera ? optics : undefined;
}

/** A box on the floor around everybody, m. */
function around(): THREE.Box3 {
  const box = new THREE.Box3();
  const at = new THREE.Vector3();
  for (const { joints } of crowd.figures.values()) {
    for (let joint = 0; joint < joints.length; joint += 3) {
      box.expandByPoint(at.fromArray(joints, joint).applyMatrix4(crowd.group.matrixWorld));
    }
  }
  if (box.isEmpty()) return box;
  box.min.y = Math.min(0, box.min.y);
  box.max.y = Math.max(BODY_M, box.max.y);
  return box;
}

/** Nobody is there any more, or somebody else. */
function clear(): void {
  crowd.clear();
  skeletons.clear();
  trails.clear();
  keypoints.show(undefined, undefined);
  inset.show(undefined, undefined, "");
  pictures.clear();
  numbers.people = [];
  shown = undefined;
  stage.touch();
}

/** The page's word for how things are, and a sentence. */
function describe(stream: string): [string, string] {
  const state = feed.state(stream);
  if (feed.mode === "recording") return ["recording", about?.source ?? "recording"];
  if (!feed.connected) return ["connecting", "connecting"];
  if (state?.state === "ended") return ["ended", `ended: ${state.reason || stream}`];
  if (feed.silent || !state) return ["waiting", "waiting for the publisher"];
  return [state.state, about?.source && feed.streams.length < 2 ? `${state.state}: ${about.source}` : `${state.state}: ${stream}`];
}

function tick(nowMs: number): void {
  requestAnimationFrame(tick);
  void ask(nowMs).catch((error: unknown) => say(error instanceof Error ? error.message : `${error}`));
  const stream = current();
  feed.advance(stream, performance.now());
  const position = feed.position(stream);
  try {
    pictures.want(position && feed.picture(stream, position.atS));
    // What was live a while ago must not look as if it were.
    const gone = feed.mode === "live" && position?.live && (!feed.connected || feed.silent);
    const moment = position && !gone ? momentOf(stream, position) : undefined;
    if (moment && position) show(stream, moment, position);
    else if (shown && !position?.loading) clear();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    say(error.message);
  }
  report(stream, nowMs);
  if (rig.show(rooms.get(stream) ?? [], layers.on("frustum") && !through)) stage.touch();
  if (!stage.draw(nowMs)) return;
  rig.label(stage.camera);
  labels.show(crowd, head, stage.camera, layers.on("ids"));
  numbers.drawn++;
  if (capture.recording) capture.compose();
}

/** Everything around the scene. */
function report(stream: string, nowMs: number): void {
  list(stream);
  timeline.show();
  panel.show(shown?.to, model, nowMs);
  const state = feed.state(stream);
  const [word, text] = describe(stream);
  numbers.state = word;
  numbers.stream = stream;
  numbers.received = state?.received ?? 0;
  numbers.lost = state?.lost ?? 0;
  const pill = element("state");
  pill.dataset["state"] = word;
  if (pill.textContent !== text) pill.textContent = text;
  showNotice(noticeFor(about, word, state, shown !== undefined, server.refused));
  if (state && feed instanceof LiveFeed) {
    hud.show(state, numbers, feed.count(stream), feed.lagS(stream), stats.get(stream), nowMs);
    const other = fallback.next(level, state, nowMs);
    if (other) void change(other);
  }
}

/** Offer the streams where there are several. */
function list(stream: string): void {
  const select = element("stream") as HTMLSelectElement;
  const names = feed.streams;
  if (select.options.length !== names.length) {
    select.replaceChildren(...names.map((name) => new Option(name)));
    select.hidden = names.length < 2;
  }
  if (select.value !== stream) select.value = stream;
}

function pick(stream: string): void {
  if (stream === current()) return;
  picked = stream;
  clear();
  floor = new Floor();
  optics = undefined;
  hud.restart();
  stage.centre();
}

function centre(): void {
  look(false);
  stage.centre();
  refresh();
}

function toggleSidebar(): void {
  const on = document.body.dataset["panel"] !== "false";
  document.body.dataset["panel"] = `${!on}`;
  element("sidebar").ariaPressed = `${!on}`;
}

function cycleUnseen(): void {
  const next = UNSEEN[(UNSEEN.indexOf(crowd.unseen) + 1) % UNSEEN.length]!;
  document.querySelector<HTMLInputElement>(`[name=unseen][value="${next}"]`)!.click();
}

element("stream").addEventListener("change", ({ target }) => pick((target as HTMLSelectElement).value));
element("levels").addEventListener("change", ({ target }) => {
  wanted = (target as HTMLInputElement).value as Level;
  void change(wanted);
});
for (const radio of document.querySelectorAll<HTMLInputElement>("[name=look]")) {
  radio.addEventListener("change", () => {
    look(radio.value === "camera");
    refresh();
  });
}
element("unseen").addEventListener("change", ({ target }) => {
  const chosen = (target as HTMLInputElement).value;
  crowd.unseen = UNSEEN.find((mode) => mode === chosen) ?? crowd.unseen;
  refresh();
});
element("centre").addEventListener("click", centre);
element("sidebar").addEventListener("click", toggleSidebar);
element("shoot").addEventListener("click", () => void capture.screenshot());
element("record").addEventListener("click", () => capture.toggle());
const keys = element("keys") as HTMLDialogElement;
element("help").addEventListener("click", () => keys.showModal());

listen(
  [
    { keys: [" "], shown: "space", about: "pause, play", run: () => timeline.toggle() },
    { keys: ["ArrowLeft", "ArrowRight"], shown: "← →", about: "previous, next frame; with shift: one second", run: (event) => {
      const sign = event.key === "ArrowLeft" ? -1 : 1;
      if (event.shiftKey) timeline.jump(sign);
      else timeline.step(sign);
    } },
    { keys: ["l", "Home"], shown: "L", about: "back to what is live, or to the beginning", run: () => timeline.restart() },
    { keys: ["c"], shown: "C", about: "view of the camera, or free", run: () => {
      if (!optics) return;
      look(!through);
      refresh();
    } },
    { keys: ["r"], shown: "R", about: "center the people", run: centre },
    { keys: "123456789".split(""), shown: "1 to 9", about: "choose a camera", run: ({ key }) => {
      const stream = feed.streams[Number(key) - 1];
      if (stream) pick(stream);
    } },
    { keys: ["u"], shown: "U", about: "unseen parts: show, fade, hide", run: cycleUnseen },
    ...LAYERS.map(({ name, label, key }) => ({
      keys: [key], shown: key.toUpperCase(), about: label.toLowerCase(), run: () => layers.toggle(name),
    })),
    { keys: ["s"], shown: "S", about: "screenshot", run: () => void capture.screenshot() },
    { keys: ["v"], shown: "V", about: "begin a clip, or save it", run: () => capture.toggle() },
    { keys: ["h"], shown: "H", about: "panel", run: toggleSidebar },
    { keys: ["?"], shown: "?", about: "this list", run: () => keys.showModal() },
  ],
  keys,
);

crowd.unseen = UNSEEN.find((mode) => mode === wishes.get("unseen")) ?? crowd.unseen;
document.querySelector<HTMLInputElement>(`[name=unseen][value="${crowd.unseen}"]`)!.checked = true;
document.querySelector<HTMLInputElement>(`[name=level][value="${level}"]`)!.checked = true;
if (through) (element("lens") as HTMLInputElement).checked = true;
refresh();
requestAnimationFrame(tick);
