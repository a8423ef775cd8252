using System.Diagnostics;

namespace Meshcast
{
    /// <summary>This machine's monotonic clock.</summary>
    public static class Clock
    {
        /// <summary>Seconds since some moment in the past.</summary>
        public static double NowS
        {
            get { return Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency; }
        }
    }
}
