#!/bin/sh
# Record a stream and export the motion for Blender.
#
# Start a publisher, then this script in another terminal:
#
#   meshcast run tests/media/balance_cam03.mp4 --loop --pace realtime --publish tcp://127.0.0.1:5556
#   examples/record_to_blender.sh tcp://127.0.0.1:5556 balance_cam03 10
#
# It writes STREAM.mcap (the recording), STREAM.glb (skinned, animated meshes of all people) and a skeleton for each person:
# STREAM-0.bvh, STREAM-1.bvh and so on. In Blender: File > Import > glTF 2.0, or Motion Capture (.bvh) with scale 0.01.
set -eu
address=${1:?usage: record_to_blender.sh ADDRESS STREAM [SECONDS]}
stream=${2:?usage: record_to_blender.sh ADDRESS STREAM [SECONDS]}
seconds=${3:-10}

meshcast record "$address" "$stream.mcap" --stream "$stream" --levels params --seconds "$seconds"
meshcast export "$stream.mcap" "$stream.glb"
meshcast export "$stream.mcap" "$stream-{person}.bvh"
