"""Run the pipeline with a person detector of your own, an ONNX file with a model card beside it.

    python examples/own_detector.py tests/media/balance_cam01.mp4 my_detector.onnx

The card, my_detector.toml beside the file, describes the input, the normalization and the layout of the outputs. Start
from examples/my_detector.toml; docs/models.md lists the entries and the output families (YOLO, RT-DETR, RTMDet, ...).
The bundled detector's file can stand in for yours:

    cp engines/zoo/nanodet_g.fp16w.onnx my_detector.onnx && cp examples/my_detector.toml .

The command line takes the same file: meshcast run tests/media/balance_cam01.mp4 --detector my_detector.onnx
"""

import sys

import edge

source, detector = sys.argv[1:3]
for frame, bodies in edge.stream(source, detector=detector):
    print(f"frame {frame.index}: {len(bodies.ids)} people, ids {bodies.ids.tolist()}", flush=True)
