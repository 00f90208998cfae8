# vecdb_s3_libraries: libcurl 7.87 or later, pugixml and OpenSSL's libcrypto, where all are found.
# Installed with vecdb, whose component s3 links them.
if(TARGET vecdb_s3_libraries)
  return()
endif()
find_package(CURL 7.87 QUIET)
find_package(pugixml CONFIG QUIET)
find_package(OpenSSL QUIET COMPONENTS Crypto)
if(TARGET CURL::libcurl AND TARGET pugixml::pugixml AND TARGET OpenSSL::Crypto)
  # Imported, so that it is no part of what vecdb exports.
  add_library(vecdb_s3_libraries INTERFACE IMPORTED)
  target_link_libraries(vecdb_s3_libraries INTERFACE CURL::libcurl pugixml::pugixml OpenSSL::Crypto)
endif()
