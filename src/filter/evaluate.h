#ifndef VECDB_FILTER_EVALUATE_H_
#define VECDB_FILTER_EVALUATE_H_
#include "filter/program.h"
#include "filter/column_source.h"
namespace vecdb::filter {
struct EvaluationStats { uint64_t blocks_pruned=0, blocks_evaluated=0, blocks_read=0, rows_matched=0; bool used_index=false; double estimated_selectivity=1; };
absl::Status Evaluate(const Program& program, const ColumnSource& source, const Context& context, std::span<uint64_t> words, EvaluationStats* stats);
}
#endif
