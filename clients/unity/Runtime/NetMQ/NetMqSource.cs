using System;
using NetMQ;
using NetMQ.Sockets;
using UnityEngine;
using UnityEngine.Scripting;

[assembly: AlwaysLinkAssembly]

namespace Meshcast
{
    /// <summary>
    /// Receives through NetMQ 4 (4.0.1 or newer for encrypted connections), which needs no native library. NetMQ's own
    /// threads end with the last source, and without waiting: otherwise they would keep the editor from loading code
    /// anew. Sockets that the project itself has opened with NetMQ end with them.
    /// </summary>
    public sealed class NetMqSource : IMessageSource
    {
        private static readonly object Gate = new object();
        private static int open;

        private SubscriberSocket socket;

        [RuntimeInitializeOnLoadMethod(RuntimeInitializeLoadType.SubsystemRegistration)]
        private static void Register()
        {
            MessageSources.Register("netmq", () => new NetMqSource());
        }

        public void Open(SourceOptions options)
        {
            lock (Gate)
            {
                // Unity's runtime lacks what AsyncIO would use on Windows; without this nothing ever arrives.
                AsyncIO.ForceDotNet.Force();
                socket = new SubscriberSocket();
                open++;
            }
            NetMQ.SocketOptions wanted = socket.Options;
            wanted.ReceiveHighWatermark = SourceOptions.HighWaterMark;
            wanted.MaxMsgSize = Wire.MaxMessageBytes;
            wanted.TcpKeepalive = true;
            wanted.TcpKeepaliveIdle = TimeSpan.FromSeconds(SourceOptions.ProbeAfterS);
            wanted.TcpKeepaliveInterval = TimeSpan.FromSeconds(SourceOptions.ProbeIntervalS);
            wanted.ReconnectInterval = TimeSpan.FromMilliseconds(SourceOptions.ReconnectMs);
            wanted.ReconnectIntervalMax = TimeSpan.FromMilliseconds(SourceOptions.ReconnectMaxMs);
            wanted.Linger = TimeSpan.Zero;
            wanted.IPv4Only = options.Address.IndexOf('[') < 0;
            if (options.Keys != null)
            {
                wanted.CurveServerKey = CurveKeys.Decode(options.Keys.ServerPublic);
                wanted.CurveCertificate = new NetMQCertificate(
                    CurveKeys.Decode(options.Keys.ClientSecret), CurveKeys.Decode(options.Keys.ClientPublic));
            }
            foreach (byte[] topic in options.Topics)
            {
                socket.Subscribe(topic);
            }
            try
            {
                socket.Connect(options.Address);
            }
            catch (Exception error)
            {
                throw new WireException(options.Address + ": cannot be connected to (" + error.Message
                    + "); use tcp://HOST:PORT");
            }
        }

        public int Receive(ref byte[] buffer, int timeoutMs)
        {
            var message = new Msg();
            message.InitEmpty();
            try
            {
                if (!socket.TryReceive(ref message, TimeSpan.FromMilliseconds(timeoutMs)))
                {
                    return -1;
                }
                if (buffer.Length < message.Size)
                {
                    buffer = new byte[message.Size];
                }
                message.Slice().CopyTo(buffer);
                return message.Size;
            }
            finally
            {
                message.Close();
            }
        }

        public void Dispose()
        {
            lock (Gate)
            {
                if (socket == null)
                {
                    return;
                }
                socket.Dispose();
                socket = null;
                if (--open == 0)
                {
                    NetMQConfig.Cleanup(false);
                }
            }
        }
    }
}
