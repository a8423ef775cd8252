// Apache-2.0

#include "MeshcastRetargetAsset.h"

#include "BoneContainer.h"
#include "BonePose.h"
#include "Roles/LiveLinkAnimationTypes.h"

THIRD_PARTY_INCLUDES_START
#include "Core/Retarget.hpp"
#include <map>
#include <string>
#include <vector>
THIRD_PARTY_INCLUDES_END

/** A retarget, and what it was made for. */
struct FMeshcastRetargetState
{
	TArray<FName> BodyBones;
	TArray<FName> CharacterBones;
	TOptional<meshcast::unreal::Retarget> Retarget;
};

namespace
{
meshcast::unreal::Transform FromTransform(const FTransform& Transform)
{
	const FQuat Q = Transform.GetRotation();
	const FVector P = Transform.GetTranslation();
	return {{float(Q.X), float(Q.Y), float(Q.Z), float(Q.W)}, {float(P.X), float(P.Y), float(P.Z)}};
}

std::vector<std::string> ToNames(const TArray<FName>& Names)
{
	std::vector<std::string> Found;
	for (const FName& Name : Names)
	{
		// FName ignores case; the tables are in lower case.
		Found.emplace_back(TCHAR_TO_UTF8(*Name.ToString().ToLower()));
	}
	return Found;
}

std::vector<meshcast::unreal::Transform> ToPose(const TArray<FTransform>& Transforms)
{
	std::vector<meshcast::unreal::Transform> Found;
	for (const FTransform& Transform : Transforms)
	{
		Found.push_back(FromTransform(Transform));
	}
	return Found;
}
}

UMeshcastRetargetAsset::UMeshcastRetargetAsset(const FObjectInitializer& ObjectInitializer)
	: Super(ObjectInitializer)
{
	for (const meshcast::unreal::BonePair& Pair : meshcast::unreal::kMannequin)
	{
		BodyBones.Add(FName(UTF8_TO_TCHAR(Pair.character)), FName(UTF8_TO_TCHAR(Pair.body)));
	}
}

void UMeshcastRetargetAsset::BuildPoseFromAnimationData(float DeltaTime, const FLiveLinkSkeletonStaticData* InSkeletonData,
	const FLiveLinkAnimationFrameData* InFrameData, FCompactPose& OutPose)
{
	const TArray<FName>& Body = InSkeletonData->GetBoneNames();
	if (InFrameData->Transforms.Num() != Body.Num() || Body.Num() == 0)
	{
		return;
	}
	const FBoneContainer& Bones = OutPose.GetBoneContainer();
	TArray<FName> Character;
	std::vector<std::int32_t> Parents;
	std::vector<meshcast::unreal::Transform> Rest;
	for (const FCompactPoseBoneIndex Bone : OutPose.ForEachBoneIndex())
	{
		const int32 MeshBone = Bones.MakeMeshPoseIndex(Bone).GetInt();
		Character.Add(Bones.GetReferenceSkeleton().GetBoneName(MeshBone));
		Parents.push_back(Bones.GetParentBoneIndex(Bone).GetInt());
		Rest.push_back(FromTransform(Bones.GetRefPoseTransform(Bone)));
	}
	const std::vector<meshcast::unreal::Transform> Pose = ToPose(InFrameData->Transforms);
	if (!State.IsValid())
	{
		State = MakeShared<FMeshcastRetargetState>();
	}
	if (!State->Retarget.IsSet() || State->BodyBones != Body || State->CharacterBones != Character)
	{
		std::map<std::string, std::string> Names;
		for (const TPair<FName, FName>& Pair : BodyBones)
		{
			Names[TCHAR_TO_UTF8(*Pair.Key.ToString().ToLower())] = TCHAR_TO_UTF8(*Pair.Value.ToString().ToLower());
		}
		const TArray<int32>& BodyParents = InSkeletonData->GetBoneParents();
		const std::vector<std::string> BodyNames = ToNames(Body);
		State->BodyBones = Body;
		State->CharacterBones = Character;
		State->Retarget.Emplace(Parents, Rest, std::vector<std::int32_t>(BodyParents.GetData(), BodyParents.GetData() + BodyParents.Num()),
			Pose, meshcast::unreal::limbs(BodyNames), meshcast::unreal::Retarget::match(ToNames(Character), BodyNames, Names),
			meshcast::unreal::yaw(FacingYaw));
	}
	const std::vector<meshcast::unreal::Transform> Posed = (*State->Retarget)(Pose, RootScale);
	size_t Index = 0;
	for (const FCompactPoseBoneIndex Bone : OutPose.ForEachBoneIndex())
	{
		const meshcast::unreal::Transform& To = Posed[Index++];
		OutPose[Bone].SetRotation(FQuat(To.rotation.x, To.rotation.y, To.rotation.z, To.rotation.w));
		OutPose[Bone].SetTranslation(FVector(To.position.x, To.position.y, To.position.z));
	}
}
