using System;

namespace Meshcast
{
    /// <summary>
    /// One stream as its receiver knows it. The receiver's thread writes, any other thread may read: properties are the
    /// newest values, and <see cref="Sample"/> gives the people to draw now.
    /// </summary>
    public sealed class LiveStream
    {
        private readonly object gate = new object();
        private readonly Delay delay = new Delay();
        private readonly DisplayClock clock = new DisplayClock();
        private volatile ModelPacket model;

        internal readonly Loss LossCounter = new Loss();
        internal readonly FrameBuffer Frames = new FrameBuffer();
        internal readonly StatusPacket StatusPacket = new StatusPacket();

        internal LiveStream(string name)
        {
            Name = name;
        }

        public readonly string Name;

        /// <summary>The constants of the bodies, null before they came.</summary>
        public ModelPacket Model
        {
            get { return model; }
            internal set { model = value; }
        }

        /// <summary>Live, idle or ended, by the last status message.</summary>
        public StreamState State { get; internal set; }

        /// <summary>Why it ended.</summary>
        public string Reason { get; internal set; } = "";

        /// <summary>Frames that arrived but were left out because a newer one was behind them.</summary>
        public long Skipped { get; internal set; }

        /// <summary>Frames that were left out because they had waited in a queue for too long.</summary>
        public long Stale { get; internal set; }

        /// <summary>Frames that arrived.</summary>
        public long Received
        {
            get { return LossCounter.Received; }
        }

        /// <summary>Frames that were published but did not arrive.</summary>
        public long Lost
        {
            get { return LossCounter.Lost; }
        }

        /// <summary>Frames that arrived after a later one.</summary>
        public long Reordered
        {
            get { return LossCounter.Reordered; }
        }

        /// <summary>How often the publisher started again.</summary>
        public long Restarts
        {
            get { return LossCounter.Restarts; }
        }

        /// <summary>The last frame's number.</summary>
        public ulong Seq
        {
            get { return LossCounter.Seq; }
        }

        /// <summary>From capture to arrival, ms: the publisher's share, and how much longer than the quickest frame
        /// this one was on its way.</summary>
        public double LatencyMs { get; private set; }

        /// <summary>When the last message of this stream arrived, <see cref="Clock.NowS"/>.</summary>
        public double LastReceiveS { get; internal set; }

        /// <summary>Frame intervals to stay behind so that there is something to blend with; 0 extrapolates
        /// instead.</summary>
        public double Intervals
        {
            get { return clock.Intervals; }
            set { clock.Intervals = Math.Max(0, value); }
        }

        /// <summary>How long movements go on when the next frame is late, s.</summary>
        public double MaxExtrapolationS
        {
            get { return Frames.MaxExtrapolationS; }
            set { Frames.MaxExtrapolationS = Math.Max(0, value); }
        }

        /// <summary>The people to draw at a moment of <see cref="Clock.NowS"/>; false before the first frame. Call it
        /// with rising times.</summary>
        public bool Sample(double nowS, Snapshot into)
        {
            double timeS;
            lock (gate)
            {
                timeS = clock.At(nowS);
            }
            return Frames.Sample(timeS, into);
        }

        /// <summary>Whether a frame is new enough to be shown; keeps the clocks.</summary>
        internal bool Observe(FramePacket packet, double receiveS)
        {
            double late = delay.Of(packet.Session, packet.PublishMonotonicS, receiveS);
            if (late > Delay.StaleS)
            {
                Stale++;
                return false;
            }
            LatencyMs = packet.AgeMs + 1000 * late;
            lock (gate)
            {
                clock.Observe(packet.CaptureMonotonicNs / 1e9, receiveS);
            }
            return true;
        }
    }
}
