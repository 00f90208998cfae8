#!/usr/bin/env bash
# tests/sabotage.sh [build directory]: builds the library with the mistakes of src/base/sabotage.h
# in it, makes one after the other, and fails unless each turns the test red that is named here, and
# all of these are green without. Slow: for the night. SABOTAGE_JOBS: how many compilers at a time.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=${1:-build/sabotage}
export VECDB_TEST_SCALE=${VECDB_TEST_SCALE:-0.2}

# number|what|program|test
mistakes() {
  cat <<'END'
1|no sync of the log|vecdb_journal_test|JournalTest.SyncedSurvivesAPowerCut
2|log deleted before the manifest is committed|vecdb_sim_test|SimulationTest.NoStepChangesAnAnswerOrLosesARow
3|directory of a log file not synced|vecdb_journal_test|LocalLogPlaceFaultTest.PowerCutAtEveryStepLeavesTheFileWholeOrAbsent
4|damage before valid records taken for a torn tail|vecdb_journal_test|LogReaderTest.EveryDamagedByteIsToldAndSalvageKeepsWhatComesBefore
5|replay of records that are in segments|vecdb_sim_test|SimulationTest.NoStepChangesAnAnswerOrLosesARow
6|flush leaves its growing segments to the writers|vecdb_sim_test|SimulationTest.NoStepChangesAnAnswerOrLosesARow
7|any version that is there counts as ours|vecdb_catalog_test|VersionStoreTest.AnswerLostAndAnotherWriterIsAborted
8|garbage collected without grace|vecdb_catalog_test|GarbageCollectorTest.NothingYoungIsDeleted
9|garbage collected that a snapshot pins|vecdb_api_test|SnapshotTest.PinnedObjectsAreCollectedWhenItIsGone
10|garbage collected by a fenced writer|vecdb_catalog_test|GarbageCollectorTest.FencedWriterMayNotCollect
11|object linked without a sync|vecdb_sim_test|SimulationTest.NoStepChangesAnAnswerOrLosesARow
12|directory of an object not synced|vecdb_sim_test|SimulationTest.NoStepChangesAnAnswerOrLosesARow
13|batch visible before the journal has it|vecdb_sim_test|SimulationTest.NoStepChangesAnAnswerOrLosesARow
14|flush without the deletes of the last batch|vecdb_sim_test|SimulationTest.NoStepChangesAnAnswerOrLosesARow
15|end of a log file that the next one names ignored|vecdb_journal_test|LogReaderTest.RecordsBehindTheEndThatTheNextFileNamesAreCut
16|host_sequence not in the manifest|vecdb_sim_test|SimulationTest.NoStepChangesAnAnswerOrLosesARow
17|torn tail taken for damage|vecdb_journal_test|LogReaderTest.TornTailOfTheLastFileIsCountedAndNoError
18|log files deleted that are needed|vecdb_journal_test|LogSetTest.FileIsNeededWhileItHoldsARecordBeyondTheWatermark
19|lost race does not fence|vecdb_catalog_test|VersionWriterTest.OlderWriterIsFencedAtItsNextCommitForGood
20|opening begins no epoch|vecdb_catalog_test|VersionWriterTest.TakeOverCommitsTheNextBodyInTheNextEpoch
21|payload of a log record not checked|vecdb_sim_test|SimulationTest.NoStepChangesAnAnswerOrLosesARow
22|writes go on after an unknown commit|vecdb_api_test|PoisonedTest.CommitOfUnknownOutcomeRefusesWritesToo
23|failed write of the log taken for done|vecdb_journal_test|JournalTest.FailedCallKillsTheLogForGood
24|versions deleted without a boundary|vecdb_catalog_test|GarbageCollectorTest.BoundaryIsPutBeforeTheFirstDeleteAndReplacesTheOlderOnes
25|log of objects not fenced when it is taken over|vecdb_api_test|FencingTest.NothingOfTheFirstIsAcknowledgedAfterTheTakeover
26|what fences a log collected|vecdb_api_test|FencingTest.SleeperCannotAcknowledgeAfterAnyTime
27|leases of readers ignored|vecdb_api_test|WithAndWithout/ReaderLeaseTest.SnapshotIsHeldByTheLeaseOrRefusedClearly/1
28|reader of the journal overlooks a new manifest|vecdb_api_test|FollowingTest.NewManifestCostsWhatIsNew
END
}

# run <number> <program> <test>: leaves the output in $log.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run() {
  VECDB_SABOTAGE=$1 timeout 300 "$build/tests/$2" --gtest_filter="$3" >"$log" 2>&1
}

if [ -z "${SABOTAGE_BUILT:-}" ]; then
  cmake --preset ci -B "$build" -DVECDB_SABOTAGE=ON >/dev/null
  cmake --build "$build" -j "${SABOTAGE_JOBS:-$(nproc)}" \
    --target $(mistakes | cut -d'|' -f3 | sort -u) >/dev/null
fi

failed=0
while IFS='|' read -r program test; do
  if ! run 0 "$program" "$test" || ! grep -q '^\[  PASSED  \] 1 test' "$log"; then
    echo "without sabotage: $test is not green"
    tail -20 "$log"
    failed=1
  fi
done < <(mistakes | cut -d'|' -f3,4 | sort -u)
while IFS='|' read -r number what program test; do
  if run "$number" "$program" "$test"; then
    echo "sabotage $number: $what: NOT FOUND by $test"
    failed=1
  else
    echo "sabotage $number: $what: red in $test"
  fi
done < <(mistakes)
exit "$failed"
