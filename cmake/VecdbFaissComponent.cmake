# vecdb::faiss: exchange of indexes with FAISS. Where FAISS is not found, or sanitizers are asked for,
# which its OpenMP knows nothing of, there is no such target and everything else is as it was.
option(VECDB_FAISS "Build the component vecdb::faiss where FAISS is found" ON)
if(NOT VECDB_FAISS OR VECDB_SANITIZE)
  return()
endif()
include(VecdbFaiss)
if(NOT TARGET vecdb_faiss_library)
  message(STATUS "No FAISS with OpenBLAS and OpenMP: the component vecdb::faiss is left out")
  return()
endif()

file(GLOB faiss_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/faiss/*.cc)
add_library(vecdb_faiss STATIC ${faiss_sources})
add_library(vecdb::faiss ALIAS vecdb_faiss)
set_target_properties(vecdb_faiss PROPERTIES EXPORT_NAME faiss POSITION_INDEPENDENT_CODE ON
                                             UNITY_BUILD_MODE GROUP)
set_source_files_properties(${faiss_sources} PROPERTIES UNITY_GROUP faiss)
target_include_directories(vecdb_faiss PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(
  vecdb_faiss
  PUBLIC vecdb vecdb_faiss_library
  PRIVATE absl::str_format)
vecdb_own_code(vecdb_faiss)

install(TARGETS vecdb_faiss EXPORT vecdbFaissTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${PROJECT_SOURCE_DIR}/include/vecdb/faiss.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/vecdb)
install(EXPORT vecdbFaissTargets NAMESPACE vecdb:: DESTINATION ${VECDB_CMAKE_DIR})
install(FILES ${PROJECT_SOURCE_DIR}/cmake/VecdbFaiss.cmake DESTINATION ${VECDB_CMAKE_DIR})
