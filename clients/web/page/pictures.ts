/** Pictures of the camera, decoded one at a time; those that come meanwhile are left out. */

import type { PreviewPacket } from "../src/index.js";
import type { Pictured } from "./feed.js";

/** A picture that can be drawn. */
export interface Shot {
  readonly packet: PreviewPacket;
  readonly bitmap: ImageBitmap;
  /** When it was captured, on the feed's clock. */
  readonly tS: number;
}

export class Pictures {
  #current: Shot | undefined;
  #wanted: Pictured | undefined;
  #decoding = false;
  /** Of what could not be decoded. */
  failed = 0;

  /** The last picture that was decoded. */
  get current(): Shot | undefined {
    return this.#current;
  }

  /** Have this picture next; nothing happens where it is there already. */
  want(picture: Pictured | undefined): void {
    if (!picture || picture.packet === this.#current?.packet || picture.packet === this.#wanted?.packet) return;
    this.#wanted = picture;
    if (!this.#decoding) void this.#decode();
  }

  clear(): void {
    this.#wanted = undefined;
    this.#current?.bitmap.close();
    this.#current = undefined;
  }

  async #decode(): Promise<void> {
    this.#decoding = true;
    while (this.#wanted) {
      const wanted: Pictured = this.#wanted;
      const { packet, tS } = wanted;
      try {
        const bitmap = await createImageBitmap(new Blob([packet.data], { type: "image/jpeg" }));
        const fits = bitmap.width === packet.previewWidth && bitmap.height === packet.previewHeight;
        // The store may have been cleared, or another stream chosen.
        if (fits && this.#wanted?.packet.stream === packet.stream) {
          this.#current?.bitmap.close();
          this.#current = { packet, bitmap, tS };
        } else {
          bitmap.close();
          if (!fits) this.failed++;
        }
      } catch {
        this.failed++;
      }
      if (this.#wanted === wanted) this.#wanted = undefined;
    }
    this.#decoding = false;
  }
}
