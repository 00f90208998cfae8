#include "engine/mapped_checks.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"
#include "engine/loader.h"
#include "support/temp_directory.h"

namespace vecdb::engine {
namespace {

using support::Ids;

class MappedChecksTest : public CoreFixture {
 protected:
  MappedChecksTest() : CoreFixture({.load = LoadPolicy::kManual}) {
    environment_.store = local_;
    EXPECT_OK(CollectionEngine::Create(environment_, id_, schema_, {}, {}));
    const ObjectPath folder = *ObjectPath::Parse("collections/" + id_);
    auto manifests = catalog::VersionWriter::TakeOver(
        {local_.get(), *folder.Join("manifest"), "manifest"},
        [](const catalog::Version& newest) { return newest.body; }, {});
    const catalog::Version version = (*manifests)->current();
    auto manifest = *format::ManifestFromJson("test", version.body);
    manifest.indexes.push_back({.field = "v"});
    mapped_ = std::make_shared<CollectionCore>(environment_, id_, folder, std::move(manifest),
                                               version, *std::move(manifests));
    Writer writer(mapped_.get());
    EXPECT_OK(writer.Insert(Rows(Ids(0, 40)), false, {}, {}));
    EXPECT_OK(Flush(mapped_.get(), &writer, {}));
    EXPECT_OK(LoadAll(mapped_.get(), {.mode = LoadMode::kMap}, {}));
  }
  query::SegmentView Segment() const { return mapped_->Read().view->segments[0]; }

  const support::TempDirectory directory_;
  const std::shared_ptr<ObjectStore> local_ = OpenLocalObjectStore(directory_.path()).value();
  std::shared_ptr<CollectionCore> mapped_;
};

TEST_F(MappedChecksTest, WhatIsMappedIsCheckedOnce) {
  EXPECT_TRUE(HasUnchecked(*mapped_->Read().view));
  EXPECT_FALSE(CheckMapped(mapped_.get(), {}));
  EXPECT_FALSE(HasUnchecked(*mapped_->Read().view));
  EXPECT_NE(Segment().resident, nullptr);
  EXPECT_OK(Segment().load_damage);
}

TEST_F(MappedChecksTest, CheckThatIsCancelledIsDoneLater) {
  Context context{.cancel = CancelToken::Make()};
  context.cancel.Cancel();
  CheckMapped(mapped_.get(), context);
  EXPECT_TRUE(HasUnchecked(*mapped_->Read().view));
  CheckMapped(mapped_.get(), {});
  EXPECT_FALSE(HasUnchecked(*mapped_->Read().view));
}

TEST_F(MappedChecksTest, CollectionThatIsReleasedHasNothingToCheck) {
  ReleaseAll(mapped_.get());
  EXPECT_FALSE(HasUnchecked(*mapped_->Read().view));
  EXPECT_FALSE(CheckMapped(mapped_.get(), {}));
}

}  // namespace
}  // namespace vecdb::engine
