#ifndef VECDB_STORE_LOCAL_OBJECT_WRITER_H_
#define VECDB_STORE_LOCAL_OBJECT_WRITER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "store/local_layout.h"
#include "vecdb/object_store.h"

namespace vecdb::store {

/// Writes one object of a local store so that a power cut at any moment leaves it whole or absent:
///
///   1. write .tmp/<unique name>            2. sync it: the bytes are safe, under no name that
///   counts
///   3. link it to the object's name        fails when the name is taken, so one writer wins
///   4. sync the object's directory, and those above it that may be new: the name is safe
///   5. unlink the temporary name           (left behind by a crash, it goes at the next Lock)
///
/// Up to 3 a failure leaves no object. When the link answers with an error of the device the names
/// are synced all the same, so that an object which is found then is durable: Unknown. A failed
/// sync of a name is DataLoss.
class LocalObjectWriter : public ObjectWriter {
 public:
  static absl::StatusOr<std::unique_ptr<ObjectWriter>> Make(std::shared_ptr<LocalRoot> root,
                                                            const ObjectPath& path);
  ~LocalObjectWriter() override;

  absl::Status Append(std::span<const std::byte> bytes, const Context& context) override;
  absl::Status Finish(const Context& context) override;

 private:
  LocalObjectWriter(std::shared_ptr<LocalRoot> root, const ObjectPath& path, std::string temporary,
                    std::unique_ptr<AppendFile> file);

  absl::Status CheckUsable() const;
  absl::Status AppendChecked(std::span<const std::byte> bytes, const Context& context);
  absl::Status WriteThrough(std::span<const std::byte> bytes, const Context& context);
  absl::Status FlushBuffer(const Context& context);
  absl::Status Publish();
  absl::Status LinkInPlace();
  absl::Status SyncName();
  void RemoveTemporary();

  const std::shared_ptr<LocalRoot> root_;
  const ObjectPath path_;
  const std::string directory_;  // of the object
  const std::string temporary_;
  std::unique_ptr<AppendFile> file_;
  std::vector<std::byte> buffer_;  // small appends, gathered
  bool done_ = false;              // finished or failed
};

}  // namespace vecdb::store

#endif  // VECDB_STORE_LOCAL_OBJECT_WRITER_H_
