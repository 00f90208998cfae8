# vecdb_own_code(<target>): the warnings and sanitizers of every target that compiles our own code.
# Targets that compile someone else's headers as ordinary includes do not call it.
function(vecdb_own_code target)
  target_compile_features(${target} PRIVATE cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wconversion
                                           -Werror=unused-result)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(${target} PRIVATE -Wthread-safety)
  endif()
  if(VECDB_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(VECDB_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${VECDB_SANITIZE}
                                             -fno-sanitize-recover=all -fno-omit-frame-pointer)
    # fuzzer-no-link is a compile-time choice; the linker knows it as nothing at all.
    string(REGEX REPLACE "(^|,)fuzzer-no-link" "" link_sanitizers "${VECDB_SANITIZE}")
    string(REGEX REPLACE "^," "" link_sanitizers "${link_sanitizers}")
    if(link_sanitizers)
      target_link_options(${target} PUBLIC $<BUILD_INTERFACE:-fsanitize=${link_sanitizers}>)
    endif()
  endif()
endfunction()
