# What is installed, and where: by `cmake --install`, in the Debian package (`cpack -G DEB`) and in the wheel (`pip install .`).
include(GNUInstallDirs)
if(SKBUILD)
  set(CMAKE_INSTALL_BINDIR ${SKBUILD_SCRIPTS_DIR})
  set(CMAKE_INSTALL_DATADIR ${SKBUILD_DATA_DIR}/share)
endif()
set(data ${CMAKE_INSTALL_DATADIR}/deadrelu)

if(DEADRELU_PROGRAM)
  install(PROGRAMS ${DEADRELU_PROGRAM} TYPE BIN RENAME deadrelu)
else()
  install(TARGETS deadrelu)
endif()
install(DIRECTORY configs/ DESTINATION ${data}/configs FILES_MATCHING PATTERN "*.json")
install(DIRECTORY experiments/ DESTINATION ${data}/experiments
  FILES_MATCHING PATTERN "*.json" PATTERN "*.md" PATTERN "*.ipynb" PATTERN "*.csv" PATTERN "*.npz"
  PATTERN "results" EXCLUDE)
if(NOT CMAKE_CROSSCOMPILING OR CMAKE_CROSSCOMPILING_EMULATOR)
  set(schema ${PROJECT_BINARY_DIR}/config.schema.json)
  add_custom_command(OUTPUT ${schema}
    COMMAND deadrelu schema > ${schema}
    DEPENDS deadrelu
    COMMENT "Writing config.schema.json" VERBATIM)
  add_custom_target(deadrelu_schema ALL DEPENDS ${schema})
  install(FILES ${schema} DESTINATION ${data}/schema)
endif()
if(SKBUILD)
  return()  # the Python package is in the wheel already (pyproject.toml)
endif()

install(FILES README.md LICENSE TYPE DOC)
# Where Debian's python3 looks.
install(DIRECTORY scripts/deadrelu DESTINATION lib/python3/dist-packages
  FILES_MATCHING PATTERN "*.py" PATTERN py.typed PATTERN __pycache__ EXCLUDE)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The deadrelu authors <deadrelu@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGE_DESCRIPTION "deadrelu trains many small networks and records which of their units die:
a config describes a sweep, results are tables, the same numbers on every machine.")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "dataset-fashion-mnist, python3-pandas")  # of a config, and of the Python package
include(CPack)
