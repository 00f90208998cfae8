#include "s3/create_object.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "base/checksum.h"
#include "base/out_of_memory.h"
#include "base/random_id.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "s3/address.h"
#include "s3/xml_answers.h"

namespace vecdb::s3 {
namespace {

constexpr char kIdHeader[] = "x-amz-meta-vecdb-id";
constexpr char kPendingHeader[] = "x-amz-meta-vecdb-pending";
constexpr char kChecksumHeader[] = "x-amz-meta-vecdb-xxh3";
constexpr std::string_view kPlaceholder =
    "vecdb holds this name for an object that is being completed; if none is, delete this.\n";
constexpr int kCompleteTries = 4;

absl::Status Exists(const ObjectPath& path) {
  return absl::AlreadyExistsError(base::StrFormat("object '%s' exists already", path.str()));
}

absl::Status OutcomeUnknown(const ObjectPath& path, const absl::Status& cause,
                            const absl::Status& found) {
  return absl::UnknownError(base::StrFormat(
      "it is not known whether object '%s' was created: %s; looking for it gives: %s", path.str(),
      std::string(cause.message()), found.ok() ? "another" : std::string(found.message())));
}

// Sends what may create an object. When memory runs out meanwhile it may have been created.
absl::Status SendCreation(Requester& requester, Call& call, const Context& context) {
  bool has_returned = false;
  absl::Status status = base::OrOutOfMemory([&] {
    absl::Status sent = requester.Send(call, context);
    has_returned = true;
    return sent;
  });
  call.may_be_applied |= !has_returned;
  return status;
}

// What a failed put has come to: OK when the object is there and has our id.
absl::Status FindOurs(Requester& requester, const ObjectPath& path, const std::string& id,
                      const absl::Status& cause, const Context& context) {
  const auto head = HeadObject(requester, path, context);
  if (!head.ok()) return OutcomeUnknown(path, cause, head.status());
  return head->id == id ? absl::OkStatus() : Exists(path);
}

// For a server that knows no condition, and a host that promises to be the only writer.
absl::Status CheckIsFree(Requester& requester, const ObjectPath& path, const Context& context) {
  const auto head = HeadObject(requester, path, context);
  if (head.ok()) return Exists(path);
  return absl::IsNotFound(head.status()) ? absl::OkStatus() : head.status();
}

absl::Status PutNew(Requester& requester, const ObjectPath& path, std::span<const std::byte> bytes,
                    const std::string& id, std::vector<Header> headers, const Context& context) {
  headers.emplace_back(kIdHeader, id);
  if (requester.options().writes == S3Writes::kIPromiseSingleWriter) {
    VECDB_RETURN_IF_ERROR(CheckIsFree(requester, path, context));
  } else {
    headers.emplace_back("If-None-Match", "*");
  }
  Call put{.operation = Operation::kPut,
           .about = AboutObject(path),
           .request = {.method = Method::kPut,
                       .url = requester.address().UrlOf(path),
                       .headers = std::move(headers),
                       .body = bytes}};
  absl::Status status = SendCreation(requester, put, context);
  if (status.ok()) return status;
  const bool is_there = put.answer.status == 412;
  if (!is_there && !put.may_be_applied) return status;
  return FindOurs(requester, path, id, status, context);
}

std::string CompletionBody(const std::vector<std::string>& etags) {
  std::string body = "<CompleteMultipartUpload>";
  for (size_t i = 0; i < etags.size(); ++i) {
    base::StrAppendFormat(&body, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", i + 1,
                          etags[i]);
  }
  body += "</CompleteMultipartUpload>";
  return body;
}

// Takes the placeholder away, where it is ours and has not been replaced.
void GiveNameBack(Requester& requester, const ObjectPath& path, const Upload& upload,
                  const Context& context) {
  const auto head = HeadObject(requester, path, context);
  if (!head.ok() || head->id != upload.object_id || !head->is_pending) return;
  Call remove{.operation = Operation::kDelete,
              .about = AboutObject(path),
              .request = {.method = Method::kDelete, .url = requester.address().UrlOf(path)}};
  requester.Send(remove, context).IgnoreError();
}

// One request to complete. Aborted when the server has answered OK and not done it, which is to be
// tried again.
absl::Status TryToComplete(Requester& requester, Call& call, const ObjectPath& path,
                           const Upload& upload, const Context& context) {
  absl::Status status = SendCreation(requester, call, context);
  if (status.ok() && IsCompleted(call.answer.body)) return status;
  const bool is_refused = !status.ok() && !call.may_be_applied && call.code != "NoSuchUpload";
  if (is_refused) return status;
  const auto head = HeadObject(requester, path, context);
  if (!head.ok()) return OutcomeUnknown(path, status, head.status());
  if (head->id == upload.object_id && !head->is_pending) return absl::OkStatus();
  if (status.ok()) return absl::AbortedError("the server answered OK and did not complete it");
  return OutcomeUnknown(path, status, absl::OkStatus());
}

}  // namespace

std::string AboutObject(const ObjectPath& path) {
  return base::StrFormat("object '%s'", path.str());
}

std::string UploadQuery(const Upload& upload) {
  return "uploadId=" + PercentEncode(upload.id, false);
}

absl::StatusOr<ObjectHead> HeadObject(Requester& requester, const ObjectPath& path,
                                      const Context& context) {
  Call call{.operation = Operation::kHead,
            .about = AboutObject(path),
            .request = {.method = Method::kHead, .url = requester.address().UrlOf(path)}};
  VECDB_RETURN_IF_ERROR(requester.Send(call, context));
  ObjectHead head{.id = std::string(call.answer.header(kIdHeader)),
                  .is_pending = !call.answer.header(kPendingHeader).empty()};
  if (!absl::SimpleAtoi(std::string(call.answer.header("content-length")), &head.size_bytes)) {
    return absl::DataLossError(
        base::StrFormat("the server does not tell the size of object '%s'", path.str()));
  }
  return head;
}

absl::Status CreateWhole(Requester& requester, const ObjectPath& path,
                         std::span<const std::byte> bytes, const Context& context) {
  return PutNew(requester, path, bytes, base::RandomId(),
                {{kChecksumHeader, base::StrFormat("%016x", base::Xxh3(bytes))}}, context);
}

absl::StatusOr<Upload> BeginUpload(Requester& requester, const ObjectPath& path,
                                   const Context& context) {
  Upload upload{.object_id = base::RandomId()};
  Call call{.operation = Operation::kBeginUpload,
            .about = AboutObject(path),
            .request = {.method = Method::kPost,
                        .url = requester.address().UrlOf(path, "uploads="),
                        .headers = {{kIdHeader, upload.object_id}}}};
  VECDB_RETURN_IF_ERROR(requester.Send(call, context));
  VECDB_ASSIGN_OR_RETURN(upload.id, ParseUploadId(call.answer.body));
  return upload;
}

absl::Status CompleteUpload(Requester& requester, const ObjectPath& path, const Upload& upload,
                            const std::vector<std::string>& etags, const Context& context) {
  VECDB_RETURN_IF_ERROR(PutNew(requester, path, std::as_bytes(std::span(kPlaceholder)),
                               upload.object_id, {{kPendingHeader, "1"}}, context));
  const std::string body = CompletionBody(etags);
  absl::Status status;
  for (int i = 0; i < kCompleteTries; ++i) {
    Call call{.operation = Operation::kCompleteUpload,
              .about = AboutObject(path),
              .request = {.method = Method::kPost,
                          .url = requester.address().UrlOf(path, UploadQuery(upload)),
                          .body = std::as_bytes(std::span(body))}};
    status = TryToComplete(requester, call, path, upload, context);
    if (!absl::IsAborted(status)) break;
  }
  if (status.ok() || absl::IsUnknown(status)) return status;
  if (absl::IsAborted(status)) return OutcomeUnknown(path, status, absl::OkStatus());
  GiveNameBack(requester, path, upload, context);
  return status;
}

absl::Status AbortUpload(Requester& requester, const ObjectPath& path, const Upload& upload,
                         const Context& context) {
  Call call{.operation = Operation::kAbortUpload,
            .about = AboutObject(path),
            .request = {.method = Method::kDelete,
                        .url = requester.address().UrlOf(path, UploadQuery(upload))}};
  return requester.Send(call, context);
}

}  // namespace vecdb::s3
