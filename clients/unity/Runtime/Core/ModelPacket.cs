using System;
using System.Text;

namespace Meshcast
{
    /// <summary>What linear blend skinning needs (Loper et al., SMPL, 2015, eq. 2 to 6).</summary>
    public sealed class Rig
    {
        /// <summary>(P, 3): the skeleton at rest.</summary>
        public float[] RestJoints = Array.Empty<float>();

        /// <summary>(V, 4): the joints that move a vertex.</summary>
        public byte[] Joints = Array.Empty<byte>();

        /// <summary>(V, 4): their shares, which sum to 1.</summary>
        public float[] Weights = Array.Empty<float>();

        /// <summary>(V, 3, B): how a unit of shape moves a resting vertex.</summary>
        public float[] ShapeDirs = Array.Empty<float>();

        /// <summary>(P, 3, B): how a unit of shape moves a resting joint.</summary>
        public float[] JointShapeDirs = Array.Empty<float>();
    }

    /// <summary>
    /// The constants of a stream's bodies: draw a frame with the model of equal stream and <see
    /// cref="Packet.ModelId"/>. Arrays have exactly the length of their shape. Not written to after it was read and
    /// converted.
    /// </summary>
    public sealed class ModelPacket : Packet
    {
        /// <summary>(V, 3): the body at rest, in its own axes.</summary>
        public float[] RestVertices = Array.Empty<float>();

        /// <summary>(F, 3): triangles, counter-clockwise seen from outside in every system of axes.</summary>
        public int[] Faces = Array.Empty<int>();

        /// <summary>(P): each joint's parent, which comes before it; -1 at the root.</summary>
        public int[] Parents = Array.Empty<int>();

        /// <summary>J names; the first P joints are the skeleton's.</summary>
        public string[] JointNames = Array.Empty<string>();

        /// <summary>K names.</summary>
        public string[] KeypointNames = Array.Empty<string>();

        /// <summary>Null when the body has none.</summary>
        public Rig Rig { get; private set; }

        /// <summary>(T, 2): texture coordinates in 0..1, v up; empty when there are none.</summary>
        public float[] Uvs = Array.Empty<float>();

        /// <summary>(F, 3): the faces once more, between texture coordinates.</summary>
        public int[] UvFaces = Array.Empty<int>();

        /// <summary>(L): the vertices of the coarser mesh, rising; empty when there is none.</summary>
        public int[] LodVertices = Array.Empty<int>();

        /// <summary>(G, 3): its faces, between positions in that list.</summary>
        public int[] LodFaces = Array.Empty<int>();

        /// <summary>V.</summary>
        public int VertexCount { get; private set; }

        /// <summary>P.</summary>
        public int ParentCount { get; private set; }

        /// <summary>B.</summary>
        public int ShapeCount { get; private set; }

        /// <summary>Reads the message in the first <paramref name="size"/> bytes into a new packet.</summary>
        /// <exception cref="WireException">It is not a whole model message.</exception>
        public static ModelPacket Read(byte[] data, int size)
        {
            Kind kind = ReadKind(data, size);
            if (kind != Kind.Model)
            {
                throw new WireException("a " + Wire.Word(kind) + " message where a model is expected");
            }
            var packet = new ModelPacket();
            packet.ReadArrays(data, size, packet.ReadCommon(data, size, kind, Wire.ModelHeaderSize));
            return packet;
        }

        private void ReadArrays(byte[] data, int size, int start)
        {
            long V = Bytes.U32(data, 108), F = Bytes.U32(data, 112);
            long P = Bytes.U16(data, 120), B = Bytes.U16(data, 130), T = Bytes.U32(data, 132);
            int influences = Bytes.U16(data, 128);
            if (V > Wire.MaxVertices)
            {
                throw new WireException("model message with " + V + " vertices, more than the " + Wire.MaxVertices
                    + " of the protocol");
            }
            if (influences != 0 && influences != Wire.Influences)
            {
                throw new WireException("model message with " + influences + " joints a vertex: only " + Wire.Influences
                    + " are known, update this side");
            }
            var arrays = new ArrayReader(data, size, start);
            arrays.Floats("rest_vertices", ref RestVertices, V * 3);
            arrays.Indices("faces", ref Faces, F * 3, V);
            arrays.Ints("parents", ref Parents, P);
            CheckParents();
            ReadNames(ref arrays, data, P);
            VertexCount = (int)V;
            ParentCount = (int)P;
            ShapeCount = (int)B;
            if (influences > 0)
            {
                ReadRig(ref arrays, data);
            }
            if (T > 0)
            {
                arrays.Floats("uvs", ref Uvs, T * 2);
                arrays.Indices("uv_faces", ref UvFaces, F * 3, T);
            }
            ReadLod(ref arrays, Bytes.U32(data, 136), Bytes.U32(data, 140));
            arrays.Close(start > Wire.ModelHeaderSize);
        }

        private void CheckParents()
        {
            for (int i = 0; i < Parents.Length; i++)
            {
                if (Parents[i] < -1 || Parents[i] >= i)
                {
                    throw ArrayReader.OutOfRange("parents");
                }
            }
        }

        private void ReadNames(ref ArrayReader arrays, byte[] data, long P)
        {
            int J = Bytes.U16(data, 116), K = Bytes.U16(data, 118);
            int size = (int)Math.Min(int.MaxValue, Bytes.U32(data, 124));
            int at = arrays.Take("names", size, 1);
            int end = at + size;
            int count = 0;
            for (int i = at; i < end; i++)
            {
                count += data[i] == 0 ? 1 : 0;
            }
            if (count != J + K || P > J || (size > 0 && data[end - 1] != 0))
            {
                throw new WireException("damaged message: " + count + " names and " + P + " parents for " + J
                    + " joints and " + K + " keypoints");
            }
            JointNames = new string[J];
            KeypointNames = new string[K];
            for (int i = 0; i < J + K; i++)
            {
                int stop = Array.IndexOf(data, (byte)0, at, end - at);
                string name = Utf8.Text(data, at, stop - at, "the names are");
                at = stop + 1;
                if (i < J)
                {
                    JointNames[i] = name;
                }
                else
                {
                    KeypointNames[i - J] = name;
                }
            }
        }

        private void ReadRig(ref ArrayReader arrays, byte[] data)
        {
            long V = VertexCount, P = ParentCount, B = ShapeCount;
            var rig = new Rig();
            arrays.Floats("rest_joints", ref rig.RestJoints, P * 3);
            int joints = arrays.Take("skin_joints", V * 4, 1);
            int weights = arrays.Take("skin_weights", V * 4, 2);
            int dirs = arrays.Take("shape_dirs", V * 3 * B, 2);
            float[] steps = Array.Empty<float>();
            arrays.Floats("shape_steps", ref steps, B, 0);
            arrays.Floats("joint_shape_dirs", ref rig.JointShapeDirs, P * 3 * B);
            rig.Joints = new byte[V * 4];
            rig.Weights = new float[V * 4];
            for (int i = 0; i < rig.Joints.Length; i++)
            {
                rig.Joints[i] = data[joints + i];
                rig.Weights[i] = Bytes.U16(data, weights + 2 * i) / 65535f;
                if (rig.Joints[i] >= P)
                {
                    throw ArrayReader.OutOfRange("skin_joints");
                }
            }
            rig.ShapeDirs = new float[V * 3 * B];
            for (int i = 0; i < rig.ShapeDirs.Length; i++)
            {
                rig.ShapeDirs[i] = Bytes.I16(data, dirs + 2 * i) * steps[i % (int)B];
            }
            Rig = rig;
        }

        private void ReadLod(ref ArrayReader arrays, long L, long G)
        {
            if (L == 0)
            {
                return;
            }
            arrays.Indices("lod_vertices", ref LodVertices, L, VertexCount);
            for (int i = 1; i < LodVertices.Length; i++)
            {
                if (LodVertices[i] <= LodVertices[i - 1])
                {
                    throw ArrayReader.OutOfRange("lod_vertices");
                }
            }
            arrays.Indices("lod_faces", ref LodFaces, G * 3, L);
        }
    }

    /// <summary>Strict UTF-8.</summary>
    internal static class Utf8
    {
        private static readonly Encoding Strict = new UTF8Encoding(false, true);

        public static string Text(byte[] data, int at, int length, string what)
        {
            try
            {
                return Strict.GetString(data, at, length);
            }
            catch (ArgumentException)
            {
                throw new WireException("damaged message: " + what + " not UTF-8");
            }
        }
    }
}
