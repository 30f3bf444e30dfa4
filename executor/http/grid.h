#pragma once

#include <memory>

#include "http/server.h"
#include "study/run_choice.h"

namespace studyctl {

// All experiments of a run, as many cells as are asked for: also what was never started.
//   GET …/grid?from=&count=                       in the order of the plan, a cell each
//   GET …/grid?x=&y=&xFrom=&xCount=&yFrom=&yCount=  over the values of two parameters (or of x alone), row by
//   row …&metric=                                     what it came to in the cells, beside their states
//     → {"experiments", "cycles", "parameters": [{"name", "levels"}], "metrics": [{"name", "unit", "goal"}],
//        "states": [names], "x"?, "y"?: {"name", "total", "from", "labels"}, "total"?, "from"?,
//        "cells": [[place in states, repetitions, …], …], "first": [index of its first experiment, or null],
//        "size": [experiments], "values"?: [mean or null], "range"?: [least, most of all cells]}
//   GET …/plan?index=     one experiment: {"index", "experiment", "parameters"}
// Keeps what it has read of the runs that were looked at last, for any thread.
class GridViews {
 public:
  GridViews();
  ~GridViews();
  GridViews(const GridViews&) = delete;
  GridViews& operator=(const GridViews&) = delete;

  ApiResponse grid(const ChosenRun& chosen, const ApiRequest& request);
  ApiResponse experiment(const ChosenRun& chosen, const ApiRequest& request);

 private:
  class Cache;
  std::unique_ptr<Cache> cache_;
};

}  // namespace studyctl
