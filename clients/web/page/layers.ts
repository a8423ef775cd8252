/** What is drawn: switches that the page remembers. */

export const LAYERS = [
  { name: "image", label: "Image", key: "p", on: true },
  { name: "inset", label: "Inset", key: "i", on: true },
  { name: "frustum", label: "Frustum", key: "f", on: true },
  { name: "mesh", label: "Mesh", key: "m", on: true },
  { name: "skeleton", label: "Skeleton", key: "b", on: false },
  { name: "keypoints", label: "Keypoints", key: "k", on: false },
  { name: "ids", label: "Ids", key: "n", on: true },
  { name: "trails", label: "Trails", key: "t", on: true },
  { name: "ground", label: "Ground", key: "g", on: true },
] as const;

export type Layer = (typeof LAYERS)[number]["name"];

const STORE = "meshcast.layers";

export class Layers {
  readonly #on: Record<Layer, boolean>;
  readonly #onChange: () => void;
  readonly #boxes = new Map<Layer, HTMLInputElement>();

  /**
   * wished: layers that the address of the page names, comma-separated; null: those that were on last, or by default.
   */
  constructor(parent: HTMLElement, wished: string | null, onChange: () => void) {
    this.#onChange = onChange;
    const stored = wished ?? remembered();
    const names = stored?.split(",");
    this.#on = Object.fromEntries(LAYERS.map(({ name, on }) => [name, names?.includes(name) ?? on])) as Record<Layer, boolean>;
    for (const { name, label, key } of LAYERS) {
      const row = document.createElement("label");
      row.title = `${key.toUpperCase()}`;
      const box = document.createElement("input");
      box.type = "checkbox";
      box.name = "layer";
      box.value = name;
      box.checked = this.#on[name];
      box.addEventListener("change", () => this.set(name, box.checked));
      const text = document.createElement("span");
      text.textContent = label;
      const hint = document.createElement("kbd");
      hint.textContent = key.toUpperCase();
      row.append(box, text, hint);
      parent.append(row);
      this.#boxes.set(name, box);
    }
  }

  on(layer: Layer): boolean {
    return this.#on[layer];
  }

  set(layer: Layer, on: boolean): void {
    this.#on[layer] = on;
    this.#boxes.get(layer)!.checked = on;
    remember(LAYERS.filter(({ name }) => this.#on[name]).map(({ name }) => name).join(","));
    this.#onChange();
  }

  toggle(layer: Layer): void {
    this.set(layer, !this.#on[layer]);
  }
}

/** A browser may keep nothing, or say so by an error. */
function remembered(): string | null {
  try {
    return localStorage.getItem(STORE);
  } catch {
    return null;
  }
}

function remember(names: string): void {
  try {
    localStorage.setItem(STORE, names);
  } catch {
    // The layers are those of this visit.
  }
}
