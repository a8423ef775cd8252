// Apache-2.0
#pragma once

#include "CoreMinimal.h"
#include "HAL/Runnable.h"
#include "MeshcastSettings.h"

THIRD_PARTY_INCLUDES_START
#include "meshcast/inbox.hpp"
#include <atomic>
THIRD_PARTY_INCLUDES_END

class FRunnableThread;

namespace meshcast
{
class Receiver;
}

/** Receives on a thread of its own from construction to destruction, and keeps the newest message of each topic. */
class FMeshcastReceiver : public FRunnable
{
public:
	FMeshcastReceiver(const FMeshcastConnection& Connection, meshcast::Kind Level);
	virtual ~FMeshcastReceiver() override;

	/** The next of what has come, without waiting; false when there is nothing. Game thread. */
	bool Take(meshcast::Delivery& Delivery);

	/** Why nothing can ever come, for people; empty when it can. */
	const FString& GetError() const { return Error; }

	/** Logs what is wrong, once until something else is. Game thread. */
	void Complain(const char* What);

	/** Seconds since the last message, very large before the first. */
	double GetSilence() const;

	/** FRunnable */
	virtual uint32 Run() override;
	virtual void Stop() override;

private:
	FString Open(const FMeshcastConnection& Connection, meshcast::Kind Level);

	// libzmq's header stays in the .cpp: on Windows it brings those of the system.
	TUniquePtr<meshcast::Receiver> Receiver;
	meshcast::Inbox Inbox;
	FString Error;
	FString LastComplaint;
	std::atomic<bool> bStopping{false};
	FRunnableThread* Thread = nullptr;
};
