// The 3D view of one head: bundled with three.js into one classic script, which gives the page `dreamfaceViewer`.

import {
  Box3, NeutralToneMapping, PCFSoftShadowMap, PerspectiveCamera, Scene, Spherical, Vector3, WebGLRenderer,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";

import { keyLight, studio } from "./studio.js";

/** Vertical angle of view in degrees: that of a long portrait lens. */
const ANGLE = 20;
/** From where a head is first seen: to its left and a little from above, radians. */
const FIRST = { azimuth: 0.42, elevation: 0.03 };
/** Of the height of the picture, what the head takes. */
const FILLS = 0.8;
const MOST_PIXELS = 2;
const ANISOTROPY = 8;

/** A view on a canvas. Nothing is drawn while nothing changes. */
class Viewer {
  constructor(canvas) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.renderer.toneMapping = NeutralToneMapping;
    this.renderer.toneMappingExposure = 0.92;
    this.renderer.shadowMap.enabled = true;
    this.renderer.shadowMap.type = PCFSoftShadowMap;
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, MOST_PIXELS));
    this.scene = new Scene();
    this.scene.environment = studio(this.renderer);
    this.camera = new PerspectiveCamera(ANGLE, 1, 0.01, 20);
    this.controls = new OrbitControls(this.camera, canvas);
    Object.assign(this.controls, { enableDamping: true, dampingFactor: 0.09, rotateSpeed: 0.8, zoomSpeed: 0.7 });
    this.controls.addEventListener("change", () => this.invalidate());
    this.loader = new GLTFLoader();
    this.morphing = [];
    this.head = null;
    this.canvas = canvas;
    new ResizeObserver(() => this.resize()).observe(canvas.parentElement);
    canvas.addEventListener("webglcontextrestored", () => this.relight());
    canvas.addEventListener("dblclick", () => this.frame());
    this.resize();
  }

  /**
   * Show a head in place of the one that is there, from where that one was seen.
   *
   * @param {ArrayBuffer} glb the file.
   */
  async show(glb) {
    const { scene } = await this.loader.parseAsync(glb, "");
    const first = this.head === null;
    this.remove();
    this.head = scene;
    scene.traverse((part) => part.isMesh && this.prepare(part));
    this.scene.add(scene);
    this.measure();
    this.light = keyLight(this.centre, this.size);
    this.scene.add(this.light, this.light.target);
    if (first) this.frame();
    else this.aim();
    this.invalidate();
  }

  /** Give the shapes their weights: a map of names to 0..1. */
  setWeights(weights) {
    for (const part of this.morphing) {
      for (const [name, index] of Object.entries(part.morphTargetDictionary)) {
        part.morphTargetInfluences[index] = weights.get(name) ?? 0;
      }
    }
    this.invalidate();
  }

  prepare(part) {
    const { material } = part;
    const cut = material.alphaTest > 0;
    part.frustumCulled = false; // shapes move it out of the box that it has at rest
    part.castShadow = !material.transparent;
    part.receiveShadow = true;
    if (part.morphTargetInfluences) this.morphing.push(part);
    if (material.transmission > 0) material.transmission = 0; // a pass of its own for two corneas: the veil will do
    if (cut) material.alphaToCoverage = true; // hairs get soft edges
    for (const map of [material.map, material.normalMap, material.roughnessMap]) if (map) map.anisotropy = ANISOTROPY;
  }

  /** Where the head is and how large: that of its skin, without hair that hangs down. */
  measure() {
    const skin = this.head.getObjectByName("skin") ?? this.head;
    const box = new Box3().setFromObject(skin);
    this.size = box.max.y - box.min.y;
    this.centre = box.getCenter(new Vector3());
    this.centre.y += 0.06 * this.size;
    this.centre.z += 0.1 * this.size;
  }

  /** See the head as at first. */
  frame() {
    this.seenFrom = new Spherical(1, Math.PI / 2 - FIRST.elevation, FIRST.azimuth);
    this.closeness = 1;
    this.place();
  }

  /** See another head from where the last one was seen. */
  aim() {
    const offset = this.camera.position.clone().sub(this.controls.target);
    this.seenFrom = new Spherical().setFromVector3(offset);
    this.closeness = offset.length() / this.distance;
    this.place();
  }

  place() {
    const narrow = Math.min(1, this.camera.aspect / 0.82); // a phone held upright: the width decides
    this.distance = (0.5 * this.size) / FILLS / Math.tan((ANGLE * Math.PI) / 360) / narrow;
    this.seenFrom.radius = this.distance * this.closeness;
    this.controls.target.copy(this.centre);
    this.camera.position.setFromSpherical(this.seenFrom).add(this.centre);
    this.controls.minDistance = 0.3 * this.distance;
    this.controls.maxDistance = 2 * this.distance;
    this.controls.update();
    this.invalidate();
  }

  remove() {
    this.morphing = [];
    if (!this.head) return;
    this.scene.remove(this.head, this.light, this.light.target);
    this.light.dispose();
    this.head.traverse((part) => {
      if (!part.isMesh) return;
      part.geometry.dispose();
      for (const value of Object.values(part.material)) if (value?.isTexture) value.dispose(), value.image?.close?.();
      part.material.dispose();
    });
  }

  relight() {
    this.scene.environment = studio(this.renderer);
    this.invalidate();
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas.parentElement;
    if (!clientWidth || !clientHeight) return;
    this.renderer.setSize(clientWidth, clientHeight, false);
    this.camera.aspect = clientWidth / clientHeight;
    this.camera.updateProjectionMatrix();
    if (this.head) this.aim();
  }

  /** Draw in the next frame. */
  invalidate() {
    this.frameRequest ??= requestAnimationFrame(() => {
      this.frameRequest = undefined;
      this.controls.update(); // asks for another frame while the head is still turning
      this.renderer.render(this.scene, this.camera);
    });
  }
}

window.dreamfaceViewer = { create: (canvas) => new Viewer(canvas) };
