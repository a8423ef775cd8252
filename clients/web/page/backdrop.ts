/**
 * The camera's picture in the scene: far behind everything where the scene is seen through the camera, and on the image
 * plane of the camera's frustum. Straight lines stay straight: each pixel is looked up through the model of the lens.
 */

import * as THREE from "three";

import { type Optics, widest } from "./optics.js";
import type { Shot } from "./pictures.js";

const FAR_M = 90;
/** Of the frustum's image plane from the camera. */
const NEAR_M = 0.9;

const VERTEX = `
  varying vec2 direction;
  uniform float depth;
  void main() {
    direction = vec2(position.x, -position.y) / depth;
    gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  }`;

const FRAGMENT = `
  varying vec2 direction;
  uniform sampler2D picture;
  uniform vec4 focal; // fx, fy, cx, cy
  uniform float skew;
  uniform float k[5];
  uniform bool fisheye;
  uniform float limit;
  uniform vec2 size;
  uniform float dim;
  vec2 distorted(vec2 n) {
    float r2 = dot(n, n);
    if (fisheye) {
      float r = sqrt(r2);
      if (r < 1e-6) return n;
      float a = atan(r);
      float s = a * a;
      return n * a * (1.0 + s * (k[0] + s * (k[1] + s * (k[2] + s * k[3])))) / r;
    }
    float radial = 1.0 + r2 * (k[0] + r2 * (k[1] + r2 * k[4]));
    return n * radial + vec2(
      2.0 * k[2] * n.x * n.y + k[3] * (r2 + 2.0 * n.x * n.x),
      k[2] * (r2 + 2.0 * n.y * n.y) + 2.0 * k[3] * n.x * n.y);
  }
  void main() {
    if (length(direction) > limit) discard;
    vec2 n = distorted(direction);
    vec2 pixel = vec2(focal.x * n.x + skew * n.y + focal.z, focal.y * n.y + focal.w);
    vec2 at = (pixel + 0.5) / size;
    if (any(lessThan(at, vec2(0.0))) || any(greaterThan(at, vec2(1.0)))) discard;
    gl_FragColor = vec4(texture2D(picture, at).rgb * dim, 1.0);
    #include <colorspace_fragment>
  }`;

/** The picture on a plane at some depth in front of the camera, in the camera's frame and gltf axes. */
class Plane {
  readonly mesh: THREE.Mesh;
  readonly #geometry = new THREE.BufferGeometry();
  readonly #material: THREE.ShaderMaterial;
  readonly #depth: number;

  constructor(texture: THREE.Texture, depth: number, behind: boolean) {
    this.#depth = depth;
    this.#material = new THREE.ShaderMaterial({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      side: THREE.DoubleSide,
      depthTest: !behind,
      depthWrite: !behind,
      uniforms: {
        picture: { value: texture },
        depth: { value: depth },
        focal: { value: new THREE.Vector4() },
        skew: { value: 0 },
        k: { value: [0, 0, 0, 0, 0] },
        fisheye: { value: false },
        limit: { value: 1 },
        size: { value: new THREE.Vector2(1, 1) },
        dim: { value: 1 },
      },
    });
    this.#geometry.setAttribute("position", new THREE.BufferAttribute(new Float32Array(12), 3));
    this.#geometry.setIndex([0, 2, 1, 1, 2, 3]);
    this.mesh = new THREE.Mesh(this.#geometry, this.#material);
    this.mesh.frustumCulled = false;
    this.mesh.visible = false;
    if (behind) this.mesh.renderOrder = -10;
  }

  set dim(share: number) {
    this.#material.uniforms["dim"]!.value = share;
  }

  /** The corners of the plane that a camera without distortion would see. */
  fit(optics: Optics): void {
    const { camera, width, height, lens } = optics;
    const uniforms = this.#material.uniforms;
    (uniforms["focal"]!.value as THREE.Vector4).set(camera.fx, camera.fy, camera.cx, camera.cy);
    (uniforms["size"]!.value as THREE.Vector2).set(width, height);
    uniforms["skew"]!.value = camera.skew;
    uniforms["k"]!.value = [...camera.distortion];
    uniforms["fisheye"]!.value = lens === "fisheye";
    uniforms["limit"]!.value = widest(optics);
    const positions = this.#geometry.getAttribute("position") as THREE.BufferAttribute;
    corners(optics).forEach(([x, y], at) => positions.setXYZ(at, x * this.#depth, -y * this.#depth, -this.#depth));
    positions.needsUpdate = true;
  }

  dispose(): void {
    this.#geometry.dispose();
    this.#material.dispose();
  }
}

/** Where the corners of the picture are, (x/z, y/z), without distortion: top left, top right, bottom left, bottom right. */
function corners({ camera, width, height }: Optics): [number, number][] {
  return [-0.5, height - 0.5].flatMap((y) =>
    [-0.5, width - 0.5].map((x): [number, number] => {
      const v = (y - camera.cy) / camera.fy;
      return [(x - camera.cx - camera.skew * v) / camera.fx, v];
    }),
  );
}

/** What shows where the camera is, and what it sees. */
export class Backdrop {
  /** In the camera's frame. */
  readonly group = new THREE.Group();
  readonly #texture = new THREE.Texture();
  readonly #background = new Plane(this.#texture, FAR_M, true);
  readonly #image = new Plane(this.#texture, NEAR_M, false);
  readonly #edges: THREE.LineSegments;
  #shot: Shot | undefined;
  #fitted = "";
  #size = "";

  constructor() {
    this.#texture.colorSpace = THREE.SRGBColorSpace;
    this.#texture.flipY = false;
    this.#texture.generateMipmaps = false;
    this.#texture.minFilter = THREE.LinearFilter;
    const geometry = new THREE.BufferGeometry();
    geometry.setAttribute("position", new THREE.BufferAttribute(new Float32Array(48), 3));
    const ink = new THREE.LineBasicMaterial({ color: "#8fa3b5", transparent: true, opacity: 0.55 });
    this.#edges = new THREE.LineSegments(geometry, ink);
    this.#edges.frustumCulled = false;
    this.#edges.visible = false;
    this.group.add(this.#background.mesh, this.#image.mesh, this.#edges);
  }

  /** The picture that is drawn; whether it is another one than before. */
  show(shot: Shot | undefined): boolean {
    if (shot === this.#shot) return false;
    this.#shot = shot;
    if (shot) {
      const size = `${shot.bitmap.width} ${shot.bitmap.height}`;
      if (size !== this.#size) this.#texture.dispose(); // textures cannot grow
      this.#size = size;
      this.#texture.image = shot.bitmap;
      this.#texture.needsUpdate = true;
    }
    return true;
  }

  /** Draw what fits the view: behind everything where it is through the camera, at the camera's place otherwise. */
  arrange(optics: Optics | undefined, through: boolean, wanted: { picture: boolean; frustum: boolean }): void {
    const drawn = optics !== undefined && this.#shot !== undefined && wanted.picture;
    this.#background.mesh.visible = drawn && through;
    this.#image.mesh.visible = drawn && !through && wanted.frustum;
    this.#edges.visible = optics !== undefined && !through && wanted.frustum;
    if (!optics) return;
    const key = JSON.stringify(optics);
    if (key === this.#fitted) return;
    this.#fitted = key;
    this.#background.fit(optics);
    this.#image.fit(optics);
    const [a, b, c, d] = corners(optics).map(([x, y]) => new THREE.Vector3(x, -y, -1).multiplyScalar(NEAR_M)) as [
      THREE.Vector3, THREE.Vector3, THREE.Vector3, THREE.Vector3,
    ];
    const eye = new THREE.Vector3();
    const positions = this.#edges.geometry.getAttribute("position") as THREE.BufferAttribute;
    [eye, a, eye, b, eye, c, eye, d, a, b, b, d, d, c, c, a].forEach((corner, at) =>
      positions.setXYZ(at, corner.x, corner.y, corner.z),
    );
    positions.needsUpdate = true;
  }

  /** How large the camera's frustum is, 1 for its usual size. */
  set size(scale: number) {
    this.#image.mesh.scale.setScalar(scale);
    this.#edges.scale.setScalar(scale);
  }

  /** How bright the picture behind the bodies is, 0 to 1. */
  set dim(share: number) {
    this.#background.dim = share;
  }

  dispose(): void {
    this.#background.dispose();
    this.#image.dispose();
    this.#texture.dispose();
  }
}
