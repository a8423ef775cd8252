using System;
using System.Runtime.InteropServices;
using UnityEngine;
using UnityEngine.Rendering;

namespace Meshcast
{
    /// <summary>
    /// A person's mesh: two vertex buffers, of which the one with positions and normals is written at every picture.
    /// Allocates only when the model changes.
    /// </summary>
    internal sealed class BodySurface : IDisposable
    {
        private const MeshUpdateFlags Unchecked = MeshUpdateFlags.DontRecalculateBounds
            | MeshUpdateFlags.DontValidateIndices | MeshUpdateFlags.DontNotifyMeshUsers;

        private readonly Mesh mesh;
        private readonly MeshRenderer renderer;
        private ModelPacket model;
        private bool lod;
        private SurfaceTopology topology;
        private float[] normals = new float[0];
        private Corner[] corners = new Corner[0];

        [StructLayout(LayoutKind.Sequential)]
        private struct Corner
        {
            public Vector3 Position;
            public Vector3 Normal;
        }

        public BodySurface(GameObject owner, Material material)
        {
            mesh = new Mesh { name = "Meshcast body" };
            mesh.MarkDynamic();
            MeshFilter filter = owner.GetComponent<MeshFilter>();
            if (filter == null)
            {
                filter = owner.AddComponent<MeshFilter>();
            }
            filter.sharedMesh = mesh;
            renderer = owner.GetComponent<MeshRenderer>();
            if (renderer == null)
            {
                renderer = owner.AddComponent<MeshRenderer>();
            }
            if (material != null || renderer.sharedMaterial == null)
            {
                renderer.sharedMaterial = material != null ? material : DefaultMaterial();
            }
        }

        /// <summary>Draws vertices from <c>vertices[3 * first]</c> on, relative to <paramref name="origin"/>.</summary>
        /// <exception cref="WireException">The model has no coarser mesh.</exception>
        public void Show(ModelPacket body, bool coarse, float[] vertices, int first, Vector3 origin)
        {
            if (!ReferenceEquals(model, body) || lod != coarse)
            {
                Build(coarse ? SurfaceTopology.Lod(body) : SurfaceTopology.Full(body));
                model = body;
                lod = coarse;
            }
            topology.Normals(vertices, first, normals);
            Vector3 low = Vector3.positiveInfinity, high = Vector3.negativeInfinity;
            int[] source = topology.Source;
            for (int c = 0; c < source.Length; c++)
            {
                int n = 3 * source[c], v = 3 * first + n;
                var position = new Vector3(
                    vertices[v] - origin.x, vertices[v + 1] - origin.y, vertices[v + 2] - origin.z);
                corners[c].Position = position;
                corners[c].Normal = new Vector3(normals[n], normals[n + 1], normals[n + 2]);
                low = Vector3.Min(low, position);
                high = Vector3.Max(high, position);
            }
            mesh.SetVertexBufferData(corners, 0, 0, corners.Length, 0, Unchecked);
            var bounds = new Bounds();
            bounds.SetMinMax(low, high);
            mesh.bounds = bounds;
            renderer.enabled = true;
        }

        public void Hide()
        {
            // It may be gone already when a scene is unloaded.
            if (renderer != null)
            {
                renderer.enabled = false;
            }
        }

        public void Dispose()
        {
            UnityEngine.Object.Destroy(mesh);
        }

        private void Build(SurfaceTopology made)
        {
            topology = made;
            normals = new float[3 * made.VertexCount];
            corners = new Corner[made.Source.Length];
            mesh.Clear();
            mesh.SetVertexBufferParams(
                corners.Length,
                new VertexAttributeDescriptor(VertexAttribute.Position, VertexAttributeFormat.Float32, 3, 0),
                new VertexAttributeDescriptor(VertexAttribute.Normal, VertexAttributeFormat.Float32, 3, 0),
                new VertexAttributeDescriptor(VertexAttribute.TexCoord0, VertexAttributeFormat.Float32, 2, 1));
            mesh.SetVertexBufferData(made.Uvs, 0, 0, made.Uvs.Length, 1, Unchecked);
            mesh.SetIndexBufferParams(made.Triangles.Length, IndexFormat.UInt32);
            mesh.SetIndexBufferData(made.Triangles, 0, 0, made.Triangles.Length, Unchecked);
            mesh.subMeshCount = 1;
            mesh.SetSubMesh(0, new SubMeshDescriptor(0, made.Triangles.Length), Unchecked);
        }

        private static Material DefaultMaterial()
        {
            RenderPipelineAsset pipeline = GraphicsSettings.currentRenderPipeline;
            Material material = pipeline != null ? pipeline.defaultMaterial : null;
            if (material != null)
            {
                return material;
            }
            // Pipelines have a default in the editor only; in a player a shader may have been left out, too.
            Shader shader = Shader.Find(pipeline != null ? "Universal Render Pipeline/Lit" : "Standard");
            if (shader == null)
            {
                throw new WireException("no shader for bodies is in this build: give the body a material");
            }
            return new Material(shader);
        }
    }
}
