using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Meshcast
{
    /// <summary>
    /// Receives through the native libzmq (4.2 or newer), for builds where it is installed: Linux PCs and Jetson boards
    /// (package libzmq5), or wherever a libzmq lies in the project's Plugins folder.
    /// </summary>
    public sealed class LibZmqSource : IMessageSource
    {
#if UNITY_EDITOR_LINUX || (UNITY_STANDALONE_LINUX && !UNITY_EDITOR) || !UNITY_5_3_OR_NEWER
        private const string Library = "libzmq.so.5";
#else
        private const string Library = "libzmq";
#endif

        // zmq.h
        private const int Sub = 2;
        private const int Subscribe = 6;
        private const int Linger = 17;
        private const int ReconnectIvl = 18;
        private const int ReconnectIvlMax = 21;
        private const int MaxMsgSize = 22;
        private const int RcvHwm = 24;
        private const int RcvTimeo = 27;
        private const int TcpKeepalive = 34;
        private const int TcpKeepaliveCnt = 35;
        private const int TcpKeepaliveIdle = 36;
        private const int TcpKeepaliveIntvl = 37;
        private const int Ipv6 = 42;
        private const int CurvePublicKey = 48;
        private const int CurveSecretKey = 49;
        private const int CurveServerKey = 50;
        private const int DontWait = 1;
        private const int MessageStructSize = 64;

        private IntPtr context;
        private IntPtr socket;
        private IntPtr message;
        private int timeoutMs = -1;

        public void Open(SourceOptions options)
        {
            try
            {
                context = zmq_ctx_new();
            }
            catch (DllNotFoundException)
            {
                throw new WireException(Library + " is not there: install the package libzmq5, or put the library into "
                    + "Plugins, or use NetMQ");
            }
            socket = zmq_socket(context, Sub);
            message = Marshal.AllocHGlobal(MessageStructSize);
            Set(RcvHwm, SourceOptions.HighWaterMark);
            Set(TcpKeepalive, 1);
            Set(TcpKeepaliveIdle, SourceOptions.ProbeAfterS);
            Set(TcpKeepaliveIntvl, SourceOptions.ProbeIntervalS);
            Set(TcpKeepaliveCnt, SourceOptions.Probes);
            Set(ReconnectIvl, SourceOptions.ReconnectMs);
            Set(ReconnectIvlMax, SourceOptions.ReconnectMaxMs);
            Set(Linger, 0);
            Set(Ipv6, options.Address.IndexOf('[') >= 0 ? 1 : 0);
            long largest = Wire.MaxMessageBytes;
            Check(zmq_setsockopt_long(socket, MaxMsgSize, ref largest, (UIntPtr)8), "the size limit");
            if (options.Keys != null)
            {
                SetKey(CurveServerKey, options.Keys.ServerPublic);
                SetKey(CurvePublicKey, options.Keys.ClientPublic);
                SetKey(CurveSecretKey, options.Keys.ClientSecret);
            }
            foreach (byte[] topic in options.Topics)
            {
                Check(zmq_setsockopt(socket, Subscribe, topic, (UIntPtr)topic.Length), "a topic");
            }
            byte[] address = Encoding.UTF8.GetBytes(options.Address + "\0");
            if (zmq_connect(socket, address) != 0)
            {
                throw new WireException(options.Address + ": cannot be connected to (" + Error()
                    + "); use tcp://HOST:PORT or ipc://PATH");
            }
        }

        public int Receive(ref byte[] buffer, int waitMs)
        {
            if (waitMs > 0 && waitMs != timeoutMs)
            {
                Set(RcvTimeo, waitMs);
                timeoutMs = waitMs;
            }
            zmq_msg_init(message);
            try
            {
                int size = zmq_msg_recv(message, socket, waitMs > 0 ? 0 : DontWait);
                if (size < 0)
                {
                    return -1;
                }
                Bytes.Room(ref buffer, size);
                if (size > 0)
                {
                    Marshal.Copy(zmq_msg_data(message), buffer, 0, size);
                }
                return size;
            }
            finally
            {
                zmq_msg_close(message);
            }
        }

        public void Dispose()
        {
            if (socket != IntPtr.Zero)
            {
                zmq_close(socket);
                socket = IntPtr.Zero;
            }
            if (context != IntPtr.Zero)
            {
                zmq_ctx_term(context);
                context = IntPtr.Zero;
            }
            Marshal.FreeHGlobal(message);
            message = IntPtr.Zero;
        }

        private void Set(int option, int value)
        {
            Check(zmq_setsockopt_int(socket, option, ref value, (UIntPtr)4), "option " + option);
        }

        private void SetKey(int option, string key)
        {
            byte[] text = Encoding.ASCII.GetBytes(key + "\0");
            Check(zmq_setsockopt(socket, option, text, (UIntPtr)text.Length), "a CURVE key");
        }

        private static void Check(int result, string what)
        {
            if (result != 0)
            {
                throw new WireException("libzmq does not take " + what + ": " + Error());
            }
        }

        private static string Error()
        {
            return Marshal.PtrToStringAnsi(zmq_strerror(zmq_errno()));
        }

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        private static extern IntPtr zmq_ctx_new();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        private static extern int zmq_ctx_term(IntPtr context);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        private static extern IntPtr zmq_socket(IntPtr context, int type);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        private static extern int zmq_close(IntPtr socket);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        private static extern int zmq_connect(IntPtr socket, byte[] address);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        private static extern int zmq_setsockopt(IntPtr socket, int option, byte[] value, UIntPtr size);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, EntryPoint = "zmq_setsockopt")]
        private static extern int zmq_setsockopt_int(IntPtr socket, int option, ref int value, UIntPtr size);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, EntryPoint = "zmq_setsockopt")]
        private static extern int zmq_setsockopt_long(IntPtr socket, int option, ref long value, UIntPtr size);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        private static extern int zmq_msg_init(IntPtr message);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        private static extern int zmq_msg_recv(IntPtr message, IntPtr socket, int flags);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        private static extern IntPtr zmq_msg_data(IntPtr message);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        private static extern int zmq_msg_close(IntPtr message);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        private static extern int zmq_errno();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        private static extern IntPtr zmq_strerror(int number);
    }
}
