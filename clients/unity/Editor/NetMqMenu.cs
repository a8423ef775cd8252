using System;
using System.Collections.Generic;
using UnityEditor;
using UnityEditor.Build;
using UnityEngine;

namespace Meshcast
{
    /// <summary>Turns NetMQ on for the selected platform, by the scripting define that its assembly waits
    /// for.</summary>
    internal static class NetMqMenu
    {
        private const string Define = "MESHCAST_NETMQ";

        [MenuItem("Tools/Meshcast/Use NetMQ")]
        private static void Use()
        {
            if (Type.GetType("NetMQ.NetMQConfig, NetMQ") == null)
            {
                Debug.LogError(
                    "Meshcast: NetMQ is not in this project; install it first, as the package's README says");
                return;
            }
            NamedBuildTarget target =
                NamedBuildTarget.FromBuildTargetGroup(EditorUserBuildSettings.selectedBuildTargetGroup);
            var defines = new List<string>(
                PlayerSettings.GetScriptingDefineSymbols(target).Split(
                    new[] { ';' }, StringSplitOptions.RemoveEmptyEntries));
            if (!defines.Contains(Define))
            {
                defines.Add(Define);
                PlayerSettings.SetScriptingDefineSymbols(target, string.Join(";", defines));
            }
            Debug.Log("Meshcast: NetMQ is used for " + target.TargetName);
        }
    }
}
