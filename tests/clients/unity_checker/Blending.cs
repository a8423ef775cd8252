using System;
using System.Collections.Generic;

namespace Meshcast.Checks
{
    /// <summary>Frames made here, blended at many moments.</summary>
    internal static class Blending
    {
        private const double T0 = 100, Step = 0.04;

        public static object Run()
        {
            return new Dictionary<string, object>
            {
                { "moving", Moving() }, { "people", Coming() }, { "slerp", Slerps() }, { "clock", Showing() },
                { "sessions", Sessions() }
            };
        }

        /// <summary>One person who moves 0.2 along x and turns 1.2 rad about z a frame; sampled from before to far
        /// after. </summary>
        private static object Moving()
        {
            var buffer = new FrameBuffer { MaxExtrapolationS = 0.03 };
            for (int i = 0; i < 3; i++)
            {
                Push(buffer, 1, (ulong)i, T0 + i * Step, new[] { 7 }, i);
            }
            var rows = new List<object>();
            var into = new Snapshot();
            for (int k = -10; k <= 60; k++)
            {
                double t = T0 + k * 0.002;
                buffer.Sample(t, into);
                People p = into.People;
                rows.Add(new[]
                {
                    t - T0, p.Translation[0], p.Vertices[3], p.Rotvecs[0], p.Rotvecs[1], p.Rotvecs[2], p.Shape[0],
                    into.BeyondS, p.Visibility[0], p.Contacts[0], p.Contacts[1]
                });
            }
            return rows;
        }

        /// <summary>Who is shown between frames of the people (7), (7, 8) and (8).</summary>
        private static object Coming()
        {
            var buffer = new FrameBuffer();
            Push(buffer, 1, 0, T0, new[] { 7 }, 0);
            Push(buffer, 1, 1, T0 + Step, new[] { 8, 7 }, 1);
            Push(buffer, 1, 2, T0 + 2 * Step, new[] { 8 }, 2);
            var rows = new List<object>();
            var into = new Snapshot();
            foreach (double frames in new[] { -0.5, 0.5, 1.0, 1.5, 2.0, 9.0 })
            {
                buffer.Sample(T0 + frames * Step, into);
                var row = new Dictionary<string, object>();
                for (int i = 0; i < into.People.Count; i++)
                {
                    row[into.People.Ids[i].ToString()] = into.People.Translation[3 * i];
                }
                rows.Add(row);
            }
            return rows;
        }

        private static object Slerps()
        {
            var random = new Random(3);
            var rows = new List<object>();
            for (int i = 0; i < 50; i++)
            {
                Quat a = Any(random), b = i % 5 == 0 ? a : Any(random);
                double share = 3 * random.NextDouble() - 1;
                Quat q = Quat.Slerp(a, b, share);
                rows.Add(new[] { a.X, a.Y, a.Z, a.W, b.X, b.Y, b.Z, b.W, share, q.X, q.Y, q.Z, q.W });
            }
            return rows;
        }

        /// <summary>Moments shown for frames that arrive with jitter, one after a stall and some from a clock that was
        /// set. </summary>
        private static object Showing()
        {
            var random = new Random(4);
            var clock = new DisplayClock();
            var rows = new List<object>();
            double now = 0;
            for (int i = 0; i < 300; i++)
            {
                double capture = 1000 + i * Step + (i < 250 ? 0 : 500);
                double late = 0.03 + 0.02 * random.NextDouble() + (i == 150 ? 0.2 : 0);
                double arrival = i * Step + late;
                while (now < arrival)
                {
                    rows.Add(new[] { now, clock.At(now), i });
                    now += 0.011;
                }
                clock.Observe(capture, arrival);
            }
            return rows;
        }

        /// <summary>Frames that are left after an old one, a repeated one and one of a new session.</summary>
        private static object Sessions()
        {
            var buffer = new FrameBuffer();
            var into = new Snapshot();
            var seqs = new List<ulong>();
            Push(buffer, 1, 5, T0, new[] { 7 }, 0);
            Push(buffer, 1, 4, T0 + 1, new[] { 7 }, 0);
            Push(buffer, 1, 5, T0 + 1, new[] { 7 }, 0);
            buffer.Sample(T0 + 9, into);
            seqs.Add(into.Seq);
            Push(buffer, 2, 0, 3, new[] { 7 }, 0);
            buffer.Sample(T0 + 9, into);
            seqs.Add(into.Seq);
            buffer.Clear();
            return new Dictionary<string, object> { { "seqs", seqs }, { "empty", buffer.Sample(0, into) } };
        }

        private static void Push(FrameBuffer buffer, uint session, ulong seq, double t, int[] ids, double position)
        {
            FramePacket packet = buffer.Rent();
            byte[] data = Messages.Frame(session, seq, t, ids, position);
            packet.Read(data, data.Length);
            buffer.Push(packet);
        }

        private static Quat Any(Random random)
        {
            return Quat.FromRotvec(
                6 * random.NextDouble() - 3, 6 * random.NextDouble() - 3, 6 * random.NextDouble() - 3);
        }
    }

    /// <summary>Frame messages by hand: two vertices, a rotation, a shape coefficient, a visibility and two contacts a person.</summary>
    internal static class Messages
    {
        public static byte[] Frame(uint session, ulong seq, double t, int[] ids, double position)
        {
            int N = ids.Length;
            var message = new System.IO.MemoryStream();
            var w = new System.IO.BinaryWriter(message);
            Text(w, "mesh/cam", 40);
            Text(w, "MCST", 4);
            w.Write((ushort)1);
            w.Write((ushort)1);
            w.Write(212);
            w.Write(0);
            w.Write(seq);
            w.Write(0L);
            w.Write(session);
            w.Write(0);
            Text(w, "body", 24);
            w.Write(1 | 2 << 24);
            w.Write(0);
            w.Write(0L);
            w.Write(0L);
            w.Write((long)(t * 1e9));
            w.Write(0.0);
            w.Write(new byte[48]);
            w.Write(N);
            w.Write(2);
            w.Write(0);
            w.Write(0x00010001);
            w.Write(0x00020001);
            Each(N, i => w.Write(ids[i]));
            Each(N, i => w.Write(1f));
            Each(3 * N, i => w.Write(i % 3 == 0 ? (float)(0.2 * position + i) : 0f));
            Each(3 * N, i => w.Write((float)position));
            Each(3 * N, i => w.Write(1f));
            Each(6 * N, i => w.Write((ushort)(i % 6)));
            Each(3 * N, i => w.Write((short)(i % 3 == 2 ? 1.2 * position * 32767 / Math.PI : 0)));
            w.Write(new byte[6 * N % 4]);
            Each(N, i => w.Write((short)(position * 100)));
            w.Write(new byte[2 * N % 4]);
            Each(N, i => w.Write(0f));
            Each(N, i => w.Write((byte)(51 * position)));
            w.Write(new byte[(4 - N % 4) % 4]);
            Each(2 * N, i => w.Write((byte)(i % 2 == 1 ? 51 * position : 255)));
            w.Write(new byte[2 * N % 4]);
            byte[] data = message.ToArray();
            Array.Copy(BitConverter.GetBytes(data.Length), 0, data, 52, 4);
            return data;
        }

        private static void Each(int count, Action<int> write)
        {
            for (int i = 0; i < count; i++)
            {
                write(i);
            }
        }

        private static void Text(System.IO.BinaryWriter w, string text, int size)
        {
            var bytes = new byte[size];
            System.Text.Encoding.ASCII.GetBytes(text, 0, text.Length, bytes, 0);
            w.Write(bytes);
        }
    }
}
