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
        // Indices were checked when the model was read; bounds are set, and renderers told, once all is written.
        private const MeshUpdateFlags Unchecked = MeshUpdateFlags.DontRecalculateBounds
            | MeshUpdateFlags.DontValidateIndices | MeshUpdateFlags.DontNotifyMeshUsers;

        private readonly Mesh mesh;
        private readonly MeshRenderer renderer;
        private readonly Material made;
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

        /// <exception cref="WireException">There is no material, and no shader to make one of.</exception>
        public BodySurface(GameObject owner, Material material)
        {
            renderer = owner.GetComponent<MeshRenderer>();
            if (renderer == null)
            {
                renderer = owner.AddComponent<MeshRenderer>();
            }
            if (material == null && renderer.sharedMaterial == null)
            {
                material = DefaultMaterial(out made);
            }
            if (material != null)
            {
                renderer.sharedMaterial = material;
            }
            mesh = new Mesh { name = "Meshcast body" };
            mesh.MarkDynamic();
            MeshFilter filter = owner.GetComponent<MeshFilter>();
            if (filter == null)
            {
                filter = owner.AddComponent<MeshFilter>();
            }
            filter.sharedMesh = mesh;
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
            mesh.SetSubMesh(0, Triangles(bounds), Unchecked);
            mesh.bounds = bounds;
            mesh.MarkModified();
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
            if (made != null)
            {
                UnityEngine.Object.Destroy(made);
            }
        }

        private void Build(SurfaceTopology surface)
        {
            topology = surface;
            normals = new float[3 * surface.VertexCount];
            corners = new Corner[surface.Source.Length];
            var uvs = new Vector2[corners.Length];
            for (int c = 0; c < uvs.Length; c++)
            {
                uvs[c] = new Vector2(surface.Uvs[2 * c], surface.Uvs[2 * c + 1]);
            }
            mesh.Clear();
            mesh.SetVertexBufferParams(
                corners.Length,
                new VertexAttributeDescriptor(VertexAttribute.Position, VertexAttributeFormat.Float32, 3, 0),
                new VertexAttributeDescriptor(VertexAttribute.Normal, VertexAttributeFormat.Float32, 3, 0),
                new VertexAttributeDescriptor(VertexAttribute.TexCoord0, VertexAttributeFormat.Float32, 2, 1));
            mesh.SetVertexBufferData(uvs, 0, 0, uvs.Length, 1, Unchecked);
            mesh.SetIndexBufferParams(surface.Triangles.Length, IndexFormat.UInt32);
            mesh.SetIndexBufferData(surface.Triangles, 0, 0, surface.Triangles.Length, Unchecked);
            mesh.subMeshCount = 1;
        }

        /// <summary>Unity fills in the vertices that are used only where it also computes bounds.</summary>
        private SubMeshDescriptor Triangles(Bounds bounds)
        {
            return new SubMeshDescriptor(0, topology.Triangles.Length)
            {
                firstVertex = 0,
                vertexCount = corners.Length,
                bounds = bounds
            };
        }

        private static Material DefaultMaterial(out Material made)
        {
            made = null;
            RenderPipelineAsset pipeline = GraphicsSettings.currentRenderPipeline;
            Material material = pipeline != null ? pipeline.defaultMaterial : null;
            if (material != null)
            {
                return material;
            }
            // Pipelines have a default material in the editor only; in a player the shader may have been left out, too.
            Shader shader = pipeline != null ? pipeline.defaultShader : Shader.Find("Standard");
            if (shader == null)
            {
                throw new WireException("no shader for bodies is in this build: give the body a material");
            }
            made = new Material(shader);
            return made;
        }
    }
}
