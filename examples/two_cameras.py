"""Read two streams of one publisher and show the newest state of both side by side.

One run serves several cameras; all of them share the models and the address:

    meshcast run tests/media/balance_cam01.mp4 tests/media/balance_cam03.mp4 --loop --pace realtime \\
      --publish tcp://127.0.0.1:5556
    python examples/two_cameras.py tcp://127.0.0.1:5556

Cameras work in place of the clips: rtsp://camera/stream, /dev/video0. Each stream has its own person ids and its
own camera coordinates. Capture times of all streams are on one clock, that of the publishing machine.
"""

import sys

import meshcast

address = sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:5556"
newest = {}  # the last packet of each stream
for packet in meshcast.subscribe(address, levels=("joints",), latest=True):
    newest[packet.stream] = packet
    if len(newest) < 2:
        continue
    times = [entry.t_capture_monotonic_ns for entry in newest.values()]
    columns = []
    for stream, entry in sorted(newest.items()):
        distances = ", ".join(f"{joints[0][2]:.2f} m" for joints in entry.people.joints)  # joint 0 is the pelvis
        columns.append(f"{stream}: {len(entry.people.ids)} at {distances or '-'}")
    print(" | ".join(columns), f"| {(max(times) - min(times)) / 1e6:.0f} ms apart", flush=True)
