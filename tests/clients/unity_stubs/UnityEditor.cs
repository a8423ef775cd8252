// Signatures of the Unity editor's API (2021.3) that the package uses.
using System;
using UnityEditor.Build;

namespace UnityEditor
{
    [AttributeUsage(AttributeTargets.Class)]
    public class InitializeOnLoadAttribute : Attribute { }

    [AttributeUsage(AttributeTargets.Method)]
    public sealed class MenuItem : Attribute
    {
        public MenuItem(string itemName) { }
    }

    public static class AssemblyReloadEvents
    {
        public delegate void AssemblyReloadCallback();
        public static event AssemblyReloadCallback beforeAssemblyReload { add { } remove { } }
    }

    public class EditorApplication
    {
        public static event Action quitting { add { } remove { } }
    }

    public enum BuildTargetGroup { Standalone = 1 }

    public class EditorUserBuildSettings
    {
        public static BuildTargetGroup selectedBuildTargetGroup { get; set; }
    }

    public sealed class PlayerSettings
    {
        public static string GetScriptingDefineSymbols(NamedBuildTarget buildTarget) { return ""; }
        public static void SetScriptingDefineSymbols(NamedBuildTarget buildTarget, string defines) { }
    }
}

namespace UnityEditor.Build
{
    public struct NamedBuildTarget
    {
        public string TargetName { get { return ""; } }
        public static NamedBuildTarget FromBuildTargetGroup(BuildTargetGroup buildTargetGroup)
        {
            return default(NamedBuildTarget);
        }
    }
}
