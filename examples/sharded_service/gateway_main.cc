// The process that clients talk to: it hands searches to readers and merges their answers.
//
//     sharded_gateway --map 0,1=127.0.0.1:7001,127.0.0.1:7002 --map 2,3=127.0.0.1:7003
//
// See README.md.

#include <span>
#include <utility>

#include "sharded_service/flags.h"
#include "sharded_service/gateway_service.h"
#include "sharded_service/serve.h"

namespace sharded_service {
namespace {

absl::Status Run(std::span<const char* const> arguments) {
  const auto flags = Flags::Parse(arguments, {"map", "deadline-ms", "hedge-ms", "listen"});
  if (!flags.ok()) return flags.status();
  auto parts = ParseShardMap(flags->All("map"));
  if (!parts.ok()) return parts.status();
  GatewayOptions options{.parts = *std::move(parts)};
  const auto deadline_ms = flags->GetNumber("deadline-ms", 1000, 1);
  if (!deadline_ms.ok()) return deadline_ms.status();
  options.deadline = std::chrono::milliseconds(*deadline_ms);
  if (flags->Has("hedge-ms")) {
    const auto hedge_ms = flags->GetNumber("hedge-ms", 0);
    if (!hedge_ms.ok()) return hedge_ms.status();
    options.hedge_after = std::chrono::milliseconds(*hedge_ms);
  }
  GatewayService service(std::move(options));
  return Serve(flags->Get("listen", "127.0.0.1:0"), &service);
}

}  // namespace
}  // namespace sharded_service

int main(int argc, char** argv) {
  sharded_service::BlockStopSignals();
  return sharded_service::RunProgram("sharded_gateway", argc, argv, sharded_service::Run);
}
