using System;

namespace Meshcast
{
    /// <summary>A rotation as a unit quaternion, in double precision so that chains of joints stay exact.</summary>
    public struct Quat
    {
        public double X, Y, Z, W;

        public Quat(double x, double y, double z, double w)
        {
            X = x;
            Y = y;
            Z = z;
            W = w;
        }

        public static Quat Identity
        {
            get { return new Quat(0, 0, 0, 1); }
        }

        /// <summary>The rotation of a rotation vector in radians.</summary>
        public static Quat FromRotvec(double x, double y, double z)
        {
            double angle = Math.Sqrt(x * x + y * y + z * z);
            double factor = angle < 1e-8 ? 0.5 : Math.Sin(angle / 2) / angle;
            return new Quat(x * factor, y * factor, z * factor, Math.Cos(angle / 2));
        }

        /// <summary>The rotation of a matrix (3, 3), row by row, by its largest component (Shepperd, 1978).</summary>
        public static Quat FromMatrix(double[] m)
        {
            double xx = m[0], yy = m[4], zz = m[8];
            double trace = xx + yy + zz;
            Quat q;
            if (trace >= xx && trace >= yy && trace >= zz)
            {
                q = new Quat(m[7] - m[5], m[2] - m[6], m[3] - m[1], 1 + trace);
            }
            else if (xx >= yy && xx >= zz)
            {
                q = new Quat(1 + xx - yy - zz, m[3] + m[1], m[6] + m[2], m[7] - m[5]);
            }
            else if (yy >= zz)
            {
                q = new Quat(m[3] + m[1], 1 - xx + yy - zz, m[7] + m[5], m[2] - m[6]);
            }
            else
            {
                q = new Quat(m[6] + m[2], m[7] + m[5], 1 - xx - yy + zz, m[3] - m[1]);
            }
            return q.Normalised();
        }

        /// <summary>Quaternion number <paramref name="index"/> of an array (N, 4).</summary>
        public static Quat At(float[] values, int index)
        {
            int i = 4 * index;
            return new Quat(values[i], values[i + 1], values[i + 2], values[i + 3]);
        }

        /// <summary>Writes it as quaternion number <paramref name="index"/> of an array (N, 4).</summary>
        public void Put(float[] values, int index)
        {
            int i = 4 * index;
            values[i] = (float)X;
            values[i + 1] = (float)Y;
            values[i + 2] = (float)Z;
            values[i + 3] = (float)W;
        }

        /// <summary>First <paramref name="b"/>, then <paramref name="a"/>.</summary>
        public static Quat operator *(Quat a, Quat b)
        {
            return new Quat(
                a.W * b.X + a.X * b.W + a.Y * b.Z - a.Z * b.Y,
                a.W * b.Y - a.X * b.Z + a.Y * b.W + a.Z * b.X,
                a.W * b.Z + a.X * b.Y - a.Y * b.X + a.Z * b.W,
                a.W * b.W - a.X * b.X - a.Y * b.Y - a.Z * b.Z);
        }

        public Quat Normalised()
        {
            double scale = 1 / Math.Sqrt(X * X + Y * Y + Z * Z + W * W);
            return new Quat(X * scale, Y * scale, Z * scale, W * scale);
        }

        /// <summary>The rotation vector in radians, at most pi long.</summary>
        public void ToRotvec(out double x, out double y, out double z)
        {
            double sign = W < 0 ? -1 : 1;
            double sine = Math.Sqrt(X * X + Y * Y + Z * Z);
            double factor = sine < 1e-12 ? 2 * sign : sign * 2 * Math.Atan2(sine, sign * W) / sine;
            x = X * factor;
            y = Y * factor;
            z = Z * factor;
        }

        /// <summary>The rotated vector.</summary>
        public void Rotate(double x, double y, double z, out double rx, out double ry, out double rz)
        {
            double tx = 2 * (Y * z - Z * y), ty = 2 * (Z * x - X * z), tz = 2 * (X * y - Y * x);
            rx = x + W * tx + Y * tz - Z * ty;
            ry = y + W * ty + Z * tx - X * tz;
            rz = z + W * tz + X * ty - Y * tx;
        }

        /// <summary>
        /// The rotation that goes from <paramref name="a"/> (0) to <paramref name="b"/> (1) on the shorter way at
        /// constant angular speed (Shoemake, 1985); beyond 0 and 1 it goes on.
        /// </summary>
        public static Quat Slerp(Quat a, Quat b, double share)
        {
            double cosine = a.X * b.X + a.Y * b.Y + a.Z * b.Z + a.W * b.W;
            double sign = cosine < 0 ? -1 : 1;
            cosine = Math.Min(1, Math.Abs(cosine));
            double wa, wb;
            if (cosine > 1 - 1e-9)
            {
                wa = 1 - share;
                wb = share;
            }
            else
            {
                double angle = Math.Acos(cosine), sine = Math.Sin(angle);
                wa = Math.Sin((1 - share) * angle) / sine;
                wb = Math.Sin(share * angle) / sine;
            }
            wb *= sign;
            return new Quat(
                wa * a.X + wb * b.X, wa * a.Y + wb * b.Y, wa * a.Z + wb * b.Z, wa * a.W + wb * b.W).Normalised();
        }
    }

    /// <summary>Keeps the two ways of writing people's rotations equal.</summary>
    internal static class Rotations
    {
        public static void FillQuaternions(People people)
        {
            int count = people.Count * people.RotationCount;
            Bytes.Room(ref people.Quaternions, 4 * count);
            for (int i = 0; i < count; i++)
            {
                float[] v = people.Rotvecs;
                Quat.FromRotvec(v[3 * i], v[3 * i + 1], v[3 * i + 2]).Put(people.Quaternions, i);
            }
        }

        public static void FillRotvecs(People people)
        {
            int count = people.Count * people.RotationCount;
            Bytes.Room(ref people.Rotvecs, 3 * count);
            for (int i = 0; i < count; i++)
            {
                double x, y, z;
                Quat.At(people.Quaternions, i).ToRotvec(out x, out y, out z);
                people.Rotvecs[3 * i] = (float)x;
                people.Rotvecs[3 * i + 1] = (float)y;
                people.Rotvecs[3 * i + 2] = (float)z;
            }
        }
    }
}
