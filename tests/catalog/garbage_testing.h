#ifndef VECDB_CATALOG_GARBAGE_TESTING_H_
#define VECDB_CATALOG_GARBAGE_TESTING_H_

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "catalog/catalog_testing.h"
#include "catalog/garbage_collector.h"
#include "support/fake_clock.h"
#include "support/fault_object_store.h"

namespace vecdb::catalog {

inline constexpr int64_t kGraceMs = 3'600'000;

/// The body of a version that names these objects, in folder "d".
inline std::string BodyNaming(const std::vector<std::string>& names) {
  return nlohmann::json{{"objects", names}}.dump();
}

inline absl::StatusOr<std::vector<std::string>> NamesIn(const Version& version) {
  const auto body = nlohmann::json::parse(version.body, nullptr, false);
  std::vector<std::string> names;
  if (!body.contains("objects")) return names;
  for (const auto& name : body["objects"]) {
    names.push_back(absl::StrCat("d/", name.get<std::string>()));
  }
  return names;
}

/// A document in "m" whose versions name objects in "d", in a store on a clock that can be moved.
class GarbageFixture {
 public:
  GarbageFixture() {
    auto made = VersionWriter::CreateFirst(VersionsOf(*base), BodyNaming({}), {});
    EXPECT_OK(made);
    writer = *std::move(made);
  }

  void PutData(const std::string& name, size_t size_bytes = 10) {
    ASSERT_OK(
        PutObject(*base, support::PathOf(absl::StrCat("d/", name)), std::string(size_bytes, 'x')));
  }
  void Commit(const std::vector<std::string>& names) {
    ASSERT_OK(writer->Commit(BodyNaming(names), {}));
  }

  GarbageOptions options() const { return {.now_ms = clock.NowMillis()}; }

  absl::StatusOr<GarbageReport> Collect(const GarbageOptions& how, const Context& context = {}) {
    return CollectGarbage(store, VersionsOf(store), support::PathOf("d"), NamesIn, is_pinned, how,
                          context);
  }
  absl::StatusOr<GarbageReport> Collect() { return Collect(options()); }

  /// The names of the data objects, with spaces.
  std::string Data() const {
    std::string names;
    for (const std::string& path : PathsBelow(*base, "d")) absl::StrAppend(&names, path, " ");
    return names;
  }
  VersionList List() const {
    auto list = VersionsOf(*base).List({});
    EXPECT_OK(list);
    return list.ok() ? *std::move(list) : VersionList{};
  }
  /// The numbers of the versions, with spaces.
  std::string Versions() const { return Numbers(List().versions); }
  std::string Boundaries() const { return Numbers(List().boundaries); }

  /// The newest version is `newest`, and every version from the boundary on has its objects.
  void ExpectWhole(uint64_t newest) const {
    const VersionStore versions = VersionsOf(*base);
    EXPECT_EQ(List().newest(), newest);
    EXPECT_OK(versions.ReadNewest({}));
    const VersionList list = List();
    for (const VersionInfo& info : list.versions) {
      if (info.number < list.boundary()) continue;
      const auto version = versions.Read(info.number, {});
      ASSERT_OK(version);
      const auto names = NamesIn(*version);
      for (const std::string& name : *names) {
        EXPECT_OK(base->Open(support::PathOf(name))) << "of version " << info.number;
      }
    }
  }

  support::FakeClock clock;
  const std::shared_ptr<ObjectStore> base = MakeMemoryObjectStore(clock);
  const std::shared_ptr<support::FaultInjector> injector =
      std::make_shared<support::FaultInjector>();
  support::FaultObjectStore store{base, injector};
  std::unique_ptr<VersionWriter> writer;  // its calls do not go through the injector
  IsPinned is_pinned;

 private:
  static std::string Numbers(const std::vector<VersionInfo>& infos) {
    std::string numbers;
    for (const VersionInfo& info : infos) absl::StrAppend(&numbers, info.number, " ");
    return numbers;
  }
};

}  // namespace vecdb::catalog

#endif  // VECDB_CATALOG_GARBAGE_TESTING_H_
