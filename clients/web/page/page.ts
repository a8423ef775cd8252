/**
 * A stream's bodies, live. The address of the page can say `?level=params`, `&stream=cam0`, `&view=camera` and
 * `&bridge=ws://host:8765` (the server of the page unless it is given).
 */

import * as THREE from "three";

import { Client, type FramePacket, type Level, WireError } from "../src/index.js";
import { Crowd } from "./crowd.js";
import { Floor } from "./floor.js";
import { Hud, element, say } from "./hud.js";
import type { Picture } from "./lens.js";
import { Stage } from "./stage.js";

const SHOWN: readonly Level[] = ["params", "mesh-lod", "mesh"];
const BODY_M = 1.8;

const wishes = new URLSearchParams(location.search);
const bridge = wishes.get("bridge") ?? location.origin.replace(/^http/, "ws");
const crowd = new Crowd();
const stage = new Stage(element("view") as HTMLCanvasElement, crowd.group);
const hud = new Hud();

let level: Level = SHOWN.find((name) => name === wishes.get("level")) ?? "mesh-lod";
let picked = wishes.get("stream") ?? "";
let client = connect();
let floor = new Floor();
let picture: Picture | undefined;
let framed = false;
let people = 0;
let drawn = 0;

function connect(): Client {
  return new Client(bridge, { levels: [level], axes: "gltf", onError: (error) => say(error.message) });
}

/** Messages of all streams come; one is shown. */
function shown(): string {
  return picked || (client.streams.keys().next().value ?? "");
}

function show(frame: FramePacket): void {
  const model = client.model(frame);
  if (!model) return;
  if (frame.word === "mesh-lod" && !model.lod) {
    say(`body model ${model.modelName} has no coarser mesh: choose mesh`);
    return;
  }
  say("");
  crowd.show(frame, model);
  people = frame.people.count;
  floor.see(model.jointNames, [...crowd.figures].map(({ joints }) => joints));
  floor.level(crowd.group);
  picture = frame.camera ? { camera: frame.camera, width: frame.width, height: frame.height } : undefined;
  (element("lens") as HTMLInputElement).disabled = !picture;
  const box = around();
  if (!box.isEmpty()) {
    stage.follow(box.getCenter(new THREE.Vector3()));
    if (!framed) stage.frame(box);
    framed = true;
  }
  if (picture && (element("lens") as HTMLInputElement).checked) stage.lens = picture;
  stage.touch();
}

/** A box on the floor around everybody, m. */
function around(): THREE.Box3 {
  const box = new THREE.Box3();
  const at = new THREE.Vector3();
  crowd.group.updateMatrixWorld();
  for (const { joints } of crowd.figures) {
    for (let joint = 0; joint < joints.length / 3; joint++) {
      box.expandByPoint(at.fromArray(joints, 3 * joint).applyMatrix4(crowd.group.matrixWorld));
    }
  }
  if (!box.isEmpty()) box.min.y = 0;
  if (!box.isEmpty()) box.max.y = Math.max(box.max.y, BODY_M);
  return box;
}

function tick(nowMs: number): void {
  requestAnimationFrame(tick);
  const stream = shown();
  for (const frame of client.take()) {
    try {
      if (frame.stream === stream) show(frame);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      say(error.message);
    }
  }
  const state = client.streams.get(stream);
  if ((state?.state === "ended" || client.silent) && people) {
    crowd.clear();
    people = 0;
    stage.touch();
  }
  list(stream);
  hud.show(client, state, people, nowMs);
  if (stage.draw()) document.body.dataset["drawn"] = `${++drawn}`;
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
  crowd.clear();
  floor = new Floor();
  framed = false;
});

element("levels").addEventListener("change", ({ target }) => {
  level = (target as HTMLInputElement).value as Level;
  client.close();
  client = connect();
  hud.restart();
});

for (const radio of document.querySelectorAll<HTMLInputElement>("[name=look]")) {
  radio.addEventListener("change", () => {
    stage.lens = radio.value === "camera" ? picture : undefined;
    if (radio.value === "orbit") stage.frame(around());
  });
}

element("centre").addEventListener("click", () => {
  document.querySelector<HTMLInputElement>("[name=look][value=orbit]")!.checked = true;
  stage.lens = undefined;
  stage.frame(around());
});

document.querySelector<HTMLInputElement>(`[name=level][value="${level}"]`)!.checked = true;
if (wishes.get("view") === "camera") (element("lens") as HTMLInputElement).checked = true;
requestAnimationFrame(tick);
