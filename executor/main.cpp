#include "cli/app.h"

int main(int argc, char** argv) {
  return studyctl::run_app(argc, argv);
}
