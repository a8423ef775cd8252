// Apache-2.0
#pragma once

#include "CoreMinimal.h"
#include "ILiveLinkSource.h"
#include "LiveLinkTypes.h"
#include "MeshcastReceiver.h"

THIRD_PARTY_INCLUDES_START
#include "Core/Skeleton.hpp"
#include "Core/Slots.hpp"
#include <map>
#include <string>
THIRD_PARTY_INCLUDES_END

/** Every person of every stream as an animation subject: STREAM_0, STREAM_1, ... */
class FMeshcastLiveLinkSource : public ILiveLinkSource
{
public:
	explicit FMeshcastLiveLinkSource(const FMeshcastConnection& InConnection);

	/** ILiveLinkSource */
	virtual void ReceiveClient(ILiveLinkClient* InClient, FGuid InSourceGuid) override;
	virtual void Update() override;
	virtual bool IsSourceStillValid() const override;
	virtual bool RequestSourceShutdown() override;
	virtual FText GetSourceType() const override;
	virtual FText GetSourceMachineName() const override;
	virtual FText GetSourceStatus() const override;

private:
	struct FStream
	{
		TOptional<meshcast::unreal::Skeleton> Skeleton;
		meshcast::unreal::Slots Slots;
		TArray<FLiveLinkSubjectKey> Subjects;
	};

	void Push(FStream& Stream, const meshcast::Delivery& Delivery);
	void PushSkeleton(const meshcast::unreal::Skeleton& Skeleton, const FLiveLinkSubjectKey& Subject);
	void RemoveSubjects(FStream& Stream);

	FMeshcastConnection Connection;
	TUniquePtr<FMeshcastReceiver> Receiver;
	std::map<std::string, FStream> Streams;
	ILiveLinkClient* Client = nullptr;
	FGuid SourceGuid;
};
