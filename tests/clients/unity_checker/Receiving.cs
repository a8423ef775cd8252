using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;

namespace Meshcast.Checks
{
    /// <summary>
    /// A receiver of all streams that is told what to do line by line: "find" answers when the stream is known, "frame
    /// SEQ" when a frame of that number or a later one can be shown, "seq SEQ" when one is known to have been
    /// published, "model", "state NAME", "restarts N", "stale N" and "error" when that is so; "stop" and "start" answer
    /// at once, and "of STREAM", after which all is about that stream. Each answer is what the receiver knows, as one
    /// line of JSON.
    /// </summary>
    internal static class Receiving
    {
        private const double PatienceS = 20;
        private static string about = "";

        public static void Run(string[] arguments)
        {
            var level = (Level)Enum.Parse(typeof(Level), arguments[2]);
            CurveKeys keys = arguments.Length > 4
                ? CurveKeys.FromCertificates(File.ReadAllText(arguments[3]), File.ReadAllText(arguments[4]))
                : null;
            var receiver = new Receiver(arguments[1], "", level, Axes.Unity, keys, () => MessageSources.Make("libzmq"));
            receiver.SilenceS = 0.3;
            receiver.Start();
            string line;
            while ((line = Console.In.ReadLine()) != null)
            {
                string[] words = line.Split(' ');
                Do(receiver, words);
                Console.WriteLine(Json.Write(State(receiver)));
                Console.Out.Flush();
            }
            Receiver.StopAll();
        }

        private static void Do(Receiver receiver, string[] words)
        {
            switch (words[0])
            {
                case "of": about = words[1]; break;
                case "stop": receiver.Stop(); break;
                case "start": receiver.Start(); break;
                case "find": Wait(() => receiver.Find(about) != null); break;
                case "frame": Wait(() => Is(receiver, s => Shows(s, ulong.Parse(words[1])))); break;
                case "seq": Wait(() => Is(receiver, s => s.Seq >= ulong.Parse(words[1]))); break;
                case "model": Wait(() => Is(receiver, s => s.Model != null)); break;
                case "state": Wait(() => Is(receiver, s => s.State.ToString() == words[1])); break;
                case "restarts": Wait(() => Is(receiver, s => s.Restarts == int.Parse(words[1]))); break;
                case "stale": Wait(() => Is(receiver, s => s.Stale == long.Parse(words[1]))); break;
                case "error": Wait(() => receiver.LastError.Length > 0); break;
            }
        }

        private static bool Is(Receiver receiver, Func<LiveStream, bool> so)
        {
            LiveStream stream = receiver.Find(about);
            return stream != null && so(stream);
        }

        private static bool Shows(LiveStream stream, ulong seq)
        {
            var snapshot = new Snapshot();
            return stream.Frames.Sample(double.MaxValue, snapshot) && snapshot.Seq >= seq;
        }

        private static void Wait(Func<bool> so)
        {
            double end = Clock.NowS + PatienceS;
            while (!so() && Clock.NowS < end)
            {
                Thread.Yield();
                Thread.Sleep(1);
            }
        }

        private static object State(Receiver receiver)
        {
            LiveStream stream = receiver.Find(about);
            var found = new Dictionary<string, object>
            {
                { "running", receiver.IsRunning }, { "errors", receiver.Errors }, { "last_error", receiver.LastError }
            };
            if (stream == null)
            {
                return found;
            }
            found["stream"] = stream.Name;
            found["received"] = stream.Received;
            found["lost"] = stream.Lost;
            found["skipped"] = stream.Skipped;
            found["stale"] = stream.Stale;
            found["restarts"] = stream.Restarts;
            found["seq"] = stream.Seq;
            found["state"] = stream.State;
            found["reason"] = stream.Reason;
            found["latency_ms"] = stream.LatencyMs;
            found["model"] = stream.Model == null ? null : Dump.Model(stream.Model);
            var snapshot = new Snapshot();
            if (stream.Frames.Sample(double.MaxValue, snapshot))
            {
                People people = snapshot.People;
                found["ids"] = Dump.Part(people.Ids, people.Count);
                found["vertices"] = Dump.Part(people.Vertices, people.Count * people.VertexCount * 3);
                found["translation"] = Dump.Part(people.Translation, people.Count * 3);
                found["rotvecs"] = Dump.Part(people.Rotvecs, people.Count * people.RotationCount * 3);
            }
            return found;
        }
    }
}
