// Apache-2.0

#include "MeshcastLiveLinkSource.h"

#include "ILiveLinkClient.h"
#include "MeshcastLog.h"
#include "Roles/LiveLinkAnimationRole.h"
#include "Roles/LiveLinkAnimationTypes.h"

#define LOCTEXT_NAMESPACE "Meshcast"

namespace
{
constexpr double SilentSeconds = 3; // no message for so long: the publisher, or the way to it, is gone

FTransform ToTransform(const meshcast::unreal::Transform& Bone)
{
	return FTransform(FQuat(Bone.rotation.x, Bone.rotation.y, Bone.rotation.z, Bone.rotation.w),
		FVector(Bone.position.x, Bone.position.y, Bone.position.z));
}
}

FMeshcastLiveLinkSource::FMeshcastLiveLinkSource(const FMeshcastConnection& InConnection)
	: Connection(InConnection)
{
}

void FMeshcastLiveLinkSource::ReceiveClient(ILiveLinkClient* InClient, FGuid InSourceGuid)
{
	Client = InClient;
	SourceGuid = InSourceGuid;
	Receiver = MakeUnique<FMeshcastReceiver>(Connection, meshcast::Kind::params);
}

void FMeshcastLiveLinkSource::Update()
{
	if (!Receiver.IsValid() || Client == nullptr)
	{
		return;
	}
	meshcast::Delivery Delivery;
	while (Receiver->Take(Delivery))
	{
		if (Delivery.packet->frame() != nullptr && Delivery.model != nullptr)
		{
			Push(Streams[std::string(Delivery.packet->header()->stream)], Delivery);
		}
	}
}

void FMeshcastLiveLinkSource::Push(FStream& Stream, const meshcast::Delivery& Delivery)
{
	const meshcast::Frame& Frame = *Delivery.packet->frame();
	const meshcast::Model& Model = *Delivery.model->model();
	if (!Stream.Skeleton.IsSet() || Stream.Skeleton->model_id != Model.model_id || Delivery.since.restarted)
	{
		RemoveSubjects(Stream);
		Stream.Slots.clear();
		Stream.Skeleton.Reset();
		if (auto Made = meshcast::unreal::Skeleton::of(Model))
		{
			Stream.Skeleton = MoveTemp(*Made);
		}
		else
		{
			UE_LOG(LogMeshcast, Warning, TEXT("The publisher's body model has no rig: Live Link needs one"));
		}
	}
	if (!Stream.Skeleton.IsSet())
	{
		return;
	}
	const std::vector<size_t>& Numbers = Stream.Slots.update(Frame.ids, meshcast::now_s());
	while (Stream.Subjects.Num() < static_cast<int32>(Stream.Slots.size()))
	{
		const FString Name = FString::Printf(TEXT("%s_%d"),
			UTF8_TO_TCHAR(std::string(Frame.stream).c_str()), Stream.Subjects.Num());
		Stream.Subjects.Emplace(SourceGuid, FName(*Name));
		PushSkeleton(*Stream.Skeleton, Stream.Subjects.Last());
	}
	// From the receiver's clock to the engine's.
	const double CaptureSeconds = Delivery.t_capture_s - meshcast::now_s() + FPlatformTime::Seconds();
	for (size_t Person = 0; Person < Frame.people; ++Person)
	{
		const auto Pose = Stream.Skeleton->pose(Frame, Person);
		if (!Pose)
		{
			continue;
		}
		FLiveLinkFrameDataStruct Data(FLiveLinkAnimationFrameData::StaticStruct());
		FLiveLinkAnimationFrameData& Animation = *Data.Cast<FLiveLinkAnimationFrameData>();
		Animation.WorldTime = FLiveLinkWorldTime(CaptureSeconds, 0.0);
		Animation.Transforms.Reserve(static_cast<int32>(Pose->size()));
		for (const meshcast::unreal::Transform& Bone : *Pose)
		{
			Animation.Transforms.Add(ToTransform(Bone));
		}
		Client->PushSubjectFrameData_AnyThread(Stream.Subjects[static_cast<int32>(Numbers[Person])], MoveTemp(Data));
	}
}

void FMeshcastLiveLinkSource::PushSkeleton(const meshcast::unreal::Skeleton& Skeleton, const FLiveLinkSubjectKey& Subject)
{
	TArray<FName> Names;
	TArray<int32> Parents;
	for (size_t Bone = 0; Bone < Skeleton.names.size(); ++Bone)
	{
		Names.Add(FName(UTF8_TO_TCHAR(Skeleton.names[Bone].c_str())));
		Parents.Add(Skeleton.parents[Bone]);
	}
	FLiveLinkStaticDataStruct Data(FLiveLinkSkeletonStaticData::StaticStruct());
	FLiveLinkSkeletonStaticData& Static = *Data.Cast<FLiveLinkSkeletonStaticData>();
	Static.SetBoneNames(Names);
	Static.SetBoneParents(Parents);
	Client->PushSubjectStaticData_AnyThread(Subject, ULiveLinkAnimationRole::StaticClass(), MoveTemp(Data));
}

void FMeshcastLiveLinkSource::RemoveSubjects(FStream& Stream)
{
	for (const FLiveLinkSubjectKey& Subject : Stream.Subjects)
	{
		Client->RemoveSubject_AnyThread(Subject);
	}
	Stream.Subjects.Reset();
}

bool FMeshcastLiveLinkSource::IsSourceStillValid() const
{
	return Receiver.IsValid() && Receiver->GetError().IsEmpty();
}

bool FMeshcastLiveLinkSource::RequestSourceShutdown()
{
	Receiver.Reset();
	return true;
}

FText FMeshcastLiveLinkSource::GetSourceType() const
{
	return LOCTEXT("SourceType", "Meshcast");
}

FText FMeshcastLiveLinkSource::GetSourceMachineName() const
{
	return FText::FromString(Connection.Address);
}

FText FMeshcastLiveLinkSource::GetSourceStatus() const
{
	if (!Receiver.IsValid())
	{
		return LOCTEXT("Closed", "Closed");
	}
	if (!Receiver->GetError().IsEmpty())
	{
		return FText::FromString(Receiver->GetError());
	}
	return Receiver->GetSilence() < SilentSeconds ? LOCTEXT("Receiving", "Receiving") : LOCTEXT("Waiting", "Waiting for the publisher");
}

#undef LOCTEXT_NAMESPACE
