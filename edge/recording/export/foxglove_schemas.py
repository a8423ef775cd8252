"""The message schemas of Foxglove that exports use, as JSON Schema. Viewers recognize them by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

NUMBER: Schema = {"type": "number"}
INTEGER: Schema = {"type": "integer"}
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}


def _record(title: str, fields: Mapping[str, Schema]) -> Schema:
    return {"title": title, "type": "object", "properties": dict(fields), "required": list(fields)}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _time(title: str) -> Schema:
    return {"title": title, "type": "object", "properties": {"sec": INTEGER, "nsec": INTEGER}}


TIME, DURATION = _time("time"), _time("duration")
VECTOR = _record("foxglove.Vector3", dict.fromkeys("xyz", NUMBER))
POINT = _record("foxglove.Point3", dict.fromkeys("xyz", NUMBER))
QUATERNION = _record("foxglove.Quaternion", dict.fromkeys("xyzw", NUMBER))
COLOR = _record("foxglove.Color", dict.fromkeys("rgba", NUMBER))
POSE = _record("foxglove.Pose", {"position": VECTOR, "orientation": QUATERNION})
LINE = _record(
    "foxglove.LinePrimitive",
    {
        "type": INTEGER,
        "pose": POSE,
        "thickness": NUMBER,
        "scale_invariant": FLAG,
        "points": _list(POINT),
        "color": COLOR,
        "colors": _list(COLOR),
        "indices": _list(INTEGER),
    },
)
TRIANGLES = _record(
    "foxglove.TriangleListPrimitive",
    {"pose": POSE, "points": _list(POINT), "color": COLOR, "colors": _list(COLOR), "indices": _list(INTEGER)},
)
LABEL = _record(
    "foxglove.TextPrimitive",
    {"pose": POSE, "billboard": FLAG, "font_size": NUMBER, "scale_invariant": FLAG, "color": COLOR, "text": TEXT},
)
UNUSED = ("arrows", "cubes", "spheres", "cylinders", "models")  # kinds of primitives that stay empty
ENTITY = _record(
    "foxglove.SceneEntity",
    {
        "timestamp": TIME,
        "frame_id": TEXT,
        "id": TEXT,
        "lifetime": DURATION,
        "frame_locked": FLAG,
        "metadata": _list(_record("foxglove.KeyValuePair", {"key": TEXT, "value": TEXT})),
        **{kind: _list({"type": "object"}) for kind in UNUSED},
        "lines": _list(LINE),
        "triangles": _list(TRIANGLES),
        "texts": _list(LABEL),
    },
)
DELETION = _record("foxglove.SceneEntityDeletion", {"timestamp": TIME, "type": INTEGER, "id": TEXT})

SCHEMAS: Mapping[str, Schema] = {
    schema["title"]: schema
    for schema in (
        _record("foxglove.SceneUpdate", {"deletions": _list(DELETION), "entities": _list(ENTITY)}),
        _record(
            "foxglove.FrameTransform",
            {
                "timestamp": TIME,
                "parent_frame_id": TEXT,
                "child_frame_id": TEXT,
                "translation": VECTOR,
                "rotation": QUATERNION,
            },
        ),
        _record(
            "foxglove.CameraCalibration",
            {
                "timestamp": TIME,
                "frame_id": TEXT,
                "width": INTEGER,
                "height": INTEGER,
                "distortion_model": TEXT,
                **{name: _list(NUMBER) for name in "DKRP"},
            },
        ),
        _record(
            "foxglove.Log",
            {"timestamp": TIME, "level": INTEGER, "message": TEXT, "name": TEXT, "file": TEXT, "line": INTEGER},
        ),
        _record(
            "meshcast.FrameDiagnostics",
            {
                "timestamp": TIME,
                "frame_index": INTEGER,
                "t_stream_s": NUMBER,
                "age_ms": NUMBER,
                "people": INTEGER,
                "lost": INTEGER,
            },
        ),
    )
}
