// Vectors and rotations.
using System;

namespace UnityEngine
{
    public struct Vector2
    {
        public float x, y;

        public Vector2(float x, float y)
        {
            this.x = x;
            this.y = y;
        }
    }

    public struct Vector3
    {
        public float x, y, z;

        public Vector3(float x, float y, float z)
        {
            this.x = x;
            this.y = y;
            this.z = z;
        }

        public float sqrMagnitude
        {
            get { return x * x + y * y + z * z; }
        }

        public static Vector3 positiveInfinity
        {
            get { return new Vector3(float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity); }
        }

        public static Vector3 negativeInfinity
        {
            get { return new Vector3(float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity); }
        }

        public static Vector3 Min(Vector3 lhs, Vector3 rhs)
        {
            return new Vector3(Math.Min(lhs.x, rhs.x), Math.Min(lhs.y, rhs.y), Math.Min(lhs.z, rhs.z));
        }

        public static Vector3 Max(Vector3 lhs, Vector3 rhs)
        {
            return new Vector3(Math.Max(lhs.x, rhs.x), Math.Max(lhs.y, rhs.y), Math.Max(lhs.z, rhs.z));
        }

        public static Vector3 operator +(Vector3 a, Vector3 b)
        {
            return new Vector3(a.x + b.x, a.y + b.y, a.z + b.z);
        }

        public static Vector3 operator -(Vector3 a, Vector3 b)
        {
            return new Vector3(a.x - b.x, a.y - b.y, a.z - b.z);
        }
    }

    public struct Quaternion
    {
        public float x, y, z, w;

        public Quaternion(float x, float y, float z, float w)
        {
            this.x = x;
            this.y = y;
            this.z = z;
            this.w = w;
        }

        public static Quaternion identity
        {
            get { return new Quaternion(0, 0, 0, 1); }
        }

        /// <summary>Degrees: about z, then x, then y.</summary>
        public static Quaternion Euler(float x, float y, float z)
        {
            return About(0, 1, 0, y) * About(1, 0, 0, x) * About(0, 0, 1, z);
        }

        public static Quaternion Inverse(Quaternion rotation)
        {
            return new Quaternion(-rotation.x, -rotation.y, -rotation.z, rotation.w);
        }

        public static Quaternion operator *(Quaternion a, Quaternion b)
        {
            return new Quaternion(
                a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
                a.w * b.y + a.y * b.w + a.z * b.x - a.x * b.z,
                a.w * b.z + a.z * b.w + a.x * b.y - a.y * b.x,
                a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z);
        }

        public static Vector3 operator *(Quaternion rotation, Vector3 point)
        {
            Quaternion turned = rotation * new Quaternion(point.x, point.y, point.z, 0) * Inverse(rotation);
            return new Vector3(turned.x, turned.y, turned.z);
        }

        private static Quaternion About(float x, float y, float z, double degrees)
        {
            double half = degrees * Math.PI / 360;
            var sine = (float)Math.Sin(half);
            return new Quaternion(x * sine, y * sine, z * sine, (float)Math.Cos(half));
        }
    }

    public struct Bounds
    {
        public Vector3 min { get; private set; }
        public Vector3 max { get; private set; }

        public void SetMinMax(Vector3 min, Vector3 max)
        {
            this.min = min;
            this.max = max;
        }
    }

    public static class Mathf
    {
        public static float Lerp(float a, float b, float t)
        {
            return a + (b - a) * t;
        }
    }
}
