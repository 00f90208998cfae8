#include "catalog/version_writer.h"

#include <utility>

#include "absl/memory/memory.h"
#include "base/out_of_memory.h"
#include "base/sabotage.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::catalog {
namespace {

constexpr int kMaxRetries = 5;  // after lost races

}  // namespace

absl::StatusOr<std::unique_ptr<VersionWriter>> VersionWriter::CreateFirst(VersionStore versions,
                                                                          std::string body,
                                                                          const Context& context) {
  // Version 1 can be committed anew once garbage collection has removed it, so look first.
  VECDB_ASSIGN_OR_RETURN(const VersionList list, versions.List(context));
  if (list.newest() != 0 || list.boundary() != 0) {
    return absl::AlreadyExistsError(
        base::StrFormat("%s: there is version %d already", versions.kind(), list.newest()));
  }
  auto first = versions.CommitNext({}, 1, std::move(body), context);
  if (absl::IsAborted(first.status())) {
    return absl::AlreadyExistsError(std::string(first.status().message()));
  }
  VECDB_RETURN_IF_ERROR(first.status());
  return absl::WrapUnique(new VersionWriter(std::move(versions), *std::move(first)));
}

absl::StatusOr<std::unique_ptr<VersionWriter>> VersionWriter::TakeOver(VersionStore versions,
                                                                       const NextBody& next_body,
                                                                       const Context& context) {
  absl::Status lost;
  for (int attempt = 0; attempt <= kMaxRetries; ++attempt) {
    VECDB_ASSIGN_OR_RETURN(const auto newest, versions.ReadNewest(context));
    if (!newest.has_value()) {
      return absl::NotFoundError(base::StrFormat("%s: there is no version", versions.kind()));
    }
    VECDB_ASSIGN_OR_RETURN(std::string body, next_body(*newest));
    const uint64_t epoch = newest->epoch + (base::Sabotaged(20) ? 0 : 1);
    auto next = versions.CommitNext(*newest, epoch, std::move(body), context);
    if (next.ok()) {
      return absl::WrapUnique(new VersionWriter(std::move(versions), *std::move(next)));
    }
    if (!absl::IsAborted(next.status())) return next.status();
    lost = next.status();
  }
  return lost;
}

absl::Status VersionWriter::Commit(std::string body, const Context& context) {
  VECDB_RETURN_IF_ERROR(stopped_);
  auto next = versions_.CommitNext(current_, current_.epoch, std::move(body), context);
  if (next.ok()) {
    current_ = *std::move(next);
    return absl::OkStatus();
  }
  if (absl::IsAborted(next.status()) && !base::Sabotaged(19)) return Fence(context);
  if (absl::IsUnknown(next.status())) {
    Stop([&] {
      return base::StrFormat("takes no commits until it is opened again: %s",
                             std::string(next.status().message()));
    });
  }
  return next.status();
}

absl::Status VersionWriter::CheckNotFenced(const Context& context) {
  VECDB_RETURN_IF_ERROR(stopped_);
  VECDB_ASSIGN_OR_RETURN(const VersionList list, versions_.List(context));
  if (list.newest() == current_.number) return absl::OkStatus();
  if (list.newest() > current_.number) return Fence(context);
  return absl::DataLossError(base::StrFormat("%s: version %d is gone, the newest is %d",
                                             versions_.kind(), current_.number, list.newest()));
}

// Somebody else has committed behind the current version. That fences this writer whatever can be
// learned of it, which is for the message only.
absl::Status VersionWriter::Fence(const Context& context) {
  Stop([&]() -> std::string {
    const auto newest = versions_.ReadNewest(context);
    if (newest.ok() && newest->has_value() && (*newest)->epoch > current_.epoch) {
      return base::StrFormat("fenced: a newer writer has opened it (epoch %d > %d)",
                             (*newest)->epoch, current_.epoch);
    }
    return "fenced: another writer has committed behind its last version";
  });
  return stopped_;
}

// Whether there is memory for the reason or not.
void VersionWriter::Stop(absl::FunctionRef<std::string()> reason) {
  stopped_ = base::ErrorOrCode(absl::StatusCode::kFailedPrecondition, [&] {
    return base::StrFormat("%s version %d: %s", versions_.kind(), current_.number, reason());
  });
}

}  // namespace vecdb::catalog
