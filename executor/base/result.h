#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace studyctl {

// What the caller can do about a failure; the message says what happened.
//   Invalid      the input is wrong: mend it            (exit code 4, HTTP 400)
//   NotFound     there is no such thing                 (exit code 8, HTTP 404)
//   Conflict     somebody else holds it, or its state forbids it  (6, 409)
//   Unavailable  engine, server or volume: try again    (5, 503)
//   Internal     a bug, or a broken promise of a library (70, 500)
enum class ErrorCode { Invalid, NotFound, Conflict, Unavailable, Internal };

struct Error {
  ErrorCode code;
  std::string message;

  // Adds where we were to an error on its way up: "study.yaml: line 3: ...".
  Error within(std::string_view context) && {
    message.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }
};

// A value or an Error. Looking at the one that is not there ends the process: it is a bug.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return get<0>(); }
  const T& operator*() const& { return get<0>(); }
  T&& operator*() && { return std::move(get<0>()); }
  T* operator->() { return &get<0>(); }
  const T* operator->() const { return &get<0>(); }
  Error& error() & { return get<1>(); }
  const Error& error() const& { return get<1>(); }
  Error&& error() && { return std::move(get<1>()); }

 private:
  template <size_t I>
  auto& get() {
    if (state_.index() != I) std::abort();
    return *std::get_if<I>(&state_);
  }
  template <size_t I>
  const auto& get() const {
    if (state_.index() != I) std::abort();
    return *std::get_if<I>(&state_);
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_; }
  Error& error() & { return get(); }
  const Error& error() const& { return const_cast<Result*>(this)->get(); }
  Error&& error() && { return std::move(get()); }

 private:
  Error& get() {
    if (!error_) std::abort();
    return *error_;
  }

  std::optional<Error> error_;
};

}  // namespace studyctl
