// Writes the collection that the service is tried with.
//
//     sharded_sample --path <folder> [--rows 100000] [--shards 4]
//
// See README.md.

#include <iostream>
#include <span>

#include "sharded_service/flags.h"
#include "sharded_service/sample.h"

namespace sharded_service {
namespace {

absl::Status Run(std::span<const char* const> arguments) {
  const auto flags = Flags::Parse(arguments, {"path", "rows", "shards"});
  if (!flags.ok()) return flags.status();
  const auto rows = flags->GetNumber("rows", 100000, 1);
  if (!rows.ok()) return rows.status();
  const auto shards = flags->GetNumber("shards", 4, 1);
  if (!shards.ok()) return shards.status();
  const auto database = vecdb::Database::Open({.path = flags->Get("path")});
  if (!database.ok()) return database.status();
  const auto collection = CreateSample(**database, *shards, *rows);
  if (!collection.ok()) return collection.status();
  std::cout << *rows << " rows in " << *shards << " shards\n";
  return (*database)->Close();
}

}  // namespace
}  // namespace sharded_service

int main(int argc, char** argv) {
  return sharded_service::RunProgram("sharded_sample", argc, argv, sharded_service::Run);
}
