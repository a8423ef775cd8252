// Apache-2.0
#pragma once

#include "CoreMinimal.h"
#include "LiveLinkSourceFactory.h"

#include "MeshcastLiveLinkSourceFactory.generated.h"

/** Window > Virtual Production > Live Link > Add Source > Meshcast: receives as Project Settings > Plugins > Meshcast says. */
UCLASS()
class MESHCAST_API UMeshcastLiveLinkSourceFactory : public ULiveLinkSourceFactory
{
	GENERATED_BODY()

public:
	virtual FText GetSourceDisplayName() const override;
	virtual FText GetSourceTooltip() const override;
	virtual EMenuType GetMenuType() const override { return EMenuType::MenuEntry; }

	/** ConnectionString: tcp://HOST:PORT; the settings' address when empty. */
	virtual TSharedPtr<ILiveLinkSource> CreateSource(const FString& ConnectionString) const override;
};
