#include <algorithm>
#include <utility>

#include "base/mutex.h"
#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "s3/check_options.h"
#include "s3/create_object.h"
#include "s3/digest.h"
#include "s3/requester.h"
#include "s3/s3_reader.h"
#include "s3/s3_writer.h"
#include "s3/xml_answers.h"
#include "store/store_probe.h"
#include "vecdb/s3.h"

namespace vecdb {
namespace s3 {
namespace {

constexpr size_t kMaxDeleted = 1000;   // by one request
constexpr size_t kMaxPages = 100'000;  // of a listing, which a server could go on for ever
constexpr std::string_view kProbeFolder = "probe";

// Held by the lock, too, which may outlive the store.
struct LockState {
  base::Mutex mutex;  // a leaf
  bool is_locked ABSL_GUARDED_BY(mutex) = false;
};

class S3Lock final : public StoreLock {
 public:
  explicit S3Lock(std::shared_ptr<LockState> state) : state_(std::move(state)) {}
  ~S3Lock() override {
    base::MutexLock lock(&state_->mutex);
    state_->is_locked = false;
  }

 private:
  const std::shared_ptr<LockState> state_;
};

class S3Store final : public S3ObjectStore {
 public:
  explicit S3Store(std::shared_ptr<Requester> requester) : requester_(std::move(requester)) {}

  // Finds out what the server is good for, or at least that it is there.
  absl::Status Prove(const Context& context) {
    VECDB_ASSIGN_OR_RETURN(const ObjectPath folder, ObjectPath::Parse(kProbeFolder));
    if (requester_->options().writes == S3Writes::kProve) {
      return store::ProbeCreateIfAbsent(*this, folder, "S3Writes::kIPromiseSingleWriter", context);
    }
    return ListOnce(folder, nullptr, "", 1, context).status();
  }

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                     const Context& context) override {
    return base::OrOutOfMemory([&]() -> absl::StatusOr<std::unique_ptr<ObjectReader>> {
      VECDB_RETURN_IF_ERROR(context.Check());
      return S3Reader::Open(requester_, path, context);
    });
  }

  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context& context) override {
    return base::OrOutOfMemory([&]() -> absl::StatusOr<std::unique_ptr<ObjectWriter>> {
      VECDB_RETURN_IF_ERROR(context.Check());
      VECDB_RETURN_IF_ERROR(CheckMayWrite());
      return std::make_unique<S3Writer>(requester_, path);
    });
  }

  absl::Status Delete(const ObjectPath& path, const Context& context) override {
    return base::OrOutOfMemory([&]() -> absl::Status {
      VECDB_RETURN_IF_ERROR(context.Check());
      VECDB_RETURN_IF_ERROR(CheckMayWrite());
      Call call{.operation = Operation::kDelete,
                .about = AboutObject(path),
                .request = {.method = Method::kDelete, .url = requester_->address().UrlOf(path)}};
      absl::Status status = requester_->Send(call, context);
      return absl::IsNotFound(status) ? absl::OkStatus() : status;
    });
  }

  absl::Status DeleteAll(std::span<const ObjectPath> paths, const Context& context) override {
    return base::OrOutOfMemory([&]() -> absl::Status {
      VECDB_RETURN_IF_ERROR(context.Check());
      VECDB_RETURN_IF_ERROR(CheckMayWrite());
      while (!paths.empty()) {
        const auto some = paths.first(std::min(kMaxDeleted, paths.size()));
        VECDB_RETURN_IF_ERROR(DeleteSome(some, context));
        paths = paths.subspan(some.size());
      }
      return absl::OkStatus();
    });
  }

  absl::StatusOr<std::vector<ObjectInfo>> List(const ObjectPath& prefix,
                                               const Context& context) override {
    return base::OrOutOfMemory([&]() -> absl::StatusOr<std::vector<ObjectInfo>> {
      VECDB_RETURN_IF_ERROR(context.Check());
      return ListAll(prefix, nullptr, context);
    });
  }

  absl::StatusOr<std::vector<ObjectInfo>> ListAfter(const ObjectPath& prefix,
                                                    const ObjectPath& after,
                                                    const Context& context) override {
    return base::OrOutOfMemory([&]() -> absl::StatusOr<std::vector<ObjectInfo>> {
      VECDB_RETURN_IF_ERROR(context.Check());
      return ListAll(prefix, &after, context);
    });
  }

  absl::StatusOr<std::unique_ptr<StoreLock>> Lock(const Context& context) override {
    return base::OrOutOfMemory([&]() -> absl::StatusOr<std::unique_ptr<StoreLock>> {
      VECDB_RETURN_IF_ERROR(context.Check());
      base::MutexLock lock(&lock_state_->mutex);
      if (lock_state_->is_locked) {
        return absl::FailedPreconditionError(base::StrFormat(
            "%s is locked by another writer of this process", requester_->address().name()));
      }
      auto held = std::make_unique<S3Lock>(lock_state_);
      lock_state_->is_locked = true;
      return held;
    });
  }

  S3Usage usage() const override { return requester_->counters().Usage(); }

  std::vector<MetricFamily> CollectMetrics() const override {
    return requester_->counters().Collect();
  }

 private:
  absl::Status CheckMayWrite() const {
    if (requester_->options().writes != S3Writes::kRefuse) return absl::OkStatus();
    return absl::PermissionDeniedError(
        base::StrFormat("%s was opened with S3Writes::kRefuse", requester_->address().name()));
  }

  // `after` may be null.
  absl::StatusOr<ListPage> ListOnce(const ObjectPath& prefix, const ObjectPath* after,
                                    const std::string& token, size_t max_keys,
                                    const Context& context) {
    // Sorted by name, as SigV4 wants it.
    std::string query;
    if (!token.empty()) query = "continuation-token=" + PercentEncode(token, false) + "&";
    base::StrAppendFormat(&query, "encoding-type=url&list-type=2&max-keys=%d&prefix=%s", max_keys,
                          PercentEncode(requester_->address().KeyOf(prefix) + "/", false));
    if (after != nullptr) {
      query += "&start-after=" + PercentEncode(requester_->address().KeyOf(*after), false);
    }
    Call call{.operation = Operation::kList,
              .about = base::StrFormat("list of '%s'", prefix.str()),
              .request = {.method = Method::kGet,
                          .url = requester_->address().BucketUrl(query),
                          .max_body_bytes = kMaxListBytes}};
    VECDB_RETURN_IF_ERROR(requester_->Send(call, context));
    return ParseListPage(call.answer.body);
  }

  absl::StatusOr<std::vector<ObjectInfo>> ListAll(const ObjectPath& prefix, const ObjectPath* after,
                                                  const Context& context) {
    std::vector<ObjectInfo> infos;
    std::string token;
    for (size_t pages = 0; pages < kMaxPages; ++pages) {
      VECDB_ASSIGN_OR_RETURN(ListPage page, ListOnce(prefix, after, token, 1000, context));
      for (const ListedObject& object : page.objects) AddListed(object, prefix, after, infos);
      if (page.next_token.empty()) {
        SortByPath(infos);
        return infos;
      }
      if (page.next_token == token) break;
      token = std::move(page.next_token);
    }
    return absl::DataLossError(base::StrFormat(
        "the list of '%s' does not end: the server begins it again and again", prefix.str()));
  }

  // Keys that no object of ours can have belong to somebody else, and a server need not know where
  // a list is to begin.
  void AddListed(const ListedObject& object, const ObjectPath& prefix, const ObjectPath* after,
                 std::vector<ObjectInfo>& infos) const {
    auto path = requester_->address().PathOf(object.key);
    if (!path.ok() || !path->str().starts_with(prefix.str() + "/")) return;
    if (after != nullptr && *path <= *after) return;
    infos.push_back({.path = *std::move(path),
                     .size_bytes = object.size_bytes,
                     .modified_ms = object.modified_ms});
  }

  // An object that was there at the end of one page and the beginning of the next comes once.
  static void SortByPath(std::vector<ObjectInfo>& infos) {
    std::sort(infos.begin(), infos.end(),
              [](const ObjectInfo& a, const ObjectInfo& b) { return a.path < b.path; });
    const auto same = [](const ObjectInfo& a, const ObjectInfo& b) { return a.path == b.path; };
    infos.erase(std::unique(infos.begin(), infos.end(), same), infos.end());
  }

  absl::Status DeleteSome(std::span<const ObjectPath> paths, const Context& context) {
    // No sign that a path can have means anything in XML.
    std::string body = "<Delete><Quiet>true</Quiet>";
    for (const ObjectPath& path : paths) {
      body += "<Object><Key>" + requester_->address().KeyOf(path) + "</Key></Object>";
    }
    body += "</Delete>";
    const auto bytes = std::as_bytes(std::span(body));
    VECDB_ASSIGN_OR_RETURN(std::string md5, Md5Base64(bytes));
    Call call{.operation = Operation::kDeleteMany,
              .about = base::StrFormat("deletion of %d objects", paths.size()),
              .request = {.method = Method::kPost,
                          .url = requester_->address().BucketUrl("delete="),
                          .headers = {{"Content-MD5", std::move(md5)}},
                          .body = bytes,
                          .max_body_bytes = kMaxListBytes}};
    VECDB_RETURN_IF_ERROR(requester_->Send(call, context));
    VECDB_ASSIGN_OR_RETURN(const auto failures, ParseDeleteFailures(call.answer.body));
    return CheckFailures(failures, paths);
  }

  absl::Status CheckFailures(const std::vector<DeleteFailure>& failures,
                             std::span<const ObjectPath> paths) const {
    for (const DeleteFailure& failure : failures) {
      if (failure.code == "NoSuchKey") continue;
      const auto path = std::find_if(paths.begin(), paths.end(), [&](const ObjectPath& each) {
        return requester_->address().KeyOf(each) == failure.key;
      });
      const std::string text =
          base::StrFormat("%d of %d objects were not deleted, the first of them '%s': %s",
                          failures.size(), paths.size(), path == paths.end() ? "?" : path->str(),
                          failure.code.empty() ? "for no known reason" : failure.code);
      return failure.code == "AccessDenied" ? absl::PermissionDeniedError(text)
                                            : absl::UnavailableError(text);
    }
    return absl::OkStatus();
  }

  const std::shared_ptr<Requester> requester_;
  const std::shared_ptr<LockState> lock_state_ = std::make_shared<LockState>();
};

absl::StatusOr<std::shared_ptr<S3ObjectStore>> OpenStore(S3Options options, const Host& host,
                                                         const Context& context) {
  VECDB_RETURN_IF_ERROR(context.Check());
  VECDB_RETURN_IF_ERROR(CheckOptions(options));
  VECDB_ASSIGN_OR_RETURN(auto requester, Requester::Make(std::move(options), host));
  auto store = std::make_shared<S3Store>(std::move(requester));
  VECDB_RETURN_IF_ERROR(store->Prove(context));
  return store;
}

}  // namespace
}  // namespace s3

absl::StatusOr<std::shared_ptr<S3ObjectStore>> OpenS3ObjectStore(S3Options options,
                                                                 const Host& host,
                                                                 const Context& context) {
  return base::OrOutOfMemory([&] { return s3::OpenStore(std::move(options), host, context); });
}

}  // namespace vecdb
