#ifndef VECDB_ENGINE_COLLECTION_PARTS_H_
#define VECDB_ENGINE_COLLECTION_PARTS_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/gate.h"
#include "base/mutex.h"
#include "engine/collection_core.h"
#include "engine/collection_engine.h"
#include "engine/compaction_jobs.h"
#include "engine/index_jobs.h"
#include "engine/journal_setup.h"
#include "engine/live_recall.h"
#include "engine/load_manager.h"
#include "engine/writer.h"
#include "vecdb/collection.h"
#include "vecdb/database.h"

namespace vecdb::engine {

/// What works on the core of a collection.
struct CollectionEngine::Parts {
  explicit Parts(CollectionCore* core)
      : budget(core->environment().budget),
        writer(core),
        indexes(core),
        compactions(core),
        recall(core->environment().recall_sample_every) {}

  const std::shared_ptr<MemoryBudget> budget;  // of the rows that the writer holds

  Writer writer;
  IndexJobs indexes;
  CompactionJobs compactions;
  LiveRecall recall;
  std::shared_ptr<LoadManager> loads;  // set before the collection is used
  RecoveryReport recovery;             // written before the collection is used
  // Of a collection that is read alone.
  FollowedJournal followed;                     // of the refresh that runs
  std::shared_ptr<ReaderLease> lease;           // null without; set before the collection is used
  std::atomic<uint64_t> service_timestamp = 0;  // grow while it is followed; order nothing else,
  std::atomic<uint64_t> settled_timestamp = 0;  // as what they tell of was published before:
                                                // the millisecond of the refresh lies between them
  std::atomic<bool> is_complete = false;        // that of `followed`; set by opening
  std::atomic<bool> flush_scheduled = false;  // at most one flush waits behind; orders nothing else
  std::atomic<int> num_builders = 0;          // scheduled or at work; about, orders nothing
  std::atomic<bool> build_asked = false;      // since a builder began to look
  std::atomic<bool> interim_scheduled = false;  // one works on interim indexes at most
  std::atomic<uint64_t> fresh_rows = 0;         // since that was looked at; about, orders nothing
  std::atomic<bool> flush_failed = false;       // the last one; orders nothing
  std::atomic<uint64_t> unflushed_deletes = 0;  // by Delete, about; orders nothing
  std::atomic<int64_t> collected_ms = 0;        // when garbage was last looked for; orders nothing

  // Nothing waits behind any more: what was scheduled has been let go of.
  void ForgetScheduled() {
    flush_scheduled = false;
    num_builders = 0;
    interim_scheduled = false;
    compactions.ForgetLook();
    recall.Forget();
  }

  // Of the rows, and of the journal that was followed; once no call runs.
  void LetGo() {
    recall.Forget();
    writer.Forget();
    followed = {};
    lease = nullptr;
  }

  base::Gate stall_gate;  // of writers that are held up; before all other gates
  base::Mutex mutex;      // a leaf
  GarbageReport garbage ABSL_GUARDED_BY(mutex) = {};  // of the last collection
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_COLLECTION_PARTS_H_
