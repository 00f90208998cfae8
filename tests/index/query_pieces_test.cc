#include "index/query_pieces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/status_testing.h"
#include "support/test_executors.h"

namespace vecdb::index {
namespace {

TEST(QueryPiecesTest, EachQueryIsInOnePieceAndPiecesAreAFewAThread) {
  support::ManualExecutor executor(3);
  for (Executor* where : {static_cast<Executor*>(nullptr), static_cast<Executor*>(&executor)}) {
    for (const size_t num_queries : {1U, 2U, 3U, 31U, 63U, 64U, 65U, 129U, 1000U}) {
      std::vector<int> answered(num_queries);
      size_t pieces = 0;
      ASSERT_OK(ForQueryPieces(where, num_queries, {}, [&](QueryPiece piece) {
        ++pieces;
        EXPECT_GE(piece.count, 1U);
        EXPECT_LE(piece.count, 32U);
        for (size_t i = 0; i < piece.count; ++i) ++answered.at(piece.begin + i);
        return absl::OkStatus();
      }));
      EXPECT_EQ(answered, std::vector<int>(num_queries, 1)) << num_queries;
      EXPECT_GE(pieces, std::min<size_t>(num_queries, where == nullptr ? 2 : 6)) << num_queries;
      EXPECT_LE(pieces, num_queries / 32 + 15) << num_queries;
    }
  }
}

TEST(QueryPiecesTest, AnErrorEndsTheCall) {
  const auto fails = [](QueryPiece piece) {
    return piece.begin >= 64 ? absl::DataLossError("lost") : absl::OkStatus();
  };
  EXPECT_EQ(ForQueryPieces(nullptr, 200, {}, fails), absl::DataLossError("lost"));
  EXPECT_OK(ForQueryPieces(nullptr, 64, {}, fails));
}

}  // namespace
}  // namespace vecdb::index
