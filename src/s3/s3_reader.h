#ifndef VECDB_S3_S3_READER_H_
#define VECDB_S3_S3_READER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "s3/requester.h"
#include "vecdb/object_store.h"

namespace vecdb::s3 {

/// Reads one object: its first bytes come with its size, the others by ranges of the very object
/// that was opened. Thread-safe.
class S3Reader final : public ObjectReader {
 public:
  /// NotFound when there is no object, or only what holds a name. DataLoss when a small object is
  /// not what was sent.
  static absl::StatusOr<std::unique_ptr<S3Reader>> Open(std::shared_ptr<Requester> requester,
                                                        const ObjectPath& path,
                                                        const Context& context);

  uint64_t size() const override { return size_bytes_; }

  // Two ranges: whoever reads much does so on several threads.
  uint64_t preferred_read_bytes() const override { return 2 * requester_->options().part_bytes; }

  absl::Status ReadAt(uint64_t offset, std::span<std::byte> out,
                      const Context& context) const override;

 private:
  S3Reader(std::shared_ptr<Requester> requester, ObjectPath path)
      : requester_(std::move(requester)), path_(std::move(path)) {}

  absl::Status TakeFirst(HttpAnswer answer);
  absl::Status TakeSize(const HttpAnswer& answer);
  absl::Status CheckIsEmpty(const Context& context);
  absl::Status ReadRanges(uint64_t offset, std::span<std::byte> out, const Context& context) const;
  Call RangeCall(uint64_t offset, std::span<std::byte> out) const;
  absl::Status CheckRange(const Call& call, uint64_t offset) const;
  absl::Status ExplainFailure(const std::deque<Call>& calls, absl::Status status) const;
  absl::Status CheckChecksum(std::span<const std::byte> bytes) const;

  const std::shared_ptr<Requester> requester_;
  const ObjectPath path_;
  uint64_t size_bytes_ = 0;
  std::string first_;                 // the bytes from 0 on
  std::string etag_;                  // "" where the server gives none
  std::optional<uint64_t> checksum_;  // of the whole object, where it was sent whole
};

}  // namespace vecdb::s3

#endif  // VECDB_S3_S3_READER_H_
