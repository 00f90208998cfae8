#include "vecdb/database.h"

#include <utility>

#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "engine/counted_call.h"
#include "engine/database_engine.h"

namespace vecdb {
namespace {

using engine::DatabaseOperation;

template <typename Call>
auto CountedDdl(engine::DatabaseEngine& engine, DatabaseOperation operation, Call call) {
  return engine::CountedCall(engine.metrics(), operation, std::move(call));
}

}  // namespace

Database::Database(std::shared_ptr<engine::DatabaseEngine> engine) : engine_(std::move(engine)) {}

Database::~Database() { engine_->Abandon(); }

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const DatabaseOptions& options,
                                                         const Context& context) {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::unique_ptr<Database>> {
    VECDB_ASSIGN_OR_RETURN(auto engine, engine::DatabaseEngine::Open(options, context));
    return std::unique_ptr<Database>(new Database(std::move(engine)));
  });
}

absl::StatusOr<std::unique_ptr<Database>> Database::OpenReadOnly(DatabaseOptions options,
                                                                 const Context& context) {
  options.read_only = true;
  return Open(options, context);
}

absl::StatusOr<std::unique_ptr<Collection>> Database::CreateCollection(
    std::string_view name, const Schema& schema, const CollectionOptions& options,
    const Context& context) {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::unique_ptr<Collection>> {
    VECDB_ASSIGN_OR_RETURN(
        auto engine, CountedDdl(*engine_, DatabaseOperation::kCreateCollection,
                                [&] { return engine_->Create(name, schema, options, context); }));
    return std::make_unique<Collection>(std::move(engine));
  });
}

absl::StatusOr<std::unique_ptr<Collection>> Database::OpenCollection(std::string_view name,
                                                                     const OpenOptions& options,
                                                                     const Context& context) {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::unique_ptr<Collection>> {
    VECDB_ASSIGN_OR_RETURN(
        auto engine, CountedDdl(*engine_, DatabaseOperation::kOpenCollection,
                                [&] { return engine_->OpenCollection(name, options, context); }));
    return std::make_unique<Collection>(std::move(engine));
  });
}

absl::StatusOr<std::unique_ptr<Collection>> Database::OpenCollection(std::string_view name,
                                                                     const Context& context) {
  return OpenCollection(name, OpenOptions(), context);
}

bool Database::HasCollection(std::string_view name) const { return engine_->Has(name); }

std::vector<std::string> Database::ListCollections() const { return engine_->List(); }

absl::Status Database::RenameCollection(std::string_view from, std::string_view to,
                                        const Context& context) {
  return CountedDdl(*engine_, DatabaseOperation::kRenameCollection,
                    [&] { return engine_->Rename(from, to, context); });
}

absl::Status Database::DropCollection(std::string_view name, const Context& context) {
  return CountedDdl(*engine_, DatabaseOperation::kDropCollection,
                    [&] { return engine_->Drop(name, context); });
}

absl::Status Database::Refresh(const Context& context) {
  return CountedDdl(*engine_, DatabaseOperation::kRefresh,
                    [&] { return engine_->Refresh(context); });
}

absl::StatusOr<GarbageReport> Database::CollectGarbage(const Context& context) {
  return CountedDdl(*engine_, DatabaseOperation::kCollectGarbage,
                    [&] { return engine_->CollectGarbage(context); });
}

MemoryReport Database::MemoryReport() const { return engine_->ReportMemory(); }

std::vector<MetricFamily> Database::CollectMetrics() const { return engine_->CollectMetrics(); }

std::string Database::MetricsText() const { return vecdb::MetricsText(CollectMetrics()); }

absl::StatusOr<VerifyReport> Database::Verify(const Context& context) {
  return CountedDdl(*engine_, DatabaseOperation::kVerify, [&] { return engine_->Verify(context); });
}

absl::Status Database::Checkpoint(const std::shared_ptr<ObjectStore>& store,
                                  std::string_view prefix, const Context& context) {
  return base::OrOutOfMemory([&]() -> absl::Status {
    if (store == nullptr) return absl::InvalidArgumentError("Checkpoint: the store is null");
    VECDB_ASSIGN_OR_RETURN(const auto target, WithPrefix(store, prefix));
    return CountedDdl(*engine_, DatabaseOperation::kCheckpoint,
                      [&] { return engine_->Checkpoint(*target, context); });
  });
}

absl::Status Database::Close(const Context& context) {
  return base::OrOutOfMemory([&]() -> absl::Status { return engine_->Close(context); });
}

}  // namespace vecdb
