"""Trained image networks on a recorded clip with 3D truth: MPJPE and PA-MPJPE over the twelve limb joints.

    python tests/benchmarks/bm_clip.py CLIP.mp4 TRUTH.npz cam01 out/claims/*/*.pt --out out/clip.png

Crops are cut around the projected truth; the mid-hip is the root. `meshcast eval CLIP --truth TRUTH.npz` has the
figures of the default model on the same joints.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from edge.evaluation.truth import load_truth
from engines.body.body import open_body
from engines.body.vertex_normals import VertexNormals
from engines.evaluation.body_scores import bootstrap
from engines.evaluation.metrics import mpjpe, pa_mpjpe
from engines.training.batch_predictions import predict_samples
from engines.training.prediction_sheet import draw_mesh
from engines.training.readers.people_list import NO_IMAGE, PersonEntry, cropped
from engines.training.restore_method import load_method, use_threads
from engines.training.sample import COCO, Sample

LIMBS = list(range(5, 17))  # of COCO's 17
HIPS = [6, 7]  # of the limbs
MARGIN = 1.25
CROP_PX, SHOWN_PX = 224, 224


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("camera")
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    use_threads(1)
    body = open_body()
    video = cv2.VideoCapture(str(args.clip))
    size = int(video.get(cv2.CAP_PROP_FRAME_WIDTH)), int(video.get(cv2.CAP_PROP_FRAME_HEIGHT))
    truth = load_truth(args.truth, args.camera, size)
    K = truth.camera.K
    people: list[tuple[Sample, np.ndarray]] = []
    for number, joints in enumerate(truth.joints[:, :17]):
        good, image = video.read()
        if not good:
            break
        if number % args.every or not np.isfinite(joints[LIMBS]).all():
            continue
        known = joints[np.isfinite(joints).all(1)]
        pixels = (known / known[:, 2:] @ K.T)[:, :2]
        low, high = pixels.min(0), pixels.max(0)
        x, y = ((low + high) / 2).tolist()
        entry = PersonEntry(args.clip, (x, y), MARGIN * float((high - low).max()), Sample(image=NO_IMAGE))
        people.append((cropped(np.ascontiguousarray(image[..., ::-1]), entry, CROP_PX), joints[LIMBS]))
    true = np.stack([joints for _, joints in people])
    normals = VertexNormals(body.faces, len(body.v_template))
    shown = [cv2.resize(people[k][0].image, (SHOWN_PX, SHOWN_PX)) for k in (0, len(people) // 2, -1)]
    columns = [np.concatenate(shown)]
    print(f"{len(people)} frames of {args.clip.name}\n| network | MPJPE | PA-MPJPE |\n| --- | --- | --- |")
    for path in args.checkpoints:
        trained, side = load_method(path, body)
        made = [one for _, one in predict_samples(trained, (s for s, _ in people), side, len(body.v_template))]
        points = np.stack([one.points[COCO][LIMBS] for one in made])
        errors = (bootstrap(1e3 * mpjpe(points, true, HIPS)), bootstrap(1e3 * pa_mpjpe(points, true)))
        print(f"| {path.parent.name} | " + " | ".join(map(str, errors)) + " |", flush=True)
        empty = np.zeros((SHOWN_PX, SHOWN_PX, 3), np.uint8)
        picked = (made[k] for k in (0, len(made) // 2, -1))
        columns.append(np.concatenate([draw_mesh(empty, one.vertices, body, normals, 0.9) for one in picked]))
    if args.out is not None:
        cv2.imwrite(str(args.out), np.concatenate(columns, 1)[..., ::-1])


if __name__ == "__main__":
    main()
