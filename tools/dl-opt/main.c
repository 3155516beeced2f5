#include "dlc/tools.h"

int main(int argc, char **argv) { return dlcOptMain(argc, argv); }
