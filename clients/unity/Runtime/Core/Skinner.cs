using System;

namespace Meshcast
{
    /// <summary>
    /// From rotations, shape and translation to a skeleton and a surface: linear blend skinning (Loper et al., SMPL,
    /// 2015, eq. 2 to 6). Model and people must be in the same axes. For one thread; allocates only when the model
    /// changes.
    /// </summary>
    public sealed class Skinner
    {
        private ModelPacket model;
        private float[] shape = Array.Empty<float>();
        private float[] vertices = Array.Empty<float>();
        private float[] joints = Array.Empty<float>();
        private float[] bones = Array.Empty<float>();
        private Quat[] rotations = Array.Empty<Quat>();

        /// <summary>(P, 3): where the skeleton's joints are after <see cref="Pose"/>.</summary>
        public float[] JointPositions = Array.Empty<float>();

        /// <summary>(P, 4): how each joint is turned from the resting body to the packet's frame, x y z w.</summary>
        public float[] JointRotations = Array.Empty<float>();

        /// <summary>Poses the skeleton of one person.</summary>
        /// <exception cref="WireException">The model has no rig, or is not the people's.</exception>
        public void Pose(ModelPacket body, People people, int person)
        {
            if (body.Rig == null)
            {
                throw new WireException("body model " + body.ModelName
                    + " has no rig: choose the level Mesh for its vertices");
            }
            if (body.ParentCount != people.RotationCount || body.ShapeCount != people.ShapeCount)
            {
                throw new WireException("body model " + body.ModelName + " does not fit: "
                    + body.ParentCount + " joints, " + people.RotationCount + " rotations");
            }
            Shape(body, people, person);
            int[] parents = body.Parents;
            for (int j = 0; j < parents.Length; j++)
            {
                int i = 3 * j, up = parents[j];
                Quat local = Quat.At(people.Quaternions, person * parents.Length + j);
                if (up < 0)
                {
                    rotations[j] = local;
                    Array.Copy(people.Translation, 3 * person, JointPositions, i, 3);
                }
                else
                {
                    double x, y, z;
                    rotations[j] = (rotations[up] * local).Normalised();
                    rotations[up].Rotate(joints[i] - joints[3 * up], joints[i + 1] - joints[3 * up + 1],
                        joints[i + 2] - joints[3 * up + 2], out x, out y, out z);
                    JointPositions[i] = (float)(JointPositions[3 * up] + x);
                    JointPositions[i + 1] = (float)(JointPositions[3 * up + 1] + y);
                    JointPositions[i + 2] = (float)(JointPositions[3 * up + 2] + z);
                }
                rotations[j].Put(JointRotations, j);
            }
        }

        /// <summary>Moves the surface of the person that was posed last: V vertices from
        /// <c>into[3 * first]</c> on.</summary>
        public void Skin(float[] into, int first)
        {
            for (int j = 0; j < rotations.Length; j++)
            {
                FillBone(j);
            }
            byte[] index = model.Rig.Joints;
            float[] weights = model.Rig.Weights;
            int count = model.VertexCount;
            for (int v = 0, at = 3 * first; v < count; v++, at += 3)
            {
                float x = vertices[3 * v], y = vertices[3 * v + 1], z = vertices[3 * v + 2];
                float sx = 0, sy = 0, sz = 0;
                for (int k = 4 * v; k < 4 * v + Wire.Influences; k++)
                {
                    float weight = weights[k];
                    if (weight == 0)
                    {
                        continue;
                    }
                    int b = 12 * index[k];
                    sx += weight * (bones[b] * x + bones[b + 1] * y + bones[b + 2] * z + bones[b + 3]);
                    sy += weight * (bones[b + 4] * x + bones[b + 5] * y + bones[b + 6] * z + bones[b + 7]);
                    sz += weight * (bones[b + 8] * x + bones[b + 9] * y + bones[b + 10] * z + bones[b + 11]);
                }
                into[at] = sx;
                into[at + 1] = sy;
                into[at + 2] = sz;
            }
        }

        /// <summary>The resting body of this shape; kept while model and shape stay.</summary>
        private void Shape(ModelPacket body, People people, int person)
        {
            int B = body.ShapeCount, start = person * B;
            bool same = ReferenceEquals(model, body);
            if (!same)
            {
                model = body;
                shape = new float[B];
                vertices = new float[3 * body.VertexCount];
                joints = new float[3 * body.ParentCount];
                bones = new float[12 * body.ParentCount];
                rotations = new Quat[body.ParentCount];
                JointPositions = new float[3 * body.ParentCount];
                JointRotations = new float[4 * body.ParentCount];
            }
            for (int b = 0; b < B; b++)
            {
                same = same && shape[b] == people.Shape[start + b];
                shape[b] = people.Shape[start + b];
            }
            if (!same)
            {
                Blend(body.RestVertices, body.Rig.ShapeDirs, vertices);
                Blend(body.Rig.RestJoints, body.Rig.JointShapeDirs, joints);
            }
        }

        private void Blend(float[] rest, float[] dirs, float[] into)
        {
            for (int i = 0, d = 0; i < into.Length; i++)
            {
                float sum = rest[i];
                for (int b = 0; b < shape.Length; b++, d++)
                {
                    sum += dirs[d] * shape[b];
                }
                into[i] = sum;
            }
        }

        /// <summary>G and p - G j of a joint, as three rows of four.</summary>
        private void FillBone(int joint)
        {
            Quat q = rotations[joint];
            int j = 3 * joint, b = 12 * joint;
            bones[b] = (float)(1 - 2 * (q.Y * q.Y + q.Z * q.Z));
            bones[b + 1] = (float)(2 * (q.X * q.Y - q.W * q.Z));
            bones[b + 2] = (float)(2 * (q.X * q.Z + q.W * q.Y));
            bones[b + 4] = (float)(2 * (q.X * q.Y + q.W * q.Z));
            bones[b + 5] = (float)(1 - 2 * (q.X * q.X + q.Z * q.Z));
            bones[b + 6] = (float)(2 * (q.Y * q.Z - q.W * q.X));
            bones[b + 8] = (float)(2 * (q.X * q.Z - q.W * q.Y));
            bones[b + 9] = (float)(2 * (q.Y * q.Z + q.W * q.X));
            bones[b + 10] = (float)(1 - 2 * (q.X * q.X + q.Y * q.Y));
            double x, y, z;
            q.Rotate(joints[j], joints[j + 1], joints[j + 2], out x, out y, out z);
            bones[b + 3] = (float)(JointPositions[j] - x);
            bones[b + 7] = (float)(JointPositions[j + 1] - y);
            bones[b + 11] = (float)(JointPositions[j + 2] - z);
        }
    }
}
