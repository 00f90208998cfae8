#include "sharded_service/reader_service.h"

#include <algorithm>
#include <chrono>
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
  auto database = vecdb::Database::OpenReadOnly(options.database);
  if (!database.ok()) return database.status();
  auto collection = (*database)->OpenCollection(options.collection);
  if (!collection.ok()) return collection.status();
  const absl::Status loaded = (*collection)->Load({.shards = options.shards});
  if (!loaded.ok()) return loaded;
  return std::unique_ptr<ReaderService>(
      new ReaderService(*std::move(database), *std::move(collection)));
}

ReaderService::ReaderService(std::unique_ptr<vecdb::Database> database,
                             std::unique_ptr<vecdb::Collection> collection)
    : database_(std::move(database)), collection_(std::move(collection)) {}

ReaderService::~ReaderService() = default;

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
