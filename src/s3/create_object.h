#ifndef VECDB_S3_CREATE_OBJECT_H_
#define VECDB_S3_CREATE_OBJECT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "s3/requester.h"

/// How an object comes to be under a name that nobody else has, and how it is found out whether it
/// did.
///
/// Every put carries a random id in the metadata of the object. A server that answers 412 has an
/// object of that name: another's, or our own by a try whose answer was lost (also libcurl repeats
/// a request on its own when a connection that it kept turns out to be dead). The id tells which.
///
/// An object of many parts is made by CompleteMultipartUpload, which not every server makes
/// conditional. So a small object takes the name first, by a put that is, and the completed object
/// replaces it. Nobody else can: whoever creates finds the name taken. It is marked, so that
/// readers do not take it for an object.
namespace vecdb::s3 {

/// What the metadata of an object tells.
struct ObjectHead {
  uint64_t size_bytes = 0;
  std::string id{};         ///< of the put that made it; "" where another program did
  bool is_pending = false;  ///< it only holds the name
};

/// NotFound when there is no object; what only holds a name is one here.
absl::StatusOr<ObjectHead> HeadObject(Requester& requester, const ObjectPath& path,
                                      const Context& context);

/// Creates an object in one request. AlreadyExists, or Unknown when it cannot be told.
absl::Status CreateWhole(Requester& requester, const ObjectPath& path,
                         std::span<const std::byte> bytes, const Context& context);

/// A begun upload of parts.
struct Upload {
  std::string id{};         ///< by the server
  std::string object_id{};  ///< of the object that it is to become
};

absl::StatusOr<Upload> BeginUpload(Requester& requester, const ObjectPath& path,
                                   const Context& context);

/// Makes the object of its parts, given by their etags in order. As CreateWhole; after Unknown the
/// name may be taken by what readers do not find.
absl::Status CompleteUpload(Requester& requester, const ObjectPath& path, const Upload& upload,
                            const std::vector<std::string>& etags, const Context& context);

/// Gives the parts of an upload back.
absl::Status AbortUpload(Requester& requester, const ObjectPath& path, const Upload& upload,
                         const Context& context);

/// The query that names an upload, for those who send parts.
std::string UploadQuery(const Upload& upload);

/// "object 'a/b'", for Call::about.
std::string AboutObject(const ObjectPath& path);

}  // namespace vecdb::s3

#endif  // VECDB_S3_CREATE_OBJECT_H_
