using System;

namespace Meshcast
{
    /// <summary>The people of a stream at one moment, blended from the frames around it.</summary>
    public sealed class Snapshot
    {
        public readonly People People = new People();

        /// <summary>The moment, on the publisher's monotonic clock, s.</summary>
        public double TimeS { get; internal set; }

        /// <summary>The frame before the moment.</summary>
        public ulong Seq { get; internal set; }

        public Level Level { get; internal set; }

        /// <summary>Names the model to draw with.</summary>
        public uint ModelId { get; internal set; }

        /// <summary>Size of the picture, px.</summary>
        public uint Width { get; internal set; }

        /// <summary>Size of the picture, px.</summary>
        public uint Height { get; internal set; }

        /// <summary>The camera's vertical field of view in degrees, 0 when the publisher knows no camera.</summary>
        public double VerticalFovDegrees { get; internal set; }

        /// <summary>How far beyond the newest frame the moment is, s; 0 when it lies between two.</summary>
        public double BeyondS { get; internal set; }
    }

    /// <summary>
    /// The newest frames of a stream, and what lies between them: positions in straight lines, rotations at constant
    /// angular speed. Beyond the newest frame the movement goes on for a moment, then stands still. Who is in the frame
    /// before a moment is shown; who comes with the next frame appears with it. Any thread may use it.
    /// </summary>
    public sealed class FrameBuffer
    {
        private const double LongestGapS = 0.5;

        private readonly FramePacket[] frames;
        private readonly FramePacket[] spare;
        private int count;
        private int spareCount;

        /// <summary>How long a movement may go on beyond the newest frame, s; never longer than the time between the
        /// two newest frames.</summary>
        public double MaxExtrapolationS = 0.1;

        public FrameBuffer(int capacity = 32)
        {
            frames = new FramePacket[capacity];
            spare = new FramePacket[capacity + 1];
        }

        /// <summary>A packet to read the next frame into: it is nobody else's until it is pushed or given
        /// back.</summary>
        public FramePacket Rent()
        {
            lock (frames)
            {
                return spareCount > 0 ? spare[--spareCount] : new FramePacket();
            }
        }

        /// <summary>Takes a rented packet back unused.</summary>
        public void GiveBack(FramePacket packet)
        {
            lock (frames)
            {
                Keep(packet);
            }
        }

        /// <summary>Adds a rented packet as the newest frame. One that is older than the newest is left out; one of
        /// another session, or from a clock that was set back, starts anew.</summary>
        public void Push(FramePacket packet)
        {
            lock (frames)
            {
                if (count > 0)
                {
                    FramePacket newest = frames[count - 1];
                    bool same = newest.Session == packet.Session && newest.Kind == packet.Kind;
                    if (same && packet.Seq <= newest.Seq)
                    {
                        Keep(packet);
                        return;
                    }
                    if (!same || TimeOf(packet) <= TimeOf(newest))
                    {
                        Empty();
                    }
                }
                if (count == frames.Length)
                {
                    Keep(frames[0]);
                    Array.Copy(frames, 1, frames, 0, --count);
                }
                frames[count++] = packet;
            }
        }

        /// <summary>Forgets all frames.</summary>
        public void Clear()
        {
            lock (frames)
            {
                Empty();
            }
        }

        /// <summary>The people at a moment of the publisher's monotonic clock; false when there is no frame. Call it
        /// with rising times: what lies far behind is not kept.</summary>
        public bool Sample(double timeS, Snapshot into)
        {
            lock (frames)
            {
                if (count == 0)
                {
                    return false;
                }
                int before = count - 1;
                while (before > 0 && TimeOf(frames[before]) > timeS)
                {
                    before--;
                }
                FramePacket shown = frames[before];
                Describe(shown, into);
                into.TimeS = timeS;
                into.BeyondS = Math.Max(0, timeS - TimeOf(frames[count - 1]));
                FramePacket other = shown;
                double share = 0;
                if (before + 1 < count && timeS > TimeOf(shown))
                {
                    other = frames[before + 1];
                    double gap = TimeOf(other) - TimeOf(shown);
                    share = gap < LongestGapS ? (timeS - TimeOf(shown)) / gap : 0;
                }
                else if (before > 0 && into.BeyondS > 0)
                {
                    // The last movement goes on: the share of the frame before is negative.
                    other = frames[before - 1];
                    double gap = TimeOf(shown) - TimeOf(other);
                    double beyond = Math.Min(into.BeyondS, Math.Min(MaxExtrapolationS, gap));
                    share = gap < LongestGapS ? -beyond / gap : 0;
                }
                Blend(shown.People, other.People, share, into.People);
                Forget(before - 1);
                return true;
            }
        }

        private static void Describe(FramePacket shown, Snapshot into)
        {
            into.Seq = shown.Seq;
            into.Level = (Level)shown.Kind;
            into.ModelId = shown.ModelId;
            into.Width = shown.Width;
            into.Height = shown.Height;
            double fy = shown.Intrinsics[1];
            into.VerticalFovDegrees = shown.HasCamera ? 360 / Math.PI * Math.Atan2(shown.Height / 2.0, fy) : 0;
        }

        private static double TimeOf(FramePacket packet)
        {
            return packet.CaptureMonotonicNs / 1e9;
        }

        private void Forget(int old)
        {
            if (old > 0)
            {
                for (int i = 0; i < old; i++)
                {
                    Keep(frames[i]);
                }
                count -= old;
                Array.Copy(frames, old, frames, 0, count);
            }
        }

        private void Keep(FramePacket packet)
        {
            if (spareCount < spare.Length)
            {
                spare[spareCount++] = packet;
            }
        }

        private void Empty()
        {
            while (count > 0)
            {
                Keep(frames[--count]);
            }
        }

        private static void Blend(People a, People b, double share, People into)
        {
            into.ShapeLike(a);
            bool blendable = share != 0 && a.HasShapeOf(b);
            for (int person = 0; person < a.Count; person++)
            {
                int match = blendable ? b.IndexOf(a.Ids[person]) : -1;
                // Who is in one of the frames only stands still.
                float s = match < 0 ? 0 : (float)share;
                int o = match < 0 ? person : match;
                People other = match < 0 ? a : b;
                into.Ids[person] = a.Ids[person];
                into.Scores[person] = a.Scores[person];
                into.ErrorMm[person] = a.ErrorMm[person];
                Lines(a.Translation, other.Translation, person, o, 3, s, into.Translation);
                Lines(a.Joints, other.Joints, person, o, 3 * a.JointCount, s, into.Joints);
                Lines(a.Keypoints, other.Keypoints, person, o, 3 * a.KeypointCount, s, into.Keypoints);
                Lines(a.Vertices, other.Vertices, person, o, 3 * a.VertexCount, s, into.Vertices);
                Lines(a.Shape, other.Shape, person, o, a.ShapeCount, s, into.Shape);
                Lines(a.Visibility, a.Visibility, person, person, a.VisibilityCount, 0, into.Visibility);
                Lines(a.Contacts, a.Contacts, person, person, a.ContactCount, 0, into.Contacts);
                int P = a.RotationCount;
                for (int j = 0; j < P; j++)
                {
                    Quat from = Quat.At(a.Quaternions, person * P + j), to = Quat.At(other.Quaternions, o * P + j);
                    Quat.Slerp(from, to, s).Put(into.Quaternions, person * P + j);
                }
            }
            Rotations.FillRotvecs(into);
        }

        private static void Lines(float[] a, float[] b, int person, int other, int size, float share, float[] into)
        {
            int i = person * size, k = other * size;
            if (share == 0)
            {
                Array.Copy(a, i, into, i, size);
                return;
            }
            for (int end = i + size; i < end; i++, k++)
            {
                into[i] = a[i] + share * (b[k] - a[i]);
            }
        }
    }
}
