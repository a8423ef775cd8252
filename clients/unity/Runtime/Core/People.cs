using System;

namespace Meshcast
{
    /// <summary>
    /// N people as arrays one person after the other, in buffers that are reused: only the first Count times the given
    /// shape are theirs. Lengths are in the packet's unit and axes. What a level leaves out has a count of zero.
    /// </summary>
    public sealed class People
    {
        /// <summary>N.</summary>
        public int Count { get; internal set; }

        /// <summary>Vertices of a person, V.</summary>
        public int VertexCount { get; internal set; }

        /// <summary>Joints of a person, J.</summary>
        public int JointCount { get; internal set; }

        /// <summary>Keypoints of a person, K.</summary>
        public int KeypointCount { get; internal set; }

        /// <summary>Rotations of a person, P.</summary>
        public int RotationCount { get; internal set; }

        /// <summary>Shape coefficients of a person, B.</summary>
        public int ShapeCount { get; internal set; }

        /// <summary>Visibilities of a person: joints of the model, or 0 when the publisher does not know.</summary>
        public int VisibilityCount { get; internal set; }

        /// <summary>Contacts of a person: 2, or 0 when the publisher does not know.</summary>
        public int ContactCount { get; internal set; }

        /// <summary>(N): track ids, never used again for someone else.</summary>
        public int[] Ids = Array.Empty<int>();

        /// <summary>(N): 0 to 1.</summary>
        public float[] Scores = Array.Empty<float>();

        /// <summary>(N, 3): the root joint.</summary>
        public float[] Translation = Array.Empty<float>();

        /// <summary>(N, J, 3): positions, translation included.</summary>
        public float[] Joints = Array.Empty<float>();

        /// <summary>(N, K, 3): in the picture, x px, y px, score.</summary>
        public float[] Keypoints = Array.Empty<float>();

        /// <summary>(N, V, 3): positions, translation included.</summary>
        public float[] Vertices = Array.Empty<float>();

        /// <summary>(N, P, 3): rotation vectors in radians, local to the parent joint.</summary>
        public float[] Rotvecs = Array.Empty<float>();

        /// <summary>(N, P, 4): the same rotations as unit quaternions x y z w.</summary>
        public float[] Quaternions = Array.Empty<float>();

        /// <summary>(N, B): standard deviations.</summary>
        public float[] Shape = Array.Empty<float>();

        /// <summary>(N): how far the vertices that rotations and shape give are from the mesh head's own, root mean
        /// square.</summary>
        public float[] ErrorMm = Array.Empty<float>();

        /// <summary>(N, VisibilityCount), 0 to 1: 1 where a joint of the model was observed, 0 where its position is
        /// assumed.</summary>
        public float[] Visibility = Array.Empty<float>();

        /// <summary>(N, ContactCount), 0 to 1: whether the left and the right foot stand still on something.</summary>
        public float[] Contacts = Array.Empty<float>();

        /// <summary>The position of a track id among the people, or -1.</summary>
        public int IndexOf(int id)
        {
            for (int i = 0; i < Count; i++)
            {
                if (Ids[i] == id)
                {
                    return i;
                }
            }
            return -1;
        }

        /// <summary>Whether both hold the same arrays of a person, so that one can be blended with the other.</summary>
        internal bool HasShapeOf(People other)
        {
            return VertexCount == other.VertexCount && JointCount == other.JointCount
                && KeypointCount == other.KeypointCount && RotationCount == other.RotationCount
                && ShapeCount == other.ShapeCount;
        }

        /// <summary>Takes over the counts, with room for as many people; the arrays' contents are undefined.</summary>
        internal void ShapeLike(People other)
        {
            Count = other.Count;
            VertexCount = other.VertexCount;
            JointCount = other.JointCount;
            KeypointCount = other.KeypointCount;
            RotationCount = other.RotationCount;
            ShapeCount = other.ShapeCount;
            VisibilityCount = other.VisibilityCount;
            ContactCount = other.ContactCount;
            Bytes.Room(ref Ids, Count);
            Bytes.Room(ref Scores, Count);
            Bytes.Room(ref Translation, Count * 3);
            Bytes.Room(ref Joints, Count * JointCount * 3);
            Bytes.Room(ref Keypoints, Count * KeypointCount * 3);
            Bytes.Room(ref Vertices, Count * VertexCount * 3);
            Bytes.Room(ref Rotvecs, Count * RotationCount * 3);
            Bytes.Room(ref Quaternions, Count * RotationCount * 4);
            Bytes.Room(ref Shape, Count * ShapeCount);
            Bytes.Room(ref ErrorMm, Count);
            Bytes.Room(ref Visibility, Count * VisibilityCount);
            Bytes.Room(ref Contacts, Count * ContactCount);
        }
    }
}
