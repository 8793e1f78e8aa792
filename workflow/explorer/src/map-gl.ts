// Draws the map's lines and points by WebGL2 (ogl): every path is uploaded once as a texture, and time,
// camera and the move from one network to another are a few numbers given to the shaders. Each segment is a
// rectangle around it; the shader tells how much of a pixel lies within, as thick lines need. The corners are
// told apart by their number alone: instances would be as many calls where no graphics card is at hand.
import { Geometry, type OGLRenderingContext, Program, Renderer, Texture } from "ogl";
import type { Looks } from "./map-looks";
import type { Cloud, Layer, Scene } from "./map-scene";

/** Points in a row of a texture. */
const ROW = 1024;
/** Colours along the way that are uploaded. */
const RAMP = 64;

const HEAD = "#version 300 es\nprecision highp float;\nprecision highp sampler2D;\n";
const SEEN = `
uniform vec3 across; uniform vec3 down; uniform vec2 origin; uniform vec2 pane;
uniform float time; uniform float sharp;
vec2 seen(vec3 p) { return vec2(dot(across, p), dot(down, p)) + origin; }
vec4 placed(vec2 at, float depth) { return vec4(at.x / pane.x * 2. - 1., 1. - at.y / pane.y * 2., depth, 1.); }
const vec4 NOWHERE = vec4(2., 2., 2., 1.);
`;
const PATHS = `
uniform sampler2D points; uniform sampler2D before; uniform sampler2D paint; uniform sampler2D ramp;
uniform float moved; uniform int steps; uniform int count;
ivec2 cell(int i) { return ivec2(i % ${ROW}, i / ${ROW}); }
// A point on the screen, and behind it the spread.
vec3 point(int i) {
  vec4 to = texelFetch(points, cell(i), 0);
  vec3 from = moved < 1. ? texelFetch(before, cell(i), 0).xyz : to.xyz;
  return vec3(seen(mix(from, to.xyz, moved)), to.w);
}
vec4 look(int path, int i) { return texelFetch(paint, cell(3 * path + i), 0); }
vec3 colourOf(int path, vec3 own, float way) {
  return look(path, 2).y > .5 ? texelFetch(ramp, ivec2(int(way * ${RAMP - 1}. + .5), 0), 0).rgb : own;
}
// Two triangles of a rectangle: along is 0 or 1, across -1 or 1.
vec2 corner() {
  int i = gl_VertexID % 6;
  return vec2(i == 1 || i == 2 || i == 4 ? 1. : 0., i == 2 || i == 4 || i == 5 ? 1. : -1.);
}
float passed() { return time * float(steps - 1); }
`;

const LINE = {
  vertex: `${HEAD}${SEEN}${PATHS}
flat out vec2 p; flat out vec2 q; flat out vec4 shade; flat out float radius; out vec2 at;
void main() {
  int segment = gl_VertexID / 6, path = segment / (steps - 1), now = segment % (steps - 1);
  float reach = clamp(passed() - float(now), 0., 1.);
  vec4 own = look(path, 0);
  if (reach <= 0. || own.a == 0.) { gl_Position = NOWHERE; return; }
  float width = look(path, 1).x * 16.;
  p = point(path * steps + now).xy;
  q = mix(p, point(path * steps + now + 1).xy, reach);
  radius = max(width * .5, .5);
  shade = vec4(colourOf(path, own.rgb, float(now) / float(steps - 1)), own.a * min(1., width));
  float length_ = distance(p, q);
  vec2 way = length_ > 1e-4 ? (q - p) / length_ : vec2(1., 0.);
  // Round ends join thick lines; thin and faint ones would show beads where two ends lie over each other.
  float past = own.a > .8 ? radius + 1. : 0.;
  vec2 c = corner();
  at = mix(p - way * past, q + way * past, c.x) + vec2(-way.y, way.x) * c.y * (radius + 1.);
  gl_Position = placed(at, 0.);
}`,
  fragment: `${HEAD}uniform float sharp;
flat in vec2 p; flat in vec2 q; flat in vec4 shade; flat in float radius; in vec2 at; out vec4 shown;
void main() {
  vec2 way = q - p;
  float along = clamp(dot(at - p, way) / max(dot(way, way), 1e-8), 0., 1.);
  float covered = clamp((radius - distance(at, p + way * along)) * sharp + .5, 0., 1.);
  shown = vec4(shade.rgb, 1.) * shade.a * covered;
}`,
};

// Bands write depth, each path its own, so that a band does not darken where it overlaps itself.
const BAND = {
  vertex: `${HEAD}${SEEN}${PATHS}
uniform float scale;
flat out vec2 p; flat out vec2 q; flat out vec4 shade; flat out vec2 radii; out vec2 at;
void main() {
  int segment = gl_VertexID / 6, path = segment / (steps - 1), now = segment % (steps - 1);
  float reach = clamp(passed() - float(now), 0., 1.);
  float band = look(path, 1).w;
  if (reach <= 0. || band == 0.) { gl_Position = NOWHERE; return; }
  vec3 from = point(path * steps + now), to = mix(from, point(path * steps + now + 1), reach);
  p = from.xy; q = to.xy;
  radii = vec2(from.z, to.z) * scale;
  shade = vec4(colourOf(path, look(path, 0).rgb, .5), band);
  float length_ = distance(p, q), wide = max(radii.x, radii.y) + 1.;
  vec2 way = length_ > 1e-4 ? (q - p) / length_ : vec2(1., 0.);
  vec2 c = corner();
  at = mix(p - way * wide, q + way * wide, c.x) + vec2(-way.y, way.x) * c.y * wide;
  gl_Position = placed(at, .9 - 1.8 * float(path) / float(count));
}`,
  fragment: `${HEAD}
flat in vec2 p; flat in vec2 q; flat in vec4 shade; flat in vec2 radii; in vec2 at; out vec4 shown;
void main() {
  vec2 way = q - p;
  float along = clamp(dot(at - p, way) / max(dot(way, way), 1e-8), 0., 1.);
  if (distance(at, p + way * along) > mix(radii.x, radii.y, along)) discard;
  shown = vec4(shade.rgb, 1.) * shade.a;
}`,
};

const DOT = {
  vertex: `${HEAD}${SEEN}${PATHS}
flat out vec4 shade; flat out float radius; flat out float crossed; out vec2 at;
void main() {
  int path = gl_VertexID / 6;
  vec4 size = look(path, 1);
  if (size.z == 0.) { gl_Position = NOWHERE; return; }
  int now = min(int(floor(passed())), steps - 2);
  vec2 middle = mix(point(path * steps + now).xy, point(path * steps + now + 1).xy, passed() - float(now));
  crossed = look(path, 2).x;
  radius = size.y * 16.;
  shade = vec4(colourOf(path, look(path, 0).rgb, time), size.z);
  vec2 c = corner();
  at = vec2(c.x * 2. - 1., c.y) * (1.5 * radius + 1.);
  gl_Position = placed(middle + at, 0.);
}`,
  fragment: `${HEAD}uniform float sharp;
flat in vec4 shade; flat in float radius; flat in float crossed; in vec2 at; out vec4 shown;
void main() {
  float disc = radius - length(at);
  vec2 turned = abs(vec2(at.x + at.y, at.x - at.y)) * .70711;
  float arms = max(.6, .28 * radius) - min(turned.x, turned.y);
  arms = min(arms, 1.7 * radius - max(turned.x, turned.y));
  shown = vec4(shade.rgb, 1.) * shade.a * clamp(mix(disc, arms, crossed) * sharp + .5, 0., 1.);
}`,
};

const FRAME = {
  vertex: `${HEAD}${SEEN}
in vec2 a; in float phase; in vec4 colour; flat out vec4 shade;
void main() {
  shade = colour;
  gl_PointSize = max(1., floor(1.5 * sharp + .5));
  gl_Position = phase > time ? NOWHERE : placed(seen(vec3(a, 0.)), 0.);
}`,
  fragment: `${HEAD}flat in vec4 shade; out vec4 shown;
void main() { shown = vec4(shade.rgb, 1.) * shade.a; }`,
};

type Shader = typeof LINE;
type ProgramName = "line" | "band" | "dot" | "frame";

interface Uploaded {
  points: Texture;
  from: Float32Array | null;
  before: Texture | null;
  looks: Looks;
  paint: Texture;
  ramp: Texture;
}

export class GlPainter {
  readonly canvas: HTMLCanvasElement;
  readonly #renderer: Renderer;
  readonly #gl: OGLRenderingContext;
  readonly #uniforms: Record<string, { value: unknown }> = {};
  readonly #programs: Record<ProgramName, Program>;
  /** Draws so many corners, of which each finds its place by its number. */
  readonly #corners: Geometry;
  readonly #layers = new Map<object, Uploaded>();
  readonly #clouds = new Map<Cloud, Geometry>();
  /** What each pane draws, to let go of what none does any more. */
  readonly #used = new Map<object, Set<object>>();

  /** Null where the browser refuses WebGL2, or only imitates it: a plain canvas is five times as quick then. */
  static on(canvas: HTMLCanvasElement, imitated = false): GlPainter | null {
    const wanted = { alpha: true, depth: true, stencil: false, antialias: false, premultipliedAlpha: true, preserveDrawingBuffer: true };
    try {
      const gl = canvas.getContext("webgl2", { ...wanted, powerPreference: "default", failIfMajorPerformanceCaveat: !imitated });
      return gl && (imitated || !isImitation(gl)) ? new GlPainter(canvas, wanted) : null;
    } catch {
      return null;
    }
  }

  private constructor(canvas: HTMLCanvasElement, wanted: object) {
    this.canvas = canvas;
    this.#renderer = new Renderer({ canvas, dpr: 1, ...wanted });
    this.#gl = this.#renderer.gl;
    canvas.removeAttribute("style");
    for (const name of ["across", "down", "origin", "pane", "time", "sharp", "scale", "moved", "steps", "count", "points", "before", "paint", "ramp"]) {
      this.#uniforms[name] = { value: 0 };
    }
    this.#programs = { line: this.#program(LINE), band: this.#program(BAND, true), dot: this.#program(DOT), frame: this.#program(FRAME) };
    this.#corners = new Geometry(this.#gl, {});
  }

  #program(shader: Shader, deep = false): Program {
    const gl = this.#gl;
    return new Program(gl, {
      ...shader, uniforms: this.#uniforms, transparent: true, cullFace: null, depthTest: deep, depthWrite: deep, depthFunc: gl.LESS,
    });
  }

  /** Make the drawing as large as the stage; true if it was not, so that all panes must be drawn again. */
  fit(width: number, height: number, sharp: number): boolean {
    const [wide, high] = [Math.round(width * sharp), Math.round(height * sharp)];
    if (this.canvas.width === wide && this.canvas.height === high) return false;
    [this.canvas.width, this.canvas.height] = [wide, high];
    return true;
  }

  /** Draw a pane whose left upper corner lies at some place of the stage; all in pixels of the page. */
  paint(pane: object, scene: Scene, left: number, top: number, sharp: number): void {
    const gl = this.#gl;
    const box = [left, this.canvas.height / sharp - top - scene.height, scene.width, scene.height].map((one) => Math.round(one * sharp)) as [number, number, number, number];
    gl.viewport(...box);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(...box);
    this.#renderer.setDepthMask(true);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const { lens } = scene;
    this.#set({ across: lens.across, down: lens.down, origin: [lens.x, lens.y], pane: [scene.width, scene.height], sharp, scale: lens.scale, time: scene.time });
    const used = new Set<object>();
    if (scene.cloud) {
      used.add(scene.cloud);
      this.#draw(this.#cloudOf(scene.cloud), "frame", gl.POINTS);
    }
    for (const layer of scene.layers) {
      used.add(layer.paths);
      this.#drawLayer(layer, scene.moved);
    }
    this.#used.set(pane, used);
    this.#forget();
  }

  /** Wipe everything, where panes come or go; one that is no more seen keeps nothing. */
  wipe(gone: object | null): void {
    const gl = this.#gl;
    gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (gone) this.#used.delete(gone);
    this.#forget();
  }

  #set(values: Record<string, unknown>): void {
    for (const [name, value] of Object.entries(values)) this.#uniforms[name].value = value;
  }

  #drawLayer(layer: Layer, moved: number): void {
    const { count, steps, spread } = layer.paths;
    if (steps < 2 || !count) return;
    const { points, before, paint, ramp } = this.#uploaded(layer);
    this.#set({ points, before: before ?? points, paint, ramp, moved: before ? moved : 1, steps, count });
    const segments = count * (steps - 1);
    const draw = (name: ProgramName, rectangles: number): void => {
      this.#corners.setDrawRange(0, 6 * rectangles);
      this.#draw(this.#corners, name);
    };
    if (spread) draw("band", segments);
    draw("line", segments);
    draw("dot", count);
  }

  #draw(geometry: Geometry, name: ProgramName, mode: number = this.#gl.TRIANGLES): void {
    const program = this.#programs[name];
    program.use();
    geometry.draw({ program, mode });
  }

  #texture(image: Float32Array | Uint8Array): Texture {
    const gl = this.#gl as WebGL2RenderingContext;
    const floats = image instanceof Float32Array;
    return new Texture(this.#gl, {
      image, width: ROW, height: image.length / 4 / ROW, type: floats ? gl.FLOAT : gl.UNSIGNED_BYTE,
      format: gl.RGBA, internalFormat: floats ? gl.RGBA32F : gl.RGBA8,
      generateMipmaps: false, minFilter: gl.NEAREST, magFilter: gl.NEAREST, flipY: false,
    });
  }

  #uploaded(layer: Layer): Uploaded {
    const { paths, from, looks } = layer;
    let known = this.#layers.get(paths);
    if (!known) {
      known = {
        points: this.#texture(texels(paths.points, paths.spread)), from: null, before: null,
        looks, paint: this.#texture(painted(layer)), ramp: this.#texture(ramped(looks)),
      };
      this.#layers.set(paths, known);
    }
    if (known.from !== from) {
      if (known.before) this.#gl.deleteTexture(known.before.texture);
      known.before = from && this.#texture(texels(from, null));
      known.from = from;
    }
    if (known.looks !== looks) {
      known.paint.image = painted(layer);
      known.ramp.image = ramped(looks);
      known.looks = looks;
    }
    return known;
  }

  #cloudOf(cloud: Cloud): Geometry {
    const known = this.#clouds.get(cloud);
    if (known) return known;
    const gl = this.#gl;
    const geometry = new Geometry(gl, {
      a: { data: cloud.points, size: 2 }, phase: { data: cloud.phase, size: 1 },
      colour: { data: cloud.colours, size: 4, type: gl.UNSIGNED_BYTE, normalized: true },
    });
    this.#clouds.set(cloud, geometry);
    return geometry;
  }

  #forget(): void {
    const seen = (one: object): boolean => [...this.#used.values()].some((used) => used.has(one));
    for (const [paths, { points, before, paint, ramp }] of this.#layers) {
      if (seen(paths)) continue;
      for (const one of [points, before, paint, ramp]) if (one) this.#gl.deleteTexture(one.texture);
      this.#layers.delete(paths);
    }
    for (const [cloud, geometry] of this.#clouds) {
      if (seen(cloud)) continue;
      geometry.remove();
      // What is drawn next must not be taken for what was removed.
      this.#renderer.currentGeometry = null as unknown as string;
      this.#clouds.delete(cloud);
    }
  }
}

/** Whether a processor does what a graphics card should; browsers seldom say so when they are asked. */
function isImitation(gl: WebGL2RenderingContext): boolean {
  const told = gl.getExtension("WEBGL_debug_renderer_info");
  const name: unknown = gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(String(name));
}

const rows = (cells: number): number => Math.max(1, Math.ceil(cells / ROW)) * ROW;

/** Points as cells of a texture, with the spread as their fourth number. */
export function texels(points: Float32Array, spread: Float32Array | null): Float32Array {
  const found = new Float32Array(4 * rows(points.length / 3));
  for (let i = 0; 3 * i < points.length; i++) {
    found.set(points.subarray(3 * i, 3 * i + 3), 4 * i);
    if (spread) found[4 * i + 3] = spread[i];
  }
  return found;
}

/** Three cells a path: colour and opacity; width, dot, its opacity, band; cross and whether colour follows the way. */
export function painted({ paths, looks }: Pick<Layer, "paths" | "looks">): Uint8Array {
  const found = new Uint8Array(4 * rows(3 * paths.count));
  const byte = (share: number): number => Math.round(255 * Math.min(1, share));
  for (let path = 0; path < paths.count; path++) {
    const { colour, along, width, opacity, dot, dotOpacity, cross, band } = looks.list[looks.of[path]];
    found.set([...colour, byte(opacity), byte(width / 16), byte(dot / 16), byte(dotOpacity), byte(band), byte(Number(cross)), byte(Number(along))], 12 * path);
  }
  return found;
}

function ramped({ ramp }: Looks): Uint8Array {
  const found = new Uint8Array(4 * rows(RAMP));
  for (let i = 0; i < RAMP; i++) found.set([...ramp(i, RAMP), 255], 4 * i);
  return found;
}
