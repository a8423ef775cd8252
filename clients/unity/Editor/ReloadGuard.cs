using UnityEditor;

namespace Meshcast
{
    /// <summary>Ends all receiving before the editor loads code anew: a thread in a socket would freeze it.</summary>
    [InitializeOnLoad]
    internal static class ReloadGuard
    {
        static ReloadGuard()
        {
            AssemblyReloadEvents.beforeAssemblyReload += Receiver.StopAll;
            EditorApplication.quitting += Receiver.StopAll;
        }
    }
}
