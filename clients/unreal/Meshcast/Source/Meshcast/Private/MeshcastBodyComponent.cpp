// Apache-2.0

#include "MeshcastBodyComponent.h"

#include "Materials/MaterialInterface.h"
#include "MeshcastBodyMesh.h"
#include "MeshcastReceiver.h"
#include "UDynamicMesh.h"

THIRD_PARTY_INCLUDES_START
#include "Core/Surface.hpp"
THIRD_PARTY_INCLUDES_END

/** Between BeginPlay and EndPlay. */
struct FMeshcastBodyState
{
	FMeshcastBodyState(const FMeshcastConnection& Connection, meshcast::Kind Level, int32 Person, int32 TrackId)
		: Receiver(Connection, Level), Surface(static_cast<size_t>(FMath::Max(Person, 0)), TrackId)
	{
	}

	FMeshcastReceiver Receiver;
	meshcast::unreal::Surface Surface;
	bool bShown = false;
	uint32 ShownModel = 0;
	bool bShownLod = false;
	std::vector<meshcast::Vec3> Vertices, Normals;
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
	Hide();
	State.Reset();
	Super::EndPlay(EndPlayReason);
}

void UMeshcastBodyComponent::Reconnect()
{
	Hide();
	State.Reset();
	if (BodyMaterial != nullptr)
	{
		SetMaterial(0, BodyMaterial);
	}
	const FMeshcastConnection& From = bOwnConnection ? Connection : GetDefault<UMeshcastSettings>()->Connection;
	State = MakeShared<FMeshcastBodyState>(From, KindOf(Level), Person, TrackId);
}

bool UMeshcastBodyComponent::IsSomebodyShown() const
{
	return State.IsValid() && State->bShown;
}

void UMeshcastBodyComponent::TickComponent(float DeltaTime, ELevelTick TickType, FActorComponentTickFunction* TickFunction)
{
	Super::TickComponent(DeltaTime, TickType, TickFunction);
	if (!State.IsValid())
	{
		return;
	}
	Listen();
	if (State->Surface.sample(meshcast::now_s(), BufferSeconds, ExtrapolateSeconds, State->Vertices))
	{
		Draw();
	}
	else
	{
		Hide();
	}
}

void UMeshcastBodyComponent::Listen()
{
	meshcast::Delivery Delivery;
	while (State->Receiver.Take(Delivery))
	{
		if (const auto Refusal = State->Surface.hear(Delivery, meshcast::now_s()))
		{
			State->Receiver.Complain(Refusal->text());
		}
	}
}

void UMeshcastBodyComponent::Draw()
{
	const meshcast::unreal::Topology& Topology = *State->Surface.topology();
	Topology.normals(State->Vertices, State->Normals);
	if (State->bShown && State->ShownModel == Topology.model_id && State->bShownLod == Topology.lod)
	{
		// As a deformation, which moves the vertices in the buffers on the GPU: any other edit makes these anew.
		GetDynamicMesh()->EditMesh([this](UE::Geometry::FDynamicMesh3& Mesh)
			{ MoveBodyMesh(Mesh, State->Vertices, State->Normals); },
			EDynamicMeshChangeType::DeformationEdit,
			EDynamicMeshAttributeChangeFlags::VertexPositions | EDynamicMeshAttributeChangeFlags::NormalsTangents);
		return;
	}
	SetMesh(MakeBodyMesh(Topology, State->Vertices, State->Normals));
	State->bShown = true;
	State->ShownModel = Topology.model_id;
	State->bShownLod = Topology.lod;
}

void UMeshcastBodyComponent::Hide()
{
	if (IsSomebodyShown())
	{
		SetMesh(UE::Geometry::FDynamicMesh3());
		State->bShown = false;
	}
}
