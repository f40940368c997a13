// The 3D view of one head: bundled with three.js into one classic script, which gives the page `dreamfaceViewer`.

import {
  Box3, NeutralToneMapping, PCFShadowMap, PerspectiveCamera, Scene, Spherical, Vector3, WebGLRenderer,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";

import { keyLight, studio } from "./studio.js";

/** Vertical angle of view in degrees: that of a long portrait lens. */
const ANGLE = 20;
/** From where a head is first seen: to its left and a little from above, radians. */
const FIRST = { azimuth: 0.42, elevation: 0.03 };
/** Of the bust's height, from the top of the hair to the end of the neck: what is seen of it, and where the middle is. */
const SEEN = 0.9;
const MIDDLE = 0.41;
const MOST_PIXELS = 2;
const ANISOTROPY = 8;

/** How drivers that draw without a graphics card are called: they get fewer pixels, no shadows and simpler skin. */
const SOFTWARE_PIXELS = 0.5;
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Whether WebGL draws without a graphics card here. */
function drawsInSoftware() {
  const gl = document.createElement("canvas").getContext("webgl2");
  const names = gl?.getExtension("WEBGL_debug_renderer_info");
  const name = names ? gl.getParameter(names.UNMASKED_RENDERER_WEBGL) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return SOFTWARE.test(name);
}

/** A view on a canvas. Nothing is drawn while nothing changes. */
class Viewer {
  constructor(canvas) {
    const slow = drawsInSoftware();
    this.slow = slow;
    this.renderer = new WebGLRenderer({ canvas, antialias: !slow, alpha: true });
    this.renderer.toneMapping = NeutralToneMapping;
    this.renderer.toneMappingExposure = 1.15;
    this.renderer.shadowMap.enabled = !slow;
    this.renderer.shadowMap.type = PCFShadowMap;
    this.renderer.shadowMap.autoUpdate = false; // shadows change with shapes, not with the view
    this.renderer.setPixelRatio(slow ? SOFTWARE_PIXELS : Math.min(window.devicePixelRatio, MOST_PIXELS));
    this.scene = new Scene();
    this.scene.environment = studio(this.renderer);
    this.camera = new PerspectiveCamera(ANGLE, 1, 0.01, 20);
    this.controls = new OrbitControls(this.camera, canvas);
    Object.assign(this.controls, { enableDamping: !slow, dampingFactor: 0.09, rotateSpeed: 0.8, zoomSpeed: 0.7 });
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
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const { scene } = await this.loader.parseAsync(glb, "");
    if (turn !== this.turn) return; // another head was asked for meanwhile
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
    this.renderer.shadowMap.needsUpdate = true;
    this.invalidate();
  }

  /** Give the shapes their weights: a map of names to 0..1. */
  setWeights(weights) {
    for (const part of this.morphing) {
      for (const [name, index] of Object.entries(part.morphTargetDictionary)) {
        part.morphTargetInfluences[index] = weights.get(name) ?? 0;
      }
    }
    this.renderer.shadowMap.needsUpdate = true;
    this.invalidate();
  }

  prepare(part) {
    const { material } = part;
    const cut = material.alphaTest > 0;
    part.frustumCulled = false; // shapes move it out of the box that it has at rest
    part.castShadow = !material.transparent;
    part.receiveShadow = !material.transparent && !cut; // cards would lie in the shadow of the skin and of each other
    if (part.morphTargetInfluences) this.morphing.push(part);
    if (material.transmission > 0) material.transmission = 0; // a pass of its own for two corneas: the veil will do
    if (this.slow) material.clearcoat = 0;
    if (cut) material.alphaToCoverage = true; // hairs get soft edges
    for (const map of [material.map, material.normalMap, material.roughnessMap]) if (map) map.anisotropy = ANISOTROPY;
  }

  /** Where the head is and how large: its skin, and the hair that stands above it but not what hangs down. */
  measure() {
    const skin = new Box3().setFromObject(this.head.getObjectByName("skin") ?? this.head);
    const all = new Box3().setFromObject(this.head);
    this.size = all.max.y - skin.min.y;
    this.centre = skin.getCenter(new Vector3());
    this.centre.y = all.max.y - MIDDLE * this.size;
    this.centre.z += 0.08 * this.size;
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
    this.distance = (0.5 * SEEN * this.size) / Math.tan((ANGLE * Math.PI) / 360) / narrow;
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
    this.renderer.shadowMap.needsUpdate = true;
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
