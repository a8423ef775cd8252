"""Maps the bones of a skeleton to the body's joints by their names, for the naming schemes of motion files.

CMU and Mixamo use LeftUpLeg, LeftLeg, LeftShoulder, LeftArm; 100STYLE LeftHip, LeftKnee, LeftCollar, LeftShoulder;
Bandai-Namco and VRM UpperLeg_L, Shoulder_L, UpperArm_L; DAZ lThigh, lCollar, lShldr; SMPL L_Hip, L_Collar. What a name
means depends on the others: a shoulder is the collar bone where there is an arm as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engines.training.poses.pose_set import PoseError

SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}
# Prefixes of bone names without a meaning.
PREFIXES = ("bip", "mixamorig", "joint", "jnt", "j", "character", "def", "org", "bone", "skeleton", "c", "m")
# The names of each joint on a side, the most specific first.
LIMBS = {
    "hip": ("upleg", "upperleg", "thigh", "femur", "hip"),
    "knee": ("leg", "lowerleg", "lowleg", "shin", "calf", "tibia", "knee"),
    "ankle": ("ankle", "foot"),
    "foot": ("toebase", "toe", "toes", "ball", "foot"),
    "collar": ("collar", "clavicle", "shoulder"),
    "shoulder": ("upperarm", "uparm", "arm", "shldr", "humerus", "shoulder"),
    "elbow": ("forearm", "lowerarm", "lowarm", "elbow", "radius"),
    "wrist": ("wrist", "hand"),
}
PELVIS = ("hips", "hip", "pelvis")
REQUIRED = ("hip", "knee", "shoulder", "elbow")
SHOWN = 12  # names in a message


def body_bones(names: Sequence[str], parents: Sequence[int], path: object) -> dict[str, int]:
    """Indices of bones by the body's joint: "pelvis", "head" where there is one, "left_hip" and so on.

    Raises PoseError, naming what was not found and the bones that there are, when the skeleton is not a person's.
    """
    sided: dict[tuple[str, str], int] = {}
    middle: dict[str, int] = {}
    for index, name in enumerate(names):
        side, part = _parse(name)
        if side:
            sided.setdefault((side, part), index)
        else:
            middle.setdefault(part, index)
    bones = {key: middle[key] for key in ("head",) if key in middle}
    pelvis = next((middle[name] for name in PELVIS if name in middle), None)
    if pelvis is not None:
        bones["pelvis"] = pelvis
    for side in ("left", "right"):
        taken: set[int] = set()
        # An inner joint is assigned first: without a collar the shoulder belongs to the arm.
        for joint in ("hip", "knee", "ankle", "foot", "shoulder", "elbow", "wrist", "collar"):
            found = (sided.get((side, name)) for name in LIMBS[joint])
            index_ = next((index for index in found if index is not None and index not in taken), None)
            if index_ is not None:
                bones[f"{side}_{joint}"] = index_
                taken.add(index_)
    if pelvis is None and {"left_hip", "right_hip"} <= bones.keys():  # of any name, as the common parent of both legs
        right = _ancestors(bones["right_hip"], parents)
        both = [index for index in _ancestors(bones["left_hip"], parents) if index in right]
        bones |= {"pelvis": both[0]} if both else {}
    wanted = ("pelvis", *(f"{side}_{joint}" for side in ("left", "right") for joint in REQUIRED))
    missing = [name for name in wanted if name not in bones]
    if missing:
        some = ", ".join(name[:40] for name in names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
        raise PoseError(
            f"{path}: not the skeleton of a person by its names, as there is no bone for {', '.join(missing)}; "
            f"its bones are {some}"
        )
    return bones


def _ancestors(joint: int, parents: Sequence[int]) -> list[int]:
    """The joints above one, the nearest first."""
    above = []
    while (joint := parents[joint]) >= 0:
        above.append(joint)
    return above


def _parse(name: str) -> tuple[str, str]:
    """The side, "" for the middle, and the rest of a name in lower case without digits."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name.rsplit(":", 1)[-1])
    words = [word.lower() for word in words]
    while len(words) > 1 and words[0] in PREFIXES:
        del words[0]
    side = next((SIDES[word] for word in words if word in SIDES), "")
    part = "".join(word for word in words if word not in SIDES)
    if not side:
        for prefix, of in sorted(SIDES.items(), key=lambda item: -len(item[0])):
            rest = part.removeprefix(prefix)
            if rest != part and any(rest in known for known in LIMBS.values()):
                return of, rest
    return side, part
