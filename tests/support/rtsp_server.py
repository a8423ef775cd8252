"""An RTSP server at /live for the tests, run by a Python that has GStreamer: rtsp_server.py PORT [CLIP.mkv|tcp|udp]

It shows a moving picture, or the H.264 video of the clip at its own pace; tcp or udp is the only transport then.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
gi.require_version("GstRtsp", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
transports = {"tcp": GstRtsp.RTSPLowerTrans.TCP, "udp": GstRtsp.RTSPLowerTrans.UDP}
given = sys.argv[2] if len(sys.argv) > 2 else ""
clip = (
    f'( filesrc location="{given}" ! matroskademux ! rtph264pay name=pay0 pt=96 )'
    if given and given not in transports
    else ""
)
if given in transports:
    factory.set_protocols(transports[given])
factory.set_launch(
    clip
    or "( videotestsrc is-live=true ! video/x-raw,format=I420,width=160,height=96,framerate=25/1 "
    "! x264enc tune=zerolatency key-int-max=12 ! rtph264pay name=pay0 pt=96 )"
)
factory.set_shared(True)
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()
