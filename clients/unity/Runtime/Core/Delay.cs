using System;

namespace Meshcast
{
    /// <summary>
    /// How long packets are on their way, without a common clock: the quickest packet ever seen took no time, by
    /// definition; what others took longer is their delay. A backlog after a stall is read within a moment, so packets
    /// that stay late for longer than <see cref="ResetS"/> mean that one clock stood still.
    /// </summary>
    public sealed class Delay
    {
        /// <summary>How far two machines' clocks may drift apart, s a second.</summary>
        public const double Drift = 1e-4;

        /// <summary>A packet this much later than the quickest, in s, has waited in a queue.</summary>
        public const double StaleS = 0.5;

        /// <summary>Packets that are all late for so long, in s: a clock has changed, nothing is queued.</summary>
        public const double ResetS = 1.0;

        private bool started;
        private uint session;
        private double quickestS;
        private double seenS;
        private double lateSinceS = double.NaN;

        /// <summary>The delay in s of a packet, given both monotonic times; 0 for the first one of a session.</summary>
        public double Of(uint packetSession, double publishS, double receiveS)
        {
            double wayS = receiveS - publishS;
            if (!started || packetSession != session)
            {
                started = true;
                session = packetSession;
                Restart(wayS, receiveS);
            }
            quickestS = Math.Min(wayS, quickestS + Drift * (receiveS - seenS));
            seenS = receiveS;
            if (wayS - quickestS <= StaleS)
            {
                lateSinceS = double.NaN;
            }
            else if (double.IsNaN(lateSinceS))
            {
                lateSinceS = receiveS;
            }
            else if (receiveS - lateSinceS > ResetS)
            {
                Restart(wayS, receiveS);
            }
            return wayS - quickestS;
        }

        private void Restart(double wayS, double receiveS)
        {
            quickestS = wayS;
            seenS = receiveS;
            lateSinceS = double.NaN;
        }
    }
}
