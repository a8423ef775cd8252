using UnityEngine;

namespace Meshcast
{
    /// <summary>No thread outlives the program: sockets that are still open would keep it from ending.</summary>
    internal static class Shutdown
    {
        [RuntimeInitializeOnLoadMethod(RuntimeInitializeLoadType.SubsystemRegistration)]
        private static void Arrange()
        {
            // This runs at every start of play mode, also where the code is not loaded anew.
            Application.quitting -= Receiver.StopAll;
            Application.quitting += Receiver.StopAll;
        }
    }
}
