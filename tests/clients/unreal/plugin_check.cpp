// plugin_check body ADDRESS LEVEL [SERVER.pub ME.key]   the mesh of the body component after some frames, and after its
// end plugin_check livelink ADDRESS                          subjects, bones and poses as Live Link gets them
// plugin_check retarget ADDRESS                          a character with the body's own bones, posed by the asset

#include <cstring>
#include <map>

#include "../cpp/numbers.hpp"
// As one file, which is how the engine builds modules, too.
#include "MeshcastBodyComponent.cpp"
#include "MeshcastBodyMesh.cpp"
#include "MeshcastLiveLinkSource.cpp"
#include "MeshcastLiveLinkSourceFactory.cpp"
#include "MeshcastModule.cpp"
#include "MeshcastReceiver.cpp"
#include "MeshcastRetargetAsset.cpp"

namespace {

using numbers::table;
using numbers::text;

constexpr double kPatienceSeconds = 30;

/// Calls `step` as an engine would, until it returns true. Returns whether it did before patience ended.
template <typename Step>
bool play(Step step) {
  const double until_s = meshcast::now_s() + kPatienceSeconds;
  while (meshcast::now_s() < until_s) {
    if (step()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

numbers::Vec3d vector(const FVector& v) {
  return {v.X, v.Y, v.Z};
}

int body(int count, char** words) {
  UMeshcastBodyComponent component{FObjectInitializer()};
  UMaterialInterface material;
  component.BodyMaterial = &material;
  component.bOwnConnection = true;
  component.Connection.Address = words[0];
  component.BufferSeconds = 0;
  component.ExtrapolateSeconds = 0;
  component.Level = std::strcmp(words[1], "params") == 0     ? EMeshcastLevel::Params
                    : std::strcmp(words[1], "mesh-lod") == 0 ? EMeshcastLevel::MeshLod
                                                             : EMeshcastLevel::Mesh;
  if (count > 3) component.Connection.ServerKeyFile = words[2], component.Connection.ClientKeyFile = words[3];
  component.BeginPlay();
  UDynamicMesh& shown = *component.GetDynamicMesh();
  const bool moved = play([&] {
    component.TickComponent(0.005f, LEVELTICK_All, nullptr);
    return shown.Moved >= 5;
  });
  if (!moved) return 1;
  auto& mesh = shown.Mesh;
  text("made", std::to_string(shown.Made));
  text("material", component.Material == &material ? "set" : "not set");
  table("vertices", mesh.Vertices.size(), 1, [&](auto v, auto) { return vector(mesh.Vertices[v]); });
  table("triangles", mesh.Triangles.size(), 1, [&](auto t, auto) {
    return numbers::Vec3d{double(mesh.Triangles[t].A), double(mesh.Triangles[t].B), double(mesh.Triangles[t].C)};
  });
  auto& normals = *mesh.Attributes()->PrimaryNormals();
  table("normals", normals.Elements.size(), 1, [&](auto v, auto) {
    const FVector3f& n = normals.Elements[v];
    return numbers::Vec3d{n.X, n.Y, n.Z};
  });
  auto& uvs = *mesh.Attributes()->PrimaryUV();
  table("uv_triangles", uvs.Triangles.size(), 1, [&](auto t, auto) { return double(uvs.Triangles[t].A); });
  component.EndPlay(EEndPlayReason::Destroyed);
  text("after", mesh.Vertices.empty() && !component.IsSomebodyShown() ? "nothing" : "something");
  return 0;
}

/// Keeps what a source pushes.
class Client : public ILiveLinkClient {
 public:
  void PushSubjectStaticData_AnyThread(const FLiveLinkSubjectKey& key, TSubclassOf<ULiveLinkRole>,
                                       FLiveLinkStaticDataStruct&& data) override {
    bones[*key.SubjectName.ToString()] = *data.Cast<FLiveLinkSkeletonStaticData>();
  }
  void PushSubjectFrameData_AnyThread(const FLiveLinkSubjectKey& key, FLiveLinkFrameDataStruct&& data) override {
    poses[*key.SubjectName.ToString()] = *data.Cast<FLiveLinkAnimationFrameData>();
    ++frames;
  }
  void RemoveSubject_AnyThread(const FLiveLinkSubjectKey& key) override { bones.erase(*key.SubjectName.ToString()); }

  std::map<std::string, FLiveLinkSkeletonStaticData> bones;
  std::map<std::string, FLiveLinkAnimationFrameData> poses;
  int frames = 0;
};

TSharedPtr<ILiveLinkSource> listen(const char* address, Client& client) {
  const UMeshcastLiveLinkSourceFactory factory;
  const TSharedPtr<ILiveLinkSource> source = factory.CreateSource(address);
  source->ReceiveClient(&client, FGuid());
  const bool pushed = play([&] { return source->Update(), client.frames >= 6; });
  if (!pushed) std::exit(1);
  return source;
}

int livelink(const char* address) {
  Client client;
  const auto source = listen(address, client);
  text("status", *source->GetSourceStatus().ToString());
  text("machine", *source->GetSourceMachineName().ToString());
  for (const auto& [name, skeleton] : client.bones) {
    const auto& pose = client.poses[name];
    text("subject", name);
    for (const FName& bone : skeleton.GetBoneNames()) text("bone", *bone.ToString());
    table("parents", static_cast<std::size_t>(skeleton.GetBoneParents().Num()), 1,
          [&](auto b, auto) { return double(skeleton.GetBoneParents()[static_cast<int32>(b)]); });
    table("positions", static_cast<std::size_t>(pose.Transforms.Num()), 1,
          [&](auto b, auto) { return vector(pose.Transforms[static_cast<int32>(b)].GetTranslation()); });
    const double age_s = FPlatformTime::Seconds() - pose.WorldTime.Time;
    text("recent", age_s > -1 && age_s < kPatienceSeconds ? "yes" : "no");
  }
  source->RequestSourceShutdown();
  text("valid", source->IsSourceStillValid() ? "yes" : "no");
  return 0;
}

/// Follows a character whose bones are the body's in its first pose, turned like these: nothing need change.
int retarget(const char* address) {
  Client client;
  const auto source = listen(address, client);
  const auto& [name, skeleton] = *client.bones.begin();
  const FLiveLinkAnimationFrameData& pose = client.poses[name];
  FBoneContainer character;
  UMeshcastRetargetAsset asset{FObjectInitializer()};
  asset.FacingYaw = 0;
  for (int32 bone = 0; bone < pose.Transforms.Num(); ++bone) {
    const FName own(*FString::Printf("Bone_%d", bone));
    asset.BodyBones.Add(own, skeleton.GetBoneNames()[bone]);
    character.Skeleton.Names.Add(own);
    character.Parents.Add(skeleton.GetBoneParents()[bone]);
    character.Rest.Add(FTransform(FQuat(), pose.Transforms[bone].GetTranslation()));
  }
  FCompactPose posed(character);
  asset.BuildPoseFromAnimationData(0, &skeleton, &pose, posed);
  double largest = 0;
  for (const FCompactPoseBoneIndex bone : posed.ForEachBoneIndex()) {
    const FTransform &a = posed[bone], &b = pose.Transforms[bone.GetInt()];
    const FQuat p = a.GetRotation(), q = b.GetRotation();
    largest = std::max(largest, 1 - std::fabs(p.X * q.X + p.Y * q.Y + p.Z * q.Z + p.W * q.W));
    const FVector s = a.GetTranslation(), t = b.GetTranslation();
    largest = std::max({largest, std::fabs(s.X - t.X), std::fabs(s.Y - t.Y), std::fabs(s.Z - t.Z)});
  }
  numbers::start("largest"), numbers::put(largest), numbers::end();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "body" && argc > 3) return body(argc - 2, argv + 2);
  if (verb == "livelink" && argc == 3) return livelink(argv[2]);
  if (verb == "retarget" && argc == 3) return retarget(argv[2]);
  return 2;
}
