using System;
using System.Collections.Generic;
using System.IO;

namespace Meshcast.Checks
{
    /// <summary>Golden packets with bytes changed, cut off and added: each is read, or refused with one line.</summary>
    internal static class Mutations
    {
        public static object Run(string folder, int seed, int rounds)
        {
            var random = new Random(seed);
            string[] paths = Directory.GetFiles(folder, "*.bin");
            Array.Sort(paths, StringComparer.Ordinal);
            var packets = new List<byte[]>();
            foreach (string path in paths)
            {
                packets.Add(File.ReadAllBytes(path));
            }
            var frame = new FramePacket();
            var status = new StatusPacket();
            int read = 0, refused = 0;
            long largest = 0;
            var strange = new List<string>();
            for (int round = 0; round < rounds; round++)
            {
                byte[] data = Mutate(packets[round % packets.Count], random);
                long before = GC.GetTotalMemory(false);
                try
                {
                    Read(data, frame, status);
                    read++;
                }
                catch (WireException error)
                {
                    refused++;
                    if (error.Message.Length == 0 || error.Message.IndexOf('\n') >= 0)
                    {
                        strange.Add(error.Message);
                    }
                }
                catch (Exception error)
                {
                    strange.Add(round + ": " + error);
                }
                largest = Math.Max(largest, GC.GetTotalMemory(false) - before);
            }
            return new Dictionary<string, object>
            {
                { "read", read }, { "refused", refused }, { "largest", largest }, { "strange", strange }
            };
        }

        private static void Read(byte[] data, FramePacket frame, StatusPacket status)
        {
            switch (Packet.ReadKind(data, data.Length))
            {
                case Kind.Model:
                    ModelPacket model = ModelPacket.Read(data, data.Length);
                    new AxesConverter(Axes.Unity).Convert(model);
                    SurfaceTopology.Full(model);
                    break;
                case Kind.Status: status.Read(data, data.Length); break;
                default:
                    frame.Read(data, data.Length);
                    break;
            }
        }

        private static byte[] Mutate(byte[] packet, Random random)
        {
            var data = (byte[])packet.Clone();
            switch (random.Next(4))
            {
                case 0: Array.Resize(ref data, random.Next(data.Length)); break;
                case 1: Array.Resize(ref data, data.Length + random.Next(1, 64)); break;
            }
            int changes = random.Next(4);
            for (int i = 0; i < changes && data.Length > 0; i++)
            {
                // Counts and sizes are where a reader can go wrong; they are at the end of the header.
                int at = random.Next(random.Next(2) == 0 ? Math.Min(data.Length, 208) : data.Length);
                byte[] values = { 0, 1, 0x7f, 0x80, 0xff, (byte)random.Next(256) };
                data[at] = values[random.Next(values.Length)];
            }
            if (data.Length >= 56 && random.Next(4) != 0)
            {
                // The right length, so that the checks behind that one have something to do.
                Array.Copy(BitConverter.GetBytes(data.Length), 0, data, 52, 4);
            }
            return data;
        }
    }
}
