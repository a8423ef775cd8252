namespace Meshcast
{
    /// <summary>
    /// The bodies of one frame at one level. An object is read into again and again: once its buffers are large enough,
    /// reading allocates nothing.
    /// </summary>
    public sealed class FramePacket : Packet
    {
        /// <summary>The people of the frame.</summary>
        public readonly People People = new People();

        private float[] low = new float[0];
        private float[] step = new float[0];

        /// <summary>Milliseconds from capture to sending.</summary>
        public double AgeMs { get; private set; }

        /// <summary>Frames that were skipped on a live stream leave gaps.</summary>
        public ulong FrameIndex { get; private set; }

        /// <summary>When the picture was captured, by the publisher's wall clock, nanoseconds since 1970 UTC.</summary>
        public long CaptureUnixNs { get; private set; }

        /// <summary>The same moment on the publisher's monotonic clock.</summary>
        public long CaptureMonotonicNs { get; private set; }

        /// <summary>The stream's own time in seconds from its first frame.</summary>
        public double StreamS { get; private set; }

        /// <summary>Size of the picture, px.</summary>
        public uint Width { get; private set; }

        /// <summary>Size of the picture, px.</summary>
        public uint Height { get; private set; }

        /// <summary>Whether the publisher knows the camera.</summary>
        public bool HasCamera { get; private set; }

        /// <summary>fx fy cx cy skew of the camera, px; the centre of the top left pixel is (0, 0).</summary>
        public readonly float[] Intrinsics = new float[5];

        /// <summary>k1 k2 p1 p2 k3 (Brown and Conrady, in OpenCV's order).</summary>
        public readonly float[] Distortion = new float[5];

        /// <summary>When it was sent, on the publisher's monotonic clock, seconds.</summary>
        public double PublishMonotonicS
        {
            get { return CaptureMonotonicNs / 1e9 + AgeMs / 1e3; }
        }

        /// <summary>Reads the message in the first <paramref name="size"/> bytes.</summary>
        /// <exception cref="WireException">It is not a whole frame message; this object's contents are then undefined.
        /// </exception>
        public void Read(byte[] data, int size)
        {
            Kind kind = ReadKind(data, size);
            if (kind == Kind.Model || kind == Kind.Status)
            {
                throw new WireException("a " + Wire.Word(kind) + " message where a frame is expected");
            }
            int start = ReadCommon(data, size, kind, Wire.FrameHeaderSize);
            ReadTimes(data);
            ReadCamera(data);
            ReadPeople(data, size, start);
        }

        private void ReadTimes(byte[] data)
        {
            AgeMs = Bytes.U32(data, 108) / 1000.0;
            FrameIndex = Bytes.U64(data, 112);
            CaptureUnixNs = Bytes.I64(data, 120);
            CaptureMonotonicNs = Bytes.I64(data, 128);
            StreamS = Bytes.F64(data, 136);
            if (!Bytes.IsFinite(StreamS))
            {
                throw new WireException("damaged message: the stream time is not a finite number");
            }
        }

        private void ReadCamera(byte[] data)
        {
            Width = Bytes.U32(data, 144);
            Height = Bytes.U32(data, 148);
            bool good = true;
            for (int i = 0; i < 5; i++)
            {
                Intrinsics[i] = Bytes.F32(data, 152 + 4 * i);
                Distortion[i] = Bytes.F32(data, 172 + 4 * i);
                good = good && Bytes.IsFinite(Intrinsics[i]) && Bytes.IsFinite(Distortion[i]);
            }
            if (!good || Intrinsics[0] < 0 || Intrinsics[1] < 0)
            {
                throw new WireException("damaged message: its camera is not one");
            }
            HasCamera = Intrinsics[0] > 0 && Intrinsics[1] > 0;
        }

        private void ReadPeople(byte[] data, int size, int start)
        {
            long N = Bytes.U32(data, 192), V = Bytes.U32(data, 196);
            long J = Bytes.U16(data, 200), K = Bytes.U16(data, 202), P = Bytes.U16(data, 204), B = Bytes.U16(data, 206);
            if (N > Wire.MaxPeople || V > Wire.MaxVertices)
            {
                throw new WireException("message of " + N + " people of " + V + " vertices: at most " + Wire.MaxPeople
                    + " of " + Wire.MaxVertices);
            }
            long visibilities, contacts;
            bool observed = ReadObserved(data, start, J, out visibilities, out contacts);
            var arrays = new ArrayReader(data, size, start);
            arrays.Ints("ids", ref People.Ids, N);
            arrays.Floats("scores", ref People.Scores, N);
            arrays.Floats("translation", ref People.Translation, N * 3);
            arrays.Floats("joints", ref People.Joints, N * J * 3);
            arrays.Floats("keypoints", ref People.Keypoints, N * K * 3);
            long bounds = V > 0 ? N * 3 : 0;
            arrays.Floats("low", ref low, bounds);
            arrays.Floats("step", ref step, bounds, 0);
            int levels = arrays.Take("vertices", N * V * 3, 2);
            Dequantise(data, levels, (int)N, (int)V);
            arrays.Levels("rotations", ref People.Rotvecs, N * P * 3, Wire.RotationStep);
            arrays.Levels("shape", ref People.Shape, N * B, Wire.ShapeStep);
            arrays.Floats("error_mm", ref People.ErrorMm, P > 0 ? N : 0, 0);
            arrays.Shares("visibility", ref People.Visibility, N * visibilities);
            arrays.Shares("contacts", ref People.Contacts, N * contacts);
            arrays.Close(start > (observed ? Wire.ObservedHeaderSize : Wire.FrameHeaderSize));
            if (P == 0)
            {
                Bytes.Room(ref People.ErrorMm, (int)N);
                System.Array.Clear(People.ErrorMm, 0, (int)N);
            }
            People.Count = (int)N;
            People.VertexCount = (int)V;
            People.JointCount = (int)J;
            People.KeypointCount = (int)K;
            People.RotationCount = (int)P;
            People.ShapeCount = (int)B;
            People.VisibilityCount = (int)visibilities;
            People.ContactCount = (int)contacts;
            Rotations.FillQuaternions(People);
        }

        /// <summary>Whether the header has the counts of visibilities and contacts, which go with its other counts.
        /// </summary>
        private static bool ReadObserved(byte[] data, int start, long J, out long visibilities, out long contacts)
        {
            visibilities = contacts = 0;
            if ((data[107] & Wire.Observed) == 0)
            {
                return false;
            }
            if (start < Wire.ObservedHeaderSize)
            {
                throw new WireException("damaged message: header size " + start + " has no room for visibilities");
            }
            visibilities = Bytes.U16(data, 208);
            contacts = Bytes.U16(data, 210);
            if ((J > 0 && visibilities > 0 && visibilities != J) || (contacts != 0 && contacts != Wire.Feet))
            {
                throw new WireException("damaged message: " + visibilities + " visibilities of " + J + " joints, "
                    + contacts + " contacts of " + Wire.Feet + " feet");
            }
            return true;
        }

        private void Dequantise(byte[] data, int at, int N, int V)
        {
            Bytes.Room(ref People.Vertices, N * V * 3);
            float[] vertices = People.Vertices;
            int next = 0;
            for (int person = 0; person < N && V > 0; person++)
            {
                float x0 = low[3 * person], y0 = low[3 * person + 1], z0 = low[3 * person + 2];
                float dx = step[3 * person], dy = step[3 * person + 1], dz = step[3 * person + 2];
                for (int v = 0; v < V; v++, at += 6, next += 3)
                {
                    vertices[next] = x0 + dx * (data[at] | data[at + 1] << 8);
                    vertices[next + 1] = y0 + dy * (data[at + 2] | data[at + 3] << 8);
                    vertices[next + 2] = z0 + dz * (data[at + 4] | data[at + 5] << 8);
                }
            }
        }
    }
}
