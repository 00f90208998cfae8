// Row E1 of the test plan: each error code that the headers of FileSystem and ObjectStore name is
// produced here once, by the implementations in the library as far as they can. Adding a code to
// one of these headers means adding it to kStoreCodes, and a case that produces it. That each
// implementation gives the same ones is what support/file_system_contract.h and
// support/object_store_contract.h are about.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "api/api_testing.h"
#include "api/error_codes_testing.h"
#include "support/fault_file_system.h"
#include "support/fault_object_store.h"
#include "support/forked_child.h"
#include "support/temp_directory.h"

namespace vecdb::support {
namespace {

constexpr Documented kStoreCodes[] = {
    // Of every call of a FileSystem.
    {"FileSystem", Code::kNotFound},
    {"FileSystem", Code::kAlreadyExists},
    {"FileSystem", Code::kResourceExhausted},
    {"FileSystem", Code::kPermissionDenied},
    {"FileSystem", Code::kFailedPrecondition},
    {"FileSystem", Code::kInvalidArgument},
    {"FileSystem", Code::kUnknown},
    {"FileSystem::CreateFile", Code::kAlreadyExists},
    {"FileSystem::Link", Code::kAlreadyExists},
    {"FileSystem::Unlink", Code::kNotFound},
    {"FileSystem::RemoveDirectory", Code::kFailedPrecondition},
    {"FileSystem::Lock", Code::kFailedPrecondition},
    {"RandomAccessFile::ReadAt", Code::kOutOfRange},
    {"RandomAccessFile::ReadAt", Code::kDataLoss},
    {"AppendFile::Preallocate", Code::kResourceExhausted},
    {"AppendFile::Append", Code::kResourceExhausted},
    // Of every call of an ObjectStore.
    {"ObjectStore", Code::kNotFound},
    {"ObjectStore", Code::kResourceExhausted},
    {"ObjectStore", Code::kUnavailable},
    {"ObjectStore", Code::kPermissionDenied},
    {"ObjectStore", Code::kUnknown},
    {"ObjectStore::Open", Code::kNotFound},
    {"ObjectStore::Open", Code::kFailedPrecondition},
    {"ObjectStore::Create", Code::kAlreadyExists},
    {"ObjectStore::Lock", Code::kFailedPrecondition},
    {"ObjectReader::ReadAt", Code::kOutOfRange},
    {"ObjectReader::ReadAt", Code::kDataLoss},
    {"ObjectReader::ReadAt", Code::kUnavailable},
    {"ObjectWriter::Finish", Code::kAlreadyExists},
    {"ObjectWriter::Finish", Code::kUnknown},
    {"ObjectWriter::Finish", Code::kDataLoss},
};

// A directory with a file "f", as files and as a store of objects, and a store of a host.
class StoreWorld {
 public:
  StoreWorld() { std::ofstream(root + "/f") << "0123456789"; }
  ~StoreWorld() { EXPECT_EQ(::chmod(root.c_str(), 0700), 0); }

  /// Makes something that can be neither read nor written under the name of a file.
  void PutSocket() const { EXPECT_EQ(::mknod((root + "/socket").c_str(), S_IFSOCK | 0600, 0), 0); }
  void Shrink() const { std::filesystem::resize_file(root + "/f", 4); }

  /// What `call` says in a process that has no descriptor left.
  absl::Status WithoutDescriptors(const std::function<absl::Status()>& call) const {
    return InChild([&] {
      const rlimit none{.rlim_cur = 3, .rlim_max = 3};
      return ::setrlimit(RLIMIT_NOFILE, &none) == 0 ? call() : absl::InternalError("setrlimit");
    });
  }
  /// What it says in one whose files may have 4096 bytes.
  absl::Status WithoutSpace(const std::function<absl::Status()>& call) const {
    return InChild([&] {
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit block{.rlim_cur = 4096, .rlim_max = 4096};
      return ::setrlimit(RLIMIT_FSIZE, &block) == 0 ? call() : absl::InternalError("setrlimit");
    });
  }
  /// What it says to a user who may do nothing in the directory; root always may.
  absl::Status WithoutRights(const std::function<absl::Status()>& call) const {
    EXPECT_EQ(::chmod(root.c_str(), 0), 0);
    return InChild([&] {
      constexpr uid_t kNobody = 65534;
      const bool may_not = ::getuid() != 0 || (::setgid(kNobody) == 0 && ::setuid(kNobody) == 0);
      return may_not ? call() : absl::InternalError("cannot become nobody");
    });
  }

  const TempDirectory directory;
  const std::string root = directory.path();
  const std::shared_ptr<FileSystem> files = OpenLocalFileSystem(root).value();
  const std::shared_ptr<FaultInjector> faults = std::make_shared<FaultInjector>();
  const std::shared_ptr<ObjectStore> store =
      OpenLocalObjectStore(std::make_shared<FaultFileSystem>(files, faults)).value();
  const std::shared_ptr<ObjectStore> of_host =
      std::make_shared<FaultObjectStore>(MakeMemoryObjectStore(), faults);

 private:
  static absl::Status InChild(const std::function<absl::Status()>& call) {
    return absl::Status(CodeInChild(call), "the child's");
  }
};

using StoreCase = CodeCase<StoreWorld>;

// The calls of a FileSystem, each with one path.
struct FileCall {
  const char* name;
  absl::Status (*run)(FileSystem&, const std::string& path);
};

constexpr FileCall kFileCalls[] = {
    {"OpenForRead", [](FileSystem& f, const std::string& p) { return f.OpenForRead(p).status(); }},
    {"CreateFile", [](FileSystem& f, const std::string& p) { return f.CreateFile(p).status(); }},
    {"Link", [](FileSystem& f, const std::string& p) { return f.Link("f", p); }},
    {"Unlink", [](FileSystem& f, const std::string& p) { return f.Unlink(p); }},
    {"RemoveDirectory", [](FileSystem& f, const std::string& p) { return f.RemoveDirectory(p); }},
    {"List", [](FileSystem& f, const std::string& p) { return f.List(p).status(); }},
    {"SyncDirectory", [](FileSystem& f, const std::string& p) { return f.SyncDirectory(p); }},
    {"Lock", [](FileSystem& f, const std::string& p) { return f.Lock(p).status(); }},
};
constexpr FileCall kCreateDirectories = {
    "CreateDirectories",
    [](FileSystem& f, const std::string& p) { return f.CreateDirectories(p); }};

// What they all say of `path`; Internal when they do not agree.
absl::Status OfEveryCall(FileSystem& files, const std::string& path) {
  absl::Status first;
  for (const auto& [name, run] : kFileCalls) {
    const absl::Status status = run(files, path);
    if (first.ok()) first = status;
    if (status.ok() || status.code() != first.code()) {
      return absl::InternalError(absl::StrCat(name, ": ", status.ToString()));
    }
  }
  const absl::Status made = kCreateDirectories.run(files, path);
  if (made.ok() == absl::IsNotFound(first) && (made.ok() || made.code() == first.code())) {
    return first;
  }
  return absl::InternalError(absl::StrCat(kCreateDirectories.name, ": ", made.ToString()));
}

absl::Status ReadTen(const RandomAccessFile& file, uint64_t offset) {
  std::string out(10, '?');
  return file.ReadAt(offset, std::as_writable_bytes(std::span(out)));
}

absl::Status ReadTen(const ObjectReader& reader, uint64_t offset) {
  std::string out(10, '?');
  return reader.ReadAt(offset, std::as_writable_bytes(std::span(out)));
}

std::vector<StoreCase> FileSystemCases() {
  return {
      {{"FileSystem", Code::kNotFound},
       [](StoreWorld& w) { return OfEveryCall(*w.files, "missing/x"); }},
      {{"FileSystem", Code::kAlreadyExists},
       [](StoreWorld& w) {
         EXPECT_OK(w.files->CreateDirectories("d"));
         return w.files->CreateFile("d").status();
       }},
      {{"FileSystem", Code::kResourceExhausted},
       [](StoreWorld& w) {
         return w.WithoutDescriptors([&] { return OfEveryCall(*w.files, "x"); });
       }},
      {{"FileSystem", Code::kPermissionDenied},
       [](StoreWorld& w) { return w.WithoutRights([&] { return OfEveryCall(*w.files, "x"); }); }},
      {{"FileSystem", Code::kFailedPrecondition},
       [](StoreWorld& w) { return OfEveryCall(*w.files, "f/x"); }},
      {{"FileSystem", Code::kInvalidArgument},
       [](StoreWorld& w) { return OfEveryCall(*w.files, "../x"); }},
      {{"FileSystem", Code::kUnknown},
       [](StoreWorld& w) {
         w.PutSocket();
         return w.files->OpenForRead("socket").status();
       }},
      {{"FileSystem::CreateFile", Code::kAlreadyExists},
       [](StoreWorld& w) { return w.files->CreateFile("f").status(); }},
      {{"FileSystem::Link", Code::kAlreadyExists},
       [](StoreWorld& w) {
         EXPECT_OK(WriteFile(*w.files, "g", ""));
         return w.files->Link("g", "f");
       }},
      {{"FileSystem::Unlink", Code::kNotFound}, [](StoreWorld& w) { return w.files->Unlink("x"); }},
      {{"FileSystem::RemoveDirectory", Code::kFailedPrecondition},
       [](StoreWorld& w) {
         EXPECT_OK(w.files->CreateDirectories("d/e"));
         return w.files->RemoveDirectory("d");
       }},
      {{"FileSystem::Lock", Code::kFailedPrecondition},
       [](StoreWorld& w) {
         const auto lock = w.files->Lock("l");
         EXPECT_OK(lock);
         return w.files->Lock("l").status();
       }},
      {{"RandomAccessFile::ReadAt", Code::kOutOfRange},
       [](StoreWorld& w) { return ReadTen(**w.files->OpenForRead("f"), 1); }},
      {{"RandomAccessFile::ReadAt", Code::kDataLoss},
       [](StoreWorld& w) {
         const auto file = w.files->OpenForRead("f");
         w.Shrink();
         return ReadTen(**file, 0);
       }},
      {{"AppendFile::Preallocate", Code::kResourceExhausted},
       [](StoreWorld& w) {
         return w.WithoutSpace(
             [&] { return (*w.files->CreateFile("g"))->Preallocate(uint64_t{1} << 62); });
       }},
      {{"AppendFile::Append", Code::kResourceExhausted},
       [](StoreWorld& w) {
         return w.WithoutSpace(
             [&] { return (*w.files->CreateFile("g"))->Append(BytesOf(std::string(10000, 'x'))); });
       }},
  };
}

std::vector<StoreCase> ObjectStoreCases() {
  return {
      {{"ObjectStore", Code::kNotFound},
       [](StoreWorld& w) { return w.store->Open(PathOf("missing/x")).status(); }},
      {{"ObjectStore", Code::kResourceExhausted},
       [](StoreWorld& w) {
         return w.WithoutDescriptors([&] { return w.store->Create(PathOf("x")).status(); });
       }},
      {{"ObjectStore", Code::kUnavailable},
       [](StoreWorld& w) {
         const auto writer = w.store->Create(PathOf("x"));
         EXPECT_OK(writer);
         for (const std::string& path : FilesBelow(*w.files, ".tmp")) {
           EXPECT_OK(w.files->Unlink(path));
         }
         return (*writer)->Finish();
       }},
      {{"ObjectStore", Code::kPermissionDenied},
       [](StoreWorld& w) {
         return w.WithoutRights([&] { return w.store->Open(PathOf("f")).status(); });
       }},
      {{"ObjectStore", Code::kUnknown},
       [](StoreWorld& w) {
         w.PutSocket();
         return w.store->Open(PathOf("socket")).status();
       }},
      {{"ObjectStore::Open", Code::kNotFound},
       [](StoreWorld& w) { return w.store->Open(PathOf("missing")).status(); }},
      {{"ObjectStore::Open", Code::kFailedPrecondition},  // a symbolic link: OpenLocalObjectStore
       [](StoreWorld& w) {
         std::filesystem::create_symlink("f", w.root + "/link");
         return w.store->Open(PathOf("link")).status();
       }},
      {{"ObjectStore::Lock", Code::kFailedPrecondition},
       [](StoreWorld& w) {
         const auto lock = w.store->Lock();
         EXPECT_OK(lock);
         return w.store->Lock().status();
       }},
      {{"ObjectReader::ReadAt", Code::kOutOfRange},
       [](StoreWorld& w) { return ReadTen(**w.store->Open(PathOf("f")), 1); }},
      {{"ObjectReader::ReadAt", Code::kDataLoss},
       [](StoreWorld& w) {
         const auto reader = w.store->Open(PathOf("f"));
         w.Shrink();
         return ReadTen(**reader, 0);
       }},
      {{"ObjectWriter::Finish", Code::kAlreadyExists},
       [](StoreWorld& w) {
         const auto writer = w.store->Create(PathOf("f"));
         EXPECT_OK(writer);
         return (*writer)->Finish();
       }},
      {{"ObjectWriter::Finish", Code::kUnknown},
       [](StoreWorld& w) {
         w.faults->Arm({.call = "Link", .mode = FaultMode::kFailAfter});
         return PutObject(*w.store, PathOf("x"), "");
       }},
      {{"ObjectWriter::Finish", Code::kDataLoss},
       [](StoreWorld& w) {
         w.faults->Arm({.call = "SyncDirectory"});
         return PutObject(*w.store, PathOf("x"), "");
       }},
  };
}

// The library's own stores never give these two; a host's may, and the library hands them on.
std::vector<StoreCase> HostsStoreCases() {
  return {
      {{"ObjectStore::Create", Code::kAlreadyExists},
       [](StoreWorld& w) {
         w.faults->Arm({.call = "Create", .error = absl::AlreadyExistsError("taken")});
         return PutObject(**WithPrefix(w.of_host, "a"), PathOf("x"), "");
       }},
      {{"ObjectReader::ReadAt", Code::kUnavailable},
       [](StoreWorld& w) {
         EXPECT_OK(PutObject(*w.of_host, PathOf("a/x"), "text"));
         w.faults->Arm({.call = "ReadAt", .error = absl::UnavailableError("away")});
         return GetObject(**WithPrefix(w.of_host, "a"), PathOf("x"), 4).status();
       }},
  };
}

TEST(StoreErrorCodesTest, OfFiles) { ExpectCodes(FileSystemCases()); }
TEST(StoreErrorCodesTest, OfObjects) { ExpectCodes(ObjectStoreCases()); }
TEST(StoreErrorCodesTest, OfTheStoreOfAHost) { ExpectCodes(HostsStoreCases()); }

TEST(StoreErrorCodesTest, EveryDocumentedOneIsProduced) {
  std::set<Documented> produced;
  for (const auto& cases : {FileSystemCases(), ObjectStoreCases(), HostsStoreCases()}) {
    AddProduced(cases, &produced);
  }
  ExpectTheSame(kStoreCodes, produced);
}

}  // namespace
}  // namespace vecdb::support
