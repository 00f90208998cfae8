// Prints the metrics of a database in which everything was done once, for promtool_test.sh.
#include <gtest/gtest.h>

#include <iostream>

#include "api/metrics_testing.h"

int main() {
  vecdb::support::TestDatabase db;
  vecdb::support::DoEverything(db);
  std::cout << db->MetricsText();
  return 0;
}
