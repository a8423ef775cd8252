/** Bytes that are not a Meshcast message of this version; its text is one line. */
export class WireError extends Error {
  override readonly name = "WireError";
}
