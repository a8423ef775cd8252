// Apache-2.0

#include "MeshcastBodyMesh.h"

#include "DynamicMesh/DynamicMeshAttributeSet.h"
#include "DynamicMesh/DynamicMeshOverlay.h"
#include "IndexTypes.h"

using UE::Geometry::FDynamicMesh3;
using UE::Geometry::FIndex3i;

namespace
{
FVector3d ToDouble(const meshcast::Vec3& V)
{
	return FVector3d(V.x, V.y, V.z);
}

FVector3f ToFloat(const meshcast::Vec3& V)
{
	return FVector3f(V.x, V.y, V.z);
}
}

FDynamicMesh3 MakeBodyMesh(const meshcast::unreal::Topology& Topology, const std::vector<meshcast::Vec3>& Positions,
	const std::vector<meshcast::Vec3>& Normals)
{
	FDynamicMesh3 Mesh;
	Mesh.EnableAttributes();
	UE::Geometry::FDynamicMeshNormalOverlay* NormalLayer = Mesh.Attributes()->PrimaryNormals();
	UE::Geometry::FDynamicMeshUVOverlay* UVLayer = Mesh.Attributes()->PrimaryUV();
	for (size_t Vertex = 0; Vertex < Positions.size(); ++Vertex)
	{
		Mesh.AppendVertex(ToDouble(Positions[Vertex]));
		NormalLayer->AppendElement(ToFloat(Normals[Vertex]));
	}
	for (size_t Point = 0; Point < Topology.uvs.size() / 2; ++Point)
	{
		UVLayer->AppendElement(FVector2f(Topology.uvs[2 * Point], Topology.uvs[2 * Point + 1]));
	}
	for (size_t I = 0; I + 2 < Topology.triangles.size(); I += 3)
	{
		const std::uint32_t* Points = Topology.triangles.data() + I;
		const FIndex3i Vertices(static_cast<int>(Topology.sources[Points[0]]), static_cast<int>(Topology.sources[Points[1]]),
			static_cast<int>(Topology.sources[Points[2]]));
		const int Triangle = Mesh.AppendTriangle(Vertices);
		if (Triangle < 0)
		{
			continue; // a third triangle at an edge, which the engine's meshes cannot have
		}
		NormalLayer->SetTriangle(Triangle, Vertices);
		if (!Topology.uvs.empty())
		{
			UVLayer->SetTriangle(Triangle,
				FIndex3i(static_cast<int>(Points[0]), static_cast<int>(Points[1]), static_cast<int>(Points[2])));
		}
	}
	return Mesh;
}

void MoveBodyMesh(FDynamicMesh3& Mesh, const std::vector<meshcast::Vec3>& Positions, const std::vector<meshcast::Vec3>& Normals)
{
	UE::Geometry::FDynamicMeshNormalOverlay* NormalLayer = Mesh.Attributes()->PrimaryNormals();
	for (size_t Vertex = 0; Vertex < Positions.size(); ++Vertex)
	{
		Mesh.SetVertex(static_cast<int>(Vertex), ToDouble(Positions[Vertex]));
		NormalLayer->SetElement(static_cast<int>(Vertex), ToFloat(Normals[Vertex]));
	}
}
