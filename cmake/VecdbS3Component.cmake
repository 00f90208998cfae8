# vecdb::s3: objects in a bucket of S3. Where libcurl, pugixml or OpenSSL is not found there is no such
# target and everything else is as it was.
option(VECDB_S3 "Build the component vecdb::s3 where libcurl, pugixml and OpenSSL are found" ON)
if(NOT VECDB_S3)
  return()
endif()
include(VecdbS3)
if(NOT TARGET vecdb_s3_libraries)
  message(STATUS "No libcurl 7.87, pugixml or OpenSSL: the component vecdb::s3 is left out")
  return()
endif()

file(GLOB s3_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/s3/*.cc)
add_library(vecdb_s3 STATIC ${s3_sources})
add_library(vecdb::s3 ALIAS vecdb_s3)
set_target_properties(vecdb_s3 PROPERTIES EXPORT_NAME s3 POSITION_INDEPENDENT_CODE ON
                                          UNITY_BUILD_MODE GROUP)
set_source_files_properties(${s3_sources} PROPERTIES UNITY_GROUP s3)
target_include_directories(vecdb_s3 PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(
  vecdb_s3
  PUBLIC vecdb vecdb_s3_libraries
  PRIVATE absl::str_format absl::strings absl::time)
vecdb_own_code(vecdb_s3)

install(TARGETS vecdb_s3 EXPORT vecdbS3Targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${PROJECT_SOURCE_DIR}/include/vecdb/s3.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/vecdb)
install(EXPORT vecdbS3Targets NAMESPACE vecdb:: DESTINATION ${VECDB_CMAKE_DIR})
install(FILES ${PROJECT_SOURCE_DIR}/cmake/VecdbS3.cmake DESTINATION ${VECDB_CMAKE_DIR})
