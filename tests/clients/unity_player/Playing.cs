using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using Meshcast.Checks;
using UnityEngine;
using UnityEngine.Rendering;

namespace Meshcast.Play
{
    /// <summary>
    /// The package's components and its sample, called as Unity would call them, one picture after the other. "live
    /// ADDRESS LEVEL HOLD" plays the sample, which holds people for so many seconds, "rig ADDRESS SPINE" a character of as many torso bones. Lines tell it what to
    /// wait for: "seq N", "lost N", "gone", "back"; "pause", "resume" and "quit" do so. Each answer is what is shown,
    /// as one line of JSON.
    /// </summary>
    internal static class Playing
    {
        private const double PatienceS = 20;

        private static int Main(string[] arguments)
        {
            Thread.CurrentThread.CurrentCulture = CultureInfo.InvariantCulture;
            Action prepare = arguments[0] == "rig"
                ? Rigged(arguments[1], int.Parse(arguments[2]))
                : Live(arguments[1], arguments[2], float.Parse(arguments[3]));
            string line;
            while ((line = Console.In.ReadLine()) != null)
            {
                string[] words = line.Split(' ');
                if (words[0] == "quit")
                {
                    Player.Quit();
                }
                else if (words[0] == "pause" || words[0] == "resume")
                {
                    Player.Pause(words[0] == "pause");
                }
                else
                {
                    Wait(prepare, () => Is(words));
                }
                Console.WriteLine(Json.Write(State()));
                Console.Out.Flush();
            }
            Player.Quit();
            return 0;
        }

        private static Action Live(string address, string level, float holdSeconds)
        {
            var place = new GameObject("Live");
            place.SetActive(false);
            var live = place.AddComponent<MeshcastLive>();
            live.address = address;
            live.level = (Level)Enum.Parse(typeof(Level), level);
            live.transport = MeshcastStream.Transport.LibZmq;
            live.holdSeconds = holdSeconds;
            place.transform.SetPositionAndRotation(new Vector3(1, 2, 3), Quaternion.Euler(0, 90, 0));
            place.SetActive(true);
            // It connects with its first picture.
            Player.Step();
            return () => { };
        }

        private static Action Rigged(string address, int spine)
        {
            var owner = new GameObject("Stream");
            owner.SetActive(false);
            var stream = owner.AddComponent<MeshcastStream>();
            stream.address = address;
            stream.level = Level.Params;
            stream.transport = MeshcastStream.Transport.LibZmq;
            owner.transform.SetPositionAndRotation(new Vector3(1, 2, 3), Quaternion.Euler(0, 90, 0));
            owner.SetActive(true);
            MeshcastBody body = null;
            return () =>
            {
                if (body == null && stream.Model != null)
                {
                    body = new GameObject("Body").AddComponent<MeshcastBody>();
                    body.stream = stream;
                    body.mode = MeshcastBody.Mode.Rig;
                    body.holdSeconds = 0;
                    body.animator = Character.Make(stream.Model, spine);
                }
            };
        }

        private static bool Is(string[] words)
        {
            MeshcastStream stream = Player.Find<MeshcastStream>()[0];
            bool shown = stream.Current != null && stream.Model != null && Player.Find<MeshcastBody>().Count > 0;
            switch (words[0])
            {
                case "gone": return stream.Current == null;
                case "back": return shown;
                case "lost": return stream.Live != null && stream.Live.Lost >= long.Parse(words[1]);
                default: return shown && stream.Current.Seq >= ulong.Parse(words[1]);
            }
        }

        private static void Wait(Action prepare, Func<bool> so)
        {
            double end = Clock.NowS + PatienceS;
            do
            {
                Thread.Sleep(2);
                Player.Step();
                prepare();
            }
            while (!so() && Clock.NowS < end);
            // Once more, for those who came with this picture.
            Player.Step();
        }

        private static object State()
        {
            var bodies = new List<object>();
            foreach (MeshcastBody body in Player.Find<MeshcastBody>())
            {
                bodies.Add(body.mode == MeshcastBody.Mode.Rig ? Bones(body) : Surface(body));
            }
            MeshcastStream stream = Player.Find<MeshcastStream>()[0];
            return new Dictionary<string, object>
            {
                { "bodies", bodies }, { "text", GUI.Text }, { "shows", stream.Current != null },
                { "lost", stream.Live != null ? stream.Live.Lost : 0 }
            };
        }

        private static object Surface(MeshcastBody body)
        {
            Mesh mesh = body.GetComponent<MeshFilter>().sharedMesh;
            SubMeshDescriptor part = mesh.SubMesh;
            Bounds bounds = mesh.bounds;
            return new Dictionary<string, object>
            {
                { "id", body.PersonId }, { "shown", body.IsShown && body.GetComponent<MeshRenderer>().enabled },
                { "at", Numbers(body.transform.position) }, { "turned", Numbers(body.transform.rotation) },
                { "layout", mesh.Layout }, { "corners", mesh.Streams[0] }, { "uvs", mesh.Streams[1] },
                { "triangles", mesh.Indices }, { "low", Numbers(bounds.min) }, { "high", Numbers(bounds.max) },
                { "part", new[] { part.indexStart, part.indexCount, part.firstVertex, part.vertexCount } },
                { "part_low", Numbers(part.bounds.min) }, { "renderers_know", mesh.RenderersKnow },
                { "material", body.GetComponent<MeshRenderer>().sharedMaterial != null }
            };
        }

        private static object Bones(MeshcastBody body)
        {
            var bones = new Dictionary<string, object>();
            foreach (KeyValuePair<HumanBodyBones, Transform> bone in body.animator.Bones)
            {
                bones[bone.Key.ToString()] = Numbers(bone.Value.position);
            }
            Renderer renderer = body.animator.GetComponentsInChildren<Renderer>(true)[0];
            return new Dictionary<string, object>
            {
                { "id", body.PersonId }, { "shown", body.IsShown }, { "hidden", renderer.forceRenderingOff },
                { "bones", bones }
            };
        }

        private static float[] Numbers(Vector3 v)
        {
            return new[] { v.x, v.y, v.z };
        }

        private static float[] Numbers(Quaternion q)
        {
            return new[] { q.x, q.y, q.z, q.w };
        }
    }
}
