// Apache-2.0

#include "MeshcastReceiver.h"

#include "HAL/RunnableThread.h"
#include "MeshcastLog.h"
#include "Misc/Paths.h"

#if PLATFORM_WINDOWS
#include "Windows/AllowWindowsPlatformTypes.h"
#include "Windows/PreWindowsApi.h"
#endif
THIRD_PARTY_INCLUDES_START
#include "meshcast/receiver.hpp"
THIRD_PARTY_INCLUDES_END
#if PLATFORM_WINDOWS
#include "Windows/PostWindowsApi.h"
#include "Windows/HideWindowsPlatformTypes.h"
#endif

namespace
{
constexpr long WakeMs = 50; // how long the destructor may have to wait

std::string Utf8(const FString& Text)
{
	return std::string(TCHAR_TO_UTF8(*Text));
}

std::string KeyPath(const FString& File)
{
	return Utf8(FPaths::IsRelative(File) ? FPaths::Combine(FPaths::ProjectDir(), File) : File);
}
}

FMeshcastReceiver::FMeshcastReceiver(const FMeshcastConnection& Connection, meshcast::Kind Level)
	: Receiver(MakeUnique<meshcast::Receiver>())
{
	Error = Open(Connection, Level);
	if (!Error.IsEmpty())
	{
		UE_LOG(LogMeshcast, Error, TEXT("%s"), *Error);
		return;
	}
	Thread = FRunnableThread::Create(this, TEXT("MeshcastReceiver"));
}

FMeshcastReceiver::~FMeshcastReceiver()
{
	if (Thread != nullptr)
	{
		Thread->Kill(true);
		delete Thread;
	}
}

FString FMeshcastReceiver::Open(const FMeshcastConnection& Connection, meshcast::Kind Level)
{
	meshcast::Options Options;
	Options.address = Utf8(Connection.Address);
	Options.stream = Utf8(Connection.Stream);
	Options.levels = {Level};
	if (!Connection.ServerKeyFile.IsEmpty())
	{
		const auto Server = meshcast::read_certificate(KeyPath(Connection.ServerKeyFile));
		const auto Client = meshcast::read_certificate(KeyPath(Connection.ClientKeyFile));
		for (const auto* File : {&Server, &Client})
		{
			if (const auto* Refusal = std::get_if<meshcast::Error>(File))
			{
				return UTF8_TO_TCHAR(Refusal->text());
			}
		}
		const auto* Own = std::get_if<meshcast::Certificate>(&Client);
		Options.curve = {std::get_if<meshcast::Certificate>(&Server)->public_key, Own->public_key, Own->secret_key};
	}
	if (const auto Refusal = Receiver->open(Options))
	{
		return UTF8_TO_TCHAR(Refusal->text());
	}
	return FString();
}

uint32 FMeshcastReceiver::Run()
{
	while (!bStopping)
	{
		Receiver->receive(Inbox, WakeMs);
	}
	return 0;
}

void FMeshcastReceiver::Stop()
{
	bStopping = true;
}

bool FMeshcastReceiver::Take(meshcast::Delivery& Delivery)
{
	while (auto Next = Inbox.take())
	{
		if (const meshcast::Error* Refusal = Next->packet->error())
		{
			Complain(Refusal->text());
			continue;
		}
		Delivery = MoveTemp(*Next);
		return true;
	}
	return false;
}

void FMeshcastReceiver::Complain(const char* What)
{
	const FString Text = UTF8_TO_TCHAR(What);
	if (Text != LastComplaint)
	{
		LastComplaint = Text;
		UE_LOG(LogMeshcast, Warning, TEXT("%s"), *Text);
	}
}

double FMeshcastReceiver::GetSilence() const
{
	const auto Heard = Inbox.heard_s();
	return Heard ? meshcast::now_s() - *Heard : 1e9;
}
