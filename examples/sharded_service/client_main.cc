// Asks a gateway once, and shows the hits and which shards they are from.
//
//     sharded_client --gateway 127.0.0.1:7000 --vector 0.1,0.2,...
//
// See README.md.

#include <chrono>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sharded_service.grpc.pb.h"
#include "sharded_service/answer_codec.h"
#include "sharded_service/flags.h"
#include "sharded_service/grpc_status.h"

namespace sharded_service {
namespace {

absl::StatusOr<GatewayRequest> RequestOf(const Flags& flags) {
  GatewayRequest request;
  request.set_allow_partial(flags.Has("allow-partial"));
  Query& query = *request.mutable_query();
  for (const absl::string_view word : absl::StrSplit(flags.Get("vector"), ',')) {
    float value = 0;
    if (!absl::SimpleAtof(word, &value)) {
      return absl::InvalidArgumentError(absl::StrCat("--vector: \"", word, "\" is no number"));
    }
    query.add_vectors(value);
  }
  const auto limit = flags.GetNumber("limit", 10);
  if (!limit.ok()) return limit.status();
  const auto offset = flags.GetNumber("offset", 0);
  if (!offset.ok()) return offset.status();
  query.set_limit(*limit);
  query.set_offset(*offset);
  query.set_field(flags.Get("field"));
  query.set_filter(flags.Get("filter"));
  query.set_group_by(flags.Get("group-by"));
  for (const absl::string_view field :
       absl::StrSplit(flags.Get("output-fields"), ',', absl::SkipEmpty())) {
    query.add_output_fields(std::string(field));
  }
  return request;
}

absl::Status Show(const GatewayAnswer& answer) {
  const auto result = FromMessage(answer.answer());
  if (!result.ok()) return result.status();
  size_t row = 0;
  for (size_t query = 0; query < result->num_queries(); ++query) {
    for (const vecdb::Hit& hit : result->hits(query)) {
      std::cout << hit.score();
      for (const vecdb::FieldSpec& field : result->rows().schema().fields) {
        std::cout << "  " << field.name << " " << result->rows().ValueToJson(field.name, row);
      }
      std::cout << "\n";
      ++row;
    }
  }
  for (const ShardReport& shard : answer.shards()) {
    std::cout << "shard " << shard.shard() << ": "
              << (shard.answered() ? shard.reader() : "missing, " + shard.error())
              << (shard.hedged() ? ", hedged" : "") << ", " << shard.elapsed_ms() << " ms\n";
  }
  if (answer.answer().partial()) std::cout << "the answer is partial\n";
  return absl::OkStatus();
}

absl::Status Run(std::span<const char* const> arguments) {
  const auto flags = Flags::Parse(arguments,
                                  {"gateway", "vector", "field", "limit", "offset", "filter",
                                   "group-by", "output-fields", "deadline-ms"},
                                  {"allow-partial"});
  if (!flags.ok()) return flags.status();
  const auto request = RequestOf(*flags);
  if (!request.ok()) return request.status();
  const auto deadline_ms = flags->GetNumber("deadline-ms", 1000, 1);
  if (!deadline_ms.ok()) return deadline_ms.status();
  const auto gateway = Gateway::NewStub(grpc::CreateChannel(flags->Get("gateway", "127.0.0.1:7000"),
                                                            grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(*deadline_ms));
  GatewayAnswer answer;
  const absl::Status asked = FromGrpc(gateway->Search(&context, *request, &answer));
  return asked.ok() ? Show(answer) : asked;
}

}  // namespace
}  // namespace sharded_service

int main(int argc, char** argv) {
  return sharded_service::RunProgram("sharded_client", argc, argv, sharded_service::Run);
}
