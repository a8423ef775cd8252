using System;
using System.Collections.Generic;

namespace Meshcast
{
    /// <summary>
    /// What of a body's surface never changes, as graphics hardware wants it: corners with one texture coordinate each,
    /// and triangles clockwise seen from outside, as Unity draws them. A vertex on a seam of the texture becomes
    /// several corners.
    /// </summary>
    public sealed class SurfaceTopology
    {
        /// <summary>(C): the vertex of each corner. The first ones are the vertices themselves, in their
        /// order.</summary>
        public readonly int[] Source;

        /// <summary>(C, 2): texture coordinates, v up.</summary>
        public readonly float[] Uvs;

        /// <summary>(F, 3): corners of the triangles, clockwise seen from outside.</summary>
        public readonly int[] Triangles;

        /// <summary>(F, 3): vertices of the triangles, counter-clockwise, for normals that do not break at
        /// seams.</summary>
        public readonly int[] Faces;

        /// <summary>Vertices.</summary>
        public readonly int VertexCount;

        private SurfaceTopology(int vertexCount, int[] faces, float[] uvs, int[] uvFaces)
        {
            VertexCount = vertexCount;
            Faces = faces;
            Triangles = new int[faces.Length];
            var source = new List<int>(vertexCount);
            var uvOf = new List<int>(vertexCount);
            for (int v = 0; v < vertexCount; v++)
            {
                source.Add(v);
                uvOf.Add(-1);
            }
            var known = new Dictionary<long, int>();
            for (int i = 0; i < faces.Length; i++)
            {
                int uv = uvFaces.Length > 0 ? uvFaces[i] : -1;
                Triangles[Swapped(i)] = Corner(faces[i], uv, source, uvOf, known);
            }
            Source = source.ToArray();
            Uvs = new float[2 * Source.Length];
            for (int c = 0; c < Source.Length; c++)
            {
                if (uvOf[c] >= 0)
                {
                    Array.Copy(uvs, 2 * uvOf[c], Uvs, 2 * c, 2);
                }
            }
        }

        /// <summary>The surface of all vertices.</summary>
        public static SurfaceTopology Full(ModelPacket model)
        {
            return new SurfaceTopology(model.VertexCount, model.Faces, model.Uvs, model.UvFaces);
        }

        /// <summary>The coarser surface, without texture coordinates.</summary>
        /// <exception cref="WireException">The model has none.</exception>
        public static SurfaceTopology Lod(ModelPacket model)
        {
            if (model.LodVertices.Length == 0)
            {
                throw new WireException("body model " + model.ModelName + " has no coarser mesh: choose another level");
            }
            return new SurfaceTopology(model.LodVertices.Length, model.LodFaces, new float[0], new int[0]);
        }

        /// <summary>
        /// Normals (V, 3) of vertices (V, 3) that start at <c>vertices[3 * first]</c>: the mean of the triangles around
        /// a vertex, weighted by their area. Turned outward in a left-handed system, where it mirrors the cross
        /// product.
        /// </summary>
        public void Normals(float[] vertices, int first, float[] normals)
        {
            Array.Clear(normals, 0, 3 * VertexCount);
            int start = 3 * first;
            for (int i = 0; i < Faces.Length; i += 3)
            {
                int na = 3 * Faces[i], nb = 3 * Faces[i + 1], nc = 3 * Faces[i + 2];
                int a = start + na, b = start + nb, c = start + nc;
                float ux = vertices[b] - vertices[a], uy = vertices[b + 1] - vertices[a + 1];
                float uz = vertices[b + 2] - vertices[a + 2];
                float vx = vertices[c] - vertices[a], vy = vertices[c + 1] - vertices[a + 1];
                float vz = vertices[c + 2] - vertices[a + 2];
                float x = uz * vy - uy * vz, y = ux * vz - uz * vx, z = uy * vx - ux * vy;
                Add(normals, na, x, y, z);
                Add(normals, nb, x, y, z);
                Add(normals, nc, x, y, z);
            }
            for (int i = 0; i < 3 * VertexCount; i += 3)
            {
                float x = normals[i], y = normals[i + 1], z = normals[i + 2];
                double length = Math.Sqrt((double)x * x + (double)y * y + (double)z * z);
                float scale = length > 0 ? (float)(1 / length) : 0;
                normals[i] = x * scale;
                normals[i + 1] = y * scale;
                normals[i + 2] = z * scale;
            }
        }

        private static void Add(float[] normals, int at, float x, float y, float z)
        {
            normals[at] += x;
            normals[at + 1] += y;
            normals[at + 2] += z;
        }

        /// <summary>The second and third corner of a triangle change places.</summary>
        private static int Swapped(int i)
        {
            return i % 3 == 0 ? i : i % 3 == 1 ? i + 1 : i - 1;
        }

        private static int Corner(int vertex, int uv, List<int> source, List<int> uvOf, Dictionary<long, int> known)
        {
            if (uv < 0)
            {
                return vertex;
            }
            if (uvOf[vertex] < 0)
            {
                uvOf[vertex] = uv;
            }
            if (uvOf[vertex] == uv)
            {
                return vertex;
            }
            int corner;
            long key = (long)vertex << 32 | (uint)uv;
            if (!known.TryGetValue(key, out corner))
            {
                corner = source.Count;
                source.Add(vertex);
                uvOf.Add(uv);
                known.Add(key, corner);
            }
            return corner;
        }
    }
}
