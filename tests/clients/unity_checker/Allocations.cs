using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;

namespace Meshcast.Checks
{
    /// <summary>Memory that a frame costs once everything has its size: read, convert, keep, blend and skin.</summary>
    internal static class Allocations
    {
        public static object Run(string folder, int rounds)
        {
            byte[] mesh = File.ReadAllBytes(Path.Combine(folder, "mesh_opencv.bin"));
            byte[] pose = File.ReadAllBytes(Path.Combine(folder, "params_opencv.bin"));
            byte[] modelData = File.ReadAllBytes(Path.Combine(folder, "model_opencv.bin"));
            ModelPacket model = ModelPacket.Read(modelData, modelData.Length);
            var converter = new AxesConverter(Axes.Unity);
            converter.Convert(model);
            var meshes = new Chain(mesh, converter);
            var poses = new Chain(pose, converter);
            var skinner = new Skinner();
            var vertices = new float[3 * model.VertexCount];
            var normals = new float[3 * model.VertexCount];
            SurfaceTopology topology = SurfaceTopology.Full(model);
            // Exact to the byte; not public in this version of the runtime.
            const BindingFlags Any = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
            MethodInfo method = typeof(GC).GetMethod("GetAllocatedBytesForCurrentThread", Any);
            var allocated = (Func<long>)Delegate.CreateDelegate(typeof(Func<long>), method);
            long before = 0;
            int collections = 0;
            for (int round = 0; round < rounds + 100; round++)
            {
                if (round == 100)
                {
                    before = allocated();
                    collections = GC.CollectionCount(0);
                }
                meshes.Step(round);
                poses.Step(round);
                skinner.Pose(model, poses.Snapshot.People, 1);
                skinner.Skin(vertices, 0);
                topology.Normals(vertices, 0, normals);
            }
            long bytes = allocated() - before;
            return new Dictionary<string, object>
            {
                { "collections", GC.CollectionCount(0) - collections }, { "bytes", bytes },
                { "rounds", rounds }, { "people", meshes.Snapshot.People.Count }
            };
        }

        /// <summary>What the receiver does with every message, and a display with every picture.</summary>
        private sealed class Chain
        {
            public readonly Snapshot Snapshot = new Snapshot();
            private readonly byte[] data;
            private readonly AxesConverter converter;
            private readonly Inbox inbox = new Inbox();
            private readonly FrameBuffer frames = new FrameBuffer();
            private readonly Delay delay = new Delay();
            private readonly DisplayClock clock = new DisplayClock();
            private readonly Loss loss = new Loss();
            private byte[] received;

            public Chain(byte[] data, AxesConverter converter)
            {
                this.data = data;
                this.converter = converter;
                received = new byte[data.Length];
            }

            public void Step(int round)
            {
                long captureNs = 1000000000L + round * 33000000L;
                Put(data, 56, round);
                Put(data, 128, captureNs);
                // The first two rounds put a buffer on each side.
                Bytes.Room(ref received, data.Length);
                Buffer.BlockCopy(data, 0, received, 0, data.Length);
                inbox.Put(ref received, data.Length, round);
                FramePacket packet = frames.Rent();
                packet.Read(inbox.Slots[0].Buffer, inbox.Slots[0].Size);
                converter.Convert(packet);
                double nowS = 50 + captureNs / 1e9;
                loss.See(packet.Session, packet.Seq);
                delay.Of(packet.Session, packet.PublishMonotonicS, nowS);
                clock.Observe(captureNs / 1e9, nowS);
                frames.Push(packet);
                frames.Sample(clock.At(nowS + 0.02), Snapshot);
            }

            private static void Put(byte[] data, int at, long value)
            {
                for (int i = 0; i < 8; i++)
                {
                    data[at + i] = (byte)(value >> (8 * i));
                }
            }
        }
    }
}
