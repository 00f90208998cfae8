#ifndef VECDB_INDEX_BUILD_SCRATCH_H_
#define VECDB_INDEX_BUILD_SCRATCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vecdb/context.h"
#include "vecdb/index.h"
#include "vecdb/object_store.h"

namespace vecdb::index {

/// An object that a build writes and reads again, and that is deleted with this. It is made of
/// records of one length, each with a checksum. Writing is for one thread at a time; once finished
/// it is thread-safe.
class ScratchObject {
 public:
  /// For records of `words` words of 32 bits.
  static absl::StatusOr<std::unique_ptr<ScratchObject>> Create(const BuildScratch& scratch,
                                                               std::string_view what, size_t words,
                                                               const Context& context);
  ~ScratchObject();

  ScratchObject(const ScratchObject&) = delete;
  ScratchObject& operator=(const ScratchObject&) = delete;

  /// Adds whole records.
  absl::Status Append(std::span<const uint32_t> records, const Context& context);
  absl::Status Finish(const Context& context);

  /// Reads records from number `first` on, as many as `out` takes. DataLoss where they are not what
  /// was written.
  absl::Status Read(uint64_t first, std::span<uint32_t> out, const Context& context) const;

 private:
  ScratchObject(std::shared_ptr<ObjectStore> store, ObjectPath path, size_t words)
      : store_(std::move(store)), path_(std::move(path)), words_(words) {}

  const std::shared_ptr<ObjectStore> store_;
  const ObjectPath path_;
  const size_t words_;
  std::unique_ptr<ObjectWriter> writer_;        // until it is finished
  std::unique_ptr<const ObjectReader> reader_;  // from then on
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_BUILD_SCRATCH_H_
