namespace Meshcast
{
    /// <summary>What all messages have in common.</summary>
    public abstract class Packet
    {
        private const uint Magic = 'M' | 'C' << 8 | 'S' << 16 | 'T' << 24;

        /// <summary>Which message it is.</summary>
        public Kind Kind { get; protected set; }

        /// <summary>The stream's name, usually a camera's.</summary>
        public string Stream { get; protected set; } = "";

        /// <summary>Counts the frames of the stream, the same at every level, or the model or status
        /// messages.</summary>
        public ulong Seq { get; protected set; }

        /// <summary>Drawn once per run of the publisher.</summary>
        public uint Session { get; protected set; }

        /// <summary>The publisher's wall clock when it was sent, nanoseconds since 1970 UTC.</summary>
        public long PublishUnixNs { get; protected set; }

        /// <summary>Names the model message to draw with.</summary>
        public uint ModelId { get; protected set; }

        /// <summary>The body model, for example "open_smpl_body".</summary>
        public string ModelName { get; protected set; } = "";

        /// <summary>What the coordinates mean; a model message of "opencv" frames says Gltf.</summary>
        public Axes Axes { get; internal set; }

        /// <summary>The unit of all lengths.</summary>
        public Unit Unit { get; internal set; }

        /// <summary>Where the coordinates have their origin.</summary>
        public CoordinateSpace Space { get; protected set; }

        /// <summary>Which message the first <paramref name="size"/> bytes are.</summary>
        /// <exception cref="WireException">It is foreign, of another version or kind, or not whole.</exception>
        public static Kind ReadKind(byte[] data, int size)
        {
            if (size < Wire.CommonHeaderSize || Bytes.U32(data, 40) != Magic)
            {
                throw new WireException(
                    "not a Meshcast message (" + size + " bytes): is something else publishing at this address?");
            }
            int version = Bytes.U16(data, 44);
            if (version != Wire.Version)
            {
                throw new WireException("message of wire version " + version + ", this side speaks " + Wire.Version
                    + ": update the older");
            }
            if (Bytes.U32(data, 52) != size)
            {
                throw new WireException("damaged message: " + size + " bytes arrived of " + Bytes.U32(data, 52));
            }
            int kind = Bytes.U16(data, 46);
            if (kind < 1 || kind > 6)
            {
                throw new WireException(
                    "message of unknown kind " + kind + ": subscribe to known topics only, or update");
            }
            return (Kind)kind;
        }

        /// <summary>The session of a message that <see cref="ReadKind"/> accepted.</summary>
        public static uint ReadSession(byte[] data)
        {
            return Bytes.U32(data, 72);
        }

        /// <summary>The number of a message that <see cref="ReadKind"/> accepted.</summary>
        public static ulong ReadSeq(byte[] data)
        {
            return Bytes.U64(data, 56);
        }

        /// <summary>The model of a message that <see cref="ReadKind"/> accepted.</summary>
        public static uint ReadModelId(byte[] data)
        {
            return Bytes.U32(data, 76);
        }

        /// <summary>The stream of a message of that kind, from its topic; <paramref name="known"/> itself when it is
        /// that one. </summary>
        /// <exception cref="WireException">The topic is not one.</exception>
        public static string ReadStream(byte[] data, Kind kind, string known)
        {
            string word = Wire.Word(kind);
            int start = word.Length + 1;
            int length = Bytes.TextLength(data, 0, Wire.TopicSize) - start;
            bool good = length <= Wire.MaxStream && data[start - 1] == '/' && Bytes.IsName(data, start, length);
            for (int i = 0; i < word.Length; i++)
            {
                good = good && data[i] == word[i];
            }
            if (!good)
            {
                throw new WireException("damaged message: the topic of a " + word + " message");
            }
            return Bytes.Text(data, start, length, known);
        }

        /// <summary>Reads the common fields; returns where the arrays start.</summary>
        protected int ReadCommon(byte[] data, int size, Kind kind, int fixedSize)
        {
            string word = Wire.Word(kind);
            if (size < fixedSize)
            {
                throw new WireException("damaged message: " + size + " bytes are too few for a " + word + " header");
            }
            uint headerSize = Bytes.U32(data, 48);
            if (headerSize < fixedSize || headerSize > size || headerSize % 4 != 0)
            {
                throw new WireException("damaged message: header size " + headerSize + " in a " + word + " message");
            }
            CheckCode("axes", data[104], 4);
            CheckCode("unit", data[105], 2);
            CheckCode("space", data[106], 3);
            ReadTexts(data, kind);
            Kind = kind;
            Seq = ReadSeq(data);
            Session = ReadSession(data);
            PublishUnixNs = Bytes.I64(data, 64);
            ModelId = ReadModelId(data);
            Axes = (Axes)data[104];
            Unit = (Unit)data[105];
            Space = (CoordinateSpace)data[106];
            return (int)headerSize;
        }

        private void ReadTexts(byte[] data, Kind kind)
        {
            Stream = ReadStream(data, kind, Stream);
            int length = Bytes.TextLength(data, 80, Wire.ModelNameSize);
            if (!Bytes.IsName(data, 80, length))
            {
                throw new WireException("damaged message: the body model's name of a " + Wire.Word(kind) + " message");
            }
            ModelName = Bytes.Text(data, 80, length, ModelName);
        }

        private static void CheckCode(string name, byte code, int count)
        {
            if (code >= count)
            {
                throw new WireException("message with unknown " + name + " code " + code + ": update this side");
            }
        }
    }
}
