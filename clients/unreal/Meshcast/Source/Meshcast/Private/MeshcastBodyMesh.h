// Apache-2.0
#pragma once

#include "CoreMinimal.h"
#include "DynamicMesh/DynamicMesh3.h"

THIRD_PARTY_INCLUDES_START
#include "Core/Topology.hpp"
#include <vector>
THIRD_PARTY_INCLUDES_END

/** A body as the engine's mesh. Positions and Normals: one for each of the body's vertices. */
UE::Geometry::FDynamicMesh3 MakeBodyMesh(const meshcast::unreal::Topology& Topology,
	const std::vector<meshcast::Vec3>& Positions, const std::vector<meshcast::Vec3>& Normals);

/** Moves the vertices of a mesh that MakeBodyMesh made, and turns their normals; nothing else changes. */
void MoveBodyMesh(UE::Geometry::FDynamicMesh3& Mesh, const std::vector<meshcast::Vec3>& Positions,
	const std::vector<meshcast::Vec3>& Normals);
