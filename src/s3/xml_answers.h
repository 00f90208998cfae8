#ifndef VECDB_S3_XML_ANSWERS_H_
#define VECDB_S3_XML_ANSWERS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace vecdb::s3 {

/// The largest answer with objects in it that is read: a page of 1,000 keys of 1 KiB, three times
/// as long by their encoding.
inline constexpr size_t kMaxListBytes = size_t{8} << 20;

/// One object of a listing, as the server tells it.
struct ListedObject {
  std::string key{};
  uint64_t size_bytes = 0;
  int64_t modified_ms = 0;
};

struct ListPage {
  std::vector<ListedObject> objects;
  std::string next_token;  ///< "" on the last page
};

/// The <Code> of an error, where it is one that S3 or Ceph documents; "" otherwise. Never any other
/// text of the server's, which may hold what it was sent.
std::string_view KnownErrorCode(std::string_view body);

/// A page of ListObjectsV2. DataLoss when it is no such page, or says that there is more and not
/// where to go on.
absl::StatusOr<ListPage> ParseListPage(std::string_view body);

/// The upload id that CreateMultipartUpload gave: 1 to 1024 bytes. DataLoss when there is none.
absl::StatusOr<std::string> ParseUploadId(std::string_view body);

/// Whether CompleteMultipartUpload has made the object: it may answer 200 and send an error.
bool IsCompleted(std::string_view body);

/// One object that DeleteObjects could not delete.
struct DeleteFailure {
  std::string key{};
  std::string_view code{};  ///< as KnownErrorCode
};

/// What DeleteObjects could not delete. DataLoss when it is no such answer.
absl::StatusOr<std::vector<DeleteFailure>> ParseDeleteFailures(std::string_view body);

}  // namespace vecdb::s3

#endif  // VECDB_S3_XML_ANSWERS_H_
