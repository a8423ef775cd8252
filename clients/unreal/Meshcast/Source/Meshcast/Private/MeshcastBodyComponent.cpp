// Apache-2.0

#include "MeshcastBodyComponent.h"

#include "MeshcastLog.h"
#include "MeshcastReceiver.h"

THIRD_PARTY_INCLUDES_START
#include "Core/Surface.hpp"
THIRD_PARTY_INCLUDES_END

/** Between BeginPlay and EndPlay. The arrays are kept, so that a frame allocates nothing. */
struct FMeshcastBodyState
{
	FMeshcastBodyState(const FMeshcastConnection& Connection, meshcast::Kind Level, int32 Person, int32 TrackId)
		: Receiver(Connection, Level), Surface(static_cast<size_t>(FMath::Max(Person, 0)), TrackId)
	{
	}

	FMeshcastReceiver Receiver;
	meshcast::unreal::Surface Surface;
	const meshcast::unreal::Topology* Shown = nullptr;
	uint32 ShownModel = 0;
	bool bShownLod = false;
	bool bSomebody = false;

	std::vector<meshcast::Vec3> Vertices, VertexNormals;
	TArray<FVector> Positions, Normals;
	TArray<FVector2D> Uvs;
	const TArray<FColor> NoColors;
	const TArray<FProcMeshTangent> NoTangents;
};

namespace
{
meshcast::Kind KindOf(EMeshcastLevel Level)
{
	switch (Level)
	{
	case EMeshcastLevel::MeshLod:
		return meshcast::Kind::mesh_lod;
	case EMeshcastLevel::Params:
		return meshcast::Kind::params;
	default:
		return meshcast::Kind::mesh;
	}
}

FVector ToVector(const meshcast::Vec3& V)
{
	return FVector(V.x, V.y, V.z);
}
}

UMeshcastBodyComponent::UMeshcastBodyComponent(const FObjectInitializer& ObjectInitializer)
	: Super(ObjectInitializer)
{
	PrimaryComponentTick.bCanEverTick = true;
	SetCollisionEnabled(ECollisionEnabled::NoCollision);
}

void UMeshcastBodyComponent::BeginPlay()
{
	Super::BeginPlay();
	Reconnect();
}

void UMeshcastBodyComponent::EndPlay(const EEndPlayReason::Type EndPlayReason)
{
	State.Reset();
	ClearAllMeshSections();
	Super::EndPlay(EndPlayReason);
}

void UMeshcastBodyComponent::Reconnect()
{
	State.Reset();
	ClearAllMeshSections();
	const FMeshcastConnection& From = bOwnConnection ? Connection : GetDefault<UMeshcastSettings>()->Connection;
	State = MakeShared<FMeshcastBodyState>(From, KindOf(Level), Person, TrackId);
}

bool UMeshcastBodyComponent::IsSomebodyShown() const
{
	return State.IsValid() && State->bSomebody;
}

void UMeshcastBodyComponent::TickComponent(float DeltaTime, ELevelTick TickType, FActorComponentTickFunction* TickFunction)
{
	Super::TickComponent(DeltaTime, TickType, TickFunction);
	if (!State.IsValid())
	{
		return;
	}
	meshcast::Delivery Delivery;
	while (State->Receiver.Take(Delivery))
	{
		if (const auto Refusal = State->Surface.hear(Delivery, meshcast::now_s()))
		{
			UE_LOG(LogMeshcast, Warning, TEXT("%s"), UTF8_TO_TCHAR(Refusal->text()));
		}
	}
	const bool bWas = State->bSomebody;
	State->bSomebody =
		State->Surface.sample(meshcast::now_s(), BufferSeconds, ExtrapolateSeconds, State->Vertices);
	if (State->bSomebody)
	{
		Draw();
	}
	if (State->bSomebody != bWas)
	{
		SetMeshSectionVisible(0, State->bSomebody);
	}
}

void UMeshcastBodyComponent::Draw()
{
	const meshcast::unreal::Topology& Topology = *State->Surface.topology();
	Topology.normals(State->Vertices, State->VertexNormals);
	const int32 Points = static_cast<int32>(Topology.sources.size());
	State->Positions.SetNumUninitialized(Points);
	State->Normals.SetNumUninitialized(Points);
	for (int32 Point = 0; Point < Points; ++Point)
	{
		const uint32 Vertex = Topology.sources[Point];
		State->Positions[Point] = ToVector(State->Vertices[Vertex]);
		State->Normals[Point] = ToVector(State->VertexNormals[Vertex]);
	}
	const bool bSame =
		State->Shown != nullptr && State->ShownModel == Topology.model_id && State->bShownLod == Topology.lod;
	if (bSame)
	{
		UpdateMeshSection(0, State->Positions, State->Normals, State->Uvs, State->NoColors, State->NoTangents);
		return;
	}
	State->Uvs.SetNumUninitialized(static_cast<int32>(Topology.uvs.size() / 2));
	for (int32 Point = 0; Point < State->Uvs.Num(); ++Point)
	{
		State->Uvs[Point] = FVector2D(Topology.uvs[2 * Point], Topology.uvs[2 * Point + 1]);
	}
	TArray<int32> Triangles;
	Triangles.Reserve(static_cast<int32>(Topology.triangles.size()));
	for (const std::uint32_t Point : Topology.triangles)
	{
		Triangles.Add(static_cast<int32>(Point));
	}
	CreateMeshSection(0, State->Positions, Triangles, State->Normals, State->Uvs, State->NoColors, State->NoTangents, false);
	State->Shown = &Topology;
	State->ShownModel = Topology.model_id;
	State->bShownLod = Topology.lod;
}
