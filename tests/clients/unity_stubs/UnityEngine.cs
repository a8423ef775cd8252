// The program around it, and attributes.
using System;

namespace UnityEngine
{
    public static class Time
    {
        public static float unscaledDeltaTime
        {
            get { return 0.016f; }
        }

        public static float unscaledTime
        {
            get { return Environment.TickCount / 1000f; }
        }
    }

    public static class Application
    {
        public static event Action quitting;

        public static string persistentDataPath
        {
            get { return "/nonexistent"; }
        }

        public static string streamingAssetsPath
        {
            get { return "/nonexistent"; }
        }

        public static void Quit()
        {
            if (quitting != null)
            {
                quitting();
            }
        }
    }

    public static class Debug
    {
        public static void Log(object message)
        {
            Console.Error.WriteLine(message);
        }

        public static void LogWarning(object message, Object context)
        {
            Log(message);
        }

        public static void LogError(object message)
        {
            Log(message);
        }

        public static void LogError(object message, Object context)
        {
            Log(message);
        }
    }

    public struct Rect
    {
        public Rect(float x, float y, float width, float height)
        {
        }
    }

    public class GUI
    {
        // Not Unity's: what is on the screen.
        public static string Text = "";

        public static void Label(Rect position, string text)
        {
            Text = text;
        }
    }

    public enum RuntimeInitializeLoadType
    {
        SubsystemRegistration = 4
    }

    [AttributeUsage(AttributeTargets.Method)]
    public class RuntimeInitializeOnLoadMethodAttribute : Attribute
    {
        public RuntimeInitializeOnLoadMethodAttribute(RuntimeInitializeLoadType loadType)
        {
        }
    }

    [AttributeUsage(AttributeTargets.Field)]
    public class TooltipAttribute : Attribute
    {
        public TooltipAttribute(string tooltip)
        {
        }
    }

    [AttributeUsage(AttributeTargets.Field)]
    public class RangeAttribute : Attribute
    {
        public RangeAttribute(float min, float max)
        {
        }
    }

    [AttributeUsage(AttributeTargets.Class)]
    public class AddComponentMenuAttribute : Attribute
    {
        public AddComponentMenuAttribute(string menuName)
        {
        }
    }

    [AttributeUsage(AttributeTargets.Class)]
    public class DisallowMultipleComponentAttribute : Attribute
    {
    }

    [AttributeUsage(AttributeTargets.Class)]
    public class DefaultExecutionOrderAttribute : Attribute
    {
        public readonly int Order;

        public DefaultExecutionOrderAttribute(int order)
        {
            Order = order;
        }
    }
}

namespace UnityEngine.Scripting
{
    [AttributeUsage(AttributeTargets.Assembly)]
    public class AlwaysLinkAssemblyAttribute : Attribute
    {
    }
}
