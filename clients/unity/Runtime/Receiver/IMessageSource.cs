using System;
using System.Collections.Generic;

namespace Meshcast
{
    /// <summary>Where to connect to, and what to subscribe to.</summary>
    public sealed class SourceOptions
    {
        /// <summary>Messages kept for a reader that does not keep up.</summary>
        public const int HighWaterMark = 8;

        /// <summary>TCP's own probes notice a publisher whose machine has gone: after so many seconds of silence, so far
        /// apart, so many. Not ZeroMQ's heartbeats: with these a reader that stalls for some seconds, in a debugger for
        /// example, makes libzmq abort the process ("Assertion failed: _input_stopped", to 4.3.5 at least).</summary>
        public const int ProbeAfterS = 2;

        public const int ProbeIntervalS = 1;
        public const int Probes = 3;
        public const int ReconnectMs = 100;
        public const int ReconnectMaxMs = 2000;

        /// <summary>tcp://HOST:PORT or ipc://PATH.</summary>
        public readonly string Address;

        /// <summary>How messages start that are wanted.</summary>
        public readonly IList<byte[]> Topics;

        /// <summary>Null for a connection that is not encrypted.</summary>
        public readonly CurveKeys Keys;

        public SourceOptions(string address, IList<byte[]> topics, CurveKeys keys)
        {
            Address = address;
            Topics = topics;
            Keys = keys;
        }
    }

    /// <summary>A subscribed socket. All of it is called on the receiver's thread.</summary>
    public interface IMessageSource : IDisposable
    {
        /// <summary>Connects; the connection comes about by itself, and again after a break.</summary>
        /// <exception cref="WireException">The address or the keys cannot be used.</exception>
        void Open(SourceOptions options);

        /// <summary>Waits for the next message, at most <paramref name="timeoutMs"/>, and copies it into the buffer,
        /// which is replaced by a larger one when it is too small. Returns its size, or -1 when none came.</summary>
        int Receive(ref byte[] buffer, int timeoutMs);
    }

    /// <summary>The transports that are there.</summary>
    public static class MessageSources
    {
        private static readonly Dictionary<string, Func<IMessageSource>> Makers =
            new Dictionary<string, Func<IMessageSource>> { { "libzmq", () => new LibZmqSource() } };

        /// <summary>Adds a transport, or replaces one.</summary>
        public static void Register(string name, Func<IMessageSource> make)
        {
            lock (Makers)
            {
                Makers[name] = make;
            }
        }

        /// <summary>A new source of a transport: "netmq", "libzmq", or "" for the first of them that is
        /// there.</summary>
        /// <exception cref="WireException">It is not installed.</exception>
        public static IMessageSource Make(string name)
        {
            lock (Makers)
            {
                Func<IMessageSource> make;
                string chosen = name.Length > 0 ? name : Makers.ContainsKey("netmq") ? "netmq" : "libzmq";
                if (!Makers.TryGetValue(chosen, out make))
                {
                    throw new WireException("the transport " + chosen
                        + " is not there: install NetMQ as the package's README says, or choose LibZmq");
                }
                return make();
            }
        }
    }
}
