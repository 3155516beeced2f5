#include "dlc/tools.h"

int main(int argc, char **argv) { return dlcReduceMain(argc, argv); }
