#ifndef DOCSEARCH_WALK_H_
#define DOCSEARCH_WALK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace docsearch {

enum class FileKind { kCode, kText };

/// A file that is worth reading.
struct SourceFile {
  std::string path;
  std::string source;  ///< name of the library or package it belongs to
  FileKind kind = FileKind::kText;
  uint64_t size_bytes = 0;
  int64_t mtime = 0;  ///< seconds since 1970
};

/// Lists the readable files below the folders, sorted by path, each once. Symbolic links are not
/// followed, and what cannot be read is left out.
std::vector<SourceFile> WalkFolders(const std::vector<std::string>& folders);

/// A number that changes when a file comes, goes or is written.
uint64_t Fingerprint(const std::vector<SourceFile>& files);

/// Tells by its name what a file holds: headers and C or C++ sources, or plain text and Markdown.
/// Nothing for other files, for licences and for changelogs.
std::optional<FileKind> KindOf(std::string_view path);

/// Name of the library that the file `relative` to its folder belongs to: the first folder that is
/// not the name of a machine architecture, otherwise the file name without its extension.
/// "absl/time/clock.h" -> "absl", "x86_64-linux-gnu/sys/stat.h" -> "sys", "zlib.h" -> "zlib".
std::string SourceName(std::string_view relative);

}  // namespace docsearch

#endif  // DOCSEARCH_WALK_H_
