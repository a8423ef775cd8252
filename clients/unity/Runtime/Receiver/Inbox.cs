using System;
using System.Collections.Generic;

namespace Meshcast
{
    /// <summary>The newest message of each topic. Buffers change hands instead of being copied.</summary>
    internal sealed class Inbox
    {
        // A publisher has six topics a stream; whoever invents more does not make this grow.
        private const int MaxTopics = 256;

        public readonly List<Slot> Slots = new List<Slot>();

        public sealed class Slot
        {
            public readonly byte[] Topic = new byte[Wire.TopicSize];
            public byte[] Buffer = new byte[0];
            public int Size;
            public double ReceiveS;
            public bool Waiting;
        }

        /// <summary>Puts a message that <see cref="Packet.ReadKind"/> accepted in the place of its topic's last one,
        /// and that one's buffer in the place of the message. Returns whether the last one was still waiting.</summary>
        public bool Put(ref byte[] buffer, int size, double receiveS)
        {
            Slot slot = Find(buffer);
            bool replaced = slot.Waiting;
            byte[] old = slot.Buffer;
            slot.Buffer = buffer;
            buffer = old;
            slot.Size = size;
            slot.ReceiveS = receiveS;
            slot.Waiting = true;
            return replaced;
        }

        private Slot Find(byte[] data)
        {
            for (int i = 0; i < Slots.Count; i++)
            {
                int same = 0;
                byte[] topic = Slots[i].Topic;
                while (same < Wire.TopicSize && topic[same] == data[same])
                {
                    same++;
                }
                if (same == Wire.TopicSize)
                {
                    return Slots[i];
                }
            }
            if (Slots.Count == MaxTopics)
            {
                throw new WireException("messages of more than " + MaxTopics + " topics: name one stream");
            }
            var slot = new Slot();
            Array.Copy(data, slot.Topic, Wire.TopicSize);
            Slots.Add(slot);
            return slot;
        }
    }
}
