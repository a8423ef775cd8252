using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;

namespace Meshcast.Checks
{
    /// <summary>Runs one check and prints what it found as JSON; tests/clients/test_unity.py compares.</summary>
    internal static class Program
    {
        private static int Main(string[] arguments)
        {
            object found;
            switch (arguments[0])
            {
                case "decode": found = Decode(arguments[1]); break;
                case "convert": found = Conversions(arguments[1]); break;
                case "skin": found = Skin(arguments[1]); break;
                case "refuse": found = Refuse(arguments[1]); break;
                case "mutate": found = Mutate(arguments); break;
                case "allocations": found = Allocations.Run(arguments[1], int.Parse(arguments[2])); break;
                case "blend": found = Blending.Run(); break;
                case "topology": found = Topology(arguments[1]); break;
                case "times": found = Times(); break;
                case "keys": found = Keys(arguments[1], arguments[2]); break;
                case "receive": Receiving.Run(arguments); return 0;
                default: throw new ArgumentException(arguments[0]);
            }
            Console.WriteLine(Json.Write(found));
            return 0;
        }

        private static object Mutate(string[] arguments)
        {
            return Mutations.Run(arguments[1], int.Parse(arguments[2]), int.Parse(arguments[3]));
        }

        private static object Decode(string folder)
        {
            var found = new Dictionary<string, object>();
            foreach (string path in Directory.GetFiles(folder, "*.bin"))
            {
                found[Path.GetFileName(path)] = Dump.Any(File.ReadAllBytes(path));
            }
            return found;
        }

        /// <summary>Every golden packet in every axes: "mesh_opencv.bin to unity".</summary>
        private static object Conversions(string folder)
        {
            var found = new Dictionary<string, object>();
            foreach (Axes target in Enum.GetValues(typeof(Axes)))
            {
                var converter = new AxesConverter(target);
                foreach (string path in Directory.GetFiles(folder, "*.bin"))
                {
                    byte[] data = File.ReadAllBytes(path);
                    string name = Path.GetFileName(path) + " to " + target.ToString().ToLowerInvariant();
                    Kind kind = Packet.ReadKind(data, data.Length);
                    if (kind == Kind.Model)
                    {
                        ModelPacket model = ModelPacket.Read(data, data.Length);
                        converter.Convert(model);
                        found[name] = Dump.Model(model);
                    }
                    else if (kind != Kind.Status)
                    {
                        var frame = new FramePacket();
                        frame.Read(data, data.Length);
                        converter.Convert(frame);
                        found[name] = Dump.Frame(frame);
                    }
                }
            }
            return found;
        }

        /// <summary>The params packets skinned, in their own axes and converted from each to each.</summary>
        private static object Skin(string folder)
        {
            var found = new Dictionary<string, object>();
            foreach (Axes source in Enum.GetValues(typeof(Axes)))
            {
                foreach (Axes target in Enum.GetValues(typeof(Axes)))
                {
                    string from = source.ToString().ToLowerInvariant(), to = target.ToString().ToLowerInvariant();
                    byte[] data = File.ReadAllBytes(Path.Combine(folder, "params_" + from + ".bin"));
                    byte[] modelData = File.ReadAllBytes(Path.Combine(folder, "model_" + from + ".bin"));
                    var frame = new FramePacket();
                    frame.Read(data, data.Length);
                    ModelPacket model = ModelPacket.Read(modelData, modelData.Length);
                    var converter = new AxesConverter(target);
                    converter.Convert(frame);
                    converter.Convert(model);
                    found[from + " to " + to] = Skinned(frame.People, model);
                }
            }
            return found;
        }

        private static object Skinned(People people, ModelPacket model)
        {
            var skinner = new Skinner();
            var vertices = new float[people.Count * model.VertexCount * 3];
            var joints = new List<float>();
            for (int person = 0; person < people.Count; person++)
            {
                skinner.Pose(model, people, person);
                skinner.Skin(vertices, person * model.VertexCount);
                joints.AddRange(skinner.JointPositions);
            }
            return new Dictionary<string, object>
            {
                { "vertices", vertices }, { "joints", joints }, { "reshaped", Reshaped(people, model, skinner) }
            };
        }

        /// <summary>How far a skinner that was used before is from a new one, after one coefficient has changed.
        /// </summary>
        private static double Reshaped(People people, ModelPacket model, Skinner used)
        {
            float[] a = new float[3 * model.VertexCount], b = new float[3 * model.VertexCount];
            double furthest = 0;
            for (int k = people.ShapeCount - 1; k >= 0; k--)
            {
                people.Shape[k] += 1;
                used.Pose(model, people, 0);
                used.Skin(a, 0);
                var fresh = new Skinner();
                fresh.Pose(model, people, 0);
                fresh.Skin(b, 0);
                for (int i = 0; i < a.Length; i++)
                {
                    furthest = Math.Max(furthest, Math.Abs(a[i] - b[i]));
                }
            }
            return furthest;
        }

        /// <summary>The error of each file, or null when it was read.</summary>
        private static object Refuse(string folder)
        {
            var found = new Dictionary<string, object>();
            foreach (string path in Directory.GetFiles(folder))
            {
                try
                {
                    Dump.Any(File.ReadAllBytes(path));
                    found[Path.GetFileName(path)] = null;
                }
                catch (WireException error)
                {
                    found[Path.GetFileName(path)] = error.Message;
                }
            }
            return found;
        }

        private static object Topology(string path)
        {
            byte[] data = File.ReadAllBytes(path);
            ModelPacket model = ModelPacket.Read(data, data.Length);
            new AxesConverter(Axes.Unity).Convert(model);
            SurfaceTopology full = SurfaceTopology.Full(model), lod = SurfaceTopology.Lod(model);
            var normals = new float[3 * model.VertexCount];
            full.Normals(model.RestVertices, 0, normals);
            return new Dictionary<string, object>
            {
                { "source", full.Source }, { "uvs", full.Uvs }, { "triangles", full.Triangles }, { "normals", normals },
                { "rest", model.RestVertices }, { "lod_triangles", lod.Triangles }, { "lod_source", lod.Source }
            };
        }

        /// <summary>The rules of "Latency and loss", of loss and of the clock that is shown, on made-up times.</summary>
        private static object Times()
        {
            var delay = new Delay();
            var delays = new List<double>();
            double[] publish = { 0, 1, 2, 3, 3.1, 5, 5.2, 5.4, 9 };
            double[] receive = { 10, 11.02, 12, 14, 14.2, 17, 17.2, 18.5, 22 };
            for (int i = 0; i < publish.Length; i++)
            {
                delays.Add(delay.Of(1, publish[i], receive[i]));
            }
            var loss = new Loss();
            var seen = new List<bool>();
            ulong[] seqs = { 5, 6, 9, 8, 10, 10 };
            foreach (ulong seq in seqs)
            {
                seen.Add(loss.See(7, seq));
            }
            loss.SeeNext(7, 14);
            long lostAtEnd = loss.Lost;
            loss.See(8, 0);
            loss.SeeNext(7, 99);
            return new Dictionary<string, object>
            {
                { "delays", delays }, { "seen", seen }, { "lost", lostAtEnd }, { "lost_after", loss.Lost },
                { "reordered", loss.Reordered }, { "restarts", loss.Restarts }, { "received", loss.Received }
            };
        }

        private static object Keys(string server, string client)
        {
            CurveKeys keys = CurveKeys.FromCertificates(File.ReadAllText(server), File.ReadAllText(client));
            var found = new Dictionary<string, object>
            {
                { "server", CurveKeys.Decode(keys.ServerPublic) }, { "secret", CurveKeys.Decode(keys.ClientSecret) }
            };
            try
            {
                CurveKeys.FromCertificates(File.ReadAllText(server), File.ReadAllText(server));
            }
            catch (WireException error)
            {
                found["error"] = error.Message;
            }
            return found;
        }
    }
}
