/**
 * A stream's bodies, live. The address of the page can say `?level=params`, `&stream=cam0`, `&view=camera`,
 * `&unseen=hide` and `&bridge=ws://host:8765` (the server of the page unless it is given); `#token=...` is for a bridge
 * that asks for one.
 */

import * as THREE from "three";

import { Client, type FramePacket, type Level, type Moment, Playout, WireError } from "../src/index.js";
import { Crowd } from "./crowd.js";
import { Fallback, LEVELS } from "./fallback.js";
import { Floor } from "./floor.js";
import { Hud, element, say } from "./hud.js";
import { expose } from "./inspect.js";
import { Labels } from "./labels.js";
import type { Picture } from "./lens.js";
import { Stage } from "./stage.js";
import { takeToken } from "./token.js";
import { UNSEEN } from "./unseen.js";

const BODY_M = 1.8;

const wishes = new URLSearchParams(location.search);
const token = takeToken(!wishes.has("bridge"));
const bridge = wishes.get("bridge") ?? location.origin.replace(/^http/, "ws");
const crowd = new Crowd();
const stage = new Stage(element("view") as HTMLCanvasElement, crowd.group);
const labels = new Labels(element("labels"));
const hud = new Hud();
const numbers = expose(crowd);
const playouts = new Map<string, Playout<FramePacket>>();

const fallback = new Fallback();
let level: Level = LEVELS.find((name) => name === wishes.get("level")) ?? "mesh-lod";
let wanted = level;
let picked = wishes.get("stream") ?? "";
let client = connect();
let floor = new Floor();
let picture: Picture | undefined;
let head = 0;
let shown: Moment<FramePacket> | undefined;

function connect(): Client {
  numbers.level = level;
  return new Client(bridge, {
    levels: [level],
    axes: "gltf",
    onError: (error) => say(error.message),
    ...(token ? { token } : {}),
  });
}

/** Show another level. */
function change(to: Level): void {
  level = to;
  client.close();
  playouts.clear();
  client = connect();
  hud.restart();
  document.querySelector<HTMLInputElement>(`[name=level][value="${level}"]`)!.checked = true;
}

/** Messages of all streams come; one is shown. */
function current(): string {
  return picked || (client.streams.keys().next().value ?? "");
}

function receive(nowS: number): void {
  for (const frame of client.take()) {
    let playout = playouts.get(frame.stream);
    if (!playout) playouts.set(frame.stream, (playout = new Playout()));
    playout.push(frame, frame.session, Number(frame.tCaptureMonotonicNs) / 1e9, nowS);
  }
}

function show(moment: Moment<FramePacket>): void {
  const { from, to, share } = moment;
  if (shown && shown.from === from && shown.to === to && shown.share === share) return;
  const model = client.model(to);
  if (!model) return;
  crowd.show(moment, model);
  say(level === wanted ? "" : `${to.stream} has no ${wanted}: ${level} is shown`);
  if (shown?.to !== to) learn(to, model.jointNames);
  shown = moment;
  numbers.people = [...to.people.ids];
  numbers.seq = Number(to.seq);
  const box = around();
  if (!box.isEmpty()) stage.follow(box);
  stage.touch();
}

/** Where the floor and the heads are, and how the camera sees. */
function learn(frame: FramePacket, jointNames: readonly string[]): void {
  head = Math.max(0, jointNames.indexOf("head"));
  floor.see(jointNames, [...crowd.figures.values()].map(({ joints }) => joints));
  floor.level(crowd.group);
  picture = frame.camera ? { camera: frame.camera, width: frame.width, height: frame.height } : undefined;
  const lens = element("lens") as HTMLInputElement;
  lens.disabled = !picture;
  if (picture && lens.checked) stage.lens = picture;
}

/** A box on the floor around everybody, m. */
function around(): THREE.Box3 {
  const box = new THREE.Box3();
  const at = new THREE.Vector3();
  crowd.group.updateMatrixWorld();
  for (const { joints } of crowd.figures.values()) {
    for (let joint = 0; joint < joints.length; joint += 3) {
      box.expandByPoint(at.fromArray(joints, joint).applyMatrix4(crowd.group.matrixWorld));
    }
  }
  if (box.isEmpty()) return box;
  box.min.y = 0;
  box.max.y = Math.max(box.max.y, BODY_M);
  return box;
}

/** Nobody is there any more, or somebody else. */
function clear(): void {
  crowd.clear();
  numbers.people = [];
  shown = undefined;
  stage.touch();
}

function tick(nowMs: number): void {
  requestAnimationFrame(tick);
  const nowS = performance.now() / 1000;
  const stream = current();
  const state = client.streams.get(stream);
  receive(nowS);
  const playout = playouts.get(stream);
  if (client.silent || state?.state === "ended") playout?.clear();
  const moment = playout?.at(nowS);
  try {
    if (moment) show(moment);
    else if (shown) clear();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    say(error.message);
  }
  list(stream);
  hud.show(client, state, numbers, playout?.lagS ?? 0, nowMs);
  const other = fallback.next(level, state, nowMs);
  if (other) change(other);
  if (!stage.draw(nowMs)) return;
  labels.show(crowd, head, stage.camera);
  numbers.drawn++;
}

/** Offer the streams where there are several. */
function list(stream: string): void {
  const select = element("stream") as HTMLSelectElement;
  if (select.options.length !== client.streams.size) {
    select.replaceChildren(...[...client.streams.keys()].map((name) => new Option(name)));
    select.hidden = client.streams.size < 2;
  }
  if (select.value !== stream) select.value = stream;
}

element("stream").addEventListener("change", ({ target }) => {
  picked = (target as HTMLSelectElement).value;
  clear();
  floor = new Floor();
  stage.centre();
});

element("levels").addEventListener("change", ({ target }) => {
  wanted = (target as HTMLInputElement).value as Level;
  change(wanted);
});

for (const radio of document.querySelectorAll<HTMLInputElement>("[name=look]")) {
  radio.addEventListener("change", () => {
    stage.lens = radio.value === "camera" ? picture : undefined;
  });
}

element("unseen").addEventListener("change", ({ target }) => {
  const chosen = (target as HTMLInputElement).value;
  crowd.unseen = UNSEEN.find((mode) => mode === chosen) ?? crowd.unseen;
  shown = undefined;
});

element("centre").addEventListener("click", () => {
  document.querySelector<HTMLInputElement>("[name=look][value=orbit]")!.checked = true;
  stage.lens = undefined;
  stage.centre();
  shown = undefined;
});

crowd.unseen = UNSEEN.find((mode) => mode === wishes.get("unseen")) ?? crowd.unseen;
document.querySelector<HTMLInputElement>(`[name=unseen][value="${crowd.unseen}"]`)!.checked = true;
document.querySelector<HTMLInputElement>(`[name=level][value="${level}"]`)!.checked = true;
if (wishes.get("view") === "camera") (element("lens") as HTMLInputElement).checked = true;
requestAnimationFrame(tick);
