#include <map>
#include <set>
#include <string_view>

#include "absl/strings/str_format.h"
#include "tree/checks.h"

namespace vecdb::tree {
namespace {

// What each folder of src/ may include beside itself and vecdb/*.h: these, and all that these may.
const std::map<std::string, std::vector<std::string>> kMayInclude = {
    {"base", {}},
    {"simd", {"base"}},
    {"schema", {"base"}},
    {"store", {"base"}},
    {"codec", {"simd"}},
    {"format", {"schema", "simd"}},
    {"filter", {"schema", "simd"}},
    {"journal", {"format", "store"}},
    {"catalog", {"format", "store"}},
    {"index", {"codec", "format", "store"}},
    {"segment", {"index", "filter"}},
    {"query", {"segment"}},
    {"engine", {"query", "journal", "catalog"}},
    {"api", {"engine"}},
    {"c", {}},
    {"cli", {}},
    {"metrics", {}},
    {"faiss", {"index", "codec"}},
    {"s3", {"store"}},
};

struct Dependency {
  std::string_view path;    // An include is this dependency's when it begins so.
  std::string_view folder;  // The only folder of the tree that may include it; empty: any.
  bool in_headers;
};

constexpr Dependency kDependencies[] = {
    {"faiss/", "src/faiss/", true},
    {"zstd", "src/format/", true},
    {"curl/", "src/s3/", true},
    {"liburing", "src/store/", true},
    {"nlohmann/", "", false},
    {"tao/", "", false},
    {"Eigen/", "", false},
    {"hwy/", "src/simd/", false},
    {"prometheus/", "src/metrics/", true},
    {"pugixml", "src/s3/", false},
    {"openssl/", "src/s3/", false},
    // examples/sharded_service alone, which this does not look at
    {"grpc", "examples/", false},
    {"google/protobuf/", "examples/", false},
};

void AddReachable(const std::string& folder, std::set<std::string>& reachable) {
  if (!reachable.insert(folder).second) return;
  for (const std::string& next : kMayInclude.at(folder)) AddReachable(next, reachable);
}

std::string FolderOf(std::string_view path) {
  const size_t slash = path.find('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash));
}

bool IsHeader(std::string_view path) { return path.ends_with(".h"); }

// Highway's name for code that is included once per instruction set, and not by other folders.
bool IsKernelHeader(std::string_view path) {
  return path.starts_with("src/simd/") && path.ends_with("-inl.h");
}

void CheckPublicHeader(const SourceTree& tree, const SourceFile& file, Violations& out) {
  for (const Include& include : file.includes) {
    const std::string folder = FolderOf(include.path);
    if (!kMayInclude.contains(folder) && !tree.Has("src/" + include.path)) continue;
    out.push_back(absl::StrFormat("%s:%d: a public header includes \"%s\" of src/", file.path,
                                  include.line, include.path));
  }
}

void CheckInternalFile(const SourceTree& tree, const SourceFile& file, Violations& out) {
  const std::string own = FolderOf(std::string_view(file.path).substr(4));
  if (!kMayInclude.contains(own)) {
    out.push_back(
        absl::StrFormat("%s: folder src/%s is not in the table of ranks", file.path, own));
    return;
  }
  std::set<std::string> allowed;
  AddReachable(own, allowed);
  for (const Include& include : file.includes) {
    const std::string folder = FolderOf(include.path);
    const bool relative =
        include.path.starts_with("..") || tree.Has("src/" + own + "/" + include.path);
    if (relative) {
      out.push_back(absl::StrFormat("%s:%d: write \"%s\" from src/, as folder/file.h", file.path,
                                    include.line, include.path));
    } else if (kMayInclude.contains(folder) && !allowed.contains(folder) &&
               tree.Has("src/" + include.path)) {
      out.push_back(absl::StrFormat("%s:%d: src/%s may not include \"%s\"", file.path, include.line,
                                    own, include.path));
    }
  }
}

}  // namespace

Violations CheckIncludeRanks(const SourceTree& tree) {
  Violations out;
  for (const SourceFile* file : tree.Below("include/")) CheckPublicHeader(tree, *file, out);
  for (const SourceFile* file : tree.Below("src/")) CheckInternalFile(tree, *file, out);
  return out;
}

Violations CheckDependencyIncludes(const SourceTree& tree) {
  Violations out;
  for (const auto& [path, file] : tree.files()) {
    const bool in_library = path.starts_with("src/") || path.starts_with("include/");
    if (!in_library) continue;
    for (const Include& include : file.includes) {
      // "faiss/..." may also be our own folder of that name.
      if (tree.Has("src/" + include.path)) continue;
      for (const Dependency& dependency : kDependencies) {
        if (!include.path.starts_with(dependency.path)) continue;
        if (!path.starts_with(dependency.folder)) {
          out.push_back(absl::StrFormat("%s:%d: only %s includes <%s>", path, include.line,
                                        dependency.folder, include.path));
        } else if (IsHeader(path) && !dependency.in_headers && !IsKernelHeader(path)) {
          out.push_back(absl::StrFormat("%s:%d: <%s> belongs in .cc files only", path, include.line,
                                        include.path));
        }
      }
    }
  }
  return out;
}

}  // namespace vecdb::tree
