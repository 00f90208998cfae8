#include "docsearch/walk.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "docsearch/hash.h"

namespace docsearch {
namespace {

namespace fs = std::filesystem;

// Larger ones are tables, generated code and single-header bundles of many libraries.
constexpr uint64_t kMaxFileBytes = 4ULL << 20;

constexpr std::array<std::string_view, 14> kCodeExtensions = {
    ".h",   ".hh", ".hpp", ".hxx", ".h++", ".ipp", ".tcc",
    ".inl", ".c",  ".cc",  ".cpp", ".cxx", ".tpp", ".cu"};
constexpr std::array<std::string_view, 7> kTextExtensions = {
    ".txt", ".md", ".markdown", ".rst", ".asciidoc", ".adoc", ".text"};
constexpr std::array<std::string_view, 5> kTextPrefixes = {"readme", "news", "faq", "todo",
                                                           "howto"};
constexpr std::array<std::string_view, 8> kUselessPrefixes = {
    "copying", "copyright", "license", "licence", "changelog", "changes", "authors", "thanks"};

template <size_t kCount>
bool Contains(const std::array<std::string_view, kCount>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

template <size_t kCount>
bool BeginsWithAny(std::string_view name, const std::array<std::string_view, kCount>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

int64_t SecondsSince1970(fs::file_time_type time) {
  const auto system_time = std::chrono::file_clock::to_sys(time);
  return std::chrono::duration_cast<std::chrono::seconds>(system_time.time_since_epoch()).count();
}

// Nothing for what is no regular file, is too large, or went away meanwhile.
std::optional<SourceFile> Examine(const fs::directory_entry& entry, const fs::path& folder) {
  std::error_code error;
  if (entry.is_symlink(error) || !entry.is_regular_file(error)) return std::nullopt;
  const std::string path = entry.path().string();
  const std::optional<FileKind> kind = KindOf(path);
  if (!kind) return std::nullopt;

  const uint64_t size_bytes = entry.file_size(error);
  if (error || size_bytes == 0 || size_bytes > kMaxFileBytes) return std::nullopt;
  const fs::file_time_type mtime = entry.last_write_time(error);
  if (error) return std::nullopt;
  return SourceFile{.path = path,
                    .source = SourceName(entry.path().lexically_relative(folder).string()),
                    .kind = *kind,
                    .size_bytes = size_bytes,
                    .mtime = SecondsSince1970(mtime)};
}

void WalkFolder(const fs::path& folder, std::vector<SourceFile>& files) {
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied,
                                         error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (std::optional<SourceFile> file = Examine(*entry, folder)) files.push_back(*std::move(file));
  }
}

}  // namespace

std::vector<SourceFile> WalkFolders(const std::vector<std::string>& folders) {
  std::vector<SourceFile> files;
  for (const std::string& folder : folders) {
    std::error_code error;
    const fs::path canonical = fs::canonical(folder, error);
    if (!error) WalkFolder(canonical, files);
  }
  const auto by_path = [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; };
  const auto same_path = [](const SourceFile& a, const SourceFile& b) { return a.path == b.path; };
  std::stable_sort(files.begin(), files.end(), by_path);
  files.erase(std::unique(files.begin(), files.end(), same_path), files.end());
  return files;
}

uint64_t Fingerprint(const std::vector<SourceFile>& files) {
  uint64_t hash = kHashSeed;
  for (const SourceFile& file : files) {
    hash = HashBytes(file.path, hash);
    hash = HashBytes(file.source, hash);
    hash = HashBytes(std::to_string(file.size_bytes) + "@" + std::to_string(file.mtime), hash);
  }
  return hash;
}

std::optional<FileKind> KindOf(std::string_view path) {
  const fs::path name = fs::path(path).filename();
  const std::string lower = ToLower(name.string());
  const std::string extension = ToLower(name.extension().string());
  if (BeginsWithAny(lower, kUselessPrefixes)) return std::nullopt;
  if (Contains(kCodeExtensions, extension)) return FileKind::kCode;
  if (Contains(kTextExtensions, extension)) return FileKind::kText;
  if (BeginsWithAny(lower, kTextPrefixes) && (extension.empty() || extension == ".debian")) {
    return FileKind::kText;
  }
  // The C++ standard headers have no extension.
  const bool is_header = extension.empty() && path.find("/include/") != std::string_view::npos;
  return is_header ? std::optional(FileKind::kCode) : std::nullopt;
}

std::string SourceName(std::string_view relative) {
  const fs::path path(relative);
  for (const fs::path& folder : path.parent_path()) {
    const std::string name = folder.string();
    if (name.find("-linux-gnu") == std::string::npos) return name;
  }
  return path.stem().string();
}

}  // namespace docsearch
