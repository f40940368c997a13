// The light: a dark room with softboxes, as photographers build it, made into an environment map; and a key light that
// throws shadows, which environment maps do not.

import {
  BackSide, BoxGeometry, Color, DirectionalLight, Mesh, MeshBasicMaterial, PlaneGeometry, PMREMGenerator, Scene,
} from "three";

/** What the room's walls send back, linear. */
const WALLS = [0.085, 0.087, 0.092];
const FLOOR = [0.06, 0.057, 0.054];
/** Blur of the room in its map, radians: softboxes have no sharp edges on skin. */
const BLUR = 0.035;

/**
 * The softboxes: where they hang around the head (metres; +Y up, the face looks along +Z), how large they are, and how
 * bright, linear Rec. 709.
 */
const SOFTBOXES = [
  { name: "key", at: [-2.6, 2.2, 3.2], size: [2.4, 2.4], light: [8.2, 7.7, 7.1] },
  { name: "fill", at: [3.8, 0.6, 2.4], size: [2.6, 3.2], light: [2.6, 2.65, 2.8] },
  { name: "top", at: [0.0, 4.2, 0.4], size: [3.0, 2.0], light: [2.6, 2.6, 2.7] },
  { name: "left rim", at: [-3.4, 1.4, -2.8], size: [0.9, 3.4], light: [6.5, 6.8, 7.4] },
  { name: "right rim", at: [3.4, 1.6, -2.8], size: [0.9, 3.4], light: [8.0, 8.2, 8.8] },
  { name: "below", at: [0.0, -2.6, 3.0], size: [3.0, 1.0], light: [0.8, 0.75, 0.7] },
];

/** The room as an environment map of `renderer`. */
export function studio(renderer) {
  const room = new Scene();
  const walls = new MeshBasicMaterial({ color: new Color(...WALLS), side: BackSide });
  room.add(new Mesh(new BoxGeometry(10, 9, 10), walls));
  const floor = new Mesh(new PlaneGeometry(10, 10), new MeshBasicMaterial({ color: new Color(...FLOOR) }));
  floor.position.y = -4.4;
  floor.rotation.x = -Math.PI / 2;
  room.add(floor);
  for (const { at, size, light } of SOFTBOXES) {
    const box = new Mesh(new PlaneGeometry(...size), new MeshBasicMaterial({ color: new Color(...light) }));
    box.position.set(...at);
    box.lookAt(0, 0, 0);
    room.add(box);
  }
  const generator = new PMREMGenerator(renderer);
  const map = generator.fromScene(room, BLUR).texture;
  generator.dispose();
  room.traverse((part) => part.isMesh && (part.geometry.dispose(), part.material.dispose()));
  return map;
}

/** The key light with its shadow, around a head at `centre` that is `size` metres large. */
export function keyLight(centre, size) {
  const light = new DirectionalLight(new Color(1.0, 0.965, 0.92), 1.25);
  light.position.set(centre.x - 1.5 * size, centre.y + 1.9 * size, centre.z + 2.6 * size);
  light.target.position.copy(centre);
  light.castShadow = true;
  light.shadow.mapSize.set(2048, 2048);
  light.shadow.radius = 5;
  light.shadow.bias = -0.0008;
  light.shadow.normalBias = 0.002;
  const view = light.shadow.camera;
  view.left = view.bottom = -size;
  view.right = view.top = size;
  view.near = 0.1 * size;
  view.far = 7 * size;
  return light;
}
