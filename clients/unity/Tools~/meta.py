"""Writes the .meta file of every asset of this package: `python clients/unity/Tools~/meta.py`.

Unity ignores what has none in a package that was installed from git. An asset's GUID follows from its path, so that it
never changes and projects keep their references; an asset that moves must keep its old .meta file.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
FOLDER = "folderAsset: yes\nDefaultImporter:\n  externalObjects: {}"
IMPORTERS = {
    ".cs": "MonoImporter:\n  externalObjects: {}\n  serializedVersion: 2\n  defaultReferences: []\n"
    "  executionOrder: 0\n  icon: {instanceID: 0}",
    ".asmdef": "AssemblyDefinitionImporter:\n  externalObjects: {}",
    ".json": "PackageManifestImporter:\n  externalObjects: {}",
    ".md": "TextScriptImporter:\n  externalObjects: {}",
}
TAIL = "  userData:\n  assetBundleName:\n  assetBundleVariant:\n"


def assets() -> list[Path]:
    """Everything that Unity imports: not what is in folders that end with a tilde."""
    found = []
    for path in sorted(PACKAGE.rglob("*")):
        inside = path.relative_to(PACKAGE)
        if path.suffix != ".meta" and not any(part.endswith("~") or part.startswith(".") for part in inside.parts):
            found.append(path)
    return found


def meta(asset: Path) -> str:
    """The .meta file's text."""
    inside = asset.relative_to(PACKAGE).as_posix()
    guid = hashlib.md5(f"com.meshcast.unity/{inside}".encode()).hexdigest()
    importer = FOLDER if asset.is_dir() else IMPORTERS[asset.suffix]
    return f"fileFormatVersion: 2\nguid: {guid}\n{importer}\n{TAIL}"


def meta_path(asset: Path) -> Path:
    """Where it belongs: beside the asset."""
    return asset.with_name(asset.name + ".meta")


if __name__ == "__main__":
    for asset in assets():
        if not meta_path(asset).exists():
            meta_path(asset).write_text(meta(asset))
