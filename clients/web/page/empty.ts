/** What the page says where there is nothing to see yet: why, and what to do. */

import type { StreamState } from "../src/index.js";
import { element } from "./hud.js";

/** What the server says of itself. */
export interface About {
  readonly mode: "live" | "recording";
  readonly source: string;
  /** A publisher's address was given, as opposed to a source that the server itself reads. */
  readonly publisher: boolean;
}

/** What to say; undefined where there is something to see. */
export interface Notice {
  readonly title: string;
  readonly text: string;
  readonly command: string;
}

/** state: the page's word for how things are. shown: whether a frame was shown yet. */
export function noticeFor(
  about: About | undefined,
  state: string,
  stream: StreamState | undefined,
  shown: boolean,
  refused: boolean,
): Notice | undefined {
  if (refused) {
    return {
      title: "This page needs a token",
      text: "Open the link that the command has printed: the token is behind # in it.",
      command: "",
    };
  }
  if (shown && state !== "connecting") return undefined;
  if (state === "ended") {
    return { title: "The stream has ended", text: stream?.reason || "Start the source again; the page connects by itself.", command: "" };
  }
  if (state === "connecting") {
    return {
      title: shown ? "Connection lost" : "Connecting",
      text: "The page connects by itself as soon as the command that serves it runs.",
      command: "meshcast view clip.mp4",
    };
  }
  if (about?.mode === "recording") return { title: "Reading the recording", text: about.source, command: "" };
  if (about?.publisher) {
    return {
      title: "Waiting for the publisher",
      text: `Nothing comes from ${about.source}. Start one there; --preview adds the camera's image.`,
      command: `meshcast run clip.mp4 --publish ${about.source} --preview`,
    };
  }
  return {
    title: "Waiting for the first frame",
    text: about ? `${about.source} has not given a frame yet. Models are loaded once, which takes some seconds.` : "No frame has come yet.",
    command: "",
  };
}

export function showNotice(notice: Notice | undefined): void {
  const box = element("empty");
  box.hidden = !notice;
  if (!notice) return;
  const [title, text, command] = [box.querySelector("h2")!, box.querySelector("p")!, box.querySelector("code")!];
  if (title.textContent === notice.title && text.textContent === notice.text) return;
  title.textContent = notice.title;
  text.textContent = notice.text;
  command.textContent = notice.command;
}
