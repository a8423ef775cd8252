// Signatures of the Unity API (2021.3) that the package uses, without contents: enough for a compiler to find typing
// errors.
using System;
using UnityEngine.Rendering;

namespace UnityEngine
{
    public class Object
    {
        public string name { get; set; }
        public static void Destroy(Object obj) { }
        public static bool operator ==(Object x, Object y) { return ReferenceEquals(x, y); }
        public static bool operator !=(Object x, Object y) { return !ReferenceEquals(x, y); }
        public override bool Equals(object other) { return base.Equals(other); }
        public override int GetHashCode() { return base.GetHashCode(); }
    }

    public class Component : Object
    {
        public Transform transform { get { return null; } }
        public GameObject gameObject { get { return null; } }
        public T GetComponent<T>() { return default(T); }
    }

    public class Behaviour : Component
    {
        public bool enabled { get; set; }
    }

    public class MonoBehaviour : Behaviour { }

    public sealed class GameObject : Object
    {
        public GameObject(string name) { }
        public Transform transform { get { return null; } }
        public void SetActive(bool value) { }
        public T GetComponent<T>() { return default(T); }
        public T AddComponent<T>() where T : Component { return default(T); }
    }

    public class Transform : Component
    {
        public Vector3 position { get; set; }
        public Quaternion rotation { get; set; }
        public Quaternion localRotation { get; set; }
        public Transform parent { get; set; }
        public void SetParent(Transform parent, bool worldPositionStays) { }
        public void SetPositionAndRotation(Vector3 position, Quaternion rotation) { }
        public Vector3 TransformPoint(Vector3 position) { return position; }
    }

    public struct Vector3
    {
        public float x, y, z;
        public Vector3(float x, float y, float z) { this.x = x; this.y = y; this.z = z; }
        public float sqrMagnitude { get { return 0; } }
        public static Vector3 positiveInfinity { get { return default(Vector3); } }
        public static Vector3 negativeInfinity { get { return default(Vector3); } }
        public static Vector3 Min(Vector3 lhs, Vector3 rhs) { return lhs; }
        public static Vector3 Max(Vector3 lhs, Vector3 rhs) { return lhs; }
    }

    public struct Quaternion
    {
        public float x, y, z, w;
        public Quaternion(float x, float y, float z, float w) { this.x = x; this.y = y; this.z = z; this.w = w; }
        public static Quaternion identity { get { return default(Quaternion); } }
        public static Quaternion Euler(float x, float y, float z) { return default(Quaternion); }
        public static Quaternion operator *(Quaternion lhs, Quaternion rhs) { return lhs; }
    }

    public struct Color
    {
        public Color(float r, float g, float b) { }
    }

    public struct Rect
    {
        public Rect(float x, float y, float width, float height) { }
    }

    public struct Bounds
    {
        public void SetMinMax(Vector3 min, Vector3 max) { }
    }

    public static class Mathf
    {
        public static float Lerp(float a, float b, float t) { return a; }
    }

    public class Shader : Object
    {
        public static Shader Find(string name) { return null; }
    }

    public class Material : Object
    {
        public Material(Shader shader) { }
    }

    public class Renderer : Component
    {
        public bool enabled { get; set; }
        public Material sharedMaterial { get; set; }
    }

    public class MeshRenderer : Renderer { }

    public sealed class MeshFilter : Component
    {
        public Mesh sharedMesh { get; set; }
    }

    public sealed class Mesh : Object
    {
        public Bounds bounds { get; set; }
        public int subMeshCount { get; set; }
        public void MarkDynamic() { }
        public void Clear() { }
        public void SetVertexBufferParams(int vertexCount, params VertexAttributeDescriptor[] attributes) { }
        public void SetVertexBufferData<T>(
            T[] data, int dataStart, int meshBufferStart, int count, int stream, MeshUpdateFlags flags)
            where T : struct { }
        public void SetIndexBufferParams(int indexCount, IndexFormat format) { }
        public void SetIndexBufferData<T>(
            T[] data, int dataStart, int meshBufferStart, int count, MeshUpdateFlags flags)
            where T : struct { }
        public void SetSubMesh(int index, SubMeshDescriptor desc, MeshUpdateFlags flags) { }
    }

    public enum MeshTopology { Triangles }

    public enum Space { World, Self }

    public enum CameraClearFlags { SolidColor = 2 }

    public sealed class Camera : Behaviour
    {
        public static Camera main { get { return null; } }
        public float fieldOfView { get; set; }
        public float nearClipPlane { get; set; }
        public Color backgroundColor { get; set; }
        public CameraClearFlags clearFlags { get; set; }
    }

    public enum LightType { Directional = 1 }

    public sealed class Light : Behaviour
    {
        public LightType type { get; set; }
    }

    public static class Time
    {
        public static float unscaledDeltaTime { get { return 0; } }
        public static float unscaledTime { get { return 0; } }
    }

    public static class Application
    {
        public static event Action quitting { add { } remove { } }
        public static string persistentDataPath { get { return ""; } }
        public static string streamingAssetsPath { get { return ""; } }
    }

    public static class Debug
    {
        public static void Log(object message) { }
        public static void LogWarning(object message, Object context) { }
        public static void LogError(object message) { }
        public static void LogError(object message, Object context) { }
    }

    public class GUI
    {
        public static void Label(Rect position, string text) { }
    }

    public enum RuntimeInitializeLoadType { SubsystemRegistration = 4 }

    [AttributeUsage(AttributeTargets.Method)]
    public class RuntimeInitializeOnLoadMethodAttribute : Attribute
    {
        public RuntimeInitializeOnLoadMethodAttribute(RuntimeInitializeLoadType loadType) { }
    }

    [AttributeUsage(AttributeTargets.Field)]
    public class TooltipAttribute : Attribute
    {
        public TooltipAttribute(string tooltip) { }
    }

    [AttributeUsage(AttributeTargets.Field)]
    public class RangeAttribute : Attribute
    {
        public RangeAttribute(float min, float max) { }
    }

    [AttributeUsage(AttributeTargets.Class)]
    public class AddComponentMenuAttribute : Attribute
    {
        public AddComponentMenuAttribute(string menuName) { }
    }

    [AttributeUsage(AttributeTargets.Class)]
    public class DisallowMultipleComponentAttribute : Attribute { }

    [AttributeUsage(AttributeTargets.Class)]
    public class DefaultExecutionOrderAttribute : Attribute
    {
        public DefaultExecutionOrderAttribute(int order) { }
    }

    public sealed class Animator : Behaviour
    {
        public Avatar avatar { get; set; }
        public Transform GetBoneTransform(HumanBodyBones humanBoneId) { return null; }
    }

    public class Avatar : Object
    {
        public bool isHuman { get { return false; } }
        public HumanDescription humanDescription { get { return default(HumanDescription); } }
    }

    public struct HumanDescription
    {
        public SkeletonBone[] skeleton;
    }

    public struct SkeletonBone
    {
        public string name;
        public Vector3 position;
        public Quaternion rotation;
        public Vector3 scale;
    }

    public enum HumanBodyBones
    {
        Hips, LeftUpperLeg, RightUpperLeg, LeftLowerLeg, RightLowerLeg, LeftFoot, RightFoot, Spine, Chest, Neck, Head,
        LeftShoulder, RightShoulder, LeftUpperArm, RightUpperArm, LeftLowerArm, RightLowerArm, LeftHand, RightHand,
        LeftToes, RightToes, UpperChest = 54
    }
}

namespace UnityEngine.Scripting
{
    [AttributeUsage(AttributeTargets.Assembly)]
    public class AlwaysLinkAssemblyAttribute : Attribute { }
}

namespace UnityEngine.Rendering
{
    public enum VertexAttribute { Position, Normal, Tangent, Color, TexCoord0 }

    public enum VertexAttributeFormat { Float32 }

    public enum IndexFormat { UInt16, UInt32 }

    [Flags]
    public enum MeshUpdateFlags
    {
        Default = 0, DontValidateIndices = 1, DontResetBoneBounds = 2, DontNotifyMeshUsers = 4,
        DontRecalculateBounds = 8
    }

    public struct VertexAttributeDescriptor
    {
        public VertexAttributeDescriptor(
            VertexAttribute attribute, VertexAttributeFormat format, int dimension, int stream) { }
    }

    public struct SubMeshDescriptor
    {
        public SubMeshDescriptor(int indexStart, int indexCount) { }
    }

    public class RenderPipelineAsset : Object
    {
        public virtual Material defaultMaterial { get { return null; } }
    }

    public static class GraphicsSettings
    {
        public static RenderPipelineAsset currentRenderPipeline { get { return null; } }
    }
}
