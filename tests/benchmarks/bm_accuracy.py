"""Errors against recorded 3D truth on both clips, all frames: python tests/benchmarks/bm_accuracy.py"""

from __future__ import annotations

from statistics import fmean

from metric import CLIPS, MEDIA, Metric, show

from edge.evaluation.evaluate import evaluate_clip
from edge.models import Models

# The mean of the same two clips: MediaPipe's BlazePose-heavy on the same frames, and what Meshcast must reach.
BLAZEPOSE_MPJPE_MM, BLAZEPOSE_PA_MM = 119.0, 87.0
BAR_MPJPE_MM, BAR_PA_MM = 105.0, 70.0
AIM_ROOT_M = 0.25


def measure() -> list[Metric]:
    """Errors of the twelve limb joints around the mid-hip, and of the mid-hip itself, a clip and in the mean."""
    metrics, scores = [], []
    for clip in CLIPS:
        camera = clip.removesuffix(".mp4").removeprefix("balance_")
        score = evaluate_clip(MEDIA / clip, MEDIA / "balance.npz", camera, Models())
        scores.append(score)
        metrics += [
            Metric(f"accuracy {camera}: frames in which the person is found", score.matched, "", score.frames),
            Metric(f"accuracy {camera}: MPJPE", score.mpjpe_mm, "mm"),
            Metric(f"accuracy {camera}: PA-MPJPE", score.pa_mpjpe_mm, "mm"),
            Metric(f"accuracy {camera}: root error", score.root_error_m, "m"),
        ]
    mpjpe_mm, pa_mm = fmean(s.mpjpe_mm for s in scores), fmean(s.pa_mpjpe_mm for s in scores)
    root_m = fmean(s.root_error_m for s in scores)
    return [
        *metrics,
        Metric("accuracy mean: MPJPE (reference: BlazePose-heavy)", mpjpe_mm, "mm", BLAZEPOSE_MPJPE_MM),
        Metric("accuracy mean: MPJPE (reference: the bar)", mpjpe_mm, "mm", BAR_MPJPE_MM),
        Metric("accuracy mean: PA-MPJPE (reference: BlazePose-heavy)", pa_mm, "mm", BLAZEPOSE_PA_MM),
        Metric("accuracy mean: PA-MPJPE (reference: the bar)", pa_mm, "mm", BAR_PA_MM),
        Metric("accuracy mean: root error (reference: the aim)", root_m, "m", AIM_ROOT_M),
    ]


if __name__ == "__main__":
    show(measure())
