# vecdb::metrics: the metrics of a database for prometheus-cpp. Where that is not found, or sanitizers
# are asked for, which it was not built with, there is no such target and everything else is as it was.
option(VECDB_METRICS "Build the component vecdb::metrics where prometheus-cpp is found" ON)
if(NOT VECDB_METRICS OR VECDB_SANITIZE)
  return()
endif()
find_package(prometheus-cpp CONFIG QUIET)
if(NOT TARGET prometheus-cpp::core)
  message(STATUS "No prometheus-cpp: the component vecdb::metrics is left out")
  return()
endif()

file(GLOB metrics_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/metrics/*.cc)
add_library(vecdb_metrics STATIC ${metrics_sources})
add_library(vecdb::metrics ALIAS vecdb_metrics)
set_target_properties(vecdb_metrics PROPERTIES EXPORT_NAME metrics POSITION_INDEPENDENT_CODE ON)
target_include_directories(vecdb_metrics PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(vecdb_metrics PUBLIC vecdb prometheus-cpp::core)
vecdb_own_code(vecdb_metrics)

install(TARGETS vecdb_metrics EXPORT vecdbMetricsTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${PROJECT_SOURCE_DIR}/include/vecdb/prometheus.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/vecdb)
install(EXPORT vecdbMetricsTargets NAMESPACE vecdb:: DESTINATION ${VECDB_CMAKE_DIR})
