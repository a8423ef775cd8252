// Signatures of NetMQ 4.0.1 and AsyncIO that the package uses.
using System;

namespace AsyncIO
{
    public static class ForceDotNet
    {
        public static void Force() { }
    }
}

namespace NetMQ
{
    // NetMQ has System.Span here, which the compiler of these tests does not know.
    public struct Span<T>
    {
        public static implicit operator Span<T>(T[] array) { return default(Span<T>); }
        public void CopyTo(Span<T> destination) { }
    }

    public struct Msg
    {
        public int Size { get { return 0; } }
        public void InitEmpty() { }
        public void Close() { }
        public Span<byte> Slice() { return default(Span<byte>); }
    }

    public static class NetMQConfig
    {
        public static void Cleanup(bool block = true) { }
    }

    public class NetMQCertificate
    {
        public NetMQCertificate(byte[] secretKey, byte[] publicKey) { }
    }

    public class SocketOptions
    {
        public int ReceiveHighWatermark { get; set; }
        public long MaxMsgSize { get; set; }
        public bool TcpKeepalive { get; set; }
        public TimeSpan TcpKeepaliveIdle { get; set; }
        public TimeSpan TcpKeepaliveInterval { get; set; }
        public TimeSpan ReconnectInterval { get; set; }
        public TimeSpan ReconnectIntervalMax { get; set; }
        public TimeSpan Linger { get; set; }
        public bool IPv4Only { get; set; }
        public byte[] CurveServerKey { get; set; }
        public NetMQCertificate CurveCertificate { set { } }
    }

    public abstract class NetMQSocket : IDisposable
    {
        public SocketOptions Options { get { return null; } }
        public void Connect(string address) { }
        public bool TryReceive(ref Msg msg, TimeSpan timeout) { return false; }
        public void Dispose() { }
    }
}

namespace NetMQ.Sockets
{
    public class SubscriberSocket : NetMQSocket
    {
        public SubscriberSocket(string connectionString = null) { }
        public virtual void Subscribe(byte[] topic) { }
    }
}
