/** The picture that the real camera sees, as a projection. */

import type * as THREE from "three";

import type { Optics } from "./optics.js";

/**
 * Let the camera project as the picture's does, the whole picture in the middle of a view of this aspect (width by
 * height). Distortion is not in it: the picture behind the bodies is drawn without its own instead.
 */
export function project(view: THREE.PerspectiveCamera, picture: Optics, aspect: number): void {
  const { camera, width, height } = picture;
  const across = Math.max(width, height * aspect) / 2;
  const along = across / aspect;
  // The centre of the top left pixel is (0, 0): the picture begins half a pixel before it.
  const [x, y] = [(width - 1) / 2 - camera.cx, (height - 1) / 2 - camera.cy];
  const [fx, fy] = [camera.fx / view.near, camera.fy / view.near];
  view.projectionMatrix.makePerspective(
    (x - across) / fx, (x + across) / fx, (along - y) / fy, (-along - y) / fy, view.near, view.far,
  );
  view.projectionMatrixInverse.copy(view.projectionMatrix).invert();
}
