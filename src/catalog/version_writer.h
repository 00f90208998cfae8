#ifndef VECDB_CATALOG_VERSION_WRITER_H_
#define VECDB_CATALOG_VERSION_WRITER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "catalog/version_store.h"
#include "vecdb/context.h"

namespace vecdb::catalog {

/// The one writer of a document.
///
/// Taking over commits a version of a higher epoch. It takes the number that the writer before was
/// about to use, so that one's next commit loses the race, sees the epoch and is fenced: it never
/// commits again. Single-threaded: the caller serialises all calls.
class VersionWriter {
 public:
  /// Gives the body that follows `newest`; a new epoch often changes nothing.
  using NextBody = std::function<absl::StatusOr<std::string>(const Version& newest)>;

  /// Commits version 1 of a new document. AlreadyExists when there is one; otherwise as
  /// VersionStore::CommitNext.
  static absl::StatusOr<std::unique_ptr<VersionWriter>> CreateFirst(VersionStore versions,
                                                                    std::string body,
                                                                    const Context& context);

  /// Opens a document for writing: commits `next_body` of the newest version in the next epoch.
  /// When others commit meanwhile, it is called again with what is the newest then; Aborted when
  /// they do so time after time. NotFound when there is no version yet; errors of `next_body` as
  /// they are; otherwise as VersionStore::ReadNewest and CommitNext.
  static absl::StatusOr<std::unique_ptr<VersionWriter>> TakeOver(VersionStore versions,
                                                                 const NextBody& next_body,
                                                                 const Context& context);

  /// The version that this writer committed last.
  const Version& current() const { return current_; }

  /// OK while it may commit; then FailedPrecondition with the reason, for good.
  const absl::Status& stopped() const { return stopped_; }

  /// Commits `body` as the next version. FailedPrecondition when a newer writer has fenced this
  /// one, or when an earlier outcome is not known: see stopped(). Unknown when this outcome is not
  /// known. Any other error: nothing has changed, and it can be tried again.
  absl::Status Commit(std::string body, const Context& context);

  /// FailedPrecondition as Commit would give it, for a caller before an expensive step; OK is no
  /// promise. DataLoss when the current version is gone; otherwise errors of the store.
  absl::Status CheckNotFenced(const Context& context);

 private:
  VersionWriter(VersionStore versions, Version current)
      : versions_(std::move(versions)), current_(std::move(current)) {}

  absl::Status Fence(const Context& context);
  void Stop(absl::FunctionRef<std::string()> reason);

  const VersionStore versions_;
  Version current_;
  absl::Status stopped_;
};

}  // namespace vecdb::catalog

#endif  // VECDB_CATALOG_VERSION_WRITER_H_
