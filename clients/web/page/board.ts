/** Where to hold a board, as an outline in the image. */

/** A point of the image, in fractions of its size. */
export type Point = readonly [number, number];

/** What to do, the third of the image, the edge of the board that is away from the camera, whether it is done. */
export type Step = readonly [
  text: string,
  region: readonly [number, number] | null,
  away: "left" | "right" | "top" | "bottom" | null,
  done: boolean,
];

/** Share of the image's shorter side that the board takes. */
const SIZE = 0.52;
const INSET = 0.05;
/** Length of the far edge, and of the sides towards it, of a tilted board. */
const FAR = 0.72;
const SHORT = 0.85;

/**
 * The outline of a board that does what a step asks for.
 *
 * board: corners along its sides. aspect: of the image, width by height.
 */
export function ghost(step: Step, board: readonly [number, number], aspect: number): Point[] {
  const [, region, away] = step;
  const long = Math.max(...board);
  // The board lies as the image does.
  const [columns, rows] = aspect >= 1 === board[0] >= board[1] ? board : [board[1], board[0]];
  const unit = SIZE * Math.min(1, aspect);
  const halfX = (unit * columns) / long / 2 / aspect;
  const halfY = (unit * rows) / long / 2;
  const [x, y] = region ? [place(region[0], halfX), place(region[1], halfY)] : [0.5, 0.5];
  const far = { left: 1, right: 1, top: 1, bottom: 1 };
  if (away) far[away] = FAR;
  const wide = away === "left" || away === "right" ? SHORT : 1;
  const high = away === "top" || away === "bottom" ? SHORT : 1;
  return [
    [x - halfX * wide * far.top, y - halfY * high * far.left],
    [x + halfX * wide * far.top, y - halfY * high * far.right],
    [x + halfX * wide * far.bottom, y + halfY * high * far.right],
    [x - halfX * wide * far.bottom, y + halfY * high * far.left],
  ];
}

/** The middle of a board in the first, second or last third. */
function place(third: number, half: number): number {
  return third === 1 ? 0.5 : third === 0 ? INSET + half : 1 - INSET - half;
}

/** A text with left and right exchanged, for an image that is shown mirrored. */
export function mirrored(text: string): string {
  return text.replace(/\b(left|right)\b/g, (side) => (side === "left" ? "right" : "left"));
}
