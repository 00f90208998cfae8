#include "sharded_service/gateway_service.h"

#include <vecdb/merge_results.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sharded_service/answer_codec.h"
#include "sharded_service/grpc_status.h"

namespace sharded_service {
namespace {

using std::chrono::milliseconds;

// Some of the time is left for merging, and for the way back.
std::chrono::steady_clock::time_point DeadlineOf(const grpc::ServerContext& call,
                                                 milliseconds longest) {
  const auto day = std::chrono::system_clock::now();
  const auto left = std::min<std::chrono::system_clock::duration>(call.deadline() - day, longest);
  const auto kept = std::min<std::chrono::system_clock::duration>(left / 10, milliseconds(50));
  return std::chrono::steady_clock::now() + (left - kept);
}

// What each reader is asked: the best hits of all pages up to this one, with the field to group by.
absl::StatusOr<Query> QueryOfReaders(const Query& query) {
  constexpr int32_t kMost = 1 << 20;
  if (query.limit() < 1 || query.limit() > kMost || query.offset() < 0 || query.offset() > kMost) {
    return absl::InvalidArgumentError(absl::StrCat("limit ", query.limit(), " and offset ",
                                                   query.offset(), ": must be 1 to ", kMost,
                                                   " and 0 to ", kMost));
  }
  Query asked = query;
  asked.set_limit(query.offset() + query.limit());
  asked.set_offset(0);
  const auto& fields = query.output_fields();
  if (!query.group_by().empty() &&
      std::find(fields.begin(), fields.end(), query.group_by()) == fields.end()) {
    asked.add_output_fields(query.group_by());
  }
  return asked;
}

std::string ErrorOf(const absl::Status& status) {
  return absl::StrCat(absl::StatusCodeToString(status.code()), ": ",
                      absl::string_view(status.message()));
}

void ReportShards(const Part& part, const Outcome& outcome, GatewayAnswer* answer) {
  for (const int32_t shard : part.shards) {
    ShardReport* report = answer->add_shards();
    report->set_shard(shard);
    report->set_answered(outcome.status.ok());
    report->set_hedged(outcome.hedged);
    report->set_reader(outcome.reader);
    if (!outcome.status.ok()) report->set_error(ErrorOf(outcome.status));
    report->set_elapsed_ms(static_cast<double>(outcome.elapsed.count()) / 1000);
  }
}

// The error of an answer that lacks the shards of some parts.
absl::Status MissingShards(std::span<const std::unique_ptr<PartReaders>> parts,
                           std::span<const Outcome> outcomes) {
  std::vector<std::string> missing;
  bool late = true;
  for (size_t i = 0; i < parts.size(); ++i) {
    const absl::Status& status = outcomes[i].status;
    if (status.ok()) continue;
    // The question was wrong, not the reader.
    if (absl::IsInvalidArgument(status) || absl::IsNotFound(status)) return status;
    late = late && absl::IsDeadlineExceeded(status);
    missing.push_back(absl::StrCat("shards ", absl::StrJoin(parts[i]->part().shards, ", "),
                                   " are missing: ", ErrorOf(status)));
  }
  if (missing.empty()) return absl::OkStatus();
  const std::string message = absl::StrJoin(missing, "; ");
  return late ? absl::DeadlineExceededError(message) : absl::UnavailableError(message);
}

absl::StatusOr<vecdb::SearchResult> Merge(std::span<const Outcome> outcomes, const Query& query) {
  std::vector<vecdb::SearchResult> results;
  for (const Outcome& outcome : outcomes) {
    if (!outcome.status.ok()) continue;
    auto result = FromMessage(outcome.answer);
    if (!result.ok()) {
      return absl::InternalError(absl::StrCat("answer of ", outcome.reader, ": ",
                                              absl::string_view(result.status().message())));
    }
    results.push_back(*std::move(result));
  }
  return vecdb::MergeResults(results, {.limit = query.limit(), .offset = query.offset()});
}

}  // namespace

GatewayService::GatewayService(GatewayOptions options) : options_(std::move(options)) {
  for (const Part& part : options_.parts) parts_.push_back(std::make_unique<PartReaders>(part));
}

grpc::Status GatewayService::Search(grpc::ServerContext* context, const GatewayRequest* request,
                                    GatewayAnswer* answer) {
  const auto asked = QueryOfReaders(request->query());
  if (!asked.ok()) return ToGrpc(asked.status());
  const std::vector<Outcome> outcomes =
      Gather(parts_, *asked,
             {.deadline = DeadlineOf(*context, options_.deadline),
              .hedge_after = options_.hedge_after,
              .is_cancelled = [context] { return context->IsCancelled(); }});
  for (size_t i = 0; i < parts_.size(); ++i) ReportShards(parts_[i]->part(), outcomes[i], answer);
  const bool any = std::any_of(outcomes.begin(), outcomes.end(),
                               [](const Outcome& outcome) { return outcome.status.ok(); });
  const absl::Status missing = MissingShards(parts_, outcomes);
  if (!missing.ok() && !(any && request->allow_partial())) return ToGrpc(missing);
  const auto merged = Merge(outcomes, request->query());
  if (!merged.ok()) return ToGrpc(merged.status());
  *answer->mutable_answer() = ToMessage(*merged);
  if (!missing.ok()) answer->mutable_answer()->set_partial(true);
  return grpc::Status::OK;
}

}  // namespace sharded_service
