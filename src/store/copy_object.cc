#include "store/copy_object.h"

#include <algorithm>
#include <cstdint>

#include "base/status_macros.h"

namespace vecdb::store {

absl::Status CopyObject(ObjectStore& from, const ObjectPath& path, ObjectStore& to,
                        const ObjectPath& new_path, std::span<std::byte> buffer,
                        const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto reader, from.Open(path, context));
  VECDB_ASSIGN_OR_RETURN(const auto writer, to.Create(new_path, context));
  for (uint64_t at = 0; at < reader->size(); at += buffer.size()) {
    const auto part = buffer.first(std::min<uint64_t>(buffer.size(), reader->size() - at));
    VECDB_RETURN_IF_ERROR(reader->ReadAt(at, part, context));
    VECDB_RETURN_IF_ERROR(writer->Append(part, context));
  }
  return writer->Finish(context);
}

}  // namespace vecdb::store
