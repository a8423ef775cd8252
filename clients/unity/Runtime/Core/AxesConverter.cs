namespace Meshcast
{
    /// <summary>
    /// The same bodies in other axes and their unit; packets are changed in place, and nothing is allocated. Two frames
    /// matter: the camera's, in which frame messages are, and the body's own, in which model messages and the rotations
    /// of all joints but the root are (docs/wire.md, Coordinates).
    /// </summary>
    public sealed class AxesConverter
    {
        // From opencv, and from the resting body in gltf: signed permutations.
        private static readonly double[][] CameraAxes =
        {
            new double[] { 1, 0, 0, 0, 1, 0, 0, 0, 1 },
            new double[] { 1, 0, 0, 0, -1, 0, 0, 0, 1 },
            new double[] { 0, 0, 1, 1, 0, 0, 0, -1, 0 },
            new double[] { 1, 0, 0, 0, -1, 0, 0, 0, -1 }
        };

        private static readonly double[][] BodyAxes =
        {
            new double[] { 1, 0, 0, 0, 1, 0, 0, 0, 1 },
            new double[] { -1, 0, 0, 0, 1, 0, 0, 0, 1 },
            new double[] { 0, 0, 1, -1, 0, 0, 0, 1, 0 },
            new double[] { 1, 0, 0, 0, 1, 0, 0, 0, 1 }
        };

        private readonly Axes target;
        private readonly Conversion[] from = new Conversion[4];

        public AxesConverter(Axes target)
        {
            this.target = target;
            for (int source = 0; source < 4; source++)
            {
                from[source] = new Conversion((Axes)source, target);
            }
        }

        /// <summary>Metres that a unit of these axes is long.</summary>
        public static double UnitMetres(Axes axes)
        {
            return axes == Axes.Unreal ? 0.01 : 1;
        }

        /// <summary>Converts a frame.</summary>
        /// <exception cref="WireException">Its coordinates are not in the camera's frame.</exception>
        public void Convert(FramePacket packet)
        {
            if (packet.Axes == target)
            {
                return;
            }
            if (packet.Space != CoordinateSpace.Camera)
            {
                throw new WireException("coordinates in a " + packet.Space.ToString().ToLowerInvariant()
                    + " frame cannot be converted; only those in the camera's can");
            }
            Conversion conversion = from[(int)packet.Axes];
            People people = packet.People;
            conversion.Camera.Points(people.Translation, people.Count);
            conversion.Camera.Points(people.Joints, people.Count * people.JointCount);
            conversion.Camera.Points(people.Vertices, people.Count * people.VertexCount);
            conversion.Turn(people);
            packet.Axes = target;
            packet.Unit = target == Axes.Unreal ? Unit.Centimetre : Unit.Metre;
        }

        /// <summary>Converts the model that goes with such frames. Faces keep their order.</summary>
        public void Convert(ModelPacket packet)
        {
            Permutation body = from[(int)packet.Axes].Body;
            body.Points(packet.RestVertices, packet.VertexCount);
            if (packet.Rig != null)
            {
                body.Points(packet.Rig.RestJoints, packet.ParentCount);
                body.Directions(packet.Rig.ShapeDirs, packet.VertexCount, packet.ShapeCount);
                body.Directions(packet.Rig.JointShapeDirs, packet.ParentCount, packet.ShapeCount);
            }
            packet.Axes = target == Axes.Opencv ? Axes.Gltf : target;
            packet.Unit = target == Axes.Unreal ? Unit.Centimetre : Unit.Metre;
        }

        private sealed class Conversion
        {
            public readonly Permutation Camera;
            public readonly Permutation Body;
            private readonly Quat root;

            public Conversion(Axes source, Axes target)
            {
                double scale = UnitMetres(source) / UnitMetres(target);
                double[] camera = TimesTransposed(CameraAxes[(int)target], CameraAxes[(int)source]);
                double[] body = TimesTransposed(BodyAxes[(int)target], BodyAxes[(int)source]);
                Camera = new Permutation(camera, scale);
                Body = new Permutation(body, scale);
                root = Quat.FromMatrix(TimesTransposed(camera, body));
            }

            /// <summary>R becomes B R Bt, which turns a quaternion's axis by B, and around, when B mirrors.</summary>
            public void Turn(People people)
            {
                int count = people.Count * people.RotationCount;
                for (int i = 0; i < count; i++)
                {
                    Quat q = Body.Conjugate(Quat.At(people.Quaternions, i));
                    if (i % people.RotationCount == 0)
                    {
                        q = root * q;
                    }
                    q.Put(people.Quaternions, i);
                }
                Rotations.FillRotvecs(people);
            }

            private static double[] TimesTransposed(double[] a, double[] b)
            {
                var product = new double[9];
                for (int i = 0; i < 9; i++)
                {
                    int row = i / 3 * 3, column = i % 3 * 3;
                    product[i] = a[row] * b[column] + a[row + 1] * b[column + 1] + a[row + 2] * b[column + 2];
                }
                return product;
            }
        }

        /// <summary>A matrix with one entry of 1 or -1 in each row and column, and a scale.</summary>
        private sealed class Permutation
        {
            private readonly int[] column = new int[3];
            private readonly double[] sign = new double[3];
            private readonly float[] factor = new float[3];
            private readonly double determinant;

            public Permutation(double[] matrix, double scale)
            {
                for (int i = 0; i < 9; i++)
                {
                    if (matrix[i] != 0)
                    {
                        column[i / 3] = i % 3;
                        sign[i / 3] = matrix[i];
                        factor[i / 3] = (float)(matrix[i] * scale);
                    }
                }
                bool even = (column[1] - column[0] + 3) % 3 == 1;
                determinant = sign[0] * sign[1] * sign[2] * (even ? 1 : -1);
            }

            public void Points(float[] points, int count)
            {
                Directions(points, count, 1);
            }

            /// <summary>Arrays (count, 3, stride): points, or what moves them.</summary>
            public void Directions(float[] values, int count, int stride)
            {
                int c0 = column[0] * stride, c1 = column[1] * stride, c2 = column[2] * stride;
                float f0 = factor[0], f1 = factor[1], f2 = factor[2];
                for (int point = 0; point < count; point++)
                {
                    for (int at = point * 3 * stride, end = at + stride; at < end; at++)
                    {
                        float x = values[at + c0] * f0, y = values[at + c1] * f1, z = values[at + c2] * f2;
                        values[at] = x;
                        values[at + stride] = y;
                        values[at + 2 * stride] = z;
                    }
                }
            }

            public Quat Conjugate(Quat q)
            {
                return new Quat(Turned(q, 0), Turned(q, 1), Turned(q, 2), q.W);
            }

            private double Turned(Quat q, int row)
            {
                double value = column[row] == 0 ? q.X : column[row] == 1 ? q.Y : q.Z;
                return determinant * sign[row] * value;
            }
        }
    }
}
