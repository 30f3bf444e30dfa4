#include "http/problem.h"

namespace studyctl {
namespace {

struct StatusOf {
  ErrorCode code;
  int status;
};
constexpr StatusOf kStatuses[] = {{ErrorCode::Invalid, 400},
                                  {ErrorCode::NotFound, 404},
                                  {ErrorCode::Conflict, 409},
                                  {ErrorCode::Unavailable, 503},
                                  {ErrorCode::Internal, 500}};

}  // namespace

ApiResponse problem_of(const Error& error) {
  int status = 500;
  for (const StatusOf& known : kStatuses)
    if (known.code == error.code) status = known.status;
  return problem(status, error.message);
}

ErrorCode error_code_of(int status) {
  for (const StatusOf& known : kStatuses)
    if (known.status == status) return known.code;
  const bool is_refusal = status >= 400 && status < 500;
  return is_refusal ? ErrorCode::Invalid : ErrorCode::Internal;
}

}  // namespace studyctl
