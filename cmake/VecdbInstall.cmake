# What `cmake --install` puts down: headers, archive, CMake package, pkg-config file.
include(CMakePackageConfigHelpers)

set(VECDB_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/vecdb)

install(TARGETS vecdb EXPORT vecdbTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/vecdb DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h" PATTERN "faiss.h" EXCLUDE PATTERN "prometheus.h" EXCLUDE
        PATTERN "s3.h" EXCLUDE)
install(EXPORT vecdbTargets NAMESPACE vecdb:: DESTINATION ${VECDB_CMAKE_DIR})

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/vecdbConfig.cmake.in ${PROJECT_BINARY_DIR}/vecdbConfig.cmake
  INSTALL_DESTINATION ${VECDB_CMAKE_DIR}
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/vecdbConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(
  FILES ${PROJECT_BINARY_DIR}/vecdbConfig.cmake ${PROJECT_BINARY_DIR}/vecdbConfigVersion.cmake
        ${PROJECT_SOURCE_DIR}/cmake/FindxxHash.cmake
        ${PROJECT_SOURCE_DIR}/cmake/Findliburing.cmake
  DESTINATION ${VECDB_CMAKE_DIR})

# The prefix is found from the place of the .pc file, so that the installed tree can be moved.
file(RELATIVE_PATH VECDB_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(${PROJECT_SOURCE_DIR}/cmake/vecdb.pc.in ${PROJECT_BINARY_DIR}/vecdb.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/vecdb.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
