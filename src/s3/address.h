#ifndef VECDB_S3_ADDRESS_H_
#define VECDB_S3_ADDRESS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "vecdb/object_store.h"
#include "vecdb/s3.h"

namespace vecdb::s3 {

/// `text` as a part of an address: all but letters, digits and "-._~" as %XX. '/' stays where
/// `keep_slash` says so. What SigV4 signs is exactly this.
std::string PercentEncode(std::string_view text, bool keep_slash);

/// The opposite, with '+' for a space, as keys come in listings. A '%' that begins nothing stays.
std::string PercentDecode(std::string_view text);

/// Where the objects of one store lie. Immutable.
class Address {
 public:
  /// InvalidArgument, naming it, for an endpoint, bucket or prefix that cannot be.
  static absl::StatusOr<Address> Make(const S3Options& options);

  /// The URL of an object; `query` ("uploadId=x") is encoded and sorted by name already.
  std::string UrlOf(const ObjectPath& path, std::string_view query = {}) const;

  /// The URL of the bucket itself.
  std::string BucketUrl(std::string_view query) const;

  /// The key of an object in the bucket.
  std::string KeyOf(const ObjectPath& path) const { return key_prefix_ + path.str(); }

  /// The path of a key, below the prefix of the store; an error for a key that is none of its.
  absl::StatusOr<ObjectPath> PathOf(std::string_view key) const;

  /// Bucket and host, for messages.
  const std::string& name() const { return name_; }

 private:
  Address() = default;

  std::string base_;        // up to the slash before the key
  std::string bucket_url_;  // up to the '?'
  std::string key_prefix_;  // "" or with a slash at its end
  std::string name_;
};

}  // namespace vecdb::s3

#endif  // VECDB_S3_ADDRESS_H_
