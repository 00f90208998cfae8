// Row S1 of the test plan: whatever a name says, from a caller, a manifest or a file beside the
// objects, nothing outside the root of a store is read or written.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "format/manifest.h"
#include "support/file_io.h"
#include "support/hostile_names.h"
#include "support/status_testing.h"
#include "support/store_testing.h"
#include "support/temp_directory.h"
#include "vecdb/file_system.h"
#include "vecdb/vecdb.h"

namespace vecdb::support {
namespace {

using namespace std::string_literals;

using Tree = std::map<std::string, std::string>;

// Every path below a directory with the bytes of files; symbolic links as such.
Tree TreeOf(const std::filesystem::path& directory) {
  Tree tree;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    std::string& text = tree[entry.path().lexically_relative(directory).string()];
    if (entry.is_symlink() || !entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  return tree;
}

class HostileNamesTest : public ::testing::Test {
 protected:
  HostileNamesTest() {
    std::filesystem::create_directories(outside());
    std::ofstream(outside() / "secret") << "secret";
    std::ofstream(base() / "beside") << "beside";
    auto local = OpenLocalObjectStore((base() / "root").string());
    EXPECT_OK(local);
    local_ = *local;
    const auto memory = MakeMemoryObjectStore();
    stores_ = {memory, local_, *WithPrefix(memory, "p/q"), *WithPrefix(local_, "p/q"),
               *OpenCachedObjectStore(MakeMemoryObjectStore(),
                                      {.directory = (base() / "cache").string(),
                                       .store_name = "../../outside",
                                       .budget_bytes = 1 << 20,
                                       .use = [](const ObjectPath&) { return CacheUse::kWhole; }})};
    for (const auto& store : stores_) EXPECT_OK(PutObject(*store, PathOf("a/object"), "bytes"));
    before_ = TreeOf(base());
  }

  std::filesystem::path base() const { return directory_.path(); }
  std::filesystem::path outside() const { return base() / "outside"; }
  std::string root() const { return (base() / "root").string(); }

  // One check; all are counted.
  void Expect(bool holds, std::string_view what, std::string_view name) {
    ++checks_;
    EXPECT_TRUE(holds) << what << " of '" << name.substr(0, 64) << "'";
  }

  void ExpectNothingTouched() {
    Tree after = TreeOf(base());
    // What a cache keeps has names of digits alone: folders and a number stay when they are empty.
    std::erase_if(after, [](const auto& entry) {
      const std::string_view path = entry.first;
      return path == "cache/total" || path.starts_with("cache/total/") ||
             path.starts_with("cache/objects/");
    });
    EXPECT_EQ(after, before_);
    checks_ += after.size();
    std::printf("%zu checks\n", checks_);
  }

  const TempDirectory directory_;
  std::shared_ptr<ObjectStore> local_;
  std::vector<std::shared_ptr<ObjectStore>> stores_;
  Tree before_;
  size_t checks_ = 0;
};

using Method = std::function<absl::Status(ObjectStore&, const ObjectPath&)>;

// Each call of a store that takes a name.
const std::map<std::string, Method>& Methods() {
  static const auto* const kMethods = new std::map<std::string, Method>{
      {"Open",
       [](ObjectStore& store, const ObjectPath& path) { return store.Open(path).status(); }},
      {"Create",
       [](ObjectStore& store, const ObjectPath& path) {
         auto writer = store.Create(path);
         if (!writer.ok()) return writer.status();
         return (*writer)->Finish();
       }},
      {"Delete", [](ObjectStore& store, const ObjectPath& path) { return store.Delete(path); }},
      {"List",
       [](ObjectStore& store, const ObjectPath& path) { return store.List(path).status(); }},
      {"PutObject",
       [](ObjectStore& store, const ObjectPath& path) { return PutObject(store, path, "x"); }},
      {"GetObject", [](ObjectStore& store, const ObjectPath& path) {
         return GetObject(store, path, kNoLimit).status();
       }}};
  return *kMethods;
}

// As callers do who have a text: there is no other way to a name.
template <typename MakePath>
absl::Status Call(const Method& method, ObjectStore& store, MakePath make_path) {
  const absl::StatusOr<ObjectPath> path = make_path();
  return path.ok() ? method(store, *path) : path.status();
}

TEST_F(HostileNamesTest, NoMethodOfAnyStoreTakesOne) {
  const std::vector<std::string> names = HostileNames();
  EXPECT_GE(names.size(), 300u);
  for (const std::string& name : names) {
    for (const auto& store : stores_) {
      for (const auto& [what, method] : Methods()) {
        const absl::Status parsed = Call(method, *store, [&] { return ObjectPath::Parse(name); });
        Expect(absl::IsInvalidArgument(parsed), what, name);
        const absl::Status joined = Call(method, *store, [&] { return PathOf("p").Join(name); });
        Expect(absl::IsInvalidArgument(joined), what, name);
      }
      const bool is_whole = name.empty();  // which stands for no prefix
      Expect(is_whole || absl::IsInvalidArgument(WithPrefix(store, name).status()), "prefix", name);
    }
  }
  ExpectNothingTouched();
}

Schema SmallSchema() {
  return {.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                     {.name = "v", .type = DataType::kFloatVector, .dim = 2}}};
}

SegmentInfo SoundInfo() {
  return {.folder = "collections/c/segments/s",
          .schema = SmallSchema(),
          .num_rows = 2,
          .num_deletes = 1,
          .min_timestamp = 1,
          .max_timestamp = 2,
          .objects = {{"columns.vseg", 1, 2}, {"101.vec", 3, 4}},
          .indexes = {{.field = "v", .spec = {}, .object = {"101.idx", 5, 6}}},
          .deletes = ObjectRef{"deletes-1.del", 7, 8}};
}

// The info with `name` in the place of each reference in turn.
std::vector<SegmentInfo> InfosWith(const std::string& name) {
  std::vector<SegmentInfo> infos(5, SoundInfo());
  infos[0].folder = name;
  infos[1].objects[0].name = name;
  infos[2].objects[1].name = name;
  infos[3].indexes[0].object.name = name;
  infos[4].deletes->name = name;
  return infos;
}

format::Manifest ManifestOf(const SegmentInfo& info) {
  return {.collection_id = "c",
          .schema = SmallSchema(),
          .journal = {.id = std::string(32, 'a'), .first_file = 1, .last_file = 1},
          .kept_journals = {std::string(32, 'b')},
          .segments = {{.id = "s", .info = info}}};
}

absl::Status ReadManifest(const format::Manifest& manifest) {
  return format::ManifestFromJson("manifest", format::ManifestToJson(manifest)).status();
}

TEST_F(HostileNamesTest, NoDocumentMayNameOne) {
  ASSERT_OK(SegmentInfo::FromJson(SoundInfo().ToJson()));
  ASSERT_OK(ReadManifest(ManifestOf(SoundInfo())));
  for (const std::string& name : HostileNames()) {
    for (const SegmentInfo& info : InfosWith(name)) {
      Expect(absl::IsDataLoss(SegmentInfo::FromJson(info.ToJson()).status()), "segment", name);
      Expect(absl::IsDataLoss(ReadManifest(ManifestOf(info))), "manifest", name);
      Expect(!Segment::Open(*local_, info).ok(), "opened segment", name);
    }
    format::Manifest manifest = ManifestOf(SoundInfo());
    manifest.journal.id = name;
    Expect(absl::IsDataLoss(ReadManifest(manifest)), "journal", name);
    manifest = ManifestOf(SoundInfo());
    manifest.kept_journals.push_back(name);
    Expect(absl::IsDataLoss(ReadManifest(manifest)), "kept journal", name);
    const std::string catalog = format::CatalogToJson({{.name = "c", .id = name}});
    Expect(absl::IsDataLoss(format::CatalogFromJson("catalog", catalog).status()), "id", name);
  }
  ExpectNothingTouched();
}

TEST_F(HostileNamesTest, NoCollectionIsCalledOne) {
  auto database = Database::Open({.store = MakeMemoryObjectStore()});
  ASSERT_OK(database);
  for (const std::string& name : HostileNames()) {
    const auto created = (*database)->CreateCollection(name, SmallSchema());
    // Letters alone may be longer than a segment of an ObjectPath: names are in no path.
    const bool is_name =
        !name.empty() && name.size() <= 255 && name.find_first_not_of("xa") == std::string::npos;
    Expect(created.ok() == is_name, "collection", name);
    Expect(created.ok() || absl::IsInvalidArgument(created.status()), "code", name);
  }
  ExpectNothingTouched();
}

// Names of devices on Windows and the like are names, and stay below the root.
TEST_F(HostileNamesTest, OddNamesThatAreAllowedLieBelowTheRoot) {
  size_t count = 0;
  for (const char* name : {"CON", "nul.txt", "aux", "COM1", "LPT1.log", "a.", "a..b", "-rf", "--",
                           "LOCK", "tmp", "=", "_", "p/q/CON", "a./b.", "desktop.ini", "0"}) {
    for (const auto& store : stores_) {
      ASSERT_OK(PutObject(*store, PathOf(name), "odd")) << name;
      EXPECT_EQ(*GetObject(*store, PathOf(name), kNoLimit), "odd") << name;
      ASSERT_OK(store->Delete(PathOf(name))) << name;
      ++count;
    }
  }
  EXPECT_GT(count, 60u);
  std::filesystem::remove_all(base() / "root" / ".tmp");
  before_.erase("root/.tmp");
  ExpectNothingTouched();
}

// A link to what lies outside, in the place of a directory and of an object.
TEST_F(HostileNamesTest, LinksAreNotFollowed) {
  std::filesystem::create_directory_symlink(outside(), base() / "root" / "link");
  std::filesystem::create_symlink(outside() / "secret", base() / "root" / "a" / "secret");
  std::filesystem::create_directory_symlink("../..", base() / "root" / "a" / "up");
  before_ = TreeOf(base());
  for (const char* name :
       {"link/secret", "link/new", "link/x/y", "a/secret", "a/up/beside", "a/up/outside/secret"}) {
    for (const auto& [what, method] : Methods()) {
      if (what == "Delete" && name == "a/secret"s) continue;  // takes the link away, see below
      const absl::Status status = method(*local_, PathOf(name));
      const bool is_list = what == "List";
      Expect(is_list ? !status.ok() || local_->List(PathOf(name))->empty() : !status.ok(), what,
             name);
    }
  }
  const auto listed = local_->List(PathOf("a"));
  ASSERT_OK(listed);
  Expect(listed->size() == 1, "list", "a");
  ExpectNothingTouched();
  local_->Delete(PathOf("a/secret")).IgnoreError();
  EXPECT_EQ(TreeOf(outside()), (Tree{{"secret", "secret"}}));
}

// The file system below takes texts, and holds by itself.
TEST_F(HostileNamesTest, FileSystemStaysBelowItsRoot) {
  std::filesystem::create_directory_symlink(outside(), base() / "root" / "link");
  before_ = TreeOf(base());
  const auto files = OpenLocalFileSystem(root());
  ASSERT_OK(files);
  FileSystem& system = **files;
  const std::string absolute = outside().string();
  for (const std::string& folder : {"../outside"s, "a/../../outside"s, "./../outside"s, absolute,
                                    "link"s, "/"s + absolute, "a/./../../outside"s}) {
    const std::string secret = folder + "/secret";
    const std::string fresh = folder + "/fresh";
    Expect(!system.OpenForRead(secret).ok(), "OpenForRead", folder);
    Expect(!system.CreateFile(fresh).ok(), "CreateFile", folder);
    Expect(!system.Link("a/object", fresh).ok(), "Link to", folder);
    Expect(!system.Link(secret, "a/fresh").ok(), "Link from", folder);
    Expect(!system.Unlink(secret).ok(), "Unlink", folder);
    Expect(!system.CreateDirectories(fresh).ok(), "CreateDirectories", folder);
    Expect(!system.RemoveDirectory(folder).ok(), "RemoveDirectory", folder);
    Expect(!system.SyncDirectory(folder).ok(), "SyncDirectory", folder);
    Expect(!system.Lock(fresh).ok(), "Lock", folder);
    const auto entries = system.List(folder);
    Expect(!entries.ok() || entries->empty(), "List", folder);
  }
  ExpectNothingTouched();
}

}  // namespace
}  // namespace vecdb::support
