#include "s3/s3_writer.h"

#include <algorithm>
#include <utility>

#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::s3 {
namespace {

constexpr size_t kMaxParts = 10000;
constexpr size_t kMaxEtagBytes = 128;
constexpr absl::Duration kAbortLimit = absl::Seconds(5);

// It goes back to the server in XML: nothing in it may mean anything there.
bool IsEtag(std::string_view etag) {
  return !etag.empty() && etag.size() <= kMaxEtagBytes &&
         etag.find_first_not_of(
             "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
             "\"-_+/=.") == etag.npos;
}

}  // namespace

S3Writer::S3Writer(std::shared_ptr<Requester> requester, ObjectPath path)
    : requester_(std::move(requester)),
      path_(std::move(path)),
      sending_(requester_, requester_->options().parallel_parts) {}

S3Writer::~S3Writer() {
  sending_.StopAll();
  if (!upload_.has_value()) return;
  base::OrOutOfMemory([this] {
    return AbortUpload(*requester_, path_, *upload_, Context::WithTimeout(kAbortLimit));
  }).IgnoreError();
}

absl::Status S3Writer::Append(std::span<const std::byte> bytes, const Context& context) {
  return base::OrOutOfMemory([&]() -> absl::Status {
    VECDB_RETURN_IF_ERROR(CheckUsable());
    done_ = true;  // unless all goes well
    VECDB_RETURN_IF_ERROR(context.Check());
    VECDB_RETURN_IF_ERROR(AppendAll(bytes, context));
    done_ = false;
    return absl::OkStatus();
  });
}

absl::Status S3Writer::Finish(const Context& context) {
  return base::OrOutOfMemory([&]() -> absl::Status {
    VECDB_RETURN_IF_ERROR(CheckUsable());
    done_ = true;
    VECDB_RETURN_IF_ERROR(context.Check());
    return FinishAll(context);
  });
}

absl::Status S3Writer::CheckUsable() const {
  if (!done_) return absl::OkStatus();
  return absl::FailedPreconditionError(
      base::StrFormat("the writer of object '%s' has finished or failed", path_.str()));
}

absl::Status S3Writer::AppendAll(std::span<const std::byte> bytes, const Context& context) {
  const uint64_t part_bytes = requester_->options().part_bytes;
  while (!bytes.empty()) {
    if (buffer_.size() == part_bytes) VECDB_RETURN_IF_ERROR(SendPart(context));
    const auto piece = bytes.first(std::min<size_t>(bytes.size(), part_bytes - buffer_.size()));
    VECDB_RETURN_IF_ERROR(buffer_.Append(piece, part_bytes));
    bytes = bytes.subspan(piece.size());
  }
  return absl::OkStatus();
}

absl::Status S3Writer::FinishAll(const Context& context) {
  if (!upload_.has_value()) return CreateWhole(*requester_, path_, buffer_.bytes(), context);
  if (buffer_.size() > 0) VECDB_RETURN_IF_ERROR(SendPart(context));
  VECDB_RETURN_IF_ERROR(sending_.Wait(0, context));
  VECDB_ASSIGN_OR_RETURN(const auto etags, PartEtags());
  absl::Status status = CompleteUpload(*requester_, path_, *upload_, etags, context);
  // An upload that may have become the object, or may yet, is not to be given up.
  if (status.ok() || absl::IsUnknown(status)) upload_.reset();
  return status;
}

absl::Status S3Writer::SendPart(const Context& context) {
  if (parts_.size() == kMaxParts) {
    return absl::ResourceExhaustedError(base::StrFormat(
        "object '%s' is larger than %d parts of %d bytes: see S3Options::part_bytes", path_.str(),
        kMaxParts, requester_->options().part_bytes));
  }
  if (!upload_.has_value()) {
    VECDB_ASSIGN_OR_RETURN(upload_, BeginUpload(*requester_, path_, context));
  }
  const auto others = static_cast<size_t>(requester_->options().parallel_parts) - 1;
  VECDB_RETURN_IF_ERROR(sending_.Wait(others, context));
  FreeSentParts();
  Call& part = parts_.emplace_back();
  part.operation = Operation::kPutPart;
  part.about = base::StrFormat("part %d of object '%s'", parts_.size(), path_.str());
  part.body = std::exchange(buffer_, TakeSpare());
  part.request.method = Method::kPut;
  part.request.url = requester_->address().UrlOf(
      path_, base::StrFormat("partNumber=%d&%s", parts_.size(), UploadQuery(*upload_)));
  part.request.body = part.body.bytes();
  sending_.Add(&part);
  return sending_.StartBehind(context);
}

void S3Writer::FreeSentParts() {
  for (; num_freed_ < parts_.size() && parts_[num_freed_].answer.is_success(); ++num_freed_) {
    parts_[num_freed_].request.body = {};
    spares_.push_back(std::exchange(parts_[num_freed_].body, {}));
  }
}

PartBuffer S3Writer::TakeSpare() {
  if (spares_.empty()) return {};
  PartBuffer spare = std::move(spares_.back());
  spares_.pop_back();
  spare.Clear();
  return spare;
}

absl::StatusOr<std::vector<std::string>> S3Writer::PartEtags() const {
  std::vector<std::string> etags;
  for (const Call& part : parts_) {
    const std::string_view etag = part.answer.header("etag");
    if (!IsEtag(etag)) {
      return absl::DataLossError(base::StrFormat("the server gave %s no etag", part.about));
    }
    etags.emplace_back(etag);
  }
  return etags;
}

}  // namespace vecdb::s3
