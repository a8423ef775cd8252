/** What the page asks its server besides the stream. */

import type { About } from "./empty.js";

/** Reads from the server of the page or of the bridge that its address names. */
export class PageServer {
  readonly #base: string;
  readonly #token: string | undefined;
  /** The server wants a token, and the page has none or the wrong one. */
  refused = false;

  /** bridge: ws://host:port. */
  constructor(bridge: string, token: string | undefined) {
    this.#base = bridge.replace(/^ws/, "http").replace(/\/?$/, "/");
    this.#token = token;
  }

  /** What is shown; undefined where the server does not say. */
  async about(): Promise<About | undefined> {
    try {
      const answer = await this.get("about.json");
      this.refused = answer.status === 401;
      if (answer.status === 404) return { mode: "live", source: "", publisher: false }; // of another server
      if (!answer.ok) return undefined;
      const said = (await answer.json()) as Record<string, unknown>;
      return {
        mode: said["mode"] === "recording" ? "recording" : "live",
        source: typeof said["source"] === "string" ? said["source"] : "",
        publisher: said["publisher"] === true,
      };
    } catch {
      return undefined;
    }
  }

  get(path: string): Promise<Response> {
    const headers = this.#token ? { Authorization: `Bearer ${this.#token}` } : undefined;
    return fetch(new URL(path, this.#base), { ...(headers ? { headers } : {}), cache: "no-store" });
  }
}
