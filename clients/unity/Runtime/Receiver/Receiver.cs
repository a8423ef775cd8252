using System;
using System.Collections.Generic;
using System.Threading;

namespace Meshcast
{
    /// <summary>
    /// Receives what a publisher sends, on a thread of its own: reads all that is there, keeps the newest message of
    /// each topic, leaves out what has waited for too long, converts it to this side's axes and keeps it per stream.
    /// The connection comes about by itself and heals by itself; messages that are damaged are counted and left out.
    /// </summary>
    public sealed class Receiver : IDisposable
    {
        // Short enough that Stop is prompt, long enough to cost nothing.
        private const int WaitMs = 50;
        private const int StopMs = 2000;

        /// <summary>Seconds without a sign of life after which an encrypted connection is made anew: libzmq gives up
        /// for good when a publisher refuses a key, which it may come to know later.</summary>
        internal double SilenceS = 5;

        // Whoever invents streams does not make this grow.
        private const int MaxStreams = 64;

        private static readonly List<Receiver> Running = new List<Receiver>();

        private readonly SourceOptions options;
        private readonly Func<IMessageSource> makeSource;
        private readonly AxesConverter converter;
        private readonly Dictionary<string, LiveStream> streams = new Dictionary<string, LiveStream>();
        private readonly Inbox inbox = new Inbox();
        private byte[] buffer = new byte[1 << 16];
        private string topicName = "";
        private double heardS;
        private bool silent;
        private Thread thread;
        private volatile bool stopping;
        private volatile string lastError = "";
        private long errors;

        /// <summary>Does not connect yet. An empty stream means all of them.</summary>
        /// <exception cref="WireException">The stream's name does not fit.</exception>
        public Receiver(
            string address, string stream, Level level, Axes axes, CurveKeys keys, Func<IMessageSource> makeSource)
        {
            // The model first: a publisher that reads all requests at once answers it before its next frame.
            var topics = new List<byte[]>
            {
                Wire.Topic(Kind.Model, stream), Wire.Topic(Kind.Status, stream), Wire.Topic((Kind)level, stream)
            };
            options = new SourceOptions(address, topics, keys);
            converter = new AxesConverter(axes);
            this.makeSource = makeSource;
        }

        /// <summary>Messages that were damaged or foreign.</summary>
        public long Errors
        {
            get { return Interlocked.Read(ref errors); }
        }

        /// <summary>The last of these, or why the thread ended; empty when all is well.</summary>
        public string LastError
        {
            get { return lastError; }
        }

        /// <summary>Whether the thread runs.</summary>
        public bool IsRunning
        {
            get { return thread != null && thread.IsAlive; }
        }

        /// <summary>Stops all receivers of this program: before its code is unloaded, for example.</summary>
        public static void StopAll()
        {
            Receiver[] all;
            lock (Running)
            {
                all = Running.ToArray();
            }
            foreach (Receiver receiver in all)
            {
                receiver.Stop();
            }
        }

        /// <summary>Starts receiving; what was counted before goes on.</summary>
        public void Start()
        {
            if (IsRunning)
            {
                return;
            }
            stopping = false;
            lastError = "";
            thread = new Thread(Work) { IsBackground = true, Name = "meshcast " + options.Address };
            lock (Running)
            {
                Running.Add(this);
            }
            thread.Start();
        }

        /// <summary>Ends the thread and its connection; waits until both are gone, a few hundredths of a
        /// second.</summary>
        public void Stop()
        {
            stopping = true;
            lock (Running)
            {
                Running.Remove(this);
            }
            if (thread != null && thread.Join(StopMs))
            {
                thread = null;
            }
        }

        public void Dispose()
        {
            Stop();
        }

        /// <summary>A stream by its name, or the first that came when it is empty; null when it has not come
        /// yet.</summary>
        public LiveStream Find(string name)
        {
            lock (streams)
            {
                LiveStream found;
                if (name.Length > 0)
                {
                    return streams.TryGetValue(name, out found) ? found : null;
                }
                foreach (LiveStream stream in streams.Values)
                {
                    return stream;
                }
                return null;
            }
        }

        private void Work()
        {
            IMessageSource source = null;
            try
            {
                source = makeSource();
                source.Open(options);
                heardS = Clock.NowS;
                while (!stopping)
                {
                    Drain(source);
                    Deliver();
                    if (options.Keys != null && Clock.NowS - heardS > SilenceS)
                    {
                        ComplainOfSilence();
                        source.Dispose();
                        source = makeSource();
                        source.Open(options);
                        heardS = Clock.NowS;
                    }
                }
            }
            catch (WireException error)
            {
                lastError = error.Message;
            }
            catch (ThreadAbortException)
            {
                // The program's code is being unloaded: only what is below is still to be done.
            }
            catch (Exception error)
            {
                lastError = options.Address + ": receiving ended: " + error.Message;
            }
            finally
            {
                if (source != null)
                {
                    source.Dispose();
                }
            }
        }

        private void ComplainOfSilence()
        {
            silent = true;
            lastError = options.Address + ": nothing comes; is the publisher there, is this its public key, and is "
                + "this client's in its folder?";
        }

        private void Drain(IMessageSource source)
        {
            int size = source.Receive(ref buffer, WaitMs);
            // At most what can be queued: a publisher that sends faster than this reads must not hold it here.
            for (int left = 4 * SourceOptions.HighWaterMark; size >= 0 && !stopping; left--)
            {
                Accept(size);
                size = left > 0 ? source.Receive(ref buffer, 0) : -1;
            }
        }

        private void Accept(int size)
        {
            try
            {
                double nowS = Clock.NowS;
                heardS = nowS;
                if (silent)
                {
                    silent = false;
                    lastError = "";
                }
                Kind kind = Packet.ReadKind(buffer, size);
                LiveStream stream = StreamOf(kind);
                stream.LastReceiveS = nowS;
                bool frame = kind != Kind.Model && kind != Kind.Status;
                if (frame && !stream.LossCounter.See(Packet.ReadSession(buffer), Packet.ReadSeq(buffer)))
                {
                    return;
                }
                if (inbox.Put(ref buffer, size, nowS) && frame)
                {
                    stream.Skipped++;
                }
            }
            catch (WireException error)
            {
                Note(error);
            }
        }

        private void Deliver()
        {
            for (int i = 0; i < inbox.Slots.Count; i++)
            {
                Inbox.Slot slot = inbox.Slots[i];
                if (!slot.Waiting)
                {
                    continue;
                }
                slot.Waiting = false;
                try
                {
                    Deliver(slot);
                }
                catch (WireException error)
                {
                    Note(error);
                }
            }
        }

        private void Deliver(Inbox.Slot slot)
        {
            Kind kind = Packet.ReadKind(slot.Buffer, slot.Size);
            LiveStream stream = StreamOf(slot.Topic, kind);
            switch (kind)
            {
                case Kind.Model:
                    DeliverModel(slot, stream);
                    break;
                case Kind.Status:
                    stream.StatusPacket.Read(slot.Buffer, slot.Size);
                    stream.LossCounter.SeeNext(stream.StatusPacket.Session, stream.StatusPacket.NextSeq);
                    stream.Reason = stream.StatusPacket.Reason;
                    stream.State = stream.StatusPacket.State;
                    break;
                default:
                    DeliverFrame(slot, stream);
                    break;
            }
        }

        private void DeliverModel(Inbox.Slot slot, LiveStream stream)
        {
            // It is repeated every few seconds, and equal ids mean equal bytes.
            if (stream.Model == null || stream.Model.ModelId != Packet.ReadModelId(slot.Buffer))
            {
                ModelPacket model = ModelPacket.Read(slot.Buffer, slot.Size);
                converter.Convert(model);
                stream.Model = model;
            }
        }

        private void DeliverFrame(Inbox.Slot slot, LiveStream stream)
        {
            FramePacket packet = stream.Frames.Rent();
            try
            {
                packet.Read(slot.Buffer, slot.Size);
                converter.Convert(packet);
            }
            catch (WireException)
            {
                stream.Frames.GiveBack(packet);
                throw;
            }
            if (stream.State == StreamState.Ended && packet.Session != stream.StatusPacket.Session)
            {
                // The publisher is back; its first status is still to come.
                stream.State = StreamState.Live;
            }
            if (stream.Observe(packet, slot.ReceiveS))
            {
                stream.Frames.Push(packet);
            }
            else
            {
                stream.Frames.GiveBack(packet);
            }
        }

        private LiveStream StreamOf(Kind kind)
        {
            return StreamOf(buffer, kind);
        }

        private LiveStream StreamOf(byte[] topic, Kind kind)
        {
            topicName = Packet.ReadStream(topic, kind, topicName);
            lock (streams)
            {
                LiveStream stream;
                if (!streams.TryGetValue(topicName, out stream))
                {
                    if (streams.Count == MaxStreams)
                    {
                        throw new WireException("more than " + MaxStreams + " streams: name one of them");
                    }
                    stream = new LiveStream(topicName);
                    streams.Add(topicName, stream);
                }
                return stream;
            }
        }

        private void Note(WireException error)
        {
            Interlocked.Increment(ref errors);
            lastError = error.Message;
        }
    }
}
