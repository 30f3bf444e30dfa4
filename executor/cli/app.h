#pragma once

namespace studyctl {

// studyctl, the command: reads the arguments, runs the command, returns the exit code.
int run_app(int argc, char** argv);

}  // namespace studyctl
