#include "s3/s3_reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/checksum.h"
#include "base/out_of_memory.h"
#include "base/read_range.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "s3/create_object.h"

namespace vecdb::s3 {
namespace {

struct ContentRange {
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t total = 0;
};

// Takes a number and the sign behind it, if any, off the front of `text`.
bool TakeNumber(std::string_view& text, std::string_view end, uint64_t& number, int base = 10) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(stop - text.data()));
  if (end.empty() ? !text.empty() : !text.starts_with(end)) return false;
  text.remove_prefix(end.size());
  return true;
}

// "bytes 0-99/1234"
std::optional<ContentRange> ParseContentRange(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  ContentRange range;
  if (!TakeNumber(text, "-", range.first) || !TakeNumber(text, "/", range.last) ||
      !TakeNumber(text, "", range.total) || range.first > range.last || range.last >= range.total) {
    return std::nullopt;
  }
  return range;
}

Header RangeHeader(uint64_t offset, uint64_t count) {
  return {"Range", base::StrFormat("bytes=%d-%d", offset, offset + count - 1)};
}

absl::Status Damaged(const ObjectPath& path, std::string_view why) {
  return absl::DataLossError(base::StrFormat("object '%s': %s", path.str(), why));
}

absl::Status IsMissing(const ObjectPath& path) {
  return absl::NotFoundError(base::StrFormat("object '%s' does not exist", path.str()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<S3Reader>> S3Reader::Open(std::shared_ptr<Requester> requester,
                                                         const ObjectPath& path,
                                                         const Context& context) {
  const uint64_t first_bytes = requester->options().open_bytes;
  Call call{.operation = Operation::kGet,
            .about = AboutObject(path),
            .request = {.method = Method::kGet,
                        .url = requester->address().UrlOf(path),
                        .headers = {RangeHeader(0, first_bytes)},
                        .max_body_bytes = first_bytes}};
  absl::Status status = requester->Send(call, context);
  if (absl::IsNotFound(status)) return IsMissing(path);
  std::unique_ptr<S3Reader> reader(new S3Reader(std::move(requester), path));
  if (call.answer.status == 416) {
    VECDB_RETURN_IF_ERROR(reader->CheckIsEmpty(context));
    return reader;
  }
  VECDB_RETURN_IF_ERROR(status);
  VECDB_RETURN_IF_ERROR(reader->TakeFirst(std::move(call.answer)));
  return reader;
}

absl::Status S3Reader::TakeFirst(HttpAnswer answer) {
  if (!answer.header("x-amz-meta-vecdb-pending").empty()) return IsMissing(path_);
  VECDB_RETURN_IF_ERROR(TakeSize(answer));
  etag_ = answer.header("etag");
  std::string_view checksum = answer.header("x-amz-meta-vecdb-xxh3");
  uint64_t number = 0;
  if (TakeNumber(checksum, "", number, 16)) checksum_ = number;
  first_ = std::move(answer.body);
  if (first_.size() < size_bytes_) return absl::OkStatus();
  return CheckChecksum(std::as_bytes(std::span(first_)));
}

absl::Status S3Reader::TakeSize(const HttpAnswer& answer) {
  size_bytes_ = answer.body.size();
  if (answer.status != 206) return absl::OkStatus();  // the whole object
  const auto range = ParseContentRange(answer.header("content-range"));
  if (!range.has_value() || range->first != 0) {
    return Damaged(path_, "the server does not say which range it has sent");
  }
  size_bytes_ = range->total;
  const uint64_t wanted = std::min(requester_->options().open_bytes, size_bytes_);
  if (answer.body.size() == wanted) return absl::OkStatus();
  return Damaged(path_, base::StrFormat("the server sent %d bytes in the place of %d",
                                        answer.body.size(), wanted));
}

// No range lies inside an empty object.
absl::Status S3Reader::CheckIsEmpty(const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectHead head, HeadObject(*requester_, path_, context));
  if (head.size_bytes == 0) return absl::OkStatus();
  return absl::UnavailableError(base::StrFormat(
      "object '%s' has %d bytes, and the server has no range of it", path_.str(), head.size_bytes));
}

absl::Status S3Reader::ReadAt(uint64_t offset, std::span<std::byte> out,
                              const Context& context) const {
  VECDB_RETURN_IF_ERROR(context.Check());
  VECDB_RETURN_IF_ERROR(base::CheckReadRange(path_.str(), size_bytes_, offset, out.size()));
  if (out.empty()) return absl::OkStatus();
  if (offset + out.size() <= first_.size()) {
    std::memcpy(out.data(), first_.data() + offset, out.size());
    return absl::OkStatus();
  }
  return base::OrOutOfMemory([&]() -> absl::Status {
    VECDB_RETURN_IF_ERROR(ReadRanges(offset, out, context));
    return out.size() == size_bytes_ ? CheckChecksum(out) : absl::OkStatus();
  });
}

absl::Status S3Reader::ReadRanges(uint64_t offset, std::span<std::byte> out,
                                  const Context& context) const {
  const uint64_t part_bytes = requester_->options().part_bytes;
  std::deque<Call> calls;
  for (uint64_t at = 0; at < out.size(); at += part_bytes) {
    const uint64_t count = std::min<uint64_t>(part_bytes, out.size() - at);
    calls.push_back(RangeCall(offset + at, out.subspan(at, count)));
  }
  CallGroup reads(requester_, requester_->options().parallel_parts);
  for (Call& call : calls) reads.Add(&call);
  if (absl::Status status = reads.Wait(0, context); !status.ok()) {
    reads.StopAll();
    return ExplainFailure(calls, std::move(status));
  }
  for (const Call& call : calls) {
    VECDB_RETURN_IF_ERROR(CheckRange(call, offset));
    offset += call.request.sink.size();
  }
  return absl::OkStatus();
}

Call S3Reader::RangeCall(uint64_t offset, std::span<std::byte> out) const {
  Call call{.operation = Operation::kGet,
            .about = AboutObject(path_),
            .request = {.method = Method::kGet,
                        .url = requester_->address().UrlOf(path_),
                        .headers = {RangeHeader(offset, out.size())},
                        .sink = out}};
  if (!etag_.empty()) call.request.headers.emplace_back("If-Match", etag_);
  return call;
}

absl::Status S3Reader::CheckRange(const Call& call, uint64_t offset) const {
  const size_t count = call.request.sink.size();
  const auto range = ParseContentRange(call.answer.header("content-range"));
  const bool is_whole = call.answer.status == 200 && offset == 0 && count == size_bytes_;
  const bool is_range = range.has_value() && range->first == offset &&
                        range->last == offset + count - 1 && range->total == size_bytes_;
  if (call.answer.sink_bytes == count && (is_whole || is_range)) return absl::OkStatus();
  return Damaged(
      path_, base::StrFormat("%d bytes at offset %d of %d were asked for, and the server sent %d "
                             "bytes, or others: it may have become shorter",
                             count, offset, size_bytes_, call.answer.sink_bytes));
}

absl::Status S3Reader::ExplainFailure(const std::deque<Call>& calls, absl::Status status) const {
  for (const Call& call : calls) {
    if (call.answer.status == 412) return Damaged(path_, "it was replaced since it was opened");
    if (call.answer.status == 416) return Damaged(path_, "it became shorter since it was opened");
    if (call.answer.status == 404 && absl::IsNotFound(call.status)) return IsMissing(path_);
  }
  return status;
}

absl::Status S3Reader::CheckChecksum(std::span<const std::byte> bytes) const {
  if (!checksum_.has_value() || *checksum_ == base::Xxh3(bytes)) return absl::OkStatus();
  return Damaged(path_, base::StrFormat("its %d bytes do not have the checksum they were sent with",
                                        bytes.size()));
}

}  // namespace vecdb::s3
