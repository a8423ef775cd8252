"""Pose2Mesh coarse to fine against direct: weights, memory and time of a training step and of inference.

    python tests/benchmarks/bm_coarse_to_fine.py --batch 4

Each variant runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time


def measure(variant: str, batch: int, repeats: int) -> None:
    import torch

    from engines.body.body import open_body
    from engines.joint_sets import COCO19
    from engines.networks.pose2mesh import build

    torch.set_num_threads(1)
    torch.manual_seed(0)
    body = open_body()
    net = build(COCO19, body.faces, len(body.v_template), coarse_to_fine=variant == "coarse")
    mesh = net.pose2mesh
    joints = torch.randn(batch, 19, 5)
    mesh.eval()
    with torch.no_grad():
        mesh(joints)
        began = time.process_time()
        for _ in range(repeats):
            mesh(joints)
        inference_ms = (time.process_time() - began) / repeats / batch * 1e3
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    mesh.train()
    began = time.process_time()
    for _ in range(repeats):
        mesh(joints).square().mean().backward()
    training_ms = (time.process_time() - began) / repeats / batch * 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    weights = sum(p.numel() for p in mesh.parameters()) / 1e6
    numbers = (f"{inference_ms:.0f}", f"{training_ms:.0f}", f"{before / 1024:.0f}", f"{peak / 1024:.0f}")
    print(" | ".join([f"| {variant}", f"{weights:.1f} M", *numbers]), "|", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--variant", choices=("coarse", "direct"))
    args = parser.parse_args()
    if args.variant is not None:
        measure(args.variant, args.batch, args.repeats)
        return
    print(
        "| MeshNet | weights | inference ms | training ms | peak MiB at inference | peak MiB in training |", flush=True
    )
    for variant in ("coarse", "direct", "coarse", "direct"):
        words = [sys.executable, __file__, "--variant", variant, "--batch", str(args.batch)]
        subprocess.run([*words, "--repeats", str(args.repeats)], check=True)


if __name__ == "__main__":
    main()
