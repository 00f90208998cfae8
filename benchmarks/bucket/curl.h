#ifndef VECDB_BENCHMARKS_BUCKET_CURL_H_
#define VECDB_BENCHMARKS_BUCKET_CURL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bucket/bucket.h"

namespace vecdb::bench {

/// Bytes of an object.
struct Piece {
  std::string path;
  uint64_t begin = 0;
  uint64_t size = 0;
};

/// Seconds until `num_processes` processes of curl have sent the file to each of `paths`, each on a
/// connection of its own that it keeps. Bodies are not signed.
absl::StatusOr<double> UploadByCurl(const Bucket& bucket, const std::string& file,
                                    const std::vector<std::string>& paths, int num_processes);

/// The same until they have read the pieces, and thrown them away.
absl::StatusOr<double> DownloadByCurl(const Bucket& bucket, const std::vector<Piece>& pieces,
                                      int num_processes);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_BUCKET_CURL_H_
