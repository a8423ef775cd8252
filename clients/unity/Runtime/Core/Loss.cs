namespace Meshcast
{
    /// <summary>
    /// Counts what did not arrive, by the numbers of a stream's frames. Tell it of every message that arrives, also of
    /// those that are left out because a newer one waits behind them.
    /// </summary>
    public sealed class Loss
    {
        private bool started;

        /// <summary>Frames that arrived.</summary>
        public long Received { get; private set; }

        /// <summary>Frames that were published but did not arrive, since the first one seen.</summary>
        public long Lost { get; private set; }

        /// <summary>Frames that arrived after a later one, or twice; they also count as lost.</summary>
        public long Reordered { get; private set; }

        /// <summary>How often the publisher started again.</summary>
        public long Restarts { get; private set; }

        /// <summary>The publisher's run.</summary>
        public uint Session { get; private set; }

        /// <summary>The last frame's number.</summary>
        public ulong Seq { get; private set; }

        /// <summary>Goes on from a frame that was seen before, by another run of this program for example.</summary>
        public void Resume(uint session, ulong seq)
        {
            started = true;
            Session = session;
            Seq = seq;
        }

        /// <summary>A frame has arrived; false when it is older than one that came before.</summary>
        public bool See(uint session, ulong seq)
        {
            Received++;
            if (!started || session != Session)
            {
                Restarts += started ? 1 : 0;
                Resume(session, seq);
                return true;
            }
            if (seq <= Seq)
            {
                Reordered++;
                return false;
            }
            Lost += (long)(seq - Seq - 1);
            Seq = seq;
            return true;
        }

        /// <summary>A status message names the number of the next frame: what was not seen before it is lost.</summary>
        public void SeeNext(uint session, ulong nextSeq)
        {
            if (started && session == Session && nextSeq > Seq + 1)
            {
                Lost += (long)(nextSeq - Seq - 1);
                Seq = nextSeq - 1;
            }
        }
    }
}
