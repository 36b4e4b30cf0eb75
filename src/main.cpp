#include "cli/command.h"

int main(int argc, char** argv) { return deadrelu::run_command_line(argc, argv); }
