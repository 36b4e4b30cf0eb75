# Read by ctest when it starts: names every test suite of `program` as FOLDER/SUITE and gives it an empty folder of its
# own for its files (testing::TempDir). A program that is missing or cannot list its tests becomes a test that fails.
execute_process(COMMAND ${program} --gtest_list_tests
  OUTPUT_VARIABLE listing ERROR_QUIET RESULT_VARIABLE failed)
string(REGEX MATCHALL "(^|\n)[^ \n]+\\." suites "${listing}")
if(failed OR NOT suites)
  add_test(${folder} ${program})
endif()
file(REMOVE_RECURSE ${temporary})
foreach(suite IN LISTS suites)
  string(STRIP "${suite}" suite)
  string(REGEX REPLACE "\\.$" "" name "${suite}")
  add_test(${folder}/${name} ${program} --gtest_brief=1 --gtest_filter=${suite}*)
  set_tests_properties(${folder}/${name} PROPERTIES TIMEOUT 1800 ENVIRONMENT TEST_TMPDIR=${temporary}/${name})
  file(MAKE_DIRECTORY ${temporary}/${name})
endforeach()
