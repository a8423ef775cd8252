/** Charts of how the stream performs, drawn by uPlot. */

import uPlot from "uplot";

/** Two minutes, two samples a second. */
const SAMPLES = 240;
const HEIGHT = 74;
const TONES = ["#8fb7c9", "#c9a98f", "#9fbf8f", "#b79fc9", "#c9c08f", "#8fc9bd", "#c98f9b", "#9aa3c9", "#a5a5a5", "#d0b6c4"];
const GRID = "#262c32";
const FAINT = "#949ea9";
/** Stages that are drawn on their own; the others are added up. */
const STAGES = 6;

interface Series {
  readonly label: string;
  readonly color: string;
}

/** One chart: lines over time, the newest at the right. */
class Chart {
  readonly #plot: uPlot;
  readonly #legend: HTMLElement[];
  readonly #unit: string;
  readonly #rows: (number | null)[][];
  readonly #stacked: boolean;

  constructor(parent: HTMLElement, title: string, unit: string, series: readonly Series[], stacked = false) {
    this.#unit = unit;
    this.#stacked = stacked;
    this.#rows = [[], ...series.map(() => [])];
    const box = document.createElement("div");
    box.className = "chart";
    const head = document.createElement("p");
    head.append(title);
    this.#legend = series.map(({ label, color }) => {
      const entry = document.createElement("span");
      entry.style.setProperty("--color", color);
      entry.dataset["label"] = label;
      entry.textContent = label;
      head.append(entry);
      return entry;
    });
    box.append(head);
    parent.append(box);
    const axis = { stroke: FAINT, font: "10px system-ui", grid: { stroke: GRID, width: 1 }, ticks: { show: false } };
    this.#plot = new uPlot(
      {
        width: 260,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        padding: [6, 0, 8, 0],
        scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(1, (most ?? 0) * 1.15)] } },
        axes: [
          { ...axis, show: false },
          { ...axis, size: 30, gap: 3, space: 26, values: (_, values) => values.map((value) => `${value}`) },
        ],
        series: [
          {},
          ...series.map(({ label, color }) => ({
            label, stroke: color, width: 1.5, points: { show: false }, ...(stacked ? { fill: `${color}55` } : {}),
          })),
        ],
      },
      this.#data(),
      box,
    );
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 40) this.#plot.setSize({ width, height: HEIGHT });
    }).observe(box);
  }

  /** Add the values of a moment; null: not known. */
  add(atS: number, values: readonly (number | null)[]): void {
    [atS, ...values].forEach((value, row) => {
      this.#rows[row]!.push(value);
      if (this.#rows[row]!.length > SAMPLES) this.#rows[row]!.shift();
    });
    this.#plot.setData(this.#data());
    values.forEach((value, at) => {
      const entry = this.#legend[at]!;
      const text = value === null ? "–" : `${value < 10 ? value.toFixed(1) : value.toFixed(0)}${this.#unit}`;
      entry.textContent = `${entry.dataset["label"]} ${text}`;
    });
  }

  remove(): void {
    this.#plot.root.parentElement!.remove();
    this.#plot.destroy();
  }

  /** Of stacked lines, the first is on top: areas are painted one over the other. */
  #data(): uPlot.AlignedData {
    const [xs, ...rows] = this.#rows as [number[], ...(number | null)[][]];
    if (!this.#stacked) return [xs, ...rows];
    const sums = xs.map(() => 0);
    const stacked = rows
      .slice()
      .reverse()
      .map((row) => row.map((value, at) => (sums[at]! += value ?? 0)));
    return [xs, ...stacked.reverse()];
  }
}

export interface Sample {
  readonly fps: number | null;
  readonly drawn: number | null;
  readonly latencyMs: number | null;
  readonly ageMs: number | null;
  readonly lost: number | null;
  readonly dropped: number | null;
  readonly stagesMs: Readonly<Record<string, number>> | null;
}

export class Charts {
  readonly #parent: HTMLElement;
  readonly #rate: Chart;
  readonly #latency: Chart;
  readonly #missing: Chart;
  #stages: Chart | undefined;
  #names: string[] = [];

  constructor(parent: HTMLElement) {
    this.#parent = parent;
    const [a, b] = [TONES[0]!, TONES[1]!];
    this.#rate = new Chart(parent, "Per second", "", [{ label: "frames", color: a }, { label: "drawn", color: b }]);
    this.#latency = new Chart(parent, "Milliseconds", "", [
      { label: "capture to screen", color: a },
      { label: "age when sent", color: b },
    ]);
    this.#missing = new Chart(parent, "Missing", "", [{ label: "lost", color: TONES[6]! }, { label: "dropped", color: TONES[4]! }]);
  }

  add(atS: number, sample: Sample): void {
    this.#rate.add(atS, [sample.fps, sample.drawn]);
    this.#latency.add(atS, [sample.latencyMs, sample.ageMs]);
    this.#missing.add(atS, [sample.lost, sample.dropped]);
    if (sample.stagesMs) this.#addStages(atS, sample.stagesMs);
  }

  #addStages(atS: number, stages: Readonly<Record<string, number>>): void {
    const known = this.#names.length > 0 && this.#names.every((name) => name === "other" || name in stages);
    if (!known) {
      const ordered = Object.entries(stages).sort(([, one], [, two]) => two - one);
      this.#names = ordered.slice(0, STAGES).map(([name]) => name);
      if (ordered.length > STAGES) this.#names.push("other");
      this.#stages?.remove();
      const series = this.#names.map((label, at) => ({ label, color: TONES[at % TONES.length]! }));
      this.#stages = new Chart(this.#parent, "Stages, ms a frame", "", series, true);
    }
    const named = this.#names.filter((name) => name !== "other").map((name) => stages[name] ?? 0);
    const all = Object.values(stages).reduce((sum, ms) => sum + ms, 0);
    const rest = all - named.reduce((sum, ms) => sum + ms, 0);
    this.#stages!.add(atS, this.#names.includes("other") ? [...named, rest] : named);
  }
}
