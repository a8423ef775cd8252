using System;

namespace Meshcast
{
    /// <summary>Little-endian numbers in a byte array, and buffers that only grow.</summary>
    internal static class Bytes
    {
        public static ushort U16(byte[] data, int at)
        {
            return (ushort)(data[at] | data[at + 1] << 8);
        }

        public static short I16(byte[] data, int at)
        {
            return (short)U16(data, at);
        }

        public static uint U32(byte[] data, int at)
        {
            return (uint)(data[at] | data[at + 1] << 8 | data[at + 2] << 16 | data[at + 3] << 24);
        }

        public static ulong U64(byte[] data, int at)
        {
            return U32(data, at) | (ulong)U32(data, at + 4) << 32;
        }

        public static long I64(byte[] data, int at)
        {
            return (long)U64(data, at);
        }

        // Every platform of Unity, and every one of Mono's that is still built, is little-endian.
        public static float F32(byte[] data, int at)
        {
            return BitConverter.ToSingle(data, at);
        }

        public static double F64(byte[] data, int at)
        {
            return BitConverter.Int64BitsToDouble(I64(data, at));
        }

        public static bool IsFinite(double value)
        {
            return !double.IsNaN(value) && !double.IsInfinity(value);
        }

        /// <summary>Makes room for <paramref name="count"/> items; what was in the array is lost when it
        /// grows.</summary>
        public static void Room<T>(ref T[] array, int count)
        {
            if (array.Length < count)
            {
                array = new T[count];
            }
        }

        /// <summary>The text of a field filled up with NUL bytes; <paramref name="known"/> itself when it says the
        /// same.</summary>
        public static string Text(byte[] data, int at, int length, string known)
        {
            bool same = known.Length == length;
            for (int i = 0; same && i < length; i++)
            {
                same = known[i] == (char)data[at + i];
            }
            return same ? known : System.Text.Encoding.ASCII.GetString(data, at, length);
        }

        /// <summary>Bytes of a field before the NUL bytes that fill it up.</summary>
        public static int TextLength(byte[] data, int at, int size)
        {
            while (size > 0 && data[at + size - 1] == 0)
            {
                size--;
            }
            return size;
        }

        public static bool IsName(byte[] data, int at, int length)
        {
            bool good = length > 0;
            for (int i = 0; i < length; i++)
            {
                good = good && Wire.IsNameByte(data[at + i]);
            }
            return good;
        }
    }
}
