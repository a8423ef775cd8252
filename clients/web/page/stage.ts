/** Light, floor and camera around the people. */

import * as THREE from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";

import { type Picture, project } from "./lens.js";

const FLOOR_M = 14;
const LIGHT = new THREE.Vector3(2.2, 5.5, 3.2);
const PIXEL_RATIO = 2; // more costs and is not seen

export class Stage {
  readonly #renderer: THREE.WebGLRenderer;
  readonly #scene = new THREE.Scene();
  readonly #camera = new THREE.PerspectiveCamera(38, 1, 0.05, 100);
  readonly #controls: OrbitControls;
  readonly #crowd: THREE.Object3D;
  readonly #key = new THREE.DirectionalLight("#fff1dd", 2.6);
  readonly #ground: THREE.Mesh;
  /** The picture whose camera is looked through; undefined for a free view. */
  #lens: Picture | undefined;
  #dirty = true;

  /** crowd: what stands on the floor; its pose is that of the real camera's frame. */
  constructor(canvas: HTMLCanvasElement, crowd: THREE.Object3D) {
    this.#crowd = crowd;
    this.#renderer = new THREE.WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.#renderer.setPixelRatio(Math.min(devicePixelRatio, PIXEL_RATIO));
    this.#renderer.shadowMap.enabled = true;
    this.#renderer.shadowMap.type = THREE.PCFShadowMap;
    this.#renderer.toneMapping = THREE.ACESFilmicToneMapping;
    this.#renderer.toneMappingExposure = 1.05;
    this.#ground = grid();
    const shade = new THREE.Mesh(new THREE.CircleGeometry(FLOOR_M, 64), new THREE.ShadowMaterial({ opacity: 0.42 }));
    shade.receiveShadow = true;
    this.#ground.add(shade);
    const rim = new THREE.DirectionalLight("#7fb4ff", 1.5);
    rim.position.set(-3, 3.5, -4);
    this.#scene.add(new THREE.HemisphereLight("#cfe0ff", "#3b3340", 1.15), rim, this.#ground, crowd);
    this.#light();
    this.#controls = new OrbitControls(this.#camera, canvas);
    this.#controls.enableDamping = true;
    this.#controls.minDistance = 0.5;
    this.#controls.maxDistance = 40;
    this.#controls.maxPolarAngle = Math.PI * 0.52;
    this.#controls.addEventListener("change", () => this.touch());
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.#resize();
  }

  /** Something has changed: draw when the screen is next. */
  touch(): void {
    this.#dirty = true;
  }

  /** Draw if something has changed; whether it has. */
  draw(): boolean {
    if (!this.#lens) this.#controls.update();
    if (!this.#dirty) return false;
    this.#dirty = false;
    if (this.#lens) this.#lookThrough(this.#lens);
    this.#renderer.render(this.#scene, this.#camera);
    return true;
  }

  /** Let light and floor be where the people are. */
  follow(centre: THREE.Vector3): void {
    this.#key.target.position.set(centre.x, 0, centre.z);
    this.#key.position.copy(this.#key.target.position).add(LIGHT);
    this.#ground.position.set(centre.x, 0, centre.z);
  }

  /** Look at a box around the people, a little from above and from the side. */
  frame(box: THREE.Box3): void {
    const centre = box.getCenter(new THREE.Vector3());
    const size = box.getSize(new THREE.Vector3());
    const half = Math.tan(((this.#camera.fov / 2) * Math.PI) / 180);
    const reach = Math.max(size.y / 2, Math.hypot(size.x, size.z) / 2 / Math.min(this.#camera.aspect, 2));
    const distance = (1.3 * reach) / half + size.z / 2;
    this.#controls.target.copy(centre);
    this.#camera.position.set(0.42, 0.16, 1).normalize().multiplyScalar(distance).add(centre);
    this.#controls.update();
    this.touch();
  }

  /** Look through the camera of a picture, or freely. */
  set lens(picture: Picture | undefined) {
    if (this.#lens && !picture) {
      this.#camera.updateProjectionMatrix();
      this.#controls.update();
    }
    this.#lens = picture;
    this.#controls.enabled = !picture;
    this.touch();
  }

  #lookThrough(picture: Picture): void {
    this.#crowd.updateMatrixWorld();
    this.#camera.position.copy(this.#crowd.position);
    this.#camera.quaternion.copy(this.#crowd.quaternion);
    project(this.#camera, picture, this.#camera.aspect);
  }

  #light(): void {
    this.#key.castShadow = true;
    this.#key.shadow.mapSize.set(2048, 2048);
    this.#key.shadow.bias = -0.0004;
    this.#key.shadow.normalBias = 0.035;
    this.#key.shadow.radius = 4;
    const eye = this.#key.shadow.camera;
    [eye.left, eye.right, eye.top, eye.bottom, eye.near, eye.far] = [-4, 4, 4, -4, 0.5, 16];
    this.#scene.add(this.#key, this.#key.target);
    this.follow(new THREE.Vector3());
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#renderer.domElement;
    if (!clientWidth || !clientHeight) return;
    this.#renderer.setSize(clientWidth, clientHeight, false);
    this.#camera.aspect = clientWidth / clientHeight;
    this.#camera.updateProjectionMatrix();
    this.touch();
  }
}

/** Lines every metre that fade with the distance from the middle, and finer ones every quarter. */
function grid(): THREE.Mesh {
  const material = new THREE.ShaderMaterial({
    transparent: true,
    depthWrite: false,
    uniforms: { reach: { value: FLOOR_M } },
    vertexShader: `
      varying vec2 place;
      varying vec2 local;
      void main() {
        vec4 world = modelMatrix * vec4(position, 1.0);
        place = world.xz;
        local = position.xy;
        gl_Position = projectionMatrix * viewMatrix * world;
      }`,
    fragmentShader: `
      varying vec2 place;
      varying vec2 local;
      uniform float reach;
      float lines(vec2 at) {
        vec2 wide = fwidth(at);
        vec2 far = abs(fract(at - 0.5) - 0.5) / wide;
        return (1.0 - min(min(far.x, far.y), 1.0)) * (1.0 - smoothstep(0.2, 0.7, max(wide.x, wide.y)));
      }
      void main() {
        float fade = pow(max(0.0, 1.0 - length(local) / reach), 2.2);
        float line = max(lines(place) * 0.42, lines(place * 4.0) * 0.1);
        vec3 colour = mix(vec3(0.30, 0.38, 0.53), vec3(0.66, 0.78, 1.0), line);
        gl_FragColor = vec4(colour, fade * (0.17 + line));
      }`,
  });
  const mesh = new THREE.Mesh(new THREE.CircleGeometry(FLOOR_M, 64), material);
  mesh.rotation.x = -Math.PI / 2;
  return mesh;
}
