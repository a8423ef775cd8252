using System;

namespace Meshcast
{
    /// <summary>How a stream is doing, once a second and at its end.</summary>
    public sealed class StatusPacket : Packet
    {
        /// <summary>Whether frames come.</summary>
        public StreamState State { get; private set; }

        /// <summary>The number of the stream's next frame: whoever has seen less has lost the rest.</summary>
        public ulong NextSeq { get; private set; }

        /// <summary>When it was sent, on the publisher's monotonic clock.</summary>
        public long PublishMonotonicNs { get; private set; }

        /// <summary>Why the stream ended, for people.</summary>
        public string Reason { get; private set; } = "";

        /// <summary>Reads the message in the first <paramref name="size"/> bytes; allocates only for a
        /// reason.</summary>
        /// <exception cref="WireException">It is not a whole status message; this object's contents are then undefined.
        /// </exception>
        public void Read(byte[] data, int size)
        {
            Kind kind = ReadKind(data, size);
            if (kind != Kind.Status)
            {
                throw new WireException("a " + Wire.Word(kind) + " message where a status is expected");
            }
            int start = ReadCommon(data, size, kind, Wire.StatusHeaderSize);
            if (data[108] > (int)StreamState.Ended)
            {
                throw new WireException("message with unknown state code " + data[108] + ": update this side");
            }
            State = (StreamState)data[108];
            NextSeq = Bytes.U64(data, 112);
            PublishMonotonicNs = Bytes.I64(data, 120);
            int length = (int)Math.Min(int.MaxValue, Bytes.U32(data, 128));
            var arrays = new ArrayReader(data, size, start);
            int at = arrays.Take("reason", length, 1);
            arrays.Close(start > Wire.StatusHeaderSize);
            Reason = length == 0 ? "" : Utf8.Text(data, at, length, "the reason is");
        }
    }
}
