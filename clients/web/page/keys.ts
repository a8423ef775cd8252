/** Keyboard shortcuts, and the dialog that lists them. */

export interface Shortcut {
  /** As `KeyboardEvent.key` says it; several do the same. */
  readonly keys: readonly string[];
  readonly shown: string;
  readonly about: string;
  readonly run: (event: KeyboardEvent) => void;
}

export function listen(shortcuts: readonly Shortcut[], dialog: HTMLDialogElement): void {
  const list = dialog.querySelector("dl")!;
  for (const { shown, about } of shortcuts) {
    const key = document.createElement("dt");
    const text = document.createElement("dd");
    key.textContent = shown;
    text.textContent = about;
    list.append(key, text);
  }
  addEventListener("keydown", (event) => {
    const { target } = event;
    const typing = target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type === "text");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const found = shortcuts.find(({ keys }) => keys.includes(name));
    if (!found) return;
    event.preventDefault();
    found.run(event);
  });
}
