# vecdb_faiss_library: FAISS with what it needs, where it is found. Debian's is static and needs a BLAS
# with LAPACK, and OpenMP of the compiler. Installed with vecdb, whose component faiss links it.
if(TARGET vecdb_faiss_library)
  return()
endif()
find_path(VECDB_FAISS_DIR faiss/IndexHNSW.h)
find_library(VECDB_FAISS_LIBRARY faiss)
find_library(VECDB_OPENBLAS_LIBRARY openblas)
find_package(OpenMP QUIET COMPONENTS CXX)
if(VECDB_FAISS_DIR AND VECDB_FAISS_LIBRARY AND VECDB_OPENBLAS_LIBRARY AND TARGET OpenMP::OpenMP_CXX)
  # Imported, so that it is no part of what vecdb exports.
  add_library(vecdb_faiss_library INTERFACE IMPORTED)
  target_include_directories(vecdb_faiss_library SYSTEM INTERFACE ${VECDB_FAISS_DIR})
  target_link_libraries(vecdb_faiss_library INTERFACE ${VECDB_FAISS_LIBRARY}
                                                      ${VECDB_OPENBLAS_LIBRARY} OpenMP::OpenMP_CXX)
endif()
