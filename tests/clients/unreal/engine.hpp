// A stand-in for what the plugin uses of Unreal Engine, from the documented signatures of its classes: enough to
// compile the plugin and to let it run against a publisher. The engine itself is not here, and what it does with a mesh
// or a pose is not either.
#pragma once

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#define MESHCAST_API
#define UCLASS(...)
#define USTRUCT(...)
#define UENUM(...)
#define UMETA(...)
#define UPROPERTY(...)
#define UFUNCTION(...)
#define GENERATED_BODY()
#define THIRD_PARTY_INCLUDES_START
#define THIRD_PARTY_INCLUDES_END
#define PLATFORM_WINDOWS 0
#define TEXT(text) text
#define TCHAR_TO_UTF8(text) (text)
#define UTF8_TO_TCHAR(text) (text)
#define LOCTEXT(key, text) FText::FromString(text)
#define DECLARE_LOG_CATEGORY_EXTERN(name, verbosity, most) extern const char name[]
#define DEFINE_LOG_CATEGORY(name) extern const char name[] = #name
#define IMPLEMENT_MODULE(type, name) type name##Module;
#define UE_LOG(category, verbosity, ...) \
  (std::fprintf(stderr, "%s: " #verbosity ": ", category), std::fprintf(stderr, __VA_ARGS__), std::fputc('\n', stderr))
#define check(condition) \
  ((condition) ? void() : (static_cast<void>(std::fprintf(stderr, "check: %s\n", #condition)), std::abort()))

using int32 = std::int32_t;
using uint8 = std::uint8_t;
using uint32 = std::uint32_t;
using TCHAR = char;

struct FDefaultModuleImpl {};

template <typename T>
std::remove_reference_t<T>&& MoveTemp(T&& value) {
  return std::move(value);
}

template <typename T>
class TArray {
 public:
  TArray() = default;
  TArray(std::initializer_list<T> values) : values_(values) {}
  int32 Num() const { return static_cast<int32>(values_.size()); }
  void Reserve(int32 count) { values_.reserve(static_cast<std::size_t>(count)); }
  void Reset() { values_.clear(); }
  int32 Add(T value) { return values_.push_back(std::move(value)), Num() - 1; }
  template <typename... A>
  int32 Emplace(A&&... values) {
    return values_.emplace_back(std::forward<A>(values)...), Num() - 1;
  }
  T& Last() { return (*this)[Num() - 1]; }
  T& operator[](int32 i) { return check(i >= 0 && i < Num()), values_[static_cast<std::size_t>(i)]; }
  const T& operator[](int32 i) const { return const_cast<TArray&>(*this)[i]; }
  const T* GetData() const { return values_.data(); }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }
  bool operator==(const TArray& other) const { return values_ == other.values_; }

 private:
  std::vector<T> values_;
};

class FString {
 public:
  FString() = default;
  FString(const TCHAR* text) : text_(text) {}
  const TCHAR* operator*() const { return text_.c_str(); }
  bool IsEmpty() const { return text_.empty(); }
  bool operator==(const FString& other) const { return text_ == other.text_; }
  FString ToLower() const {
    FString lower(*this);
    for (char& c : lower.text_) c = static_cast<char>(std::tolower(c));
    return lower;
  }
  static FString Printf(const TCHAR* format, ...) __attribute__((format(printf, 1, 2))) {
    char text[256];
    va_list values;
    va_start(values, format);
    std::vsnprintf(text, sizeof text, format, values);
    va_end(values);
    return text;
  }

 private:
  std::string text_;
};

class FName {
 public:
  FName() = default;
  FName(const TCHAR* text) : text_(text) {}
  FString ToString() const { return text_; }
  bool operator==(const FName& other) const { return text_.ToLower() == other.text_.ToLower(); }

 private:
  FString text_;
};

class FText {
 public:
  static FText FromString(const FString& text) { return FText(text); }
  const FString& ToString() const { return text_; }

 private:
  explicit FText(const FString& text) : text_(text) {}
  FString text_;
};

template <typename K, typename V>
struct TPair {
  K Key;
  V Value;
};

template <typename K, typename V>
class TMap {
 public:
  void Add(K key, V value) { pairs_.push_back({key, value}); }
  auto begin() const { return pairs_.begin(); }
  auto end() const { return pairs_.end(); }

 private:
  std::vector<TPair<K, V>> pairs_;
};

template <typename T>
class TOptional {
 public:
  bool IsSet() const { return value_.has_value(); }
  void Reset() { value_.reset(); }
  template <typename... A>
  void Emplace(A&&... values) {
    value_.emplace(std::forward<A>(values)...);
  }
  TOptional& operator=(T&& value) { return value_ = std::move(value), *this; }
  T& operator*() { return check(IsSet()), *value_; }
  T* operator->() { return &**this; }

 private:
  std::optional<T> value_;
};

template <typename Pointer>
class TPointer {
 public:
  TPointer() = default;
  TPointer(Pointer pointer) : pointer_(std::move(pointer)) {}
  bool IsValid() const { return pointer_ != nullptr; }
  void Reset() { pointer_.reset(); }
  auto* Get() const { return pointer_.get(); }
  auto* operator->() const { return check(IsValid()), pointer_.get(); }
  auto& operator*() const { return *operator->(); }

 protected:
  Pointer pointer_;
};

template <typename T>
class TUniquePtr : public TPointer<std::unique_ptr<T>> {
 public:
  using TPointer<std::unique_ptr<T>>::TPointer;
};

template <typename T>
class TSharedPtr : public TPointer<std::shared_ptr<T>> {
 public:
  using TPointer<std::shared_ptr<T>>::TPointer;
  template <typename U>
  operator TSharedPtr<U>() const {
    return std::shared_ptr<U>(this->pointer_);
  }
};

template <typename T, typename... A>
TUniquePtr<T> MakeUnique(A&&... values) {
  return std::make_unique<T>(std::forward<A>(values)...);
}
template <typename T, typename... A>
TSharedPtr<T> MakeShared(A&&... values) {
  return std::make_shared<T>(std::forward<A>(values)...);
}

template <typename T>
class TObjectPtr {
 public:
  TObjectPtr(T* object = nullptr) : object_(object) {}
  operator T*() const { return object_; }

 private:
  T* object_;
};

template <typename Signature>
using TFunctionRef = const std::function<Signature>&;

struct FMath {
  template <typename T>
  static T Max(T a, T b) {
    return std::max(a, b);
  }
};

struct FPlatformTime {
  static double Seconds() {  // another zero than that of the standard library's clock, as in the engine
    return 1000 + std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
};

struct FPaths {
  static bool IsRelative(const FString& path) { return (*path)[0] != '/'; }
  static FString ProjectDir() { return std::getenv("MESHCAST_PROJECT") ? std::getenv("MESHCAST_PROJECT") : ""; }
  static FString Combine(const FString& folder, const FString& name) {
    return FString::Printf("%s/%s", *folder, *name);
  }
};

// Numbers

template <typename T>
struct TVector {
  T X = 0, Y = 0, Z = 0;
  TVector() = default;
  TVector(T x, T y, T z) : X(x), Y(y), Z(z) {}
};
using FVector = TVector<double>;
using FVector3d = TVector<double>;
using FVector3f = TVector<float>;

struct FVector2f {
  float X, Y;
  FVector2f(float x, float y) : X(x), Y(y) {}
};

struct FQuat {
  double X = 0, Y = 0, Z = 0, W = 1;
  FQuat() = default;
  FQuat(double x, double y, double z, double w) : X(x), Y(y), Z(z), W(w) {}
};

class FTransform {
 public:
  FTransform() = default;
  FTransform(const FQuat& rotation, const FVector& translation) : rotation_(rotation), translation_(translation) {}
  FQuat GetRotation() const { return rotation_; }
  FVector GetTranslation() const { return translation_; }
  void SetRotation(const FQuat& rotation) { rotation_ = rotation; }
  void SetTranslation(const FVector& translation) { translation_ = translation; }

 private:
  FQuat rotation_;
  FVector translation_;
};

struct FGuid {
  int32 A = 0;
};

// Threads

class FRunnable {
 public:
  virtual ~FRunnable() = default;
  virtual uint32 Run() = 0;
  virtual void Stop() {}
};

class FRunnableThread {
 public:
  static FRunnableThread* Create(FRunnable* runnable, const TCHAR*) { return new FRunnableThread(runnable); }
  bool Kill(bool wait) {
    runnable_->Stop();
    if (wait) thread_.join();
    return true;
  }

 private:
  explicit FRunnableThread(FRunnable* runnable) : runnable_(runnable), thread_([runnable] { runnable->Run(); }) {}
  FRunnable* runnable_;
  std::thread thread_;
};

// Objects and components

struct FObjectInitializer {};
struct UClass {};
struct UScriptStruct {};

template <typename T>
struct TSubclassOf {
  UClass* Class;
  TSubclassOf(UClass* from) : Class(from) {}
};

class UObject {
 public:
  UObject() = default;
  explicit UObject(const FObjectInitializer&) {}
  virtual ~UObject() = default;
};

template <typename T>
T* GetMutableDefault() {
  static T object;
  return &object;
}
template <typename T>
const T* GetDefault() {
  return GetMutableDefault<T>();
}

class UDeveloperSettings : public UObject {
 public:
  virtual FName GetCategoryName() const { return {}; }
};

class UMaterialInterface : public UObject {};

struct EEndPlayReason {
  enum Type { Destroyed };
};
struct ECollisionEnabled {
  enum Type { NoCollision };
};
enum ELevelTick { LEVELTICK_All };
struct FActorComponentTickFunction {
  bool bCanEverTick = false;
};

namespace UE::Geometry {

struct FIndex3i {
  int A, B, C;
  FIndex3i(int a, int b, int c) : A(a), B(b), C(c) {}
};

template <typename V>
class TOverlay {
 public:
  std::vector<V> Elements;
  std::vector<FIndex3i> Triangles;
  int AppendElement(const V& value) { return Elements.push_back(value), static_cast<int>(Elements.size()) - 1; }
  void SetElement(int element, const V& value) { Elements.at(static_cast<std::size_t>(element)) = value; }
  void SetTriangle(int triangle, const FIndex3i& elements) {
    check(triangle == static_cast<int>(Triangles.size()));
    for (const int element : {elements.A, elements.B, elements.C})
      check(element >= 0 && element < static_cast<int>(Elements.size()));
    Triangles.push_back(elements);
  }
};
using FDynamicMeshNormalOverlay = TOverlay<FVector3f>;
using FDynamicMeshUVOverlay = TOverlay<FVector2f>;

class FDynamicMeshAttributeSet {
 public:
  FDynamicMeshNormalOverlay* PrimaryNormals() { return &normals_; }
  FDynamicMeshUVOverlay* PrimaryUV() { return &uvs_; }

 private:
  FDynamicMeshNormalOverlay normals_;
  FDynamicMeshUVOverlay uvs_;
};

class FDynamicMesh3 {
 public:
  std::vector<FVector3d> Vertices;
  std::vector<FIndex3i> Triangles;
  void EnableAttributes() { attributes_.emplace(); }
  FDynamicMeshAttributeSet* Attributes() { return attributes_ ? &*attributes_ : nullptr; }
  int AppendVertex(const FVector3d& at) { return Vertices.push_back(at), static_cast<int>(Vertices.size()) - 1; }
  void SetVertex(int vertex, const FVector3d& at) { Vertices.at(static_cast<std::size_t>(vertex)) = at; }
  int AppendTriangle(const FIndex3i& t, int = 0) {
    const int count = static_cast<int>(Vertices.size());
    check(t.A >= 0 && t.A < count && t.B >= 0 && t.B < count && t.C >= 0 && t.C < count);
    check(t.A != t.B && t.B != t.C && t.C != t.A);
    return Triangles.push_back(t), static_cast<int>(Triangles.size()) - 1;
  }

 private:
  std::optional<FDynamicMeshAttributeSet> attributes_;
};

}  // namespace UE::Geometry

enum class EDynamicMeshChangeType : uint8 { GeneralEdit = 0, DeformationEdit = 4 };
enum class EDynamicMeshAttributeChangeFlags : uint8 { Unknown = 0, VertexPositions = 2, NormalsTangents = 4 };
inline EDynamicMeshAttributeChangeFlags operator|(EDynamicMeshAttributeChangeFlags a,
                                                  EDynamicMeshAttributeChangeFlags b) {
  return static_cast<EDynamicMeshAttributeChangeFlags>(static_cast<int>(a) | static_cast<int>(b));
}

class UDynamicMesh : public UObject {
 public:
  UE::Geometry::FDynamicMesh3 Mesh;
  int Made = 0, Moved = 0;  // how often the buffers on a GPU would have been made again, and changed
  void EditMesh(TFunctionRef<void(UE::Geometry::FDynamicMesh3&)> edit,
                EDynamicMeshChangeType type = EDynamicMeshChangeType::GeneralEdit,
                EDynamicMeshAttributeChangeFlags = EDynamicMeshAttributeChangeFlags::Unknown) {
    edit(Mesh);
    ++(type == EDynamicMeshChangeType::DeformationEdit ? Moved : Made);
  }
};

class UDynamicMeshComponent : public UObject {
 public:
  using Super = UDynamicMeshComponent;  // what the header tool declares in each class that derives from this one
  explicit UDynamicMeshComponent(const FObjectInitializer& initializer) : UObject(initializer) {}
  virtual UDynamicMesh* GetDynamicMesh() { return &mesh_; }
  virtual void SetMesh(UE::Geometry::FDynamicMesh3&& mesh) { mesh_.Mesh = std::move(mesh), ++mesh_.Made; }
  virtual void SetMaterial(int32, UMaterialInterface* material) { Material = material; }
  void SetCollisionEnabled(ECollisionEnabled::Type) {}
  virtual void BeginPlay() {}
  virtual void EndPlay(const EEndPlayReason::Type) {}
  virtual void TickComponent(float, ELevelTick, FActorComponentTickFunction*) {}

  UMaterialInterface* Material = nullptr;

 protected:
  FActorComponentTickFunction PrimaryComponentTick;

 private:
  UDynamicMesh mesh_;
};

// Live Link

struct FLiveLinkWorldTime {
  double Time = 0, Offset = 0;
  FLiveLinkWorldTime() = default;
  explicit FLiveLinkWorldTime(double time, double offset) : Time(time), Offset(offset) {}
};

struct FLiveLinkSubjectKey {
  FGuid Source;
  FName SubjectName;
  FLiveLinkSubjectKey(FGuid source, FName name) : Source(source), SubjectName(name) {}
};

class FLiveLinkSkeletonStaticData {
 public:
  static UScriptStruct* StaticStruct() { return GetMutableDefault<UScriptStruct>(); }
  void SetBoneNames(const TArray<FName>& names) { names_ = names; }
  const TArray<FName>& GetBoneNames() const { return names_; }
  void SetBoneParents(const TArray<int32>& parents) { parents_ = parents; }
  const TArray<int32>& GetBoneParents() const { return parents_; }

 private:
  TArray<FName> names_;
  TArray<int32> parents_;
};

struct FLiveLinkAnimationFrameData {
  static UScriptStruct* StaticStruct() { return GetMutableDefault<UScriptStruct>(); }
  FLiveLinkWorldTime WorldTime;
  TArray<FTransform> Transforms;
};

template <typename Data>
class TLiveLinkStruct {
 public:
  explicit TLiveLinkStruct(const UScriptStruct*) {}
  TLiveLinkStruct(TLiveLinkStruct&&) = default;
  template <typename As>
  As* Cast() {
    static_assert(std::is_same_v<As, Data>);
    return &data_;
  }

 private:
  Data data_;
};
using FLiveLinkStaticDataStruct = TLiveLinkStruct<FLiveLinkSkeletonStaticData>;
using FLiveLinkFrameDataStruct = TLiveLinkStruct<FLiveLinkAnimationFrameData>;

class ULiveLinkRole : public UObject {};
class ULiveLinkAnimationRole : public ULiveLinkRole {
 public:
  static UClass* StaticClass() { return GetMutableDefault<UClass>(); }
};

class ILiveLinkClient {
 public:
  virtual ~ILiveLinkClient() = default;
  virtual void PushSubjectStaticData_AnyThread(const FLiveLinkSubjectKey&, TSubclassOf<ULiveLinkRole>,
                                               FLiveLinkStaticDataStruct&&) = 0;
  virtual void PushSubjectFrameData_AnyThread(const FLiveLinkSubjectKey&, FLiveLinkFrameDataStruct&&) = 0;
  virtual void RemoveSubject_AnyThread(const FLiveLinkSubjectKey&) = 0;
};

class ILiveLinkSource {
 public:
  virtual ~ILiveLinkSource() = default;
  virtual void ReceiveClient(ILiveLinkClient*, FGuid) = 0;
  virtual void Update() {}
  virtual bool IsSourceStillValid() const = 0;
  virtual bool RequestSourceShutdown() = 0;
  virtual FText GetSourceType() const = 0;
  virtual FText GetSourceMachineName() const = 0;
  virtual FText GetSourceStatus() const = 0;
};

class ULiveLinkSourceFactory : public UObject {
 public:
  enum class EMenuType { SubPanel, MenuEntry, Disabled };
  virtual FText GetSourceDisplayName() const = 0;
  virtual FText GetSourceTooltip() const = 0;
  virtual EMenuType GetMenuType() const { return EMenuType::Disabled; }
  virtual TSharedPtr<ILiveLinkSource> CreateSource(const FString&) const { return {}; }
};

// Poses

template <int Tag>
class TBoneIndex {
 public:
  explicit TBoneIndex(int32 index) : index_(index) {}
  int32 GetInt() const { return index_; }

 private:
  int32 index_;
};
using FCompactPoseBoneIndex = TBoneIndex<0>;
using FMeshPoseBoneIndex = TBoneIndex<1>;

struct FReferenceSkeleton {
  TArray<FName> Names;
  FName GetBoneName(int32 bone) const { return Names[bone]; }
};

struct FBoneContainer {
  FReferenceSkeleton Skeleton;
  TArray<int32> Parents;
  TArray<FTransform> Rest;
  FMeshPoseBoneIndex MakeMeshPoseIndex(const FCompactPoseBoneIndex& bone) const {
    return FMeshPoseBoneIndex(bone.GetInt());
  }
  const FReferenceSkeleton& GetReferenceSkeleton() const { return Skeleton; }
  FCompactPoseBoneIndex GetParentBoneIndex(const FCompactPoseBoneIndex& bone) const {
    return FCompactPoseBoneIndex(Parents[bone.GetInt()]);
  }
  const FTransform& GetRefPoseTransform(const FCompactPoseBoneIndex& bone) const { return Rest[bone.GetInt()]; }
};

class FCompactPose {
 public:
  explicit FCompactPose(const FBoneContainer& bones) : bones_(bones), pose_(bones.Rest) {}
  const FBoneContainer& GetBoneContainer() const { return bones_; }
  std::vector<FCompactPoseBoneIndex> ForEachBoneIndex() const {
    std::vector<FCompactPoseBoneIndex> all;
    for (int32 bone = 0; bone < pose_.Num(); ++bone) all.emplace_back(bone);
    return all;
  }
  FTransform& operator[](const FCompactPoseBoneIndex& bone) { return pose_[bone.GetInt()]; }

 private:
  const FBoneContainer& bones_;
  TArray<FTransform> pose_;
};

class ULiveLinkRetargetAsset : public UObject {
 public:
  using Super = ULiveLinkRetargetAsset;
  explicit ULiveLinkRetargetAsset(const FObjectInitializer& initializer) : UObject(initializer) {}
  virtual void BuildPoseFromAnimationData(float, const FLiveLinkSkeletonStaticData*, const FLiveLinkAnimationFrameData*,
                                          FCompactPose&) {}
};
