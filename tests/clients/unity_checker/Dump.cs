using System;
using System.Collections.Generic;

namespace Meshcast.Checks
{
    /// <summary>Packets as dictionaries with the names of docs/wire.md.</summary>
    internal static class Dump
    {
        public static Dictionary<string, object> Any(byte[] data)
        {
            switch (Packet.ReadKind(data, data.Length))
            {
                case Kind.Model: return Model(ModelPacket.Read(data, data.Length));
                case Kind.Status:
                    var status = new StatusPacket();
                    status.Read(data, data.Length);
                    return Status(status);
                default:
                    var frame = new FramePacket();
                    frame.Read(data, data.Length);
                    return Frame(frame);
            }
        }

        public static Dictionary<string, object> Frame(FramePacket packet)
        {
            People people = packet.People;
            int N = people.Count;
            Dictionary<string, object> found = Head(packet);
            found["frame_index"] = packet.FrameIndex;
            found["t_stream_s"] = packet.StreamS;
            found["t_capture_unix_ns"] = packet.CaptureUnixNs;
            found["t_capture_monotonic_ns"] = packet.CaptureMonotonicNs;
            found["age_ms"] = packet.AgeMs;
            found["size"] = new[] { packet.Width, packet.Height };
            found["camera"] = packet.HasCamera;
            found["intrinsics"] = packet.Intrinsics;
            found["distortion"] = packet.Distortion;
            found["ids"] = Part(people.Ids, N);
            found["scores"] = Part(people.Scores, N);
            found["translation"] = Part(people.Translation, N * 3);
            found["joints"] = Part(people.Joints, N * people.JointCount * 3);
            found["keypoints"] = Part(people.Keypoints, N * people.KeypointCount * 3);
            found["vertices"] = Part(people.Vertices, N * people.VertexCount * 3);
            found["rotvecs"] = Part(people.Rotvecs, N * people.RotationCount * 3);
            found["quaternions"] = Part(people.Quaternions, N * people.RotationCount * 4);
            found["shape"] = Part(people.Shape, N * people.ShapeCount);
            found["error_mm"] = Part(people.ErrorMm, N);
            found["visibility"] = Part(people.Visibility, N * people.VisibilityCount);
            found["contacts"] = Part(people.Contacts, N * people.ContactCount);
            return found;
        }

        public static Dictionary<string, object> Model(ModelPacket packet)
        {
            Dictionary<string, object> found = Head(packet);
            found["joint_names"] = packet.JointNames;
            found["keypoint_names"] = packet.KeypointNames;
            found["rest_vertices"] = packet.RestVertices;
            found["faces"] = packet.Faces;
            found["parents"] = packet.Parents;
            if (packet.Rig != null)
            {
                found["rig.rest_joints"] = packet.Rig.RestJoints;
                found["rig.joints"] = packet.Rig.Joints;
                found["rig.weights"] = packet.Rig.Weights;
                found["rig.shape_dirs"] = packet.Rig.ShapeDirs;
                found["rig.joint_shape_dirs"] = packet.Rig.JointShapeDirs;
            }
            if (packet.Uvs.Length > 0)
            {
                found["uv.coordinates"] = packet.Uvs;
                found["uv.faces"] = packet.UvFaces;
            }
            if (packet.LodVertices.Length > 0)
            {
                found["lod.vertices"] = packet.LodVertices;
                found["lod.faces"] = packet.LodFaces;
            }
            return found;
        }

        public static T[] Part<T>(T[] values, int count)
        {
            var part = new T[count];
            Array.Copy(values, part, count);
            return part;
        }

        private static Dictionary<string, object> Status(StatusPacket packet)
        {
            Dictionary<string, object> found = Head(packet);
            found["state"] = packet.State;
            found["next_seq"] = packet.NextSeq;
            found["t_publish_monotonic_ns"] = packet.PublishMonotonicNs;
            found["reason"] = packet.Reason;
            return found;
        }

        private static Dictionary<string, object> Head(Packet packet)
        {
            return new Dictionary<string, object>
            {
                { "stream", packet.Stream }, { "kind", packet.Kind }, { "seq", packet.Seq },
                { "session", packet.Session }, { "t_publish_unix_ns", packet.PublishUnixNs },
                { "model_id", packet.ModelId }, { "model_name", packet.ModelName }, { "axes", packet.Axes },
                { "unit", packet.Unit == Unit.Metre ? "m" : "cm" }, { "space", packet.Space }
            };
        }
    }
}
