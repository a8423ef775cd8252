namespace Meshcast
{
    /// <summary>What a message is; the codes of docs/wire.md.</summary>
    public enum Kind
    {
        Mesh = 1,
        Model = 2,
        Params = 3,
        Joints = 4,
        MeshLod = 5,
        Status = 6
    }

    /// <summary>How much of a frame's bodies a subscriber gets; the codes are those of <see cref="Kind"/>.</summary>
    public enum Level
    {
        Mesh = Kind.Mesh,
        Params = Kind.Params,
        Joints = Kind.Joints,
        MeshLod = Kind.MeshLod
    }

    /// <summary>What the coordinates of a packet mean.</summary>
    public enum Axes
    {
        /// <summary>Right-handed: x right, y down, z forward.</summary>
        Opencv = 0,

        /// <summary>Left-handed: x right, y up, z forward.</summary>
        Unity = 1,

        /// <summary>Left-handed, centimetres: x forward, y right, z up.</summary>
        Unreal = 2,

        /// <summary>Right-handed: x right, y up, z backward.</summary>
        Gltf = 3
    }

    /// <summary>The unit of a packet's lengths.</summary>
    public enum Unit
    {
        Metre = 0,
        Centimetre = 1
    }

    /// <summary>Where a packet's coordinates have their origin.</summary>
    public enum CoordinateSpace
    {
        Camera = 0,
        World = 1,
        Body = 2
    }

    /// <summary>How a stream is doing.</summary>
    public enum StreamState
    {
        Live = 0,

        /// <summary>No frame since the status before.</summary>
        Idle = 1,
        Ended = 2
    }

    /// <summary>The numbers that both sides of the wire agree on.</summary>
    public static class Wire
    {
        public const int Version = 1;
        public const int TopicSize = 40;
        public const int ModelNameSize = 24;
        public const int MaxStream = 30;
        public const int MaxPeople = 4096;
        public const int MaxVertices = 1 << 20;
        public const int MaxMessageBytes = 64 << 20;

        /// <summary>Joints that move a vertex.</summary>
        public const int Influences = 4;

        /// <summary>Radians a level of a rotation vector.</summary>
        public const float RotationStep = (float)(System.Math.PI / 32767);

        /// <summary>Standard deviations a level of a shape.</summary>
        public const float ShapeStep = 1e-3f;

        /// <summary>Levels of visibilities and contacts from 0 to 1.</summary>
        public const int ObservedLevels = 255;

        /// <summary>Contacts of a person: the left and the right foot.</summary>
        public const int Feet = 2;

        /// <summary>Bit of the flags of a frame: visibilities and contacts follow.</summary>
        public const int Observed = 2;

        /// <summary>No float in an array is larger.</summary>
        public const float Limit = 1e30f;

        public const int CommonHeaderSize = 108;
        public const int FrameHeaderSize = 208;
        public const int ObservedHeaderSize = 212;
        public const int ModelHeaderSize = 144;
        public const int StatusHeaderSize = 136;

        /// <summary>The first part of the topics of a kind, without the slash.</summary>
        public static string Word(Kind kind)
        {
            switch (kind)
            {
                case Kind.Mesh: return "mesh";
                case Kind.Model: return "model";
                case Kind.Params: return "params";
                case Kind.Joints: return "joints";
                case Kind.MeshLod: return "mesh-lod";
                default: return "status";
            }
        }

        /// <summary>What to subscribe to for a kind of message of one stream, or of all when it is empty.</summary>
        /// <exception cref="WireException">The name of the stream does not fit.</exception>
        public static byte[] Topic(Kind kind, string stream)
        {
            if (string.IsNullOrEmpty(stream))
            {
                return System.Text.Encoding.ASCII.GetBytes(Word(kind) + "/");
            }
            bool good = stream.Length <= MaxStream;
            foreach (char letter in stream)
            {
                good = good && letter < 128 && IsNameByte((byte)letter);
            }
            if (!good)
            {
                throw new WireException(
                    "stream name '" + stream + "': use 1 to " + MaxStream + " letters, digits, '.', '_' and '-'");
            }
            return System.Text.Encoding.ASCII.GetBytes(Word(kind) + "/" + stream + "\0");
        }

        internal static bool IsNameByte(byte b)
        {
            return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9')
                || b == '.' || b == '_' || b == '-';
        }
    }
}
