// Apache-2.0
#pragma once

#include "CoreMinimal.h"
#include "LiveLinkRetargetAsset.h"

#include "MeshcastRetargetAsset.generated.h"

struct FMeshcastRetargetState;

/**
 * For the Live Link Pose node of an animation blueprint: a character with bones of its own, such as the engine's mannequins,
 * follows a Meshcast subject. Derive a blueprint from it to change the names.
 */
UCLASS(Blueprintable, meta = (DisplayName = "Meshcast Retarget"))
class MESHCAST_API UMeshcastRetargetAsset : public ULiveLinkRetargetAsset
{
	GENERATED_BODY()

public:
	UMeshcastRetargetAsset(const FObjectInitializer& ObjectInitializer);

	/** The body's bone for each of the character's that follows one. The default is that of the engine's mannequins. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Meshcast")
	TMap<FName, FName> BodyBones;

	/** How far the mesh is turned about the vertical against one that faces +x, degrees: mannequins face +y. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Meshcast")
	float FacingYaw = 90.0f;

	/** Of the way from the camera: below 1 for characters smaller than the person. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Meshcast")
	float RootScale = 1.0f;

	virtual void BuildPoseFromAnimationData(float DeltaTime, const FLiveLinkSkeletonStaticData* InSkeletonData,
		const FLiveLinkAnimationFrameData* InFrameData, FCompactPose& OutPose) override;

private:
	TSharedPtr<FMeshcastRetargetState> State;
};
