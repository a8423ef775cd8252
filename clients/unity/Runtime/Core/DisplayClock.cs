using System;

namespace Meshcast
{
    /// <summary>
    /// Which moment of the publisher's clock to show now. It stays behind by as much as the slowest of the last frames
    /// took from capture to arrival, and by some intervals between frames, so that there are frames on both sides to
    /// blend. It never runs backwards: corrections change its speed by a tenth at most, except when a clock was set.
    /// </summary>
    public sealed class DisplayClock
    {
        private const double DecayPerS = 0.05;
        private const double Slew = 0.1;
        private const double JumpS = 1;
        private const double LongestIntervalS = 0.5;

        private bool started;
        private double slowestS, intervalS, shownLagS;
        private double captureS, receiveS, shownAtS;

        /// <summary>Frame intervals to stay behind: 1 blends between frames, 0 shows the newest and
        /// extrapolates.</summary>
        public double Intervals = 1;

        /// <summary>How far behind the publisher's clock, as it looks from here, frames are shown, s.</summary>
        public double LagS
        {
            get { return slowestS + Intervals * intervalS; }
        }

        /// <summary>Smoothed time between frames, s.</summary>
        public double IntervalS
        {
            get { return intervalS; }
        }

        /// <summary>A frame that was captured at one moment (publisher's clock) arrived at another (this
        /// machine's).</summary>
        public void Observe(double frameCaptureS, double frameReceiveS)
        {
            double way = frameReceiveS - frameCaptureS;
            double step = frameCaptureS - captureS;
            if (!started || Math.Abs(way - slowestS) > JumpS)
            {
                slowestS = way;
                intervalS = started ? intervalS : 0;
                shownLagS = started ? LagS : way;
                started = true;
            }
            else
            {
                slowestS = Math.Max(way, slowestS - DecayPerS * Math.Max(0, frameReceiveS - receiveS));
                if (step > 0 && step < LongestIntervalS)
                {
                    intervalS = intervalS == 0 ? step : intervalS + 0.1 * (step - intervalS);
                }
            }
            captureS = frameCaptureS;
            receiveS = frameReceiveS;
        }

        /// <summary>The moment to show, on the publisher's clock, s. Call it with rising times.</summary>
        public double At(double nowS)
        {
            double room = Slew * Math.Max(0, nowS - shownAtS);
            double wrong = LagS - shownLagS;
            shownLagS = Math.Abs(wrong) > JumpS ? LagS : shownLagS + Math.Max(-room, Math.Min(room, wrong));
            shownAtS = nowS;
            return nowS - shownLagS;
        }
    }
}
