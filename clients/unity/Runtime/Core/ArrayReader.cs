using System;

namespace Meshcast
{
    /// <summary>
    /// Takes the arrays of one message in their order. Sizes are compared with the message's before anything is
    /// allocated.
    /// </summary>
    internal struct ArrayReader
    {
        private readonly byte[] data;
        private readonly int size;
        private long offset;

        public ArrayReader(byte[] data, int size, int offset)
        {
            this.data = data;
            this.size = size;
            this.offset = offset;
        }

        /// <summary>Where the next array of <paramref name="count"/> items starts.</summary>
        public int Take(string name, long count, int itemSize)
        {
            long end = offset + count * itemSize;
            if (end > size)
            {
                throw new WireException("damaged message: " + name + " would end at byte " + end + " of " + size);
            }
            int start = (int)offset;
            offset += (count * itemSize + 3) & ~3L;
            return start;
        }

        /// <summary>Floats within the limit of the protocol.</summary>
        public void Floats(string name, ref float[] into, long count, float least = -Wire.Limit)
        {
            int start = Take(name, count, 4);
            int length = (int)count;
            Bytes.Room(ref into, length);
            Buffer.BlockCopy(data, start, into, 0, length * 4);
            for (int i = 0; i < length; i++)
            {
                // Written so that what is not a number is refused as well.
                if (!(Math.Abs(into[i]) < Wire.Limit))
                {
                    throw new WireException("damaged message: " + name + " holds a value that is not a finite number");
                }
                if (into[i] < least)
                {
                    throw OutOfRange(name);
                }
            }
        }

        public void Ints(string name, ref int[] into, long count)
        {
            int start = Take(name, count, 4);
            Bytes.Room(ref into, (int)count);
            Buffer.BlockCopy(data, start, into, 0, (int)count * 4);
        }

        /// <summary>Indices from 0 to below <paramref name="below"/>.</summary>
        public void Indices(string name, ref int[] into, long count, long below)
        {
            Ints(name, ref into, count);
            for (int i = 0; i < (int)count; i++)
            {
                if (into[i] < 0 || into[i] >= below)
                {
                    throw OutOfRange(name);
                }
            }
        }

        /// <summary>Levels of 16 bits, each worth <paramref name="step"/>.</summary>
        public void Levels(string name, ref float[] into, long count, float step)
        {
            int start = Take(name, count, 2);
            Bytes.Room(ref into, (int)count);
            for (int i = 0; i < (int)count; i++)
            {
                into[i] = Bytes.I16(data, start + 2 * i) * step;
            }
        }

        /// <summary>Shares of 8 bits, from 0 to 1.</summary>
        public void Shares(string name, ref float[] into, long count)
        {
            int start = Take(name, count, 1);
            Bytes.Room(ref into, (int)count);
            for (int i = 0; i < (int)count; i++)
            {
                into[i] = data[start + i] / (float)Wire.ObservedLevels;
            }
        }

        /// <summary>Refuses bytes that are left over, unless a longer header announced further arrays.</summary>
        public void Close(bool extended)
        {
            if (offset > size || (offset < size && !extended))
            {
                throw new WireException("damaged message: its arrays need " + offset + " bytes, " + size + " arrived");
            }
        }

        public static WireException OutOfRange(string name)
        {
            return new WireException("damaged message: " + name + " out of range");
        }
    }
}
