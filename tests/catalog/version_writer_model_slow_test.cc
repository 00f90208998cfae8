#include <gtest/gtest.h>

#include "catalog/version_writer_model.h"

namespace vecdb::catalog {
namespace {

using VersionWriterModelSlowTest = VersionWriterModel;

TEST_F(VersionWriterModelSlowTest, ThreeWritersOfSixStepsEach) {
  ExploreAll({{kCreate, 3}, {kTakeOver, 1}, {kTakeOver, 1}}, 0, 1e15);
  EXPECT_EQ(num_unknown(), 0u);
}

TEST_F(VersionWriterModelSlowTest, TwoWritersAndAnyFateOfTwoPuts) {
  ExploreAll({{kCreate, 2}, {kTakeOver, 1}}, 2, 1e8);
  EXPECT_GT(num_unknown(), 0u);
}

TEST_F(VersionWriterModelSlowTest, ThreeWritersAndAnyFateOfOnePut) {
  ExploreAll({{kCreate, 1}, {kTakeOver, 1}, {kTakeOver, 0}}, 1, 1e10);
  EXPECT_GT(num_unknown(), 0u);
}

TEST_F(VersionWriterModelSlowTest, TwoWritersAndACollection) {
  ExploreAll({{kCreate, 2}, {kTakeOver, 2}, {kCollect}}, 0, 1e8);
}

TEST_F(VersionWriterModelSlowTest, TwoWritersACollectionAndAnyFateOfOnePut) {
  ExploreAll({{kCreate, 1}, {kTakeOver, 2}, {kCollect}}, 1, 1e9);
}

}  // namespace
}  // namespace vecdb::catalog
