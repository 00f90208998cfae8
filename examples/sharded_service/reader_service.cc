#include "sharded_service/reader_service.h"

#include <condition_variable>
#include <iostream>
#include <mutex>
#include <optional>
#include <utility>

#include "sharded_service/answer_codec.h"
#include "sharded_service/grpc_status.h"

namespace sharded_service {
namespace {

// A gRPC deadline is on the clock of the day.
vecdb::Context ContextOf(const grpc::ServerContext& call, const vecdb::CancelToken& cancel) {
  vecdb::Context context{.cancel = cancel};
  const auto day = std::chrono::system_clock::now();
  constexpr auto kLongest = std::chrono::hours(1);
  const auto left = std::min<std::chrono::system_clock::duration>(call.deadline() - day, kLongest);
  context.deadline = std::chrono::steady_clock::now() + left;
  return context;
}

// Borrows the vectors.
vecdb::SearchRequest RequestOf(const ReaderRequest& message) {
  const Query& query = message.query();
  vecdb::SearchRequest request{
      .field = query.field(),
      .vectors = {query.vectors().data(), static_cast<size_t>(query.vectors_size())},
      .limit = query.limit(),
      .offset = query.offset(),
      .filter = query.filter(),
      .group_by = query.group_by(),
      .output_fields = {query.output_fields().begin(), query.output_fields().end()},
      .shards = {message.shards().begin(), message.shards().end()},
      // What the last refresh has read: searches do not wait for the store.
      .consistency = vecdb::ConsistencyLevel::kEventually};
  if (query.has_radius()) request.radius = query.radius();
  if (query.has_range_filter()) request.range_filter = query.range_filter();
  return request;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ReaderService>> ReaderService::Open(ReaderOptions options) {
  options.database.read_only = true;
  auto database = vecdb::Database::Open(options.database);
  if (!database.ok()) return database.status();
  auto collection = (*database)->OpenCollection(options.collection);
  if (!collection.ok()) return collection.status();
  const absl::Status loaded = (*collection)->Load({.shards = options.shards});
  if (!loaded.ok()) return loaded;
  std::unique_ptr<ReaderService> service(
      new ReaderService(*std::move(database), *std::move(collection)));
  if (options.refresh.count() > 0) service->KeepFresh(options.refresh);
  return service;
}

ReaderService::ReaderService(std::unique_ptr<vecdb::Database> database,
                             std::unique_ptr<vecdb::Collection> collection)
    : database_(std::move(database)), collection_(std::move(collection)) {}

ReaderService::~ReaderService() = default;

// What has been loaded stays loaded, and new segments of these shards are loaded with a refresh.
void ReaderService::KeepFresh(std::chrono::milliseconds every) {
  refresher_ = std::jthread([this, every](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      wake.wait_for(lock, stop, every, [] { return false; });
      if (stop.stop_requested()) return;
      // The state of before goes on being searched.
      const absl::Status refreshed = database_->Refresh();
      if (!refreshed.ok()) std::cerr << "refresh: " << refreshed << "\n";
    }
  });
}

grpc::Status ReaderService::Search(grpc::ServerContext* context, const ReaderRequest* request,
                                   Answer* answer) {
  const CancelWatch::Watched watched(&watch_, context);
  const auto result =
      collection_->Search(RequestOf(*request), ContextOf(*context, watched.token()));
  if (!result.ok()) return ToGrpc(result.status());
  *answer = ToMessage(*result);
  return grpc::Status::OK;
}

}  // namespace sharded_service
