// Meshes, which keep what was written to them, and what draws them.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using UnityEngine.Rendering;

namespace UnityEngine
{
    public sealed class Mesh : Object
    {
        public Bounds bounds { get; set; }
        public int subMeshCount { get; set; }

        // Not Unity's: what was written.
        public readonly float[][] Streams = new float[4][];
        public readonly List<string> Layout = new List<string>();
        public int[] Indices = new int[0];
        public SubMeshDescriptor SubMesh;
        public bool RenderersKnow;

        public void MarkDynamic()
        {
        }

        public void MarkModified()
        {
            RenderersKnow = true;
        }

        public void Clear()
        {
            Array.Clear(Streams, 0, 4);
            Layout.Clear();
            Indices = new int[0];
        }

        public void SetVertexBufferParams(int vertexCount, params VertexAttributeDescriptor[] attributes)
        {
            var floats = new int[4];
            foreach (VertexAttributeDescriptor attribute in attributes)
            {
                Layout.Add(attribute.stream + " " + attribute.attribute + " " + attribute.dimension);
                floats[attribute.stream] += attribute.dimension;
            }
            for (int stream = 0; stream < 4; stream++)
            {
                Streams[stream] = new float[vertexCount * floats[stream]];
            }
        }

        public void SetVertexBufferData<T>(
            T[] data, int dataStart, int meshBufferStart, int count, int stream, MeshUpdateFlags flags)
            where T : struct
        {
            int size = Marshal.SizeOf(typeof(T)) / 4;
            GCHandle pin = GCHandle.Alloc(data, GCHandleType.Pinned);
            IntPtr from = Marshal.UnsafeAddrOfPinnedArrayElement(data, dataStart);
            Marshal.Copy(from, Streams[stream], meshBufferStart * size, count * size);
            pin.Free();
            RenderersKnow = (flags & MeshUpdateFlags.DontNotifyMeshUsers) == 0;
        }

        public void SetIndexBufferParams(int indexCount, IndexFormat format)
        {
            if (format != IndexFormat.UInt32)
            {
                throw new NotSupportedException("only indices of 32 bits");
            }
            Indices = new int[indexCount];
        }

        public void SetIndexBufferData<T>(
            T[] data, int dataStart, int meshBufferStart, int count, MeshUpdateFlags flags)
            where T : struct
        {
            Array.Copy((int[])(object)data, dataStart, Indices, meshBufferStart, count);
        }

        public void SetSubMesh(int index, SubMeshDescriptor desc, MeshUpdateFlags flags)
        {
            if (index >= subMeshCount || (flags & MeshUpdateFlags.DontRecalculateBounds) == 0)
            {
                throw new NotSupportedException("only one that exists and comes with its bounds");
            }
            SubMesh = desc;
        }
    }

    public class Shader : Object
    {
        public static Shader Find(string name)
        {
            return new Shader { name = name };
        }
    }

    public class Material : Object
    {
        public Material(Shader shader)
        {
        }
    }

    public class Renderer : Component
    {
        public bool enabled { get; set; }
        public bool forceRenderingOff { get; set; }
        public Material sharedMaterial { get; set; }
    }

    public class MeshRenderer : Renderer
    {
    }

    public sealed class MeshFilter : Component
    {
        public Mesh sharedMesh { get; set; }
    }

    public enum CameraClearFlags
    {
        SolidColor = 2
    }

    public sealed class Camera : Behaviour
    {
        public static Camera main
        {
            get { return null; }
        }

        public float fieldOfView { get; set; }
        public float nearClipPlane { get; set; }
        public Color backgroundColor { get; set; }
        public CameraClearFlags clearFlags { get; set; }
    }

    public enum LightType
    {
        Directional = 1
    }

    public sealed class Light : Behaviour
    {
        public LightType type { get; set; }
    }

    public struct Color
    {
        public Color(float r, float g, float b)
        {
        }
    }
}

namespace UnityEngine.Rendering
{
    public enum VertexAttribute
    {
        Position,
        Normal,
        Tangent,
        Color,
        TexCoord0
    }

    public enum VertexAttributeFormat
    {
        Float32
    }

    public enum IndexFormat
    {
        UInt16,
        UInt32
    }

    [Flags]
    public enum MeshUpdateFlags
    {
        Default = 0,
        DontValidateIndices = 1,
        DontResetBoneBounds = 2,
        DontNotifyMeshUsers = 4,
        DontRecalculateBounds = 8
    }

    public struct VertexAttributeDescriptor
    {
        public VertexAttributeDescriptor(
            VertexAttribute attribute, VertexAttributeFormat format, int dimension, int stream)
        {
            this.attribute = attribute;
            this.dimension = dimension;
            this.stream = stream;
        }

        public VertexAttribute attribute { get; private set; }
        public int dimension { get; private set; }
        public int stream { get; private set; }
    }

    public struct SubMeshDescriptor
    {
        public SubMeshDescriptor(int indexStart, int indexCount)
        {
            this.indexStart = indexStart;
            this.indexCount = indexCount;
            firstVertex = 0;
            vertexCount = 0;
            bounds = default(Bounds);
        }

        public int indexStart { get; set; }
        public int indexCount { get; set; }
        public int firstVertex { get; set; }
        public int vertexCount { get; set; }
        public Bounds bounds { get; set; }
    }

    public class RenderPipelineAsset : Object
    {
        public virtual Material defaultMaterial
        {
            get { return null; }
        }

        public virtual Shader defaultShader
        {
            get { return null; }
        }
    }

    public static class GraphicsSettings
    {
        public static RenderPipelineAsset currentRenderPipeline
        {
            get { return null; }
        }
    }
}
