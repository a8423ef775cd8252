using System.Collections.Generic;
using System.IO;
using UnityEngine;

namespace Meshcast
{
    /// <summary>
    /// Receives a stream and has, at every picture, the people to draw. This object's transform is the camera's place:
    /// coordinates are metres from it, x right, y up, z forward. Everything arrives on a thread of its own; nothing
    /// here waits for the network.
    /// </summary>
    [DefaultExecutionOrder(-100)]
    [AddComponentMenu("Meshcast/Meshcast Stream")]
    [DisallowMultipleComponent]
    public sealed class MeshcastStream : MonoBehaviour
    {
        /// <summary>How messages are received.</summary>
        public enum Transport
        {
            /// <summary>NetMQ where it is installed, libzmq otherwise.</summary>
            Automatic,
            NetMQ,
            LibZmq
        }

        [Tooltip("Where the publisher is: tcp://HOST:PORT.")]
        public string address = "tcp://127.0.0.1:5556";

        [Tooltip("The stream's name; empty for the first one that comes.")]
        public string stream = "";

        [Tooltip("How much of each person: Params (for rigs; the fewest bytes), Joints, MeshLod or Mesh.")]
        public Level level = Level.Mesh;

        public Transport transport = Transport.Automatic;

        [Tooltip("Encrypted: the publisher's server.pub, in persistentDataPath or StreamingAssets, or a full path.")]
        public string serverCertificate = "";

        [Tooltip("Encrypted: this client's NAME.key, as 'meshcast keys new NAME' wrote it.")]
        public string clientCertificate = "";

        [Range(0, 3), Tooltip("Frame intervals to stay behind, so that there is something to blend; 0 extrapolates.")]
        public float intervals = 1;

        [Range(0, 500), Tooltip("How long movements go on when a frame is late, ms.")]
        public float maxExtrapolationMs = 100;

        private readonly Snapshot snapshot = new Snapshot();
        private readonly HashSet<int> claimed = new HashSet<int>();
        private Receiver receiver;
        private string lastError = "";

        /// <summary>Keys set by code, for programs that keep them elsewhere than in files. Set them before this is
        /// enabled. </summary>
        public CurveKeys Keys { get; set; }

        /// <summary>What is known of the stream, null before it came.</summary>
        public LiveStream Live { get; private set; }

        /// <summary>The people of this picture, null when there is no frame yet or the publisher is gone.</summary>
        public Snapshot Current { get; private set; }

        /// <summary>The constants of these people's bodies, null when they have not come yet.</summary>
        public ModelPacket Model
        {
            get
            {
                ModelPacket model = Live != null ? Live.Model : null;
                return model != null && Current != null && model.ModelId == Current.ModelId ? model : null;
            }
        }

        /// <summary>Whether anything came within the last three seconds; the publisher sends a sign of life every
        /// second. </summary>
        public bool IsConnected
        {
            get { return Live != null && Clock.NowS - Live.LastReceiveS < 3; }
        }

        /// <summary>The last error, empty when there is none.</summary>
        public string Error
        {
            get { return receiver != null ? receiver.LastError : lastError; }
        }

        /// <summary>Messages that were damaged or foreign.</summary>
        public long Errors
        {
            get { return receiver != null ? receiver.Errors : 0; }
        }

        /// <summary>Takes a person for one body, so that no other that looks for anybody takes the same.</summary>
        internal bool Claim(int id)
        {
            return claimed.Add(id);
        }

        internal void Release(int id)
        {
            claimed.Remove(id);
        }

        private void OnEnable()
        {
            try
            {
                string name = transport == Transport.NetMQ ? "netmq" : transport == Transport.LibZmq ? "libzmq" : "";
                receiver = new Receiver(
                    address, stream, level, Axes.Unity, Keys ?? ReadKeys(), () => MessageSources.Make(name));
                receiver.Start();
            }
            catch (WireException error)
            {
                lastError = error.Message;
                Debug.LogError("Meshcast: " + error.Message, this);
            }
        }

        private void OnDisable()
        {
            if (receiver != null)
            {
                receiver.Stop();
                receiver = null;
            }
            Live = null;
            Current = null;
        }

        /// <summary>Nothing is received for a program that nobody sees, such as one in a phone's background.</summary>
        private void OnApplicationPause(bool paused)
        {
            if (receiver == null)
            {
                return;
            }
            if (paused)
            {
                receiver.Stop();
            }
            else
            {
                receiver.Start();
            }
        }

        private void Update()
        {
            if (receiver == null)
            {
                return;
            }
            Report(receiver.LastError);
            Live = receiver.Find(stream);
            Current = null;
            if (Live == null)
            {
                return;
            }
            Live.Intervals = intervals;
            Live.MaxExtrapolationS = maxExtrapolationMs / 1000;
            if (IsConnected && Live.State != StreamState.Ended && Live.Sample(Clock.NowS, snapshot))
            {
                Current = snapshot;
            }
        }

        private void Report(string error)
        {
            if (error.Length > 0 && error != lastError)
            {
                Debug.LogWarning("Meshcast: " + error, this);
            }
            lastError = error;
        }

        private CurveKeys ReadKeys()
        {
            if (serverCertificate.Length == 0 && clientCertificate.Length == 0)
            {
                return null;
            }
            return CurveKeys.FromCertificates(ReadFile(serverCertificate), ReadFile(clientCertificate));
        }

        private static string ReadFile(string name)
        {
            // Path.Combine gives the name itself when it is a full path.
            foreach (string folder in new[] { Application.persistentDataPath, Application.streamingAssetsPath })
            {
                string path = Path.Combine(folder, name);
                if (name.Length > 0 && File.Exists(path))
                {
                    return File.ReadAllText(path);
                }
            }
            throw new WireException("certificate '" + name + "' is not there: put it into "
                + Application.persistentDataPath + " or StreamingAssets, or give its full path");
        }
    }
}
