"""Print where the people of a stream are, frame by frame.

Start a publisher, then this program in another terminal:

    meshcast run tests/media/balance_cam01.mp4 --loop --pace realtime --publish tcp://127.0.0.1:5556
    python examples/read_stream.py tcp://127.0.0.1:5556

It needs the client package only (pip install ./clients/python). Ctrl-C ends it.
"""

import sys

import meshcast

address = sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:5556"
for packet in meshcast.subscribe(address, levels=("mesh",), latest=True):
    for person, vertices in zip(packet.people.ids, packet.people.vertices, strict=True):
        x, y, z = vertices.mean(axis=0)  # meters, OpenCV axes of the camera: x right, y down, z forward
        print(f"{packet.stream} frame {packet.seq}: person {person} at {x:.2f} {y:.2f} {z:.2f}", flush=True)
