// Apache-2.0

#include "MeshcastLog.h"
#include "Modules/ModuleManager.h"

DEFINE_LOG_CATEGORY(LogMeshcast);

IMPLEMENT_MODULE(FDefaultModuleImpl, Meshcast)
