// Apache-2.0

#include "MeshcastLiveLinkSourceFactory.h"

#include "MeshcastLiveLinkSource.h"
#include "MeshcastSettings.h"

#define LOCTEXT_NAMESPACE "Meshcast"

FText UMeshcastLiveLinkSourceFactory::GetSourceDisplayName() const
{
	return LOCTEXT("SourceName", "Meshcast");
}

FText UMeshcastLiveLinkSourceFactory::GetSourceTooltip() const
{
	return LOCTEXT("SourceTooltip", "Receives people from the address of Project Settings > Plugins > Meshcast");
}

TSharedPtr<ILiveLinkSource> UMeshcastLiveLinkSourceFactory::CreateSource(const FString& ConnectionString) const
{
	FMeshcastConnection Connection = GetDefault<UMeshcastSettings>()->Connection;
	if (!ConnectionString.IsEmpty())
	{
		Connection.Address = ConnectionString;
	}
	return MakeShared<FMeshcastLiveLinkSource>(Connection);
}

#undef LOCTEXT_NAMESPACE
