// Apache-2.0
#pragma once

#include "CoreMinimal.h"
#include "Engine/DeveloperSettings.h"

#include "MeshcastSettings.generated.h"

/** Where to receive from, and with which keys. */
USTRUCT(BlueprintType)
struct MESHCAST_API FMeshcastConnection
{
	GENERATED_BODY()

	/** tcp://HOST:PORT of `meshcast run --publish`. */
	UPROPERTY(Config, EditAnywhere, BlueprintReadWrite, Category = "Meshcast")
	FString Address = TEXT("tcp://127.0.0.1:5556");

	/** Only this stream; the address's only one, or all of them, when empty. */
	UPROPERTY(Config, EditAnywhere, BlueprintReadWrite, Category = "Meshcast")
	FString Stream;

	/** Public key file of an encrypted publisher; empty for one that is not. */
	UPROPERTY(Config, EditAnywhere, BlueprintReadWrite, Category = "Meshcast")
	FString ServerKeyFile;

	/** This machine's own secret key file, for an encrypted publisher. */
	UPROPERTY(Config, EditAnywhere, BlueprintReadWrite, Category = "Meshcast")
	FString ClientKeyFile;
};

/** Project Settings > Plugins > Meshcast: what everything receives from that names no connection of its own. */
UCLASS(Config = Game, DefaultConfig, meta = (DisplayName = "Meshcast"))
class MESHCAST_API UMeshcastSettings : public UDeveloperSettings
{
	GENERATED_BODY()

public:
	virtual FName GetCategoryName() const override { return TEXT("Plugins"); }

	UPROPERTY(Config, EditAnywhere, Category = "Meshcast")
	FMeshcastConnection Connection;
};
