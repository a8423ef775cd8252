// What the package uses of Unity (2021.3), with Unity's names and signatures: objects and their components. Enough of
// it works for the tests to run the package's components without Unity.
using System;
using System.Collections.Generic;
using System.Reflection;

namespace UnityEngine
{
    public class Object
    {
        private bool destroyed;

        public string name { get; set; }

        public static void Destroy(Object obj)
        {
            obj.destroyed = true;
        }

        public static bool operator ==(Object x, Object y)
        {
            return ReferenceEquals(Alive(x), Alive(y));
        }

        public static bool operator !=(Object x, Object y)
        {
            return !(x == y);
        }

        public override bool Equals(object other)
        {
            return ReferenceEquals(this, other);
        }

        public override int GetHashCode()
        {
            return base.GetHashCode();
        }

        private static Object Alive(Object x)
        {
            return ReferenceEquals(x, null) || x.destroyed ? null : x;
        }
    }

    public class Component : Object
    {
        public GameObject gameObject { get; internal set; }

        public Transform transform
        {
            get { return gameObject.transform; }
        }

        public T GetComponent<T>()
        {
            return gameObject.GetComponent<T>();
        }

        public T[] GetComponentsInChildren<T>(bool includeInactive)
        {
            var found = new List<T>();
            transform.Visit(child => found.AddRange(child.gameObject.GetComponents<T>()));
            return found.ToArray();
        }
    }

    public class Behaviour : Component
    {
        public bool enabled { get; set; }
    }

    public class MonoBehaviour : Behaviour
    {
    }

    public sealed class GameObject : Object
    {
        private readonly List<Component> components = new List<Component>();
        private bool active = true;

        public GameObject(string name)
        {
            this.name = name;
            transform = AddComponent<Transform>();
        }

        public Transform transform { get; private set; }

        public T GetComponent<T>()
        {
            List<T> found = GetComponents<T>();
            return found.Count > 0 ? found[0] : default(T);
        }

        public T AddComponent<T>() where T : Component
        {
            T component = Activator.CreateInstance<T>();
            component.gameObject = this;
            component.name = name;
            components.Add(component);
            var behaviour = component as MonoBehaviour;
            if (behaviour != null)
            {
                Player.Add(behaviour);
                Switch(active, behaviour);
            }
            return component;
        }

        public void SetActive(bool value)
        {
            if (value != active)
            {
                active = value;
                GetComponents<MonoBehaviour>().ForEach(behaviour => Switch(value, behaviour));
            }
        }

        internal List<T> GetComponents<T>()
        {
            var found = new List<T>();
            foreach (object component in components)
            {
                if (component is T)
                {
                    found.Add((T)component);
                }
            }
            return found;
        }

        private static void Switch(bool on, MonoBehaviour behaviour)
        {
            if (on != behaviour.enabled)
            {
                behaviour.enabled = on;
                Player.Call(behaviour, on ? "OnEnable" : "OnDisable");
            }
        }
    }

    /// <summary>Not Unity's: calls what Unity calls, in its order.</summary>
    public static class Player
    {
        private static readonly List<MonoBehaviour> Behaviours = new List<MonoBehaviour>();
        private static readonly HashSet<MonoBehaviour> Started = new HashSet<MonoBehaviour>();

        /// <summary>One picture.</summary>
        public static void Step()
        {
            Each(behaviour =>
            {
                if (Started.Add(behaviour))
                {
                    Call(behaviour, "Start");
                }
            });
            Each(behaviour => Call(behaviour, "Update"));
            Each(behaviour => Call(behaviour, "LateUpdate"));
            Each(behaviour => Call(behaviour, "OnGUI"));
        }

        public static List<T> Find<T>() where T : MonoBehaviour
        {
            var found = new List<T>();
            foreach (MonoBehaviour behaviour in Behaviours)
            {
                if (behaviour is T)
                {
                    found.Add((T)behaviour);
                }
            }
            return found;
        }

        /// <summary>The program goes to the background, or comes back.</summary>
        public static void Pause(bool paused)
        {
            Each(behaviour => Call(behaviour, "OnApplicationPause", paused));
        }

        /// <summary>The end of play mode.</summary>
        public static void Quit()
        {
            Application.Quit();
            foreach (MonoBehaviour behaviour in Behaviours)
            {
                behaviour.gameObject.SetActive(false);
                Call(behaviour, "OnDestroy");
            }
        }

        internal static void Add(MonoBehaviour behaviour)
        {
            Behaviours.Add(behaviour);
        }

        internal static void Call(MonoBehaviour behaviour, string message, params object[] arguments)
        {
            const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
            MethodInfo method = behaviour.GetType().GetMethod(message, Any);
            if (method != null)
            {
                method.Invoke(behaviour, arguments);
            }
        }

        private static void Each(Action<MonoBehaviour> call)
        {
            var order = new List<MonoBehaviour>(Behaviours);
            // Those of equal order stay in the order in which they came.
            order.Sort((a, b) => Order(a) != Order(b)
                ? Order(a).CompareTo(Order(b))
                : Behaviours.IndexOf(a).CompareTo(Behaviours.IndexOf(b)));
            foreach (MonoBehaviour behaviour in order)
            {
                if (behaviour.enabled)
                {
                    call(behaviour);
                }
            }
        }

        private static int Order(MonoBehaviour behaviour)
        {
            var found = (DefaultExecutionOrderAttribute)Attribute.GetCustomAttribute(
                behaviour.GetType(), typeof(DefaultExecutionOrderAttribute));
            return found != null ? found.Order : 0;
        }
    }

    public class Transform : Component
    {
        private readonly List<Transform> children = new List<Transform>();

        public Transform parent { get; private set; }
        public Vector3 localPosition { get; set; }
        public Quaternion localRotation { get; set; } = Quaternion.identity;

        public Vector3 position
        {
            get { return parent != null ? parent.TransformPoint(localPosition) : localPosition; }
            set
            {
                localPosition = parent != null
                    ? Quaternion.Inverse(parent.rotation) * (value - parent.position)
                    : value;
            }
        }

        public Quaternion rotation
        {
            get { return parent != null ? parent.rotation * localRotation : localRotation; }
            set { localRotation = parent != null ? Quaternion.Inverse(parent.rotation) * value : value; }
        }

        public void SetParent(Transform newParent, bool worldPositionStays)
        {
            Vector3 at = position;
            Quaternion turned = rotation;
            parent = newParent;
            parent.children.Add(this);
            if (worldPositionStays)
            {
                SetPositionAndRotation(at, turned);
            }
        }

        public void SetPositionAndRotation(Vector3 position, Quaternion rotation)
        {
            this.position = position;
            this.rotation = rotation;
        }

        public Vector3 TransformPoint(Vector3 position)
        {
            return this.position + rotation * position;
        }

        internal void Visit(Action<Transform> visitor)
        {
            visitor(this);
            children.ForEach(child => child.Visit(visitor));
        }
    }
}
