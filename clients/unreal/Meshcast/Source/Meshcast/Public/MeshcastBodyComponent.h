// Apache-2.0
#pragma once

#include "Components/DynamicMeshComponent.h"
#include "CoreMinimal.h"
#include "MeshcastSettings.h"

#include "MeshcastBodyComponent.generated.h"

class UMaterialInterface;
struct FMeshcastBodyState;

/** How much of a body is received. */
UENUM(BlueprintType)
enum class EMeshcastLevel : uint8
{
	/** Every vertex as the mesh head gave it: 10 Mbit/s a person. */
	Mesh,
	/** A quarter of the vertices: 2.7 Mbit/s. */
	MeshLod UMETA(DisplayName = "Mesh (coarse)"),
	/** Rotations and shape, skinned here: 0.1 Mbit/s. */
	Params
};

/** The surface of one person, live. The component's frame is the camera's: x forward, y right, z up, in centimetres. */
UCLASS(ClassGroup = (Meshcast), meta = (BlueprintSpawnableComponent, DisplayName = "Meshcast Body"))
class MESHCAST_API UMeshcastBodyComponent : public UDynamicMeshComponent
{
	GENERATED_BODY()

public:
	UMeshcastBodyComponent(const FObjectInitializer& ObjectInitializer);

	/** Receive from the connection below instead of from that of Project Settings > Plugins > Meshcast. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Meshcast")
	bool bOwnConnection = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Meshcast", meta = (EditCondition = "bOwnConnection"))
	FMeshcastConnection Connection;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Meshcast")
	EMeshcastLevel Level = EMeshcastLevel::Mesh;

	/** Which of the people in view: 0 is whoever came first. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Meshcast", meta = (ClampMin = 0))
	int32 Person = 0;

	/** Follow the person with this track id instead; negative for none. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Meshcast")
	int32 TrackId = -1;

	/** Seconds to show later, so that motion can be interpolated: about a frame of the camera. 0 shows at once. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Meshcast", meta = (ClampMin = 0))
	float BufferSeconds = 0.04f;

	/** For how long motion goes on when frames are late, seconds. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Meshcast", meta = (ClampMin = 0))
	float ExtrapolateSeconds = 0.1f;

	/** What the body is drawn with; its texture coordinates are those of the model message. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Meshcast")
	TObjectPtr<UMaterialInterface> BodyMaterial;

	/** Starts to receive anew, with what the properties say now. */
	UFUNCTION(BlueprintCallable, Category = "Meshcast")
	void Reconnect();

	/** Whether somebody is shown. */
	UFUNCTION(BlueprintPure, Category = "Meshcast")
	bool IsSomebodyShown() const;

	virtual void BeginPlay() override;
	virtual void EndPlay(const EEndPlayReason::Type EndPlayReason) override;
	virtual void TickComponent(float DeltaTime, ELevelTick TickType, FActorComponentTickFunction* TickFunction) override;

private:
	void Listen();
	void Draw();
	void Hide();

	// Shared, so that this header need not know what is in it.
	TSharedPtr<FMeshcastBodyState> State;
};
