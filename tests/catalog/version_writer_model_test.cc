#include <gtest/gtest.h>

#include "catalog/version_writer_model.h"

namespace vecdb::catalog {
namespace {

using VersionWriterModelTest = VersionWriterModel;

TEST_F(VersionWriterModelTest, TwoWritersOfSixStepsEach) {
  ExploreAll({{kCreate, 3}, {kTakeOver, 1}}, 0, 1e4);
  EXPECT_EQ(num_unknown(), 0u);
}

TEST_F(VersionWriterModelTest, ThreeWritersOfFourStepsEach) {
  ExploreAll({{kCreate, 2}, {kTakeOver, 0}, {kTakeOver, 0}}, 0, 1e5);
  EXPECT_EQ(num_unknown(), 0u);
}

TEST_F(VersionWriterModelTest, TwoWritersAndAnyFateOfOnePut) {
  ExploreAll({{kCreate, 2}, {kTakeOver, 1}}, 1, 1e5);
  EXPECT_GT(num_unknown(), 0u);
}

TEST_F(VersionWriterModelTest, TwoWritersAndACollection) {
  ExploreAll({{kCreate, 1}, {kTakeOver, 1}, {kCollect}}, 0, 1e5);
}

TEST_F(VersionWriterModelTest, TwoWritersACollectionAndAnyFateOfOnePut) {
  ExploreAll({{kCreate, 1}, {kTakeOver, 0}, {kCollect}}, 1, 1e4);
}

}  // namespace
}  // namespace vecdb::catalog
