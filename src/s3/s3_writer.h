#ifndef VECDB_S3_S3_WRITER_H_
#define VECDB_S3_S3_WRITER_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "s3/create_object.h"
#include "s3/part_buffer.h"
#include "s3/requester.h"
#include "vecdb/object_store.h"

namespace vecdb::s3 {

/// Writes an object: in one request what fits into a part, otherwise in parts, which go out while
/// the next ones are filled. For one thread at a time.
class S3Writer final : public ObjectWriter {
 public:
  S3Writer(std::shared_ptr<Requester> requester, ObjectPath path);

  /// Gives back the parts of an object that was not finished, for 5 s at most.
  ~S3Writer() override;

  absl::Status Append(std::span<const std::byte> bytes, const Context& context) override;
  absl::Status Finish(const Context& context) override;

 private:
  absl::Status CheckUsable() const;
  absl::Status AppendAll(std::span<const std::byte> bytes, const Context& context);
  absl::Status FinishAll(const Context& context);
  absl::Status SendPart(const Context& context);
  absl::StatusOr<std::vector<std::string>> PartEtags() const;
  void FreeSentParts();
  PartBuffer TakeSpare();

  const std::shared_ptr<Requester> requester_;
  const ObjectPath path_;
  PartBuffer buffer_;
  std::optional<Upload> upload_;  // begun and neither completed nor given up
  std::deque<Call> parts_;
  std::vector<PartBuffer> spares_;  // the room of parts that have been sent
  size_t num_freed_ = 0;            // of parts_, from the front
  CallGroup sending_;               // after parts_, which it points to
  bool done_ = false;
};

}  // namespace vecdb::s3

#endif  // VECDB_S3_S3_WRITER_H_
