/** Pictures and clips of the scene as files. */

import { say } from "./hud.js";

const CLIP_FPS = 30;
/** A clip ends by itself: it is in memory until it is saved. */
const MAX_CLIP_BYTES = 400 << 20;
const MAX_CLIP_S = 600;
const CHUNK_MS = 1000;
const BITS_PER_S = 8e6;
const TYPES = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"];

export class Capture {
  readonly #view: HTMLCanvasElement;
  readonly #labels: HTMLElement;
  readonly #draw: () => void;
  readonly #button: HTMLElement;
  readonly #name: () => string;
  readonly #sheet = document.createElement("canvas");
  #recorder: MediaRecorder | undefined;

  /**
   * draw: draws the scene at once: its pixels can be read until the browser shows them. name: what files begin with.
   */
  constructor(view: HTMLCanvasElement, labels: HTMLElement, button: HTMLElement, draw: () => void, name: () => string) {
    [this.#view, this.#labels, this.#button, this.#draw, this.#name] = [view, labels, button, draw, name];
  }

  get recording(): boolean {
    return this.#recorder !== undefined;
  }

  async screenshot(): Promise<Blob | null> {
    this.#draw();
    this.compose();
    const blob = await new Promise<Blob | null>((done) => this.#sheet.toBlob(done, "image/png"));
    if (blob) save(blob, `${this.#name()}.png`);
    return blob;
  }

  /** Begin a clip, or end it and save it. */
  toggle(): void {
    if (this.#recorder) {
      this.#recorder.stop();
      return;
    }
    const type = TYPES.find((each) => globalThis.MediaRecorder?.isTypeSupported(each));
    if (!type) {
      say("this browser records no clips; use Chromium or Firefox");
      return;
    }
    this.#draw();
    this.compose();
    const recorder = new MediaRecorder(this.#sheet.captureStream(CLIP_FPS), { mimeType: type, videoBitsPerSecond: BITS_PER_S });
    const parts: Blob[] = [];
    let bytes = 0;
    const name = this.#name();
    const limit = setTimeout(() => recorder.stop(), 1000 * MAX_CLIP_S);
    recorder.ondataavailable = ({ data }) => {
      parts.push(data);
      bytes += data.size;
      if (bytes > MAX_CLIP_BYTES && recorder.state === "recording") recorder.stop();
    };
    recorder.onstop = () => {
      clearTimeout(limit);
      this.#recorder = undefined;
      this.#button.ariaPressed = "false";
      save(new Blob(parts, { type: "video/webm" }), `${name}.webm`);
    };
    recorder.start(CHUNK_MS);
    this.#recorder = recorder;
    this.#button.ariaPressed = "true";
  }

  /** Copy what was just drawn, with the labels, which are text of the page. */
  compose(): void {
    const { width, height, clientWidth } = this.#view;
    if (this.#sheet.width !== width || this.#sheet.height !== height) {
      if (this.#recorder && this.#sheet.width) this.#recorder.stop(); // clips have one size
      this.#sheet.width = width;
      this.#sheet.height = height;
    }
    const pen = this.#sheet.getContext("2d", { alpha: false })!;
    const scale = width / Math.max(1, clientWidth);
    const light = pen.createRadialGradient(width / 2, 0.42 * height, 0, width / 2, 0.42 * height, 0.8 * width);
    light.addColorStop(0, "#23292f");
    light.addColorStop(1, "#0e1114");
    pen.fillStyle = light;
    pen.fillRect(0, 0, width, height);
    pen.drawImage(this.#view, 0, 0);
    const origin = this.#view.getBoundingClientRect();
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.font = `650 ${11 * scale}px system-ui, sans-serif`;
    for (const label of this.#labels.children as HTMLCollectionOf<HTMLElement>) {
      if (label.hidden) continue;
      const box = label.getBoundingClientRect();
      const [x, y] = [(box.x - origin.x) * scale, (box.y - origin.y) * scale];
      const [w, h] = [box.width * scale, box.height * scale];
      pen.fillStyle = label.style.getPropertyValue("--color");
      pen.beginPath();
      pen.roundRect(x, y, w, h, h / 2);
      pen.fill();
      pen.fillStyle = "#11151a";
      pen.fillText(label.textContent ?? "", x + w / 2, y + h / 2 + scale / 2);
    }
  }
}

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
