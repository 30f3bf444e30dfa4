#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/server.h"
#include "manifest/written.h"
#include "study/selection.h"

namespace studyctl {

// The whole of `text` as a number; else `to` says nothing.
template <class Number>
bool read_number(std::string_view text, Number& to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  return error == std::errc() && end == text.data() + text.size();
}

// What a list is asked for: which of its items, how many, and from where on.
struct ListQuery {
  Selection selection;
  size_t limit = 500;
  // Where the page before this one ended, as `continue` says it: behind this place, and so many further ones
  // that have no place of their own.
  int64_t after = 0;
  uint64_t skip = 0;
};

// Invalid names what is not understood, also a parameter that there is none of: nothing is silently ignored.
Result<ListQuery> read_query(const ApiRequest& request, bool takes_selection);

// The answer to one ListQuery.
class Page {
 public:
  explicit Page(const ListQuery& query) : limit_(query.limit) {}

  // The item that ends at a place, which rises from item to item. False when the page is full: then it was
  // not taken, and there is a next page.
  bool add(Written item, int64_t place, uint64_t skip = 0);
  ApiResponse response() const;

 private:
  size_t limit_;
  Written::List items_;
  std::string last_;
  bool has_more_ = false;
};

}  // namespace studyctl
