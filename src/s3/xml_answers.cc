#include "s3/xml_answers.h"

#include <algorithm>
#include <pugixml.hpp>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "s3/address.h"

namespace vecdb::s3 {
namespace {

constexpr size_t kMaxTokenBytes = 8192;
constexpr size_t kMaxUploadIdBytes = 1024;

constexpr std::string_view kErrorCodes[] = {"AccessDenied",
                                            "AccountProblem",
                                            "AuthorizationHeaderMalformed",
                                            "BadDigest",
                                            "BucketAlreadyExists",
                                            "ConditionalRequestConflict",
                                            "EntityTooLarge",
                                            "EntityTooSmall",
                                            "ExpiredToken",
                                            "IllegalLocationConstraintException",
                                            "IncompleteBody",
                                            "InsufficientCapacity",
                                            "InsufficientStorage",
                                            "InternalError",
                                            "InvalidAccessKeyId",
                                            "InvalidArgument",
                                            "InvalidBucketName",
                                            "InvalidBucketState",
                                            "InvalidDigest",
                                            "InvalidObjectState",
                                            "InvalidPart",
                                            "InvalidPartOrder",
                                            "InvalidRange",
                                            "InvalidRequest",
                                            "InvalidSecurity",
                                            "InvalidToken",
                                            "KeyTooLongError",
                                            "MalformedXML",
                                            "MethodNotAllowed",
                                            "MissingContentLength",
                                            "MissingSecurityHeader",
                                            "NoSuchBucket",
                                            "NoSuchKey",
                                            "NoSuchUpload",
                                            "NotImplemented",
                                            "OperationAborted",
                                            "PermanentRedirect",
                                            "PreconditionFailed",
                                            "QuotaExceeded",
                                            "Redirect",
                                            "RequestTimeTooSkewed",
                                            "RequestTimeout",
                                            "ServiceUnavailable",
                                            "SignatureDoesNotMatch",
                                            "SlowDown",
                                            "StorageFull",
                                            "TemporaryRedirect",
                                            "TokenRefreshRequired",
                                            "TooManyRequests",
                                            "UnauthorizedAccess",
                                            "XAmzContentSHA256Mismatch",
                                            "XMinioStorageFull"};

std::string_view KnownCode(std::string_view text) {
  const auto found = std::find(std::begin(kErrorCodes), std::end(kErrorCodes), text);
  return found == std::end(kErrorCodes) ? std::string_view() : *found;
}

// pugixml reads no document types, so nothing expands; it gives memory back without recursion, and
// says in its result what it cannot read, or has no memory for.
bool Parse(std::string_view body, pugi::xml_document& document) {
  return document.load_buffer(body.data(), body.size()).status == pugi::status_ok;
}

absl::Status NotUnderstood(std::string_view what, std::string_view why) {
  return absl::DataLossError(base::StrFormat("the server's answer is no %s: %s", what, why));
}

absl::StatusOr<ListedObject> ParseObject(const pugi::xml_node& node) {
  ListedObject object{.key = PercentDecode(node.child_value("Key"))};
  absl::Time modified;
  std::string error;
  if (object.key.empty() || !absl::SimpleAtoi(node.child_value("Size"), &object.size_bytes) ||
      !absl::ParseTime(absl::RFC3339_full, node.child_value("LastModified"), &modified, &error)) {
    return NotUnderstood("list of objects", "an object lacks its key, size or time");
  }
  object.modified_ms = absl::ToUnixMillis(modified);
  return object;
}

}  // namespace

std::string_view KnownErrorCode(std::string_view body) {
  pugi::xml_document document;
  if (!Parse(body, document)) return {};
  return KnownCode(document.child("Error").child_value("Code"));
}

absl::StatusOr<ListPage> ParseListPage(std::string_view body) {
  constexpr std::string_view kWhat = "list of objects";
  pugi::xml_document document;
  if (!Parse(body, document)) return NotUnderstood(kWhat, "it is no XML");
  const pugi::xml_node root = document.child("ListBucketResult");
  if (root.empty()) return NotUnderstood(kWhat, "it has another root");
  ListPage page;
  for (const pugi::xml_node& node : root.children("Contents")) {
    VECDB_ASSIGN_OR_RETURN(ListedObject object, ParseObject(node));
    page.objects.push_back(std::move(object));
  }
  const std::string_view truncated = root.child_value("IsTruncated");
  if (truncated == "false") return page;
  page.next_token = root.child_value("NextContinuationToken");
  if (truncated != "true" || page.next_token.empty() || page.next_token.size() > kMaxTokenBytes) {
    return NotUnderstood(kWhat, "it does not say whether, and where, it goes on");
  }
  return page;
}

absl::StatusOr<std::string> ParseUploadId(std::string_view body) {
  constexpr std::string_view kWhat = "beginning of an upload";
  pugi::xml_document document;
  if (!Parse(body, document)) return NotUnderstood(kWhat, "it is no XML");
  std::string id = document.child("InitiateMultipartUploadResult").child_value("UploadId");
  if (id.empty() || id.size() > kMaxUploadIdBytes) {
    return NotUnderstood(kWhat, "it has no upload id of at most 1024 bytes");
  }
  return id;
}

bool IsCompleted(std::string_view body) {
  pugi::xml_document document;
  return Parse(body, document) && !document.child("CompleteMultipartUploadResult").empty();
}

absl::StatusOr<std::vector<DeleteFailure>> ParseDeleteFailures(std::string_view body) {
  constexpr std::string_view kWhat = "answer to a delete of many";
  pugi::xml_document document;
  if (!Parse(body, document)) return NotUnderstood(kWhat, "it is no XML");
  const pugi::xml_node root = document.child("DeleteResult");
  if (root.empty()) return NotUnderstood(kWhat, "it has another root");
  std::vector<DeleteFailure> failures;
  for (const pugi::xml_node& node : root.children("Error")) {
    failures.push_back(
        {.key = node.child_value("Key"), .code = KnownCode(node.child_value("Code"))});
  }
  return failures;
}

}  // namespace vecdb::s3
