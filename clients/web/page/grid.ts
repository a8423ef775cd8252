/** A floor: lines every metre, finer ones every quarter, fading with the distance from the middle; shadows lie on it. */

import * as THREE from "three";

const REACH_M = 9;

export function ground(): THREE.Object3D {
  const disc = new THREE.CircleGeometry(REACH_M, 96);
  const shade = new THREE.Mesh(disc, new THREE.ShadowMaterial({ color: "#000000", opacity: 0.42 }));
  shade.receiveShadow = true;
  const lines = new THREE.Mesh(disc, material());
  // What is seen through the other lies behind it.
  shade.renderOrder = 1;
  return new THREE.Group().add(lines, shade).rotateX(-Math.PI / 2);
}

function material(): THREE.ShaderMaterial {
  return new THREE.ShaderMaterial({
    transparent: true,
    depthWrite: false,
    uniforms: { reach: { value: REACH_M }, ink: { value: new THREE.Color("#b9c6d2") } },
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
      uniform vec3 ink;
      float lines(vec2 at) {
        vec2 wide = fwidth(at);
        vec2 far = abs(fract(at - 0.5) - 0.5) / wide;
        return (1.0 - min(min(far.x, far.y), 1.0)) * (1.0 - smoothstep(0.2, 0.7, max(wide.x, wide.y)));
      }
      void main() {
        float fade = pow(max(0.0, 1.0 - length(local) / reach), 1.6);
        gl_FragColor = vec4(ink, fade * max(lines(place) * 0.3, lines(place * 4.0) * 0.08));
        #include <colorspace_fragment>
      }`,
  });
}
