#include "base/status_macros.h"
#include "base/str_format.h"
#include "vecdb/object_store.h"

namespace vecdb {

absl::StatusOr<std::vector<ObjectInfo>> ObjectStore::ListAfter(const ObjectPath& prefix,
                                                               const ObjectPath& after,
                                                               const Context& context) {
  VECDB_ASSIGN_OR_RETURN(std::vector<ObjectInfo> infos, List(prefix, context));
  std::erase_if(infos, [&after](const ObjectInfo& info) { return info.path <= after; });
  return infos;
}

absl::Status PutObject(ObjectStore& store, const ObjectPath& path, std::span<const std::byte> bytes,
                       const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const std::unique_ptr<ObjectWriter> writer, store.Create(path, context));
  VECDB_RETURN_IF_ERROR(writer->Append(bytes, context));
  return writer->Finish(context);
}

absl::Status PutObject(ObjectStore& store, const ObjectPath& path, std::string_view bytes,
                       const Context& context) {
  return PutObject(store, path, std::as_bytes(std::span(bytes)), context);
}

absl::StatusOr<std::string> GetObject(ObjectStore& store, const ObjectPath& path,
                                      uint64_t max_bytes, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const std::unique_ptr<ObjectReader> reader, store.Open(path, context));
  if (reader->size() > max_bytes) {
    return absl::DataLossError(base::StrFormat("object '%s' has %d bytes, at most %d are expected",
                                               path.str(), reader->size(), max_bytes));
  }
  std::string bytes(reader->size(), '\0');
  VECDB_RETURN_IF_ERROR(reader->ReadAt(0, std::as_writable_bytes(std::span(bytes)), context));
  return bytes;
}

}  // namespace vecdb
