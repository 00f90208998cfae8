#ifndef VECDB_SUPPORT_FILE_IO_H_
#define VECDB_SUPPORT_FILE_IO_H_

#include <span>
#include <string>
#include <string_view>

#include "base/status_macros.h"
#include "vecdb/file_system.h"

namespace vecdb::support {

inline std::span<const std::byte> BytesOf(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// Makes a file that holds `text`.
inline absl::Status WriteFile(FileSystem& files, const std::string& path, std::string_view text) {
  VECDB_ASSIGN_OR_RETURN(const auto file, files.CreateFile(path));
  VECDB_RETURN_IF_ERROR(file->Append(BytesOf(text)));
  return file->Sync();
}

inline absl::StatusOr<std::string> ReadFile(FileSystem& files, const std::string& path) {
  VECDB_ASSIGN_OR_RETURN(const auto file, files.OpenForRead(path));
  std::string text(file->size(), '\0');
  VECDB_RETURN_IF_ERROR(file->ReadAt(0, std::as_writable_bytes(std::span(text))));
  return text;
}

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_FILE_IO_H_
