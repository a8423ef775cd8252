/** A studio around the people: soft light, a floor, and a camera. */

import * as THREE from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";

import { ground } from "./grid.js";
import { project } from "./lens.js";
import type { Optics } from "./optics.js";
import { Viewpoint } from "./viewpoint.js";

const KEY = new THREE.Vector3(2.4, 5.2, 3.6);
const PIXEL_RATIO = 2; // more costs and is not seen

export class Stage {
  readonly camera = new THREE.PerspectiveCamera(32, 1, 0.05, 100);
  readonly #renderer: THREE.WebGLRenderer;
  readonly #scene = new THREE.Scene();
  readonly #controls: OrbitControls;
  readonly #viewpoint: Viewpoint;
  readonly #crowd: THREE.Object3D;
  readonly #key = new THREE.DirectionalLight("#fff6ea", 2.1);
  readonly #ground = ground();
  /** The picture whose camera is looked through; undefined for a free view. */
  #lens: Optics | undefined;
  #dirty = true;
  /** Called with the size of the canvas, px of the screen. */
  onResize: (width: number, height: number) => void = () => {};

  /** crowd: what stands on the floor; its pose is that of the real camera's frame. */
  constructor(canvas: HTMLCanvasElement, crowd: THREE.Object3D) {
    this.#crowd = crowd;
    this.#renderer = new THREE.WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.#renderer.setPixelRatio(Math.min(devicePixelRatio, PIXEL_RATIO));
    this.#renderer.shadowMap.enabled = true;
    this.#renderer.shadowMap.type = THREE.PCFShadowMap;
    this.#renderer.toneMapping = THREE.NeutralToneMapping;
    this.#scene.add(this.#ground, crowd);
    this.#light();
    this.#controls = new OrbitControls(this.camera, canvas);
    this.#controls.enableDamping = true;
    this.#controls.minDistance = 0.5;
    this.#controls.maxDistance = 40;
    this.#controls.maxPolarAngle = Math.PI * 0.52;
    this.#viewpoint = new Viewpoint(this.camera, this.#controls.target);
    this.#controls.addEventListener("start", () => this.#viewpoint.hold());
    this.#controls.addEventListener("change", () => this.touch());
    this.camera.position.set(1.4, 1.6, 4.2);
    this.#controls.target.set(0, 0.9, 0);
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.#resize();
  }

  /** What stands in the world: y is up, the floor at 0. */
  add(object: THREE.Object3D): void {
    this.#scene.add(object);
  }

  /** Whether lines are drawn on the floor; shadows are in any case. */
  set ground(shown: boolean) {
    this.#ground.children[0]!.visible = shown;
    this.touch();
  }

  /** Draw at once. */
  render(): void {
    if (this.#lens) this.#lookThrough(this.#lens);
    this.#renderer.render(this.#scene, this.camera);
  }

  /** Something has changed: draw when the screen is next. */
  touch(): void {
    this.#dirty = true;
  }

  /** Draw if something has changed; whether it has. */
  draw(nowMs: number): boolean {
    if (!this.#lens) {
      if (this.#viewpoint.step(nowMs)) this.touch();
      this.#controls.update();
    }
    if (!this.#dirty) return false;
    this.#dirty = false;
    this.render();
    return true;
  }

  /** Let light, floor and view be where the people are. box: around them. */
  follow(box: THREE.Box3): void {
    const { x, z } = box.getCenter(new THREE.Vector3());
    this.#key.target.position.set(x, 0, z);
    this.#key.position.copy(this.#key.target.position).add(KEY);
    this.#ground.position.set(x, 0, z);
    this.#viewpoint.see(box);
  }

  /** Give up where the view was moved to by hand. */
  centre(): void {
    this.#viewpoint.release();
  }

  /** Look through the camera of a picture, or freely. */
  set lens(picture: Optics | undefined) {
    if (this.#lens && !picture) {
      this.camera.updateProjectionMatrix();
      this.centre();
    }
    this.#lens = picture;
    this.#controls.enabled = !picture;
    this.touch();
  }

  #lookThrough(picture: Optics): void {
    this.#crowd.updateMatrixWorld();
    this.camera.position.copy(this.#crowd.position);
    this.camera.quaternion.copy(this.#crowd.quaternion);
    project(this.camera, picture, this.camera.aspect);
  }

  /** Soft light from the sky and the floor, one light that throws shadows, and two that tell shapes from the ground. */
  #light(): void {
    const sky = new THREE.HemisphereLight("#e8eef5", "#4a4744", 1.15);
    const fill = new THREE.DirectionalLight("#dbe8ff", 0.55);
    fill.position.set(-4, 2.5, 2.5);
    const rim = new THREE.DirectionalLight("#ffffff", 1.3);
    rim.position.set(-1.5, 3, -4);
    this.#scene.add(sky, fill, rim);
    const { shadow } = this.#key;
    this.#key.castShadow = true;
    shadow.mapSize.set(2048, 2048);
    shadow.bias = -0.0006;
    shadow.normalBias = 0.03;
    shadow.radius = 3;
    const eye = shadow.camera;
    [eye.left, eye.right, eye.top, eye.bottom, eye.near, eye.far] = [-3.5, 3.5, 3.5, -3.5, 0.5, 14];
    this.#key.position.copy(KEY);
    this.#scene.add(this.#key, this.#key.target);
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#renderer.domElement;
    if (!clientWidth || !clientHeight) return;
    this.#renderer.setSize(clientWidth, clientHeight, false);
    this.camera.aspect = clientWidth / clientHeight;
    this.camera.updateProjectionMatrix();
    this.onResize(clientWidth, clientHeight);
    this.touch();
  }
}
